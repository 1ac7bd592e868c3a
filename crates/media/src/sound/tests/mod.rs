//! The studio in virtual time: what goes in and what is heard on the other side.

mod bridged;
mod hostile;
mod listened;
mod played;
mod quiet;
mod recorded;
mod roomed;
mod stage;
