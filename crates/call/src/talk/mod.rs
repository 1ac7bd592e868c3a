//! Somebody has answered: from here on a call is whoever is on it, in numbered bridges, and whoever
//! is being rung for them. Transfers, consultations, additions are [`Search`]es and moves between
//! bridges; the rows follow from the events of these (D10–D14, §6.2).
//!
//! A step changes who is where and writes it down; at its end what everybody hears, what is
//! recorded and what telephones show is brought in line. A call that cannot go on ends.

mod adopting;
mod conference;
pub(crate) mod handed;
mod hold;
mod identity;
mod leaving;
mod moving;
mod orders;
mod parking;
mod party;
mod reaching;
mod sound;
mod supervising;
mod transfers;

use std::collections::BTreeMap;
use std::time::Duration;

use model::UserId;
use model::call_graph::event::{BridgeLeg, CallEvent, ConnectionSeq, MAIN_BRIDGE, Party};
use model::call_graph::words::{EndReason, EndedBy};

use self::handed::into_ivr::Leads;
use self::hold::Held;
use self::identity::Told;
pub(crate) use self::leaving::Over;
use self::parking::Parked;
pub(crate) use self::party::Present;
use self::reaching::errands::Errand;
pub(crate) use self::reaching::{Purpose, Search};
use self::sound::{Sounding, Wait};
use self::transfers::cold::Lingering;
use self::transfers::warm::Consult;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::leg::{Far, held_name, user_of};
use crate::limits::TransferHear;
use crate::port::{CallInput, CallOutput, Digit, LegEvent, LegId, MediaCommand, Release};
use crate::recording::Sides;
use crate::sound::Digits;
use crate::sound::ears::Purpose as Plays;
use crate::stage::Stage;

/// Digits of one call that are kept; what is pressed beyond has its effect and no row.
pub(crate) const DIGITS_PER_CALL: u16 = 1_000;

/// A call that somebody has answered.
#[derive(Debug)]
pub(crate) struct Talk {
    /// In the order in which they came.
    pub(crate) present: Vec<Present>,
    pub(crate) searches: Vec<Search>,
    pub(crate) consults: Vec<Consult>,
    /// Transferors whose telephones wait to be told what became of it.
    pub(crate) lingering: Vec<Lingering>,
    /// Telephones that ring and of which no row speaks.
    pub(crate) errands: Vec<Errand>,
    /// The only party waits to be fetched.
    pub(crate) parked: Option<Parked>,
    held: Vec<Held>,
    sounding: Sounding,
    told: Told,
    /// The highest number that a bridge has had.
    bridges: u16,
    /// What this step has led to, if it has led out of the talk.
    over: Option<Over>,
    /// Where the only party that is left goes at the end of this step.
    leads: Option<Leads>,
}

impl Talk {
    /// Joins the caller with who has answered; the answer itself has been recorded.
    pub(crate) fn begin(far: Far, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        if let Some(handed) = basis.handed.take() {
            return handed.answered(far, basis, ctx);
        }
        let accept = !basis.anchor.is_accepted();
        if accept {
            basis.record(CallEvent::Accepted, ctx);
        }
        let name = BridgeLeg::Connection(far.connection);
        for leg in [BridgeLeg::Anchor, name] {
            basis.record(CallEvent::BridgeEntered { leg, bridge: MAIN_BRIDGE }, ctx);
        }
        ctx.out.push(CallOutput::Named(far.leg, name));
        if accept {
            basis.anchor.accept(Some(far.leg), ctx);
        }
        let anchor = &basis.anchor;
        let anchor = Present::new(anchor.leg, BridgeLeg::Anchor, anchor.party.clone());
        let far = Present::new(far.leg, name, far.party);
        let mut talk = Self::of(vec![anchor, far]);
        talk.assume_told(basis);
        Box::new(talk).settle(basis, ctx)
    }

    /// A talk of these, of which nobody hears anybody yet.
    pub(crate) fn of(present: Vec<Present>) -> Self {
        // Who has been consulted, and is the only one left, is in the bridge of that consultation.
        let bridges = present.iter().map(|it| it.bridge).max().unwrap_or(MAIN_BRIDGE);
        Self {
            present,
            searches: Vec::new(),
            consults: Vec::new(),
            lingering: Vec::new(),
            errands: Vec::new(),
            parked: None,
            held: Vec::new(),
            sounding: Sounding::default(),
            told: Told::default(),
            bridges,
            over: None,
            leads: None,
        }
    }

    pub(crate) fn handle(
        mut self: Box<Self>,
        input: CallInput,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        match input {
            CallInput::Leg(leg, event) => self.leg(leg, event, basis, ctx),
            CallInput::UserTaken(user) => {
                self.user_taken(&user, None, basis, ctx);
                self.supervisor_taken(&user, basis, ctx);
            }
            CallInput::Adopt(adoption, given) => self.adopt(adoption, given, basis, ctx),
            CallInput::Order(order, orderer, command) => {
                let result = self.obey(&orderer, command, basis, ctx);
                ctx.out.push(CallOutput::Answered(order, result));
            }
            CallInput::Release => self.end(Over {
                by: EndedBy::System,
                reason: EndReason::CallEnded,
                why: Release::Shutdown,
                gone: None,
            }),
            CallInput::Offered(_)
            | CallInput::LookedUp(_)
            | CallInput::Record(_)
            | CallInput::Granted(_) => {}
        }
        self.settle(basis, ctx)
    }

    pub(crate) fn timeout(mut self: Box<Self>, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        self.search_timeout(basis, ctx);
        self.park_timeout(basis, ctx);
        self.settle(basis, ctx)
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        let searches = self.searches.iter().filter_map(Search::deadline);
        let errands = self.errands.iter().map(Errand::deadline);
        searches.chain(errands).chain(self.parked.as_ref().map(|it| it.until)).min()
    }

    /// All legs of the call, the caller's first if he is there.
    pub(crate) fn legs(&self) -> Vec<LegId> {
        let present = self.present.iter().map(|it| it.leg);
        let searches = self.searches.iter().flat_map(Search::legs);
        let lingering = self.lingering.iter().map(|it| it.party.leg);
        let errands = self.errands.iter().map(|it| it.leg);
        present.chain(searches).chain(errands).chain(lingering).collect()
    }

    /// Who has this leg.
    pub(crate) fn by_leg(&self, leg: LegId) -> Option<&Present> {
        self.present.iter().find(|it| it.leg == leg)
    }

    /// The user's leg, if he is on the call as a party.
    pub(crate) fn by_user(&self, user: &UserId) -> Option<&Present> {
        self.present.iter().find(|it| it.is_party() && it.is_user(user))
    }

    /// Who else is in the bridge of this leg; supervisors are not.
    pub(crate) fn others_of(&self, leg: LegId) -> Vec<&Present> {
        let bridge = self.by_leg(leg).map(|it| it.bridge);
        let others = self.present.iter().filter(|it| it.is_party() && it.leg != leg);
        others.filter(|it| Some(it.bridge) == bridge).collect()
    }

    /// The leg with which this one alone talks.
    pub(crate) fn talks_with(&self, leg: LegId) -> Option<LegId> {
        self.sounding.other_of(leg)
    }

    /// Ends the call at the end of this step.
    pub(super) fn end(&mut self, over: Over) {
        self.over.get_or_insert(over);
    }

    /// The end of every step.
    fn settle(mut self: Box<Self>, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        self.tidy_doubles(basis, ctx);
        if let Some(over) = self.over.take() {
            return self.finish(over, basis, ctx);
        }
        if let Some(leads) = self.leads.take() {
            return self.lead(leads, basis, ctx);
        }
        self.tidy_errands(basis, ctx);
        self.tidy_supervisors(basis, ctx);
        self.note_holds(basis, ctx);
        self.sound(basis, ctx);
        self.record_sides(basis, ctx);
        self.identify(basis, ctx);
        Stage::Talking(self)
    }

    /// What who is alone in a bridge hears for which somebody is rung.
    fn waits(&self, basis: &Basis, ctx: &Ctx<'_>) -> BTreeMap<u16, Wait> {
        // Who has no music hears that it rings, rather than nothing.
        let music =
            ctx.settings.transfer.hear == TransferHear::Music && basis.music_on_hold(ctx).is_some();
        let waits = self.searches.iter().map(|search| {
            let wait = match search.purpose {
                Purpose::Transfer { .. } | Purpose::Recall if music => Wait::Hold,
                Purpose::Transfer { .. }
                | Purpose::Recall
                | Purpose::Add
                | Purpose::Consult { .. } => Wait::Ringing,
            };
            (search.bridge, wait)
        });
        waits.collect()
    }

    /// A recording follows the main bridge: who is outside, or came first, and the user who was
    /// there first.
    fn record_sides(&self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let of_main = |it: &&Present| it.is_party() && it.bridge == MAIN_BRIDGE;
        let main: Vec<&Present> = self.present.iter().filter(of_main).collect();
        let outside = main.iter().find(|it| it.user().is_none());
        let Some(left) = outside.or(main.first()) else {
            // Who talks on has only been consulted.
            return basis.recording.end(&mut basis.ears, ctx);
        };
        let others = || main.iter().filter(|it| it.leg != left.leg);
        let right = others().find(|it| it.user().is_some()).or_else(|| others().next());
        let sides = Sides { left: left.leg, right: right.map(|it| it.leg) };
        let by_policy = basis.is_recorded(ctx);
        basis.recording.sides(sides, by_policy, &mut basis.ears, ctx);
    }

    fn leg(&mut self, leg: LegId, event: LegEvent, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        if self.by_leg(leg).is_some() {
            return self.of_present(leg, event, basis, ctx);
        }
        if let Some(index) = self.searches.iter().position(|it| it.has(leg)) {
            return self.of_search(index, leg, &event, basis, ctx);
        }
        if !self.of_errand(leg, &event, basis, ctx) {
            self.of_lingering(leg, &event, ctx);
        }
    }

    fn of_present(&mut self, leg: LegId, event: LegEvent, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        match event {
            LegEvent::HungUp | LegEvent::Failed { .. } | LegEvent::Cancelled => {
                self.hung_up(leg, basis, ctx);
            }
            LegEvent::MediaTimedOut { seconds } => self.media_timed_out(leg, seconds, basis, ctx),
            LegEvent::Held => self.phone_holds(leg, true),
            LegEvent::Resumed => self.phone_holds(leg, false),
            LegEvent::Digit(digit) => self.pressed(leg, digit, basis, ctx),
            LegEvent::InfoDigit { digit, duration_ms } => {
                self.pressed(leg, digit, basis, ctx);
                for other in self.others_of(leg) {
                    let leg = other.leg;
                    ctx.media(MediaCommand::SendDigit { leg, digit, duration_ms });
                }
            }
            LegEvent::Played { play, end } => {
                if basis.ears.over(play) == Some(Plays::Consent) {
                    basis.recording.heard(end, &mut basis.ears, ctx);
                }
            }
            LegEvent::Referred(to) => self.referred(leg, to, basis, ctx),
            LegEvent::Rang { .. }
            | LegEvent::Answered
            | LegEvent::Settled { .. }
            | LegEvent::Quality(_)
            | LegEvent::Reached
            | LegEvent::FellSilent
            | LegEvent::RecordingFailed { .. } => {}
        }
    }

    fn phone_holds(&mut self, leg: LegId, holds: bool) {
        if let Some(party) = self.present.iter_mut().find(|it| it.leg == leg) {
            party.phone_holds = holds;
        }
    }

    /// A party pressed a digit.
    fn pressed(&self, leg: LegId, digit: Digit, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        // No row names a supervisor.
        let Some(Present { party, .. }) = self.by_leg(leg).filter(|it| it.is_party()) else {
            return;
        };
        let digit = match ctx.settings.sound.keep_digits {
            Digits::Kept if !basis.recording.is_paused() => digit.sign(),
            Digits::Kept | Digits::Masked => '•',
            Digits::Dropped => return,
        };
        let user = user_of(party).cloned();
        let party = held_name(party, &basis.id);
        if basis.digits < DIGITS_PER_CALL {
            basis.digits += 1;
            basis.record(CallEvent::DigitPressed { user, party, digit }, ctx);
        }
    }

    /// The Connection and the party of a leg, and who talks with it.
    pub(crate) fn speakers(
        &self,
        leg: LegId,
    ) -> Option<(Option<ConnectionSeq>, &Party, Option<&Party>)> {
        let party = self.by_leg(leg)?;
        let name = party.name?;
        let connection = match name {
            BridgeLeg::Anchor => None,
            BridgeLeg::Connection(connection) => Some(connection),
        };
        let other = self.others_of(leg).first().map(|it| &it.party);
        Some((connection, &party.party, other))
    }
}
