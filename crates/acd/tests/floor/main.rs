//! The floor, driven through its interface only.

mod agents;
mod callbacks;
mod choosing;
mod day;
mod days;
mod house;
mod limits;
mod regressions;
mod waiting;
