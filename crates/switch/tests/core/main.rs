//! The composed core, told what far ends say in their own words: what it answers, what it tells
//! media, what it wants kept.

mod cases;
mod house;
mod phone;
