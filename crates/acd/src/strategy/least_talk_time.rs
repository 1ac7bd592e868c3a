//! Who has talked the least today in calls of groups; of equals, who has been free the longest.

use std::cmp::Reverse;

use super::laps::{Choose, least};
use super::{Candidate, Field};

#[derive(Debug)]
pub(super) struct LeastTalkTime;

impl Choose for LeastTalkTime {
    fn choose<'c>(
        &self,
        left: &[&'c Candidate<'c>],
        _field: &Field<'_>,
    ) -> Option<&'c Candidate<'c>> {
        least(left, |candidate| (candidate.talked, Reverse(candidate.idle)))
    }
}
