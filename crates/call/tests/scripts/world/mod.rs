//! A world of calls without network: what the engine orders is written down, what it records is
//! folded, who answers is told to the other calls. Time is virtual and passes only in `until`.

mod laws;
mod origins;
mod words;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use acd::{AgentDefaults, Floor};
use call::port::{
    CallInput, CallOutput, Digit, LegCommand, LegEvent, LegId, Offered, PlayEnd, PlayId,
    RecordingId, Refusal, Shown,
};
use call::{Call, Ctx, LegIds, Mailboxes, Settings};
use model::call_graph::event::BridgeLeg;
use model::call_graph::{CallGraph, Recorded, apply};
use model::directory::Directory;
use model::voicemail::VoicemailChange;
use model::{Millis, Now, UserId};

use self::words::message;
use crate::media::Media;

pub(crate) struct World {
    pub(crate) directory: Arc<Directory>,
    pub(crate) floor: Floor,
    pub(crate) mailboxes: Mailboxes,
    pub(crate) settings: Settings,
    pub(crate) calls: Vec<Live>,
    pub(crate) now: Duration,
    pub(crate) log: String,
    /// Every leg there ever was, and the call it belongs to.
    pub(crate) states: BTreeMap<LegId, (usize, LegState)>,
    /// What plays to whom.
    pub(crate) plays: BTreeMap<LegId, PlayId>,
    /// What a digit ends.
    pub(crate) interruptible: BTreeSet<PlayId>,
    /// What plays until it is stopped.
    pub(crate) endless: BTreeSet<PlayId>,
    /// Whether what happens to legs is possible, so that every order to a leg must be, too.
    pub(crate) lawful: bool,
    /// Recordings that were stopped and of which media has not said how long they are.
    pub(crate) closing: VecDeque<RecordingId>,
    /// What became of voice messages.
    pub(crate) messages: Vec<VoicemailChange>,
    /// Users whose telephones answer nothing at all.
    pub(crate) frozen: BTreeSet<UserId>,
    /// Legs that were dialled and whose telephone has not said anything yet.
    dialled: VecDeque<(usize, LegId)>,
    /// What telephones that were rung or told show.
    pub(crate) shown: BTreeMap<LegId, Shown>,
    /// What every leg hears.
    pub(crate) media: Media,
    /// Refers that were answered.
    pub(crate) refers: u32,
    /// What became of orders.
    pub(crate) answers: Vec<Result<(), Refusal>>,
    /// How deep in what follows from an input.
    depth: u32,
    legs: LegIds,
}

/// What the switch would know of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LegState {
    /// Invited, no final response.
    Ringing,
    /// Answered.
    Up,
    /// Cancelled by us, no final response.
    Stopping,
    /// Over.
    Gone,
}

pub(crate) struct Live {
    pub(crate) name: String,
    pub(crate) call: Call,
    pub(crate) graph: Option<CallGraph>,
    pub(crate) finished: bool,
    /// It has become part of another one.
    pub(crate) absorbed: bool,
    /// Recordings that are not closed.
    pub(crate) recordings: BTreeSet<RecordingId>,
    /// The last leg of each party, by the name that scripts use.
    pub(crate) legs: BTreeMap<String, LegId>,
    names: BTreeMap<LegId, String>,
    /// How the rows name legs.
    pub(crate) named: Vec<(BridgeLeg, LegId)>,
    /// What was recorded.
    pub(crate) events: Vec<Recorded>,
}

pub(crate) const BEGINNING: &str = "2026-01-05T10:00:00.000Z";
impl World {
    pub(crate) fn new(directory: Directory) -> Self {
        let directory = Arc::new(directory);
        let mut floor = Floor::new();
        floor.set_people(&directory, &AgentDefaults::default(), now(Duration::ZERO));
        Self {
            directory,
            floor,
            mailboxes: Mailboxes::new(),
            settings: Settings::default(),
            calls: Vec::new(),
            now: Duration::ZERO,
            log: String::new(),
            states: BTreeMap::new(),
            plays: BTreeMap::new(),
            interruptible: BTreeSet::new(),
            endless: BTreeSet::new(),
            lawful: true,
            closing: VecDeque::new(),
            messages: Vec::new(),
            frozen: BTreeSet::new(),
            dialled: VecDeque::new(),
            shown: BTreeMap::new(),
            media: Media::default(),
            refers: 0,
            answers: Vec::new(),
            depth: 0,
            legs: LegIds::default(),
        }
    }

    pub(crate) fn time(&self) -> Now {
        now(self.now)
    }

    pub(crate) fn registers(&mut self, user: &UserId, registered: bool) {
        let now = self.time();
        self.floor.set_registered(user, registered, now);
        self.calm();
    }

    /// The directory has changed. Calls that are there keep the one they began with.
    pub(crate) fn reads(&mut self, directory: Directory) {
        self.directory = Arc::new(directory);
        let now = self.time();
        self.floor.set_people(&self.directory, &AgentDefaults::default(), now);
        self.calm();
    }

    /// What the switch does after every input: telephones that were dialled say that they are
    /// there, and waiting callers whose turn it is are offered members.
    pub(crate) fn calm(&mut self) {
        if self.depth > 0 {
            return;
        }
        loop {
            while let Some((index, leg)) = self.dialled.pop_front() {
                if self.states[&leg].1 == LegState::Ringing && !self.calls[index].finished {
                    self.depth += 1;
                    self.input(index, CallInput::Leg(leg, LegEvent::Reached));
                    self.depth -= 1;
                }
            }
            let now = self.time();
            let Some(acd::Offer { to, members, round }) = self.floor.dispatch(now) else {
                return;
            };
            let to = match to {
                acd::Turned::Caller(to) => to,
                acd::Turned::Callback { place, callback } => {
                    let [(user, group)] = &members[..] else {
                        panic!("a callback is for one member: {members:?}");
                    };
                    self.call_back(place, callback, user.clone(), group.clone());
                    continue;
                }
            };
            let index = self.calls.iter().position(|live| *live.call.id() == to);
            let index = index.unwrap_or_else(|| panic!("an offer to {to}, who is not there"));
            assert!(!self.calls[index].finished, "an offer to who is gone\n{}", self.log);
            self.depth += 1;
            self.input(index, CallInput::Offered(Offered { members, round }));
            self.depth -= 1;
        }
    }

    pub(crate) fn input(&mut self, index: usize, input: CallInput) {
        if let CallInput::Leg(leg, event) = &input {
            self.happened(index, *leg, event);
        }
        self.step(index, |call, ctx| call.handle(input, ctx));
    }

    /// Media has closed the file that was stopped first; it has so much sound.
    pub(crate) fn recorded(&mut self, duration_ms: u64) {
        let recording = self.closing.pop_front().expect("a recording that was stopped");
        if let Some(change) = self.mailboxes.closed(&recording, duration_ms) {
            let _ = writeln!(self.log, "{:<6} {}", seconds(self.now), message(&change));
            self.messages.push(change);
        }
    }

    pub(crate) fn leg(&mut self, index: usize, party: &str, event: LegEvent) {
        let Some(leg) = self.calls[index].legs.get(party).copied() else {
            panic!("{} has no leg to {party} at {}", self.calls[index].name, seconds(self.now));
        };
        self.input(index, CallInput::Leg(leg, event));
    }

    /// A digit is pressed that media hears: it ends what it may end.
    pub(crate) fn presses(&mut self, index: usize, leg: LegId, digit: Digit) {
        if let Some(play) = self.plays.get(&leg).copied()
            && self.interruptible.contains(&play)
        {
            let event = LegEvent::Played { play, end: PlayEnd::BargedIn };
            self.input(index, CallInput::Leg(leg, event));
        }
        self.input(index, CallInput::Leg(leg, LegEvent::Digit(digit)));
    }

    pub(crate) fn step(&mut self, index: usize, step: impl FnOnce(&mut Call, &mut Ctx<'_>)) {
        let mut out = Vec::new();
        let mut ctx = Ctx {
            now: now(self.now),
            directory: &self.directory,
            floor: &mut self.floor,
            mailboxes: &mut self.mailboxes,
            legs: &mut self.legs,
            settings: &self.settings,
            out: &mut out,
        };
        step(&mut self.calls[index].call, &mut ctx);
        self.depth += 1;
        self.carry_out(index, out);
        self.depth -= 1;
        self.calm();
    }

    /// Lets time pass, and every call do what it wanted to do meanwhile.
    pub(crate) fn until(&mut self, to: Duration) {
        loop {
            if let Some(at) = self.floor.deadline().filter(|at| *at <= to && self.is_first(*at)) {
                self.now = self.now.max(at);
                let now = self.time();
                self.floor.due(now);
                self.calm();
                continue;
            }
            let due = self.calls.iter().enumerate().filter_map(|(index, live)| {
                let at = live.call.deadline()?;
                (at <= to).then_some((at, index))
            });
            let Some((at, index)) = due.min() else {
                break;
            };
            assert!(at >= self.now, "a deadline lies in the past");
            self.now = at;
            self.step(index, |call, ctx| call.timeout(ctx));
            let again = self.calls[index].call.deadline();
            assert!(again.is_none_or(|again| again > at), "a deadline was not met");
        }
        self.now = to;
    }

    /// Whether no call wants to do something before.
    fn is_first(&self, at: Duration) -> bool {
        self.calls.iter().filter_map(|live| live.call.deadline()).all(|due| at < due)
    }

    fn carry_out(&mut self, index: usize, out: Vec<CallOutput>) {
        let mut taken = VecDeque::new();
        for output in out {
            let live = &mut self.calls[index];
            assert!(!live.finished, "an output after the end: {output:?}");
            match output {
                CallOutput::Record(recorded) => {
                    apply(&mut live.graph, &recorded);
                    live.events.push(recorded);
                    continue;
                }
                CallOutput::Finished => self.finished(index),
                CallOutput::UserTaken(ref user) => taken.push_back(user.clone()),
                CallOutput::Leg(ref command) => {
                    self.media.ordered(command);
                    if let LegCommand::AcceptRefer { .. } | LegCommand::RefuseRefer { .. } = command
                    {
                        self.refers += 1;
                    }
                    if let LegCommand::DialUser { leg, shown, .. }
                    | LegCommand::CallUser { leg, shown, .. }
                    | LegCommand::Identify { leg, shown } = command
                    {
                        self.shown.insert(*leg, shown.clone());
                    }
                    live.note(command);
                    if let LegCommand::DialUser { leg, user, .. }
                    | LegCommand::CallUser { leg, user, .. } = command
                        && !self.frozen.contains(user)
                    {
                        self.dialled.push_back((index, *leg));
                    }
                    self.ordered(index, command);
                }
                CallOutput::Media(ref command) => {
                    self.media.told(command);
                    self.told_media(index, command);
                }
                CallOutput::Named(leg, name) => {
                    let (call, _) = self.states.get(&leg).expect("a leg that exists");
                    assert_eq!(*call, index, "{name:?}");
                    self.calls[index].named.push((name, leg));
                    continue;
                }
                CallOutput::Answered(_, answer) => {
                    self.answers.push(answer);
                    if answer.is_ok() {
                        continue;
                    }
                }
                CallOutput::Wants(_)
                | CallOutput::Recording(..)
                | CallOutput::Cursor(..)
                | CallOutput::LookUp(_)
                | CallOutput::Availability(..) => {}
                CallOutput::Voicemail(ref change) => self.messages.push(change.clone()),
            }
            let text = self.calls[index].describe(&output);
            let _ = writeln!(self.log, "{:<6} {text}", seconds(self.now));
        }
        let live = &self.calls[index];
        assert_eq!(live.finished, live.call.is_finished());
        while let Some(user) = taken.pop_front() {
            self.tell_the_others(index, &user);
        }
    }

    fn tell_the_others(&mut self, but: usize, user: &UserId) {
        let ringing: Vec<_> = self.floor.calls_ringing(user).cloned().collect();
        for other in 0..self.calls.len() {
            if other != but && ringing.contains(self.calls[other].call.id()) {
                self.input(other, CallInput::UserTaken(user.clone()));
            }
        }
    }
}

impl Live {
    fn new(name: &str, call: Call) -> Self {
        Self {
            name: name.to_owned(),
            call,
            graph: None,
            finished: false,
            absorbed: false,
            recordings: BTreeSet::new(),
            legs: BTreeMap::new(),
            names: BTreeMap::new(),
            named: Vec::new(),
            events: Vec::new(),
        }
    }

    fn note(&mut self, command: &LegCommand) {
        let (leg, name) = match command {
            LegCommand::DialUser { leg, user, .. } | LegCommand::CallUser { leg, user, .. } => {
                (*leg, user.as_str().trim_start_matches("u-").to_owned())
            }
            LegCommand::DialOutside { leg, to, .. } => (*leg, to.to_string()),
            LegCommand::Ring { .. }
            | LegCommand::PassEarlyMedia { .. }
            | LegCommand::Answer { .. }
            | LegCommand::Reject { .. }
            | LegCommand::Cancel { .. }
            | LegCommand::HangUp { .. }
            | LegCommand::Bridge { .. }
            | LegCommand::Unbridge { .. }
            | LegCommand::Identify { .. }
            | LegCommand::AcceptRefer { .. }
            | LegCommand::RefuseRefer { .. }
            | LegCommand::NotifyRefer { .. }
            | LegCommand::Prompt { .. } => return,
        };
        self.legs.insert(name.clone(), leg);
        self.names.insert(leg, name);
    }
}

fn now(mono: Duration) -> Now {
    // The wall clock runs wildly: only its first reading may matter (D40).
    let wall = match mono.is_zero() {
        true => Millis::parse(BEGINNING).expect("a time"),
        false => Millis::parse(BEGINNING).expect("a time").plus(mono * 3),
    };
    Now { mono, wall }
}

/// Seconds without needless digits.
pub(crate) fn seconds(at: Duration) -> String {
    format!("{}", at.as_secs_f64())
}
