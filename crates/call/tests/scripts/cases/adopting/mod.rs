//! Calls that become part of another one (D34, D48), and calls by order.

mod consultations;
mod moving;
mod originating;
mod parking;
mod pickups;
mod property;
mod supervising;
