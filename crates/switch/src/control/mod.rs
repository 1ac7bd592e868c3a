//! Call control between calls: orders from outside telephony, REFER, INVITE with Replaces, and
//! codes that are about another call. The switch sees which calls and legs are meant, whether who
//! asks is a party of them, and moves legs from one call to another; what happens to a call is
//! decided by the call.

mod codes;
mod identity;
mod orders;
mod originating;
mod referring;
mod replacing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use call::port::{Control, LegId};
use sip::user_agent_core::ClientRequestId;

use crate::legs::CallKey;

pub(crate) use identity::Identity;
pub(crate) use orders::Orders;
pub(crate) use originating::Wish;
pub(crate) use referring::Referral;
pub(crate) use replacing::Place;

/// What is under way for call control; what belongs to a leg stands there.
#[derive(Debug, Default)]
pub(crate) struct UnderWay {
    pub(crate) orders: Orders,
    /// Calls whose callers have dialled a code that is about another call.
    pub(crate) wants: VecDeque<(CallKey, Control)>,
    /// Legs on which a REFER came in this step.
    pub(crate) referred: Vec<LegId>,
    /// Who has asked, by a REFER, for what is dialled now (RFC 3892).
    pub(crate) referrer: Option<String>,
    /// NOTIFYs about a transfer, and whom they tell.
    pub(crate) notifies: BTreeMap<ClientRequestId, LegId>,
    /// UPDATEs that say who is talked with, and to whom.
    pub(crate) updates: BTreeMap<ClientRequestId, LegId>,
    /// Legs that are to be told whom they talk with, and when.
    pub(crate) identities: BTreeSet<(Duration, LegId)>,
}
