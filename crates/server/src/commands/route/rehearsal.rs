//! A call that is only thought: the production engine routes it, and nothing rings. Prompts end at
//! once, who is rung does not answer (or one does), time jumps from deadline to deadline. What
//! comes out is every decision with the time at which it was made.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use acd::Floor;
use call::port::{
    Arrival, CallInput, CallOutput, Digit, LegCommand, LegEvent, LegId, LookedUp, MediaCommand,
    Offered, PlayEnd,
};
use call::{Call, Ctx, LegIds, Mailboxes, Settings};
use model::call_graph::CallEvent;
use model::call_graph::event::{Decision, Ended, Party};
use model::directory::Directory;
use model::{CallId, Millis, Now, UserId};

/// No rehearsal takes more steps; a call that does is in a circle.
const STEPS: usize = 5_000;

/// How much of the call's life is looked at.
const HORIZON: Duration = Duration::from_secs(3_600);

/// What is supposed.
pub(super) struct Suppositions {
    /// When the call comes.
    pub(super) at: Millis,
    /// What the caller presses, one at a time, whenever he is asked something.
    pub(super) digits: VecDeque<Digit>,
    /// Who answers when he is rung.
    pub(super) answers: Option<UserId>,
}

/// One line of the explanation.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Time since the call came.
    pub(super) after: Duration,
    /// What was decided.
    pub(super) decision: Decision,
}

/// How it came out.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// Somebody answered.
    Answered(Party),
    /// The call was over without an answer.
    Over(Box<Ended>),
    /// It waits for something that does not come by itself, or for longer than is looked at.
    Waits,
}

/// A call and the world around it.
pub(super) struct Rehearsal<'a> {
    directory: &'a Arc<Directory>,
    settings: &'a Settings,
    floor: Floor,
    mailboxes: Mailboxes,
    legs: LegIds,
    suppositions: Suppositions,
    now: Duration,
    inputs: VecDeque<CallInput>,
    anchor: LegId,
    accepted: bool,
    lines: Vec<Line>,
    end: Option<End>,
}

impl<'a> Rehearsal<'a> {
    /// `floor` says who is registered and available.
    pub(super) fn new(
        directory: &'a Arc<Directory>,
        settings: &'a Settings,
        floor: Floor,
        mailboxes: Mailboxes,
        suppositions: Suppositions,
    ) -> Self {
        Self {
            directory,
            settings,
            floor,
            mailboxes,
            legs: LegIds::default(),
            suppositions,
            now: Duration::ZERO,
            inputs: VecDeque::new(),
            anchor: LegId(0),
            accepted: false,
            lines: Vec::new(),
            end: None,
        }
    }

    /// Routes a call that arrives.
    pub(super) fn run(mut self, arrival: impl FnOnce(LegId) -> Arrival) -> (Vec<Line>, End) {
        self.anchor = self.legs.mint();
        let arrival = arrival(self.anchor);
        let id = CallId::from("rehearsal");
        let mut call = self.step(|ctx| Call::arrive(id, arrival, ctx));
        for _ in 0..STEPS {
            if self.end.is_some() || self.now > HORIZON {
                break;
            }
            if let Some(offer) = self.offered() {
                self.step(|ctx| call.handle(offer, ctx));
            } else if let Some(input) = self.inputs.pop_front() {
                self.step(|ctx| call.handle(input, ctx));
            } else if let Some(digit) = self.pressed() {
                let input = CallInput::Leg(self.anchor, LegEvent::Digit(digit));
                self.step(|ctx| call.handle(input, ctx));
            } else if !self.pass_time(&mut call) {
                break;
            }
        }
        (self.lines, self.end.unwrap_or(End::Waits))
    }

    fn offered(&mut self) -> Option<CallInput> {
        let now = self.clock();
        let offer = self.floor.dispatch(now)?;
        let offered = Offered { members: offer.members, round: offer.round };
        Some(CallInput::Offered(offered))
    }

    /// The next digit, if the caller can press one.
    fn pressed(&mut self) -> Option<Digit> {
        self.accepted.then(|| self.suppositions.digits.pop_front()).flatten()
    }

    /// Jumps to the next deadline; `false`: there is none.
    fn pass_time(&mut self, call: &mut Call) -> bool {
        let next = call.deadline().into_iter().chain(self.floor.deadline()).min();
        let Some(next) = next else {
            return false;
        };
        self.now = self.now.max(next);
        let now = self.clock();
        self.floor.due(now);
        self.step(|ctx| call.timeout(ctx));
        true
    }

    fn clock(&self) -> Now {
        Now { mono: self.now, wall: self.suppositions.at.plus(self.now) }
    }

    fn step<T>(&mut self, work: impl FnOnce(&mut Ctx<'_>) -> T) -> T {
        let mut out = Vec::new();
        let mut ctx = Ctx {
            now: self.clock(),
            directory: self.directory,
            floor: &mut self.floor,
            mailboxes: &mut self.mailboxes,
            legs: &mut self.legs,
            settings: self.settings,
            out: &mut out,
        };
        let result = work(&mut ctx);
        for output in out {
            self.see(output);
        }
        result
    }

    fn see(&mut self, output: CallOutput) {
        match output {
            CallOutput::Record(recorded) => self.read(recorded.event),
            CallOutput::Leg(command) => self.obey(command),
            CallOutput::Media(MediaCommand::Play { leg, play, list }) if !list.repeat => {
                let end = PlayEnd::Completed;
                self.inputs.push_back(CallInput::Leg(leg, LegEvent::Played { play, end }));
            }
            CallOutput::LookUp(number) => {
                let nothing = LookedUp { number, record: None };
                self.inputs.push_back(CallInput::LookedUp(nothing));
            }
            CallOutput::Media(_)
            | CallOutput::Recording(..)
            | CallOutput::Named(..)
            | CallOutput::Cursor(..)
            | CallOutput::UserTaken(_)
            | CallOutput::Voicemail(_)
            | CallOutput::Availability(..)
            | CallOutput::Answered(..)
            | CallOutput::Wants(_)
            | CallOutput::Finished => {}
        }
    }

    /// The other rows of the call say nothing that its decisions do not say.
    fn read(&mut self, event: CallEvent) {
        if let CallEvent::Decided(decisions) = event {
            let after = self.now;
            self.lines.extend(decisions.into_iter().map(|decision| Line { after, decision }));
        } else if let CallEvent::Answered { by, .. } = event {
            self.end = Some(End::Answered(by));
        } else if let CallEvent::Ended(ended) = event {
            self.end.get_or_insert(End::Over(ended));
        }
    }

    fn obey(&mut self, command: LegCommand) {
        match command {
            LegCommand::Answer { .. } => self.accepted = true,
            LegCommand::DialUser { leg, user, .. } | LegCommand::CallUser { leg, user, .. } => {
                self.inputs.push_back(CallInput::Leg(leg, LegEvent::Rang { early_media: false }));
                if self.suppositions.answers.as_ref() == Some(&user) {
                    self.inputs.push_back(CallInput::Leg(leg, LegEvent::Answered));
                }
            }
            LegCommand::DialOutside { leg, .. } => {
                self.inputs.push_back(CallInput::Leg(leg, LegEvent::Rang { early_media: false }));
            }
            LegCommand::Cancel { leg, .. } => {
                self.inputs.push_back(CallInput::Leg(leg, LegEvent::Settled { status: 487 }));
            }
            LegCommand::Ring { .. }
            | LegCommand::PassEarlyMedia { .. }
            | LegCommand::Reject { .. }
            | LegCommand::HangUp { .. }
            | LegCommand::Bridge { .. }
            | LegCommand::Unbridge { .. }
            | LegCommand::Identify { .. }
            | LegCommand::AcceptRefer { .. }
            | LegCommand::RefuseRefer { .. }
            | LegCommand::NotifyRefer { .. }
            | LegCommand::Prompt { .. } => {}
        }
    }
}
