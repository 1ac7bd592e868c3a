//! Who has been free for the longest time; of equals, the first by position.

use std::cmp::Reverse;

use super::laps::{Choose, least};
use super::{Candidate, Field};

#[derive(Debug)]
pub(super) struct LongestIdle;

impl Choose for LongestIdle {
    fn choose<'c>(
        &self,
        left: &[&'c Candidate<'c>],
        _field: &Field<'_>,
    ) -> Option<&'c Candidate<'c>> {
        least(left, |candidate| Reverse(candidate.idle))
    }
}
