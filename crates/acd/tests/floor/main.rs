//! The floor, driven through its interface only.

mod day;
mod days;
