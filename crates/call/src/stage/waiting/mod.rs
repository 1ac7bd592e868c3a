//! A caller waits for a member of a group (F4). The floor says whose turn it is and whom to ring;
//! here they are rung, and the caller hears music, his place and how long it will take, and may
//! choose to leave. However he leaves, the floor is told in the same step, so nothing that was
//! reserved for him stays behind. An agent who answers is joined at once, whatever is played
//! (signalwire/freeswitch#1148).

mod announcement;

use std::time::Duration;

use acd::Callback;
use model::call_graph::event::{AttemptParty, CallEvent, Target};
use model::call_graph::words::{AttemptOutcome, NoAnswerReason, QueueExit, RoutingRule};
use model::directory::{AcdStrategy, Ivr, Queue, WaitingChoice};
use model::{GroupId, IvrId};

use super::hunting::{join, play, record_answer};
use super::parting::Parting;
use super::{Stage, calling_back, ivr};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::ivr::input::{Heard, heard};
use crate::port::{
    Adoption, CallInput, CallOutput, Digit, LegEvent, LegId, Offered, PlayEnd, Playlist, Release,
};
use crate::routing::attempt::Offer;
use crate::routing::devices;
use crate::routing::hunt::Plan;
use crate::routing::ringing::Ringing;
use crate::routing::route::Route;
use crate::routing::search;
use crate::sound::ears::Purpose;
use crate::talk::Talk;

/// How often a caller who leaves when nobody is there looks whether anybody is.
const LOOKS: Duration = Duration::from_secs(1);

/// Why somebody leaves who is not to wait for nobody.
const NOBODY: &str = "no member is there";

/// A caller who waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    ivr: IvrId,
    group: GroupId,
    ringing: Ringing,
    /// Longest time of one attempt.
    ring: Duration,
    ends_at: Duration,
    /// Offers move the cursor of their group, which has to be kept (D42).
    moves_cursor: bool,
    /// The next announcement.
    announces_at: Option<Duration>,
    /// He leaves when nobody is there, and looks again then.
    looks_at: Option<Duration>,
    /// He hears music, not that it rings.
    music: bool,
    /// Nobody will be offered any more.
    last: bool,
}

impl Waiting {
    /// Lets the caller wait as the plan says; he is accepted, because he is to hear something.
    pub(crate) fn begin(
        ivr: &Ivr,
        queue: &Queue,
        plan: Plan,
        group: GroupId,
        route: Route,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        if !basis.anchor.is_accepted() {
            basis.record(CallEvent::Accepted, ctx);
            basis.anchor.accept(None, ctx);
        }
        let target = Target::Group(group.clone());
        let of_plan = Some(ivr.id.clone());
        let ringing = Ringing::begin(target, plan.strategy, of_plan, route, basis, ctx);
        basis.groups.push(group.clone());
        let place = search::place(&group, queue, &plan, basis, ctx);
        let priority = place.priority.clamp(i16::MIN.into(), i16::MAX.into());
        // It lies between the two.
        let priority = i16::try_from(priority).unwrap_or_default();
        let position = match ctx.floor.wait(place, ctx.now) {
            Ok(position) => position,
            Err(full) => {
                basis.decide(RoutingRule::Queue, group.as_str(), format!("not entered: {full}"));
                let (to, route) = (queue.overflow_ivr_id.as_ref(), ringing.into_route());
                route.stage_failed(NoAnswerReason::Unavailable, basis, ctx);
                return ivr::go_to(&ivr.id, to, route, basis, ctx);
            }
        };
        if let Some(group) = basis.directory.clone().group(&group) {
            search::explain(group, plan.strategy, basis, ctx);
        }
        let verdict = format!("entered at place {position} with priority {priority}");
        basis.decide(RoutingRule::Queue, group.as_str(), verdict);
        let event = CallEvent::QueueEntered {
            connection: ringing.route().connection(),
            ivr: Some(ivr.id.clone()),
            group: group.clone(),
            priority,
            position,
        };
        basis.record(event, ctx);
        let now = ctx.now.mono;
        let wait = ivr.no_answer_timeout_ms.map(Duration::from_millis);
        let mut waiting = Self {
            ivr: ivr.id.clone(),
            group,
            ringing,
            ring: plan.ring,
            moves_cursor: plan.strategy == AcdStrategy::RoundRobin,
            ends_at: now.saturating_add(wait.unwrap_or(ctx.settings.acd.wait)),
            announces_at: None,
            looks_at: queue.leave_when_empty.then(|| now.saturating_add(LOOKS)),
            music: true,
            last: false,
        };
        if waiting.looks_at.is_some() && !waiting.is_staffed(basis, ctx) {
            return waiting.over(QueueExit::Empty, NOBODY, basis, ctx);
        }
        waiting.announces_at = announcement::next(queue, now);
        waiting.play_music(basis, ctx);
        Stage::Waiting(waiting)
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        let attempts = self.ringing.deadline().into_iter();
        attempts.chain(self.announces_at).chain(self.looks_at).chain([self.ends_at]).min()
    }

    /// The attempts that ring.
    pub(crate) fn ringing(&self) -> &Ringing {
        &self.ringing
    }

    pub(crate) fn timeout(mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let now = ctx.now.mono;
        self.ringing.expire(basis, ctx);
        if now >= self.ends_at {
            self.ringing.stop(AttemptOutcome::NoAnswer, Release::NoAnswer, basis, ctx);
            return self.over(
                QueueExit::TimedOut,
                "waited as long as the IVR lets him",
                basis,
                ctx,
            );
        }
        if self.announces_at.is_some_and(|at| at <= now) {
            self.announce(basis, ctx);
        }
        self.go_on(basis, ctx)
    }

    pub(crate) fn handle(
        mut self,
        input: CallInput,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        match input {
            CallInput::Leg(leg, event) if leg != basis.anchor.leg => {
                self.far(leg, &event, basis, ctx)
            }
            CallInput::UserTaken(user) => {
                self.ringing.user_taken(&user, basis, ctx);
                self.go_on(basis, ctx)
            }
            CallInput::Offered(offered) => {
                self.offered(offered, basis, ctx);
                self.go_on(basis, ctx)
            }
            CallInput::Adopt(Adoption::Pickup { user, .. }, mut given) => {
                given.picks_up(&user, basis, ctx);
                let leg = given.anchor.leg;
                let group = Some(self.group.clone());
                if !self.ringing.picked_up(&user, leg, group, basis, ctx) {
                    given.release(Release::Normal, basis, ctx);
                    return Stage::Waiting(self);
                }
                given.answer(basis.anchor.leg, ctx);
                let stage = self.answered(leg, basis, ctx);
                Talk::introduced(stage, basis, ctx)
            }
            CallInput::Leg(..)
            | CallInput::Release
            | CallInput::Record(_)
            | CallInput::Order(..)
            | CallInput::Adopt(..)
            | CallInput::Granted(_)
            | CallInput::LookedUp(_) => self.anchor(input, basis, ctx),
        }
    }

    fn anchor(mut self, input: CallInput, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match heard(input, basis, ctx) {
            Heard::Key(digit) => self.pressed(digit, basis, ctx),
            Heard::Over(Purpose::Greeting, _) => {
                let directory = basis.directory.clone();
                let queue = directory.ivr(&self.ivr).and_then(|ivr| ivr.queue.as_ref());
                self.announces_at = queue.and_then(|queue| announcement::next(queue, ctx.now.mono));
                self.play_music(basis, ctx);
                Stage::Waiting(self)
            }
            Heard::Over(Purpose::Waiting, PlayEnd::Failed) => {
                if std::mem::take(&mut self.music) {
                    self.play_music(basis, ctx);
                }
                Stage::Waiting(self)
            }
            Heard::Gone => {
                let (outcome, why) = (AttemptOutcome::CallerHangup, Release::CallerGone);
                self.ringing.stop(outcome, why, basis, ctx);
                let (exit, reason) = (QueueExit::Abandoned, NoAnswerReason::CallerHangup);
                let (ivr, route) = self.leave(exit, reason, basis, ctx);
                ivr::gone(&ivr, &route, basis, ctx)
            }
            Heard::Released => {
                self.ringing.stop(AttemptOutcome::Failed, Release::Shutdown, basis, ctx);
                let reason = self.ringing.reason();
                let (ivr, route) = self.leave(QueueExit::Stopped, reason, basis, ctx);
                ivr::released(&ivr, &route, basis, ctx)
            }
            Heard::Over(..) | Heard::Silence | Heard::Nothing => Stage::Waiting(self),
        }
    }

    fn far(mut self, leg: LegId, event: &LegEvent, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match event {
            LegEvent::Reached => self.ringing.reached(leg),
            LegEvent::Rang { early_media } => self.ringing.rang(leg, *early_media, basis, ctx),
            LegEvent::Answered => return self.answered(leg, basis, ctx),
            LegEvent::Failed { status } => self.ringing.failed(leg, *status, basis, ctx),
            // Gone before he could be joined with the caller, who goes on being served; the others
            // ring on (asterisk/asterisk#1557).
            LegEvent::HungUp => self.ringing.failed(leg, 480, basis, ctx),
            LegEvent::Settled { .. }
            | LegEvent::Cancelled
            | LegEvent::Held
            | LegEvent::Resumed
            | LegEvent::MediaTimedOut { .. }
            | LegEvent::Digit(_)
            | LegEvent::InfoDigit { .. }
            | LegEvent::Played { .. }
            | LegEvent::Quality(_)
            | LegEvent::FellSilent
            | LegEvent::RecordingFailed { .. }
            | LegEvent::Referred(_) => {}
        }
        self.go_on(basis, ctx)
    }

    fn answered(mut self, leg: LegId, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let Some(winner) = self.ringing.answered(leg, basis) else {
            return Stage::Waiting(self);
        };
        record_answer(&winner, basis, ctx);
        let (outcome, why) = (AttemptOutcome::AnsweredElsewhere, Release::AnsweredElsewhere);
        self.ringing.stop(outcome, why, basis, ctx);
        let exit = QueueExit::Answered;
        let connection = winner.far.connection;
        basis.record(CallEvent::QueueLeft { connection, exit }, ctx);
        ctx.floor.leave(&basis.id, exit, ctx.now);
        join(winner, Some(&self.ivr), basis, ctx)
    }

    /// It is his turn.
    fn offered(&mut self, offered: Offered, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let Offered { members, round } = offered;
        self.last |= members.is_empty();
        for (user, group) in members {
            // What was offered before something else happened to him or to the caller.
            let reserved = ctx.floor.calls_ringing(&user).any(|call| *call == basis.id);
            let rings = self.ringing.active().iter().any(|it| it.user() == Some(&user));
            if !reserved || rings {
                continue;
            }
            if basis.directory_of(&user).user(&user).is_none() {
                basis.newer = Some(ctx.directory.clone());
            }
            let way = devices::receiver(&user, basis);
            let verdict = format!("rung for {group}, lap {round}");
            basis.decide(RoutingRule::Member, user.as_str(), verdict);
            let offer = Offer {
                group: Some(group.clone()),
                round,
                alive_by: way.alive_by(ctx),
                reserved: true,
                ..Offer::of(AttemptParty::User(user.clone()), way, self.ends_at)
            };
            let ring_until = ctx.now.mono.saturating_add(self.ring);
            let offer = offer.for_one_attempt(ring_until, self.ends_at);
            if self.ringing.offer(offer, basis, ctx) {
                // The floor has moved it.
                if self.moves_cursor {
                    ctx.out.push(CallOutput::Cursor(group, user));
                }
            } else {
                ctx.floor.stop_ringing(&user, &basis.id, acd::RingEnd::Stopped, ctx.now);
                self.last |= basis.attempts >= ctx.settings.limits.attempts_per_call;
            }
        }
        if self.ringing.active().is_empty() {
            ctx.floor.ready(&basis.id, None, ctx.now);
        }
    }

    /// He pressed a digit.
    fn pressed(mut self, digit: Digit, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let directory = basis.directory.clone();
        let queue = directory.ivr(&self.ivr).and_then(|ivr| ivr.queue.as_ref());
        match queue.and_then(|queue| queue.options.get(&digit.sign())) {
            Some(WaitingChoice::Ivr(next)) if directory.ivr(next).is_some() => {
                let reason = self.give_up(basis, ctx);
                let (ivr, route) = self.leave(QueueExit::Option, reason, basis, ctx);
                ivr::choose(&ivr, digit, next.clone(), route, basis, ctx)
            }
            Some(WaitingChoice::Callback) => match calling_back::callback(basis) {
                Some(callback) => self.call_back(callback, basis, ctx),
                None => {
                    let verdict = "not called back: no number to call, or none to show";
                    basis.decide(RoutingRule::Queue, self.group.as_str(), verdict);
                    Stage::Waiting(self)
                }
            },
            Some(WaitingChoice::Ivr(_)) | None => Stage::Waiting(self),
        }
    }

    /// He is called back when it is his turn: his place stays, and he hangs up.
    fn call_back(mut self, callback: Callback, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let reason = self.give_up(basis, ctx);
        let verdict = format!("left: {} is to be called back", callback.number);
        basis.decide(RoutingRule::Queue, self.group.as_str(), verdict);
        ctx.floor.keep_place(&basis.id, callback, ctx.now);
        if let Some(handed) = &mut basis.handed {
            handed.is_served();
        }
        let prompt = Playlist::named(&ctx.settings.acd.callback_prompt);
        let language = basis.directory.ivr(&self.ivr).and_then(|ivr| ivr.language.clone());
        let list = Playlist { language, ..Playlist::one(prompt) };
        let (ivr, route) = self.leave(QueueExit::Callback, reason, basis, ctx);
        Parting::begin(ivr, route, list, basis, ctx)
    }

    /// Nobody is to answer any more, because the caller has chosen something else.
    fn give_up(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> NoAnswerReason {
        // Who rings has not answered in time (D41).
        let reason = match self.ringing.active().is_empty() {
            true => self.ringing.reason(),
            false => NoAnswerReason::Timeout,
        };
        self.ringing.stop(AttemptOutcome::Canceled, Release::CallerGone, basis, ctx);
        reason
    }

    /// Ends the stage if there is nothing more to wait for.
    fn go_on(mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        if self.ringing.active().is_empty() && self.last {
            return self.over(QueueExit::TimedOut, "every lap is over", basis, ctx);
        }
        if self.looks_at.is_some_and(|at| at <= ctx.now.mono) {
            if self.ringing.active().is_empty() && !self.is_staffed(basis, ctx) {
                return self.over(QueueExit::Empty, NOBODY, basis, ctx);
            }
            self.looks_at = Some(ctx.now.mono.saturating_add(LOOKS));
        }
        Stage::Waiting(self)
    }

    fn is_staffed(&self, basis: &Basis, ctx: &Ctx<'_>) -> bool {
        let queue = basis.directory.ivr(&self.ivr).and_then(|ivr| ivr.queue.as_ref());
        let also = queue.map(|queue| &queue.also_groups).into_iter().flatten();
        let mut groups = also.map(|also| &also.group_id).chain([&self.group]);
        groups.any(|group| ctx.floor.is_staffed(group))
    }

    /// He leaves for the next IVR.
    fn over(self, exit: QueueExit, why: &str, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        basis.decide(RoutingRule::Queue, self.group.as_str(), format!("left: {why}"));
        let reason = self.ringing.reason();
        let (ivr, route) = self.leave(exit, reason, basis, ctx);
        ivr::go_on(&ivr, route, basis, ctx)
    }

    /// The wait is over without an answer; nobody rings.
    fn leave(
        self,
        exit: QueueExit,
        reason: NoAnswerReason,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> (IvrId, Route) {
        ctx.floor.leave(&basis.id, exit, ctx.now);
        if !basis.anchor.is_gone() {
            basis.ears.stop(basis.anchor.leg, Purpose::Greeting, ctx);
        }
        let route = self.ringing.into_route();
        let connection = route.connection();
        basis.record(CallEvent::QueueLeft { connection, exit }, ctx);
        route.stage_failed(reason, basis, ctx);
        (self.ivr, route)
    }

    fn play_music(&self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let music = basis.music_of(&self.group);
        let music = music.or_else(|| ctx.settings.sound.music_on_hold.clone());
        let music = music.filter(|_| self.music);
        play(music.or_else(|| ctx.settings.sound.ringback.clone()), basis, ctx);
    }

    /// Tells the caller where he stands, in place of the music.
    fn announce(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let directory = basis.directory.clone();
        let ivr = directory.ivr(&self.ivr);
        let Some((ivr, queue)) = ivr.and_then(|ivr| Some((ivr, ivr.queue.as_ref()?))) else {
            self.announces_at = None;
            return;
        };
        match announcement::list(queue, ctx.floor.standing(&basis.id)) {
            Some(list) => {
                let list = Playlist { language: ivr.language.clone(), ..list };
                basis.ears.play(basis.anchor.leg, Purpose::Greeting, list, ctx);
                self.announces_at = Some(ctx.now.mono.saturating_add(announcement::LONGEST));
            }
            None => self.announces_at = announcement::next(queue, ctx.now.mono),
        }
    }
}
