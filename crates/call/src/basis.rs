//! What every stage of a call shares: who it is, when it began, the directory it began with, the
//! caller's leg and the few facts on which its end depends.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use model::call_graph::event::{CallEvent, ConnectionSeq, Decision, Party, Recorded};
use model::call_graph::words::{Direction, RoutingRule};
use model::directory::{Directory, Ivr, KnownRecord};
use model::{CallId, E164, GroupId, IvrId, Millis, Now, NumberId, UserId};

use crate::ctx::Ctx;
use crate::ivr::keys::Keys;
use crate::leg::{Anchor, Stopped, user_of};
use crate::port::{CallOutput, LegCommand, LegEvent, LegId, LookedUp, Shown};
use crate::recording::Recording;
use crate::sound::ears::Ears;
use crate::talk::handed::Handed;

/// The most decisions that are kept of one step of a call.
const DECISIONS: usize = 64;

#[derive(Debug)]
pub(crate) struct Basis {
    pub(crate) id: CallId,
    /// Both clocks at the first input. The wall clock is read no more after it (D40).
    pub(crate) began: Now,
    /// A number reassigned during the call does not rewrite what the call is.
    pub(crate) directory: Arc<Directory>,
    /// The directory that knew a member who was offered the call and whom its own does not know:
    /// he came while the caller waited.
    pub(crate) newer: Option<Arc<Directory>>,
    pub(crate) direction: Direction,
    pub(crate) anchor: Anchor,
    /// What phones inside show of the caller.
    pub(crate) shown: Shown,
    pub(crate) internal_number: Option<NumberId>,
    /// Owner where no IVR names one (D8).
    pub(crate) first_owner: Option<UserId>,
    /// The addressee who is a participant from the start (D5).
    pub(crate) callee: Option<Party>,
    pub(crate) answered_by: Option<UserId>,
    /// IVRs entered so far; `ivr_hops` bounds them.
    pub(crate) visits: Vec<IvrId>,
    /// So many of them before anybody answered; later ones make nobody the owner. `None`: all.
    pub(crate) routed_visits: Option<usize>,
    /// Groups searched so far, at most one for each visit.
    pub(crate) groups: Vec<GroupId>,
    /// Connections opened so far.
    pub(crate) connections: ConnectionSeq,
    /// Attempts made so far.
    pub(crate) attempts: u16,
    /// Whom the rows name beyond the fields above, for the context (D46).
    pub(crate) named: BTreeSet<UserId>,
    /// Further groups whose members were rung, for the context.
    pub(crate) named_groups: BTreeSet<GroupId>,
    /// Who has the caller's number, if somebody else has to be asked.
    pub(crate) lookup: Lookup,
    /// At most one for each attempt, so `attempts_per_call` bounds it.
    pub(crate) stopped: Vec<Stopped>,
    /// What this step has decided so far; written as one row at its end.
    pub(crate) decided: Vec<Decision>,
    /// Rows of pressed digits so far.
    pub(crate) digits: u16,
    /// What the caller has pressed last.
    pub(crate) keys: Keys,
    pub(crate) ears: Ears,
    /// Who waits has been handed on by a user: [`Self::anchor`] is he, whoever made the call.
    pub(crate) handed: Option<Handed>,
    pub(crate) recording: Recording,
}

/// The lookup of a number that the directory does not know.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Lookup {
    /// Nobody is asked.
    Unasked,
    /// The answer is awaited until then, on the monotonic clock.
    Asked { until: Duration },
    /// It came; `None`: nobody has the number.
    Answered(Option<KnownRecord>),
}

impl Basis {
    /// A call that begins now and of which nothing else is known.
    pub(crate) fn new(
        id: CallId,
        direction: Direction,
        anchor: Anchor,
        shown: Shown,
        ctx: &Ctx<'_>,
    ) -> Self {
        Self {
            recording: Recording::new(id.clone(), ctx.now),
            id,
            began: ctx.now,
            directory: ctx.directory.clone(),
            newer: None,
            direction,
            anchor,
            shown,
            internal_number: None,
            first_owner: None,
            callee: None,
            answered_by: None,
            visits: Vec::new(),
            routed_visits: None,
            groups: Vec::new(),
            connections: 0,
            attempts: 0,
            named: BTreeSet::new(),
            named_groups: BTreeSet::new(),
            lookup: Lookup::Unasked,
            stopped: Vec::new(),
            decided: Vec::new(),
            digits: 0,
            keys: Keys::default(),
            ears: Ears::default(),
            handed: None,
        }
    }

    /// The number of a Connection that is opened now.
    pub(crate) fn open_connection(&mut self) -> ConnectionSeq {
        self.connections = self.connections.saturating_add(1);
        self.connections
    }

    /// Keeps an event with the time of this input: the wall clock at the call's start plus the
    /// monotonic time since (D40).
    pub(crate) fn record(&self, event: CallEvent, ctx: &mut Ctx<'_>) {
        let at = self.at(ctx);
        ctx.out.push(CallOutput::Record(Recorded { call: self.id.clone(), at, event }));
    }

    /// The time of this input, as rows have it (D40).
    pub(crate) fn at(&self, ctx: &Ctx<'_>) -> Millis {
        self.began.wall.plus(ctx.now.mono.saturating_sub(self.began.mono))
    }

    /// Remembers a decision, for `tandem route explain` and for the row beside the call. At most
    /// [`DECISIONS`] are kept of one step.
    pub(crate) fn decide(
        &mut self,
        rule: RoutingRule,
        subject: impl Into<Arc<str>>,
        verdict: impl Into<Arc<str>>,
    ) {
        if self.decided.len() < DECISIONS {
            let (subject, verdict) = (subject.into(), verdict.into());
            self.decided.push(Decision { rule, subject, verdict });
        }
    }

    /// Writes what this step has decided.
    pub(crate) fn explain(&mut self, ctx: &mut Ctx<'_>) {
        if !self.decided.is_empty() {
            let lines = std::mem::take(&mut self.decided);
            self.record(CallEvent::Decided(lines), ctx);
        }
    }

    /// Whether this event is the end of a leg that was told to stop, which changes at most the
    /// status of its attempt (D40).
    pub(crate) fn settled(&mut self, leg: LegId, event: &LegEvent, ctx: &mut Ctx<'_>) -> bool {
        let Some(index) = self.stopped.iter().position(|stopped| stopped.leg == leg) else {
            return false;
        };
        let crossed = *event == LegEvent::Answered;
        let status = match event {
            LegEvent::Settled { status } | LegEvent::Failed { status } => Some(*status),
            LegEvent::Answered => Some(200),
            LegEvent::HungUp => None,
            LegEvent::Rang { .. }
            | LegEvent::Cancelled
            | LegEvent::Held
            | LegEvent::Resumed
            | LegEvent::MediaTimedOut { .. }
            | LegEvent::Digit(_)
            | LegEvent::InfoDigit { .. }
            | LegEvent::Played { .. }
            | LegEvent::Quality(_)
            | LegEvent::Reached
            | LegEvent::FellSilent
            | LegEvent::RecordingFailed { .. }
            | LegEvent::Referred(_) => return true,
        };
        let stopped = self.stopped.swap_remove(index);
        if let Some(sip_status @ (200 | 408)) = status
            && let Some(attempt) = stopped.attempt
        {
            let connection = stopped.connection;
            self.record(CallEvent::AttemptSettled { connection, attempt, sip_status }, ctx);
        }
        if crossed {
            ctx.order(LegCommand::HangUp { leg, why: stopped.why });
        }
        true
    }

    /// The caller's number, if he is outside and shows one.
    pub(crate) fn caller_number(&self) -> Option<&E164> {
        match &self.anchor.party {
            Party::External { number, .. } => number.as_ref(),
            Party::User { .. } => None,
        }
    }

    /// The record of the caller: the directory's, else what a lookup has found by now.
    pub(crate) fn record_of_caller(&self) -> Option<&KnownRecord> {
        let number = self.caller_number()?;
        let found = match &self.lookup {
            Lookup::Answered(record) => record.as_ref(),
            Lookup::Unasked | Lookup::Asked { .. } => None,
        };
        self.directory.record_of(number).or(found)
    }

    /// What was asked outside is answered: telephones that ring from now on show the name.
    pub(crate) fn looked_up(&mut self, found: &LookedUp) {
        let awaited = matches!(self.lookup, Lookup::Asked { .. });
        if !awaited || self.caller_number() != Some(&found.number) {
            return;
        }
        let mut record = found.record.clone();
        let mut verdict = match &record {
            Some(record) => format!("{} ({})", record.id, record.display_name),
            None => "nobody has it".to_owned(),
        };
        // Rows refer to users: who is none here can neither be rung nor stand in them.
        let owner = record
            .as_mut()
            .and_then(|record| record.owner.take_if(|owner| self.directory.user(owner).is_none()));
        if let Some(owner) = owner {
            verdict.push_str(&format!(", whose owner {owner} is no user here"));
        }
        self.decide(RoutingRule::Lookup, found.number.as_str(), verdict);
        if let Some(record) = &record {
            self.shown.name = Some(record.display_name.clone());
        }
        self.lookup = Lookup::Answered(record);
    }

    /// What a telephone outside shows that is dialled for this call: no names. Of a caller inside
    /// it shows the number of the user for whom it rings, else the caller's.
    pub(crate) fn shown_outside(&self, rung_for: Option<&UserId>) -> Shown {
        let number = match &self.anchor.party {
            Party::External { .. } => self.shown.number.clone(),
            Party::User { user, .. } => {
                let number_of = |user| self.directory.default_number_of_user(user);
                let number = rung_for.and_then(number_of).or_else(|| number_of(user));
                number.map(|number| number.e164.as_str().into())
            }
        };
        Shown { number, name: None }
    }

    /// A user with his default number.
    pub(crate) fn user(&self, user: &UserId) -> Party {
        user_party(self.directory_of(user), user)
    }

    /// The directory that knows this user: the call's own, unless he came later.
    pub(crate) fn directory_of(&self, user: &UserId) -> &Arc<Directory> {
        match &self.newer {
            Some(newer) if self.directory.user(user).is_none() => newer,
            Some(_) | None => &self.directory,
        }
    }

    /// Somebody outside, by what was dialled or configured.
    pub(crate) fn outside(&self, number: Option<&E164>, text: &Arc<str>) -> Party {
        outside_party(&self.directory, number, Some(text))
    }

    /// What callers of a group hear where it has music of its own.
    pub(crate) fn music_of(&self, group: &GroupId) -> Option<Arc<str>> {
        self.directory.group(group)?.music_on_hold.clone()
    }

    /// What a held party hears: the music of the group that was searched last, else the
    /// configured one; `None`: silence.
    pub(crate) fn music_on_hold(&self, ctx: &Ctx<'_>) -> Option<Arc<str>> {
        let of_group = self.groups.last().and_then(|group| self.music_of(group));
        of_group.or_else(|| ctx.settings.sound.music_on_hold.clone())
    }

    /// Whether the call is to be recorded where nobody wishes otherwise: the number decides, then
    /// the group that was searched last, then the configuration.
    pub(crate) fn is_recorded(&self, ctx: &Ctx<'_>) -> bool {
        let number = self.internal_number.as_ref().and_then(|id| self.directory.number(id));
        let group = self.groups.last().and_then(|id| self.directory.group(id));
        number
            .and_then(|number| number.recording)
            .or_else(|| group.and_then(|group| group.recording))
            .unwrap_or(ctx.settings.sound.record_all)
    }

    /// Owner of the missed call (D6).
    pub(crate) fn missed_call_owner(&self) -> Option<UserId> {
        if self.direction != Direction::Inbound {
            return None;
        }
        let number = self.internal_number.as_ref().and_then(|id| self.directory.number(id));
        let of_ivr = self.visited(self.visits.last()).and_then(|ivr| ivr.missed_call_owner.clone());
        of_ivr
            .or_else(|| number.and_then(|number| number.missed_call_owner.clone()))
            .or_else(|| self.callee.as_ref().and_then(user_of).cloned())
    }

    /// The group that owns the missed call: as D6 says for a user.
    pub(crate) fn missed_call_owner_group(&self) -> Option<GroupId> {
        if self.direction != Direction::Inbound {
            return None;
        }
        let number = self.internal_number.as_ref().and_then(|id| self.directory.number(id));
        let of_ivr = self.visited(self.visits.last());
        of_ivr
            .and_then(|ivr| ivr.missed_call_owner_group.clone())
            .or_else(|| number.and_then(|number| number.missed_call_owner_group.clone()))
    }

    /// Owner of the call (D8).
    pub(crate) fn owner(&self) -> Option<UserId> {
        let of = |visit| self.visited(visit).and_then(|ivr| ivr.record_owner.clone());
        let count = self.routed_visits.unwrap_or(self.visits.len());
        let visits = || self.visits.iter().take(count);
        of(visits().next_back())
            .or_else(|| of(visits().next()))
            .or_else(|| self.first_owner.clone())
            .or_else(|| self.answered_by.clone())
            .or_else(|| self.missed_call_owner())
    }

    fn visited(&self, visit: Option<&IvrId>) -> Option<&Ivr> {
        visit.and_then(|id| self.directory.ivr(id))
    }

    /// Tells a dialled leg to stop and remembers whose attempt it was.
    pub(crate) fn stop(&mut self, stopped: Stopped, ctx: &mut Ctx<'_>) {
        ctx.order(LegCommand::Cancel { leg: stopped.leg, why: stopped.why });
        self.stopped.push(stopped);
    }
}

pub(crate) fn user_party(directory: &Directory, user: &UserId) -> Party {
    let number = directory.default_number_of_user(user);
    Party::User { user: user.clone(), number: number.map(|number| number.e164.clone()) }
}

pub(crate) fn outside_party(
    directory: &Directory,
    number: Option<&E164>,
    text: Option<&Arc<str>>,
) -> Party {
    let record = number.and_then(|number| directory.record_of(number));
    Party::External {
        number: number.cloned(),
        record: record.map(|record| record.id.clone()),
        text: match number {
            Some(_) => None,
            None => text.cloned(),
        },
    }
}
