//! Tests of the engine through its edge: scripts of leg events in, orders and rows out.

mod directory;
mod oracle;
mod script;
mod summary;
mod world;
