//! The loop around the core: it takes a batch of inputs, handles each, makes what they recorded
//! durable with one write, and then lets everything else out, in order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use api::Health;
use call::port::MediaEvent;
use media::MediaPlane;
use model::CallId;
use model::call_graph::{CallEvent, Recorded};
use store::media_rows::MediaRow;
use store::writer::Recorder;
use switch::{Effect, Input, Switch};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use transport::{Inbound, Lookup, Resolver, SystemNames, Transport};

use super::desk::{self, Desk};
use super::locations;
use super::reloading::Reloads;
use super::sampling::Publisher;
use crate::clock::Clock;

/// What the outside tells the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Take no new calls; stop when the running ones are over or `drain_timeout_s` has passed.
    Drain,
    /// Release every call now, then stop.
    Release,
    /// Read the directory again.
    Reload,
}

/// Inputs handled before their effects are let out: one journal write serves them all.
const BATCH: usize = 64;

/// How often something that failed to be written is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// After the last call, how long its last messages may still need an answer: long enough for a
/// BYE to be answered on any network, short enough for a stop.
const LINGER: Duration = Duration::from_millis(300);

/// After that, how long media may still take to close what the last calls recorded and to tell
/// what their legs were like: hours of sound have their checksum in that time, and what has not is
/// closed at the next start.
const LAST_FIGURES: Duration = Duration::from_secs(2);

/// Everything the loop owns.
pub(super) struct Core {
    pub(super) switch: Switch,
    pub(super) recorder: Recorder,
    pub(super) media: MediaPlane,
    pub(super) transport: Transport,
    pub(super) resolver: Resolver<SystemNames>,
    pub(super) publisher: Publisher,
    pub(super) reloads: Reloads,
    pub(super) desk: Desk,
    pub(super) health: Arc<Health>,
    pub(super) clock: Clock,
    pub(super) node: Arc<str>,
    pub(super) drain_timeout: Duration,
    /// Calls that rows were lost of and that do not say so yet.
    pub(super) lost: BTreeSet<CallId>,
}

/// How far a stop has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stopping {
    No,
    /// Waiting for the running calls until then.
    Draining(Instant),
    /// Every call is released; waiting for the last answers until then.
    Lingering(Instant),
}

impl Core {
    /// Runs until a command has stopped it and no call is left.
    pub(super) async fn run(
        mut self,
        mut inbound: mpsc::Receiver<Inbound>,
        mut media_events: mpsc::Receiver<MediaEvent>,
        mut commands: mpsc::Receiver<Control>,
    ) {
        let mut stopping = Stopping::No;
        let mut effects = Vec::new();
        let mut retry_at = None;
        loop {
            let wake = self.wake(stopping, retry_at);
            let mut happened = true;
            tokio::select! {
                biased;
                Some(command) = commands.recv() => {
                    stopping = self.command(command, stopping, &mut effects);
                }
                Some(event) = media_events.recv() => {
                    self.handle(Input::Media(event), &mut effects);
                }
                told = self.desk.next() => {
                    let desk = &mut self.desk;
                    desk::tell(desk, &mut self.switch, told, self.clock, &mut effects);
                }
                Some(directory) = self.reloads.directory() => {
                    self.handle(Input::Directory(directory), &mut effects);
                }
                Some(message) = inbound.recv() => {
                    self.handle(input(message), &mut effects);
                    for _ in 1..BATCH {
                        let Ok(message) = inbound.try_recv() else { break };
                        self.handle(input(message), &mut effects);
                    }
                }
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {
                    happened = false;
                }
            }
            let now = self.clock.now().mono;
            if self.switch.next_deadline().is_some_and(|at| at <= now) {
                self.handle(Input::Deadline, &mut effects);
                happened = true;
            }
            stopping = self.advance(stopping, &mut effects);
            self.let_out(&mut effects);
            retry_at = self.retry(retry_at);
            self.publisher.touch(happened, &self.switch, &self.transport);
            self.desk.touch(happened, &self.switch, self.clock);
            if matches!(stopping, Stopping::Lingering(end) if self.is_over(end)) {
                return;
            }
        }
    }

    fn handle(&mut self, input: Input, effects: &mut Vec<Effect>) {
        let (began, offers) = (Instant::now(), self.switch.offers());
        self.switch.handle(self.clock.now(), input, effects);
        if self.switch.offers() != offers {
            self.publisher.decided(began.elapsed());
        }
    }

    /// The next moment at which something is due without being asked.
    fn wake(&self, stopping: Stopping, retry_at: Option<Instant>) -> Option<Instant> {
        let core = self.switch.next_deadline().map(|at| self.clock.instant(at).into());
        let stop = match stopping {
            Stopping::No => None,
            Stopping::Draining(end) => Some(end),
            Stopping::Lingering(end) => {
                let now = Instant::now();
                [end, end + LAST_FIGURES].into_iter().find(|moment| *moment > now)
            }
        };
        [core, stop, retry_at, self.publisher.due(), self.desk.due()].into_iter().flatten().min()
    }

    fn command(
        &mut self,
        command: Control,
        stopping: Stopping,
        effects: &mut Vec<Effect>,
    ) -> Stopping {
        match (command, stopping) {
            (Control::Drain, Stopping::No) => {
                tracing::info!(calls = self.switch.live_calls(), "draining");
                self.health.set_draining();
                self.handle(Input::Drain, effects);
                Stopping::Draining(Instant::now() + self.drain_timeout)
            }
            (Control::Release, Stopping::No | Stopping::Draining(_)) => {
                self.health.set_draining();
                self.release(effects)
            }
            (Control::Drain, other) | (Control::Release, other @ Stopping::Lingering(_)) => other,
            (Control::Reload, other) => {
                self.reloads.ask();
                other
            }
        }
    }

    fn release(&mut self, effects: &mut Vec<Effect>) -> Stopping {
        tracing::info!(calls = self.switch.live_calls(), "releasing every call");
        self.handle(Input::Release, effects);
        Stopping::Lingering(Instant::now() + LINGER)
    }

    fn advance(&mut self, stopping: Stopping, effects: &mut Vec<Effect>) -> Stopping {
        match stopping {
            Stopping::Draining(end) => {
                // Telephones that watch something are told as well.
                if self.switch.live_calls() == 0 || Instant::now() >= end {
                    self.release(effects)
                } else {
                    stopping
                }
            }
            Stopping::No | Stopping::Lingering(_) => stopping,
        }
    }

    fn is_over(&self, end: Instant) -> bool {
        let (now, switch) = (Instant::now(), &self.switch);
        let has_answers = switch.is_calm() || now >= end;
        let has_figures = !switch.awaits_media() || now >= end + LAST_FIGURES;
        switch.live_calls() == 0 && has_answers && has_figures
    }

    /// First the journal, then everything that others see.
    fn let_out(&mut self, effects: &mut Vec<Effect>) {
        if effects.is_empty() {
            return;
        }
        let mut records: Vec<Recorded> = Vec::new();
        for effect in &mut *effects {
            if let Effect::Record(recorded) = effect {
                records.push(recorded.clone());
            }
        }
        if let Err(error) = self.recorder.record(records) {
            tracing::error!(%error, remedy = error.remedy(), "records wait for the disk");
        }
        for effect in effects.drain(..) {
            match effect {
                Effect::Record(recorded) => {
                    self.desk.recorded(&recorded, self.switch.directory());
                }
                Effect::Transmit { flow, bytes } => self.transport.send(flow, bytes),
                Effect::Resolve { id, host, port, transport } => {
                    self.resolver.resolve(Lookup { id, host, port, transport });
                }
                Effect::Media(command) => {
                    if let Err(error) = self.media.command(command) {
                        tracing::error!(%error, "media cannot be told");
                    }
                }
                Effect::Recording(id, change) => {
                    self.recorder.behind().media(MediaRow::Recording(id, change));
                }
                Effect::LegQuality(quality) => {
                    self.recorder.behind().media(MediaRow::LegQuality(quality));
                }
                Effect::ClientReport(report) => {
                    self.recorder.behind().media(MediaRow::ClientReport(report));
                }
                // Kept and asked once their tables and their service are there.
                Effect::LookUp { call, number } => self.desk.look_up(call, number),
                Effect::Voicemail(change) => {
                    self.desk.voicemail(&change, self.switch.directory());
                    self.recorder.behind().media(MediaRow::Voicemail(Box::new(change)));
                }
                Effect::Agent(change) => {
                    self.recorder.behind().media(MediaRow::Agent(Box::new(change)));
                }
                Effect::Cursor(group, user) => self.recorder.behind().cursor(group, user),
                Effect::Location(location) => {
                    let (now, behind) = (self.clock.now().wall, self.recorder.behind());
                    let directory = self.switch.directory();
                    locations::keep(&location, directory, &self.node, now, &behind);
                }
                Effect::Answered { order, answer } => self.desk.answered(order, answer),
                Effect::Aborted { call, at } => {
                    self.recorder.behind().abort(call, at, self.switch.directory().clone());
                }
            }
        }
    }

    /// Once a second, while the journal's disk is behind, it is tried again.
    fn retry(&mut self, retry_at: Option<Instant>) -> Option<Instant> {
        if !self.recorder.is_behind() {
            self.own_up();
            return None;
        }
        let due = retry_at.unwrap_or_else(|| Instant::now() + RETRY);
        if Instant::now() < due {
            return Some(due);
        }
        if let Err(error) = self.recorder.retry() {
            tracing::error!(%error, remedy = error.remedy(), "records wait for the disk");
        }
        Some(Instant::now() + RETRY)
    }

    /// Only a full disk may cost rows; then each call that lost some says so, once it can (§7.7).
    fn own_up(&mut self) {
        self.lost.append(&mut self.recorder.take_lost());
        if self.lost.is_empty() || self.recorder.is_behind() {
            return;
        }
        let at = self.clock.now().wall;
        let confess = |call| Recorded { call, at, event: CallEvent::DataLost };
        let events = std::mem::take(&mut self.lost).into_iter().map(confess).collect();
        if let Err(error) = self.recorder.record(events) {
            tracing::error!(%error, remedy = error.remedy(), "records wait for the disk");
        }
    }
}

fn input(inbound: Inbound) -> Input {
    match inbound {
        Inbound::Message { flow, message } => Input::Sip { flow, message },
        Inbound::Malformed { flow, fault } => Input::Malformed { flow, fault },
        Inbound::Failed { flow } => Input::SipFailed { flow },
        Inbound::Resolved { id, targets } => Input::Resolved { id, targets },
    }
}
