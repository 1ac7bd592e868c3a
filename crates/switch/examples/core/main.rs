//! Whole calls, or pairs of REGISTER, through the composed core without sockets, as many as asked
//! for: what `cargo xtask bench core` and `register` count. Usage: `core call|register COUNT`.
//!
//! The far ends are a few lines that copy what a response or request in a dialog must repeat, so
//! that nearly everything counted is the core's; all of the core's work is done within [`step`].

#![allow(clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a bench measures time and waits for it")]

mod far_end;
mod setting;

use std::error::Error;
use std::time::{Duration, Instant};

use bytes::Bytes;
use call::port::{MediaCommand, MediaEvent, PortPair};
use model::{Millis, Now};
use sip::flow::Flow;
use sip::message::Message;
use switch::{Effect, Input, Switch};

use far_end::Sent;

/// Virtual time between two calls: a hundred calls a second, so that the tables are as full as
/// they would be then.
const BETWEEN_CALLS: Duration = Duration::from_millis(10);

/// After the last call: until no transaction is left, so that their ends are counted, too.
const LINGER: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, count] = &arguments[..] else {
        return Err("core call|register COUNT".into());
    };
    let count: u32 = count.parse()?;
    let mut bench = Bench::new();
    for number in 0..count {
        match what.as_str() {
            "call" => far_end::call(&mut bench, number)?,
            "register" => far_end::register(&mut bench, number)?,
            _ => return Err("call or register?".into()),
        }
        bench.pass(BETWEEN_CALLS);
    }
    bench.pass(LINGER);
    let each = bench.spent.as_secs_f64() * 1e6 / f64::from(count.max(1));
    println!("count={count} us={each:.2} records={}", bench.records);
    Ok(())
}

/// The core and what surrounds it.
pub(crate) struct Bench {
    switch: Switch,
    now: Duration,
    effects: Vec<Effect>,
    spent: Duration,
    records: usize,
    open: Vec<(call::port::LegId, PortPair)>,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self {
            switch: setting::switch(),
            now: Duration::from_secs(1),
            effects: Vec::new(),
            spent: Duration::ZERO,
            records: 0,
            open: Vec::new(),
        };
        let ports = (0..64).map(|pair| PortPair { rtp: 20_000 + 2 * pair });
        bench.give(Input::Media(MediaEvent::Stock(ports.collect())));
        bench
    }

    /// Gives the core a datagram; returns what it sent.
    pub(crate) fn receive(&mut self, flow: Flow, datagram: String) -> Vec<Sent> {
        let before = Instant::now();
        step(&mut self.switch, now(self.now), flow, Bytes::from(datagram), &mut self.effects);
        self.spent += before.elapsed();
        self.look()
    }

    fn give(&mut self, input: Input) -> Vec<Sent> {
        let before = Instant::now();
        deadline(&mut self.switch, now(self.now), input, &mut self.effects);
        self.spent += before.elapsed();
        self.look()
    }

    /// Lets time pass; what comes due is the core's work, too.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.switch.next_deadline().filter(|at| *at <= end) {
            self.now = at;
            self.give(Input::Deadline);
        }
        self.now = end;
    }

    fn look(&mut self) -> Vec<Sent> {
        let mut sent = Vec::new();
        let mut back = Vec::new();
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Transmit { flow, bytes } => sent.push(Sent { flow, bytes }),
                Effect::Record(_) => self.records += 1,
                Effect::Media(MediaCommand::Open { leg, ports }) => self.open.push((leg, ports)),
                Effect::Media(MediaCommand::Close { leg }) => {
                    let ours = self.open.iter().position(|(open, _)| *open == leg);
                    back.extend(ours.map(|at| self.open.swap_remove(at).1));
                }
                Effect::Media(_)
                | Effect::Resolve { .. }
                | Effect::Aborted { .. }
                | Effect::Recording(..)
                | Effect::LegQuality(_)
                | Effect::ClientReport(_)
                | Effect::Location(_)
                | Effect::Agent(_)
                | Effect::LookUp { .. }
                | Effect::Answered { .. }
                | Effect::Voicemail(_)
                | Effect::Cursor(..) => {}
            }
        }
        if !back.is_empty() {
            sent.extend(self.give(Input::Media(MediaEvent::Stock(back))));
        }
        sent
    }
}

/// What is counted: from the datagram to the effects.
#[inline(never)]
fn step(switch: &mut Switch, now: Now, flow: Flow, datagram: Bytes, effects: &mut Vec<Effect>) {
    // The far ends write no message that cannot be read.
    if let Ok(message) = Message::parse_datagram(datagram) {
        switch.handle(now, Input::Sip { flow, message }, effects);
    }
}

/// What is counted, too: time and media.
#[inline(never)]
fn deadline(switch: &mut Switch, now: Now, input: Input, effects: &mut Vec<Effect>) {
    switch.handle(now, input, effects);
}

fn now(mono: Duration) -> Now {
    Now { mono, wall: Millis(1_767_607_200_000).plus(mono) }
}
