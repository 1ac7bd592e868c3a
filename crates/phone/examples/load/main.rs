//! Load for a server: calls from a trunk's address to registered users, both ends played here.
//! What `cargo xtask bench call`, `rate`, `memory` and `register` drive the real binary with.
//!
//! `load SERVER TRUNK PHONE USERS register COUNT` — pairs of REGISTER with digest;
//! `load SERVER TRUNK PHONE USERS calls RATE COUNT` — calls that end as soon as they are answered;
//! `load SERVER TRUNK PHONE USERS hold RATE COUNT` — calls that stay: prints `held`, sends audio
//! both ways when a line comes in, prints `heard`, and ends them at the next line.
//!
//! SERVER, TRUNK and PHONE are socket addresses; users are `u0`, `u1`, … with the password
//! `secret` and the numbers +49301 followed by seven digits. The last line is for programs.

#![allow(clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a bench measures time and waits for it")]

mod call;
mod dialogue;
mod registration;

use std::error::Error;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use call::Calls;

pub(crate) type Failure = Box<dyn Error>;

/// How long a call may take before it counts as failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(8);

/// The two far ends and the server between them.
pub(crate) struct Ends {
    pub(crate) server: SocketAddr,
    pub(crate) trunk: UdpSocket,
    pub(crate) phone: UdpSocket,
    pub(crate) users: usize,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, trunk, phone, users, what, rest @ ..] = &arguments[..] else {
        return Err("load SERVER TRUNK PHONE USERS register|calls|hold …".into());
    };
    let ends = Ends {
        server: server.parse()?,
        trunk: far_end(trunk)?,
        phone: far_end(phone)?,
        users: users.parse()?,
    };
    let numbers: Vec<u32> = rest.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
    match (what.as_str(), &numbers[..]) {
        ("register", [count]) => {
            let before = Instant::now();
            registration::register(&ends, *count)?;
            let us = before.elapsed().as_secs_f64() * 1e6 / f64::from((*count).max(1));
            println!("registered={count} us={us:.1}");
        }
        ("calls", [rate, count]) => {
            let mut calls = Calls::new(&ends, false)?;
            calls.place(*rate, *count)?;
            calls.finish()?;
            println!("{}", calls.summary());
        }
        ("hold", [rate, count]) => {
            let mut calls = Calls::new(&ends, true)?;
            calls.place(*rate, *count)?;
            calls.settle()?;
            println!("held");
            wait_for_line()?;
            calls.talk()?;
            println!("heard");
            wait_for_line()?;
            calls.hang_up_all(*rate)?;
            calls.finish()?;
            println!("{}", calls.summary());
        }
        _ => return Err("register COUNT, calls RATE COUNT or hold RATE COUNT".into()),
    }
    Ok(())
}

fn far_end(address: &str) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn wait_for_line() -> io::Result<()> {
    io::stdin().read_line(&mut String::new()).map(drop)
}

/// Receives a datagram if one waits.
pub(crate) fn receive<'a>(socket: &UdpSocket, buffer: &'a mut [u8]) -> Option<&'a str> {
    let length = socket.recv(buffer).ok()?;
    std::str::from_utf8(&buffer[..length]).ok()
}
