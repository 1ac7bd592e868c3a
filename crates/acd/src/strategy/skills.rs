//! Who masters best what the call needs: the greatest sum of levels over the skills it asks for.
//! Of equals, and where the call needs nothing, who has been free the longest. Who masters too
//! little is no candidate, so a high level in one skill never makes up for a missing one.

use std::cmp::Reverse;

use super::laps::{Choose, least};
use super::{Candidate, Field};

#[derive(Debug)]
pub(super) struct Skills;

impl Choose for Skills {
    fn choose<'c>(
        &self,
        left: &[&'c Candidate<'c>],
        field: &Field<'_>,
    ) -> Option<&'c Candidate<'c>> {
        least(left, |candidate| {
            let levels = field.needs.iter().filter_map(|(skill, _)| candidate.skills.get(skill));
            let sum: u32 = levels.map(|level| u32::from(*level)).sum();
            (Reverse(sum), Reverse(candidate.idle))
        })
    }
}
