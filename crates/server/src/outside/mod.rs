//! Services outside that the server asks or tells: who has a number ([`lookup`]), and what people
//! are told by mail ([`mail`]). Neither is ever waited for by a call, and neither can fill memory:
//! what does not fit into their queues is dropped and counted.

pub mod lookup;
pub mod mail;
pub mod notices;
pub mod seldom;
