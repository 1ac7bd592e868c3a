//! The shell around the core: it reads configuration, opens the database, binds sockets, and moves
//! bytes, timers and commands between them and `switch`. It decides nothing about calls.

pub mod clock;
pub mod commands;
pub mod config;
pub mod demo;
pub mod directory_file;
pub mod document;
pub mod failure;
pub mod outside;
pub mod run;
pub mod telemetry;
