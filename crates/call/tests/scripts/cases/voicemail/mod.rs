//! Voice messages and the codes of the server.

mod codes;
mod leaving;
mod listening;
mod property;
