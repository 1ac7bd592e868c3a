//! IVRs, one file an action; where they lead and when they answer is in [`transfers`].

mod announcements;
mod hours;
mod menus;
mod spellings;
mod transfers;
