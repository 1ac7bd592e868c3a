//! What a call says of itself to whoever orders something of it, and orders that come before
//! anybody has answered: it can be ended, a telephone told to answer, a recording wished for.

use model::UserId;
use model::call_graph::event::{BridgeLeg, ConnectionSeq, MAIN_BRIDGE};

use crate::call::Call;
use crate::ctx::Ctx;
use crate::port::{
    CallInput, CallOutput, Command, LegCommand, LegEvent, LegId, OrderId, Orderer, PartyStanding,
    Refusal, Release, SearchStanding, StageName, Standing,
};
use crate::routing::ringing::Ringing;
use crate::stage::Stage;
use crate::talk::handed::Handed;
use crate::talk::{Purpose, Talk};

impl Call {
    /// What it is doing.
    pub fn standing(&self) -> Standing {
        let (parties, searches) = match &self.stage {
            Stage::Talking(talk) => (parties(talk), searches(talk)),
            Stage::Ended => (Vec::new(), Vec::new()),
            Stage::Hunting(hunting) => (self.caller(), vec![ringing(hunting.ringing())]),
            Stage::Waiting(waiting) => (self.caller(), vec![ringing(waiting.ringing())]),
            Stage::Dialing(dialing) => {
                let connection = Some(dialing.connection());
                let search = SearchStanding { connection, by: None, ringing: Vec::new() };
                (self.caller(), vec![search])
            }
            Stage::CallingBack(_) | Stage::Originating(_) => {
                let ringing = self.basis.anchor.user().cloned().into_iter().collect();
                (Vec::new(), vec![SearchStanding { connection: None, by: None, ringing }])
            }
            Stage::Greeted(_)
            | Stage::Menu(_)
            | Stage::Spelling(_)
            | Stage::Voicemail(_)
            | Stage::Mailbox(_)
            | Stage::Controlling(_)
            | Stage::Told(_)
            | Stage::LookingUp(_)
            | Stage::Parting(_) => (self.caller(), Vec::new()),
        };
        let parked = self.parked().cloned();
        Standing { stage: self.stage_name(), parties, searches, parked }
    }

    /// The leg with which this one alone talks; `None`: with none, or with several.
    pub fn talks_with(&self, leg: LegId) -> Option<LegId> {
        match &self.stage {
            Stage::Talking(talk) => talk.talks_with(leg),
            Stage::Greeted(_)
            | Stage::Menu(_)
            | Stage::Spelling(_)
            | Stage::Voicemail(_)
            | Stage::Mailbox(_)
            | Stage::Controlling(_)
            | Stage::Told(_)
            | Stage::LookingUp(_)
            | Stage::Hunting(_)
            | Stage::Waiting(_)
            | Stage::Parting(_)
            | Stage::CallingBack(_)
            | Stage::Originating(_)
            | Stage::Dialing(_)
            | Stage::Ended => None,
        }
    }

    /// Obeys an order, or refuses it; the answer comes before what follows from it.
    pub(crate) fn ordered(
        &mut self,
        order: OrderId,
        orderer: &Orderer,
        command: Command,
        ctx: &mut Ctx<'_>,
    ) {
        if matches!(self.stage, Stage::Talking(_)) {
            let input = CallInput::Order(order, orderer.clone(), command);
            return self.pass(input, ctx);
        }
        let result = self.before_the_talk(orderer, &command);
        let prompt = match &result {
            Ok(Before::Prompt(leg)) => Some(*leg),
            Ok(Before::HangUp | Before::Record(_)) | Err(_) => None,
        };
        let answer = result.as_ref().map(|_| ()).map_err(|why| *why);
        ctx.out.push(CallOutput::Answered(order, answer));
        if let Some(leg) = prompt {
            ctx.order(LegCommand::Prompt { leg });
        }
        match result {
            Ok(Before::HangUp) => self.hang_up(orderer, ctx),
            Ok(Before::Record(wish)) => {
                self.basis.recording.wish(wish, &mut self.basis.ears, ctx);
            }
            Ok(Before::Prompt(_)) | Err(_) => {}
        }
    }

    /// The call is over before anybody has answered: its caller gives it up, or an operator ends
    /// it.
    fn hang_up(&mut self, orderer: &Orderer, ctx: &mut Ctx<'_>) {
        let rings_him = matches!(self.stage, Stage::CallingBack(_) | Stage::Originating(_));
        if rings_him || *orderer == Orderer::Operator {
            return self.pass(CallInput::Release, ctx);
        }
        let leg = self.basis.anchor.leg;
        self.basis.anchor.release(REQUEST_TERMINATED, Release::Normal, ctx);
        self.pass(CallInput::Leg(leg, LegEvent::HungUp), ctx);
    }

    fn before_the_talk(&self, orderer: &Orderer, command: &Command) -> Result<Before, Refusal> {
        let is_his = |user: &UserId| match orderer {
            Orderer::Operator => true,
            Orderer::User(orderer) => orderer == user,
        };
        let on_it =
            self.basis.anchor.user().is_some_and(&is_his) || matches!(orderer, Orderer::Operator);
        let allowed = |then: Before| if on_it { Ok(then) } else { Err(Refusal::Forbidden) };
        match command {
            Command::Answer { user } if !is_his(user) => Err(Refusal::Forbidden),
            Command::Answer { user } => {
                self.rings_at(user).map(Before::Prompt).ok_or(Refusal::NotThere)
            }
            Command::HangUp => allowed(Before::HangUp),
            Command::Record(wish) => allowed(Before::Record(*wish)),
            Command::Remove { .. }
            | Command::Hold { .. }
            | Command::Resume { .. }
            | Command::Transfer { .. }
            | Command::Consult { .. }
            | Command::Complete { .. }
            | Command::Abandon { .. }
            | Command::Swap { .. }
            | Command::Merge { .. }
            | Command::Add { .. }
            | Command::Mute { .. }
            | Command::SendDigits { .. }
            | Command::Play { .. }
            | Command::StopPlay
            | Command::Park { .. }
            | Command::Move { .. }
            | Command::Supervise { .. } => Err(Refusal::State),
        }
    }

    /// The leg on which a user is rung for this call.
    pub(crate) fn rings_at(&self, user: &UserId) -> Option<LegId> {
        let of = |ringing: &Ringing| {
            let mut active = ringing.active().iter();
            active.find(|it| it.user() == Some(user)).map(|it| it.leg)
        };
        match &self.stage {
            Stage::Talking(talk) => talk.rings_at(user),
            Stage::Hunting(hunting) => of(hunting.ringing()),
            Stage::Waiting(waiting) => of(waiting.ringing()),
            Stage::CallingBack(_) | Stage::Originating(_)
                if self.basis.anchor.user() == Some(user) =>
            {
                Some(self.basis.anchor.leg)
            }
            Stage::Greeted(_)
            | Stage::Menu(_)
            | Stage::Spelling(_)
            | Stage::Voicemail(_)
            | Stage::Mailbox(_)
            | Stage::Controlling(_)
            | Stage::Told(_)
            | Stage::LookingUp(_)
            | Stage::Parting(_)
            | Stage::CallingBack(_)
            | Stage::Originating(_)
            | Stage::Dialing(_)
            | Stage::Ended => None,
        }
    }

    fn stage_name(&self) -> StageName {
        match &self.stage {
            Stage::Talking(talk) if talk.parked.is_some() => StageName::Parked,
            Stage::Talking(_) => StageName::Talking,
            Stage::Ended => StageName::Ended,
            Stage::Hunting(_)
            | Stage::Dialing(_)
            | Stage::CallingBack(_)
            | Stage::Originating(_) => StageName::Ringing,
            Stage::Waiting(_) => StageName::Waiting,
            Stage::Voicemail(_) | Stage::Mailbox(_) => StageName::Voicemail,
            Stage::Greeted(_)
            | Stage::Menu(_)
            | Stage::Spelling(_)
            | Stage::Controlling(_)
            | Stage::Told(_)
            | Stage::LookingUp(_)
            | Stage::Parting(_) => StageName::Routing,
        }
    }

    /// The caller alone.
    fn caller(&self) -> Vec<PartyStanding> {
        vec![PartyStanding {
            leg: Some(self.basis.handed.as_ref().map_or(BridgeLeg::Anchor, Handed::name)),
            who: self.basis.anchor.party.clone(),
            bridge: MAIN_BRIDGE,
            holds: false,
            muted: false,
            supervises: None,
        }]
    }
}

/// What the caller's telephone gets who gives up by order (RFC 3261 §21.4.25).
const REQUEST_TERMINATED: u16 = 487;

/// What an order means while nobody has answered.
#[derive(Clone, Copy, Debug)]
enum Before {
    Prompt(LegId),
    HangUp,
    Record(crate::port::RecordingWish),
}

fn parties(talk: &Talk) -> Vec<PartyStanding> {
    let parties = talk.present.iter().map(|it| PartyStanding {
        leg: it.name,
        who: it.party.clone(),
        bridge: it.bridge,
        holds: it.holds(),
        muted: it.muted,
        supervises: it.supervises.map(|(_, how)| how),
    });
    parties.collect()
}

fn searches(talk: &Talk) -> Vec<SearchStanding> {
    let searches = talk.searches.iter().map(|it| SearchStanding {
        connection: Some(it.connection()),
        by: match &it.purpose {
            Purpose::Transfer { by } => Some(by.clone()),
            Purpose::Consult { by } => talk.by_leg(*by).and_then(|it| it.user().cloned()),
            Purpose::Add => it.opened_by().cloned(),
            Purpose::Recall => None,
        },
        ringing: it.ringing().into_iter().map(|(user, _)| user).collect(),
    });
    searches.collect()
}

fn ringing(ringing: &Ringing) -> SearchStanding {
    let connection: ConnectionSeq = ringing.route().connection();
    SearchStanding {
        connection: Some(connection),
        by: None,
        ringing: ringing.active().iter().filter_map(|it| it.user().cloned()).collect(),
    }
}
