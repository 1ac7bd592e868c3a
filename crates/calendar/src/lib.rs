//! What a [`Schedule`](model::directory::schedule::Schedule) says at an instant (F5): local time
//! of an IANA zone, right across changes of the clock and across midnight. Pure: the instant is an
//! argument, and the zones come from the database that is compiled in, so every machine answers
//! alike.
//!
//! A rule follows the clock on the wall. It holds at every instant at which that clock shows a
//! time within it: of an hour that the clock skips it holds nothing, of one that it shows twice it
//! holds both. Holidays beat the rules.

mod check;
mod decide;
mod holiday;
mod week;
mod zone;

pub use check::{HOLIDAYS, Mistake, RULES, check};
pub use decide::{AHEAD_DAYS, Match, decide, next_change};
pub use holiday::HolidayFault;
pub use week::Stretch;
pub use zone::{CalendarError, LocalTime, Zone};
