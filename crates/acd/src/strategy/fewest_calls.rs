//! Who has answered the fewest calls of groups today; of equals, who has been free the longest.

use std::cmp::Reverse;

use super::laps::{Choose, least};
use super::{Candidate, Field};

#[derive(Debug)]
pub(super) struct FewestCalls;

impl Choose for FewestCalls {
    fn choose<'c>(
        &self,
        left: &[&'c Candidate<'c>],
        _field: &Field<'_>,
    ) -> Option<&'c Candidate<'c>> {
        least(left, |candidate| (candidate.answered, Reverse(candidate.idle)))
    }
}
