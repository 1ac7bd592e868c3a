//! What a [`model::directory::schedule::Schedule`] says at an instant (F5): local time of an IANA
//! zone, right across changes of the clock and across midnight.
