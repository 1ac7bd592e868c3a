//! Finding a user: who may be offered a call, in which order, and what came of it (D37–D43).

pub(crate) mod attempt;
pub(crate) mod hunt;
pub(crate) mod route;
pub(crate) mod strategy;
