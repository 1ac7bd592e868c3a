//! Tests of the engine through its edge: scripts of leg events in, orders and rows out.

mod cases;
mod directory;
mod graphs;
mod media;
mod oracle;
mod orders;
mod property;
mod script;
mod summary;
mod talks;
mod waiting;
mod world;
