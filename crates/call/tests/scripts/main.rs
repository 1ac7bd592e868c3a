//! Tests of the engine through its edge: scripts of leg events in, orders and rows out.

mod bridged;
mod direct;
mod directory;
mod hunts;
mod ivrs;
mod limits;
mod oracle;
mod outbound;
mod property;
mod script;
mod summary;
mod world;
