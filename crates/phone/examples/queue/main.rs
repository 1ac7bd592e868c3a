//! A contact centre at work, for `cargo xtask bench queue`: callers come from a trunk at a fixed
//! rate and wait, agents ring, answer, decline, do not answer, talk and hang up; some callers lose
//! patience or press a key. All of them are phones of this crate behind two sockets.
//!
//! `queue SERVER TRUNK PHONE AGENTS GROUPS RATE SECONDS WAITING` — how long agents talk follows
//! how many wait, so that about WAITING do. Agents are `u0`, `u1`, … with the password `secret`;
//! the queues have the numbers +49302 and seven digits. The last line is for programs.

#![allow(clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a bench measures time and waits for it")]

mod chance;
mod house;

use std::error::Error;
use std::net::UdpSocket;
use std::time::Duration;

use house::{House, Plan};

pub(crate) type Failure = Box<dyn Error>;

/// How long the last callers may take when nobody comes any more.
const TAIL: Duration = Duration::from_secs(90);

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, trunk, phone, agents, groups, rate, seconds, waiting] = &arguments[..] else {
        return Err("queue SERVER TRUNK PHONE AGENTS GROUPS RATE SECONDS WAITING".into());
    };
    let plan = Plan {
        server: server.parse()?,
        agents: agents.parse()?,
        groups: groups.parse()?,
        rate: rate.parse()?,
        waiting: waiting.parse()?,
    };
    let mut house = House::open(plan, bind(trunk)?, bind(phone)?)?;
    house.register()?;
    let length = Duration::from_secs(seconds.parse()?);
    house.work(length)?;
    house.empty(TAIL)?;
    println!("{}", house.summary());
    Ok(())
}

fn bind(address: &str) -> Result<UdpSocket, Failure> {
    let socket = UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
