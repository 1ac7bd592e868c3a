//! What the end-to-end tests share: a server of their own on loopback addresses of their own, SIPp
//! as everybody it talks with, and the comparison of what it stored with what must be there.

pub mod compare;
pub mod database;
pub mod handset;
pub mod host;
pub mod player;
pub mod puppet;
pub mod registration;
pub mod scenario;
