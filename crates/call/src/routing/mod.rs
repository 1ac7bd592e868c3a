//! Finding a user: who may be offered a call, in which order, on which devices, and what came of
//! it (D37–D43).

pub(crate) mod adopted;
pub(crate) mod attempt;
pub(crate) mod devices;
pub(crate) mod forward;
pub(crate) mod hunt;
pub(crate) mod ringing;
pub(crate) mod route;
pub(crate) mod search;
