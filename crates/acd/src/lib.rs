//! Automatic call distribution: which agents are free, who waits for one, and who gets whom
//! (R113; F3, F4). Pure: it is told what happens and answers; nothing is dialled here.
//!
//! [`Floor`] holds what calls share. One value owns it, so no agent is offered two callers and no
//! caller two agents by two hands at once.

mod agent;
mod floor;
mod queue;
pub mod statistics;
pub mod strategy;

pub use agent::{AgentDefaults, AgentView, RingEnd, Today};
pub use floor::Floor;
pub use model::agent_state::{AgentChange, AgentState, ChangeSource};
pub use queue::{Callback, Offer, Place, QueueFull, Standing, Turned};
