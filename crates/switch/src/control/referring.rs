//! REFER (RFC 3515, 5589, 4488): who may send one, what it asks for, and the subscription that it
//! makes in the dialog of its leg.
//!
//! Guarantees that a REFER is answered in the step in which it came, that its answer leaves before
//! the first NOTIFY, that one NOTIFY at a time is under way, and that a leg whose transfer is over
//! gets its BYE once the NOTIFY that said so is answered, or given up.

use call::port::{CallInput, Command, LegEvent, LegId, MediaCommand, Orderer, Release};
use model::{Now, UserId};
use sip::message::{Body, HeaderName, Method, ReferTo, Request, StatusCode};
use sip::user_agent_core::{ClientRequestId, DialogId, ServerRequestId};

use crate::legs::{CallKey, Leg};
use crate::port::Effect;
use crate::requests::goals;
use crate::switch::Switch;

/// For how long the subscription of a REFER is said to last, s: longer than any target rings.
const EXPIRES_S: u32 = 180;

/// A REFER that came on a leg, the last one.
#[derive(Debug)]
pub(crate) struct Referral {
    /// The request, until it is answered.
    request: Option<ServerRequestId>,
    /// The value of Event.
    event: String,
    /// Whether its sender wants to be told how it goes (RFC 4488).
    subscribed: bool,
    /// The NOTIFY that waits for its answer.
    under_way: Option<ClientRequestId>,
    /// What is to be told after it.
    owed: Option<u16>,
    /// The final status has been told, or nobody is there to be told.
    over: bool,
    /// The leg is to be hung up once the final NOTIFY is answered.
    bye: Option<Release>,
}

impl Referral {
    /// Whether the leg's BYE has to wait.
    fn holds(&self) -> bool {
        let telling = self.under_way.is_some() || self.owed.is_some();
        self.request.is_some() || (telling && self.over)
    }

    /// Whether another REFER would be one too many.
    fn is_active(&self) -> bool {
        self.request.is_some() || !self.over || self.under_way.is_some()
    }
}

/// What a REFER asks for, its sender being a user on a call.
struct Asked {
    leg: LegId,
    call: CallKey,
    user: UserId,
    target: ReferTo,
}

impl Switch {
    pub(crate) fn refer(
        &mut self,
        now: Now,
        id: ServerRequestId,
        dialog: Option<DialogId>,
        request: &Request,
        effects: &mut Vec<Effect>,
    ) {
        let asked = match self.asked_by_refer(dialog, request) {
            Ok(asked) => asked,
            Err(status) => {
                self.counters.count_refer(status);
                return self.ua.respond(now.mono, id, status, &[], None, &mut self.ua_out);
            }
        };
        let leg = asked.leg;
        self.note_referral(id, leg, request);
        self.under_way.referred.push(leg);
        if let Err(status) = self.obey_refer(now, asked, effects) {
            self.refuse_refer(now, leg, status);
        }
    }

    /// The checks in the order in which its sender should learn of them.
    fn asked_by_refer(&self, dialog: Option<DialogId>, request: &Request) -> Result<Asked, u16> {
        // Outside dialogs it would be an order to call, not to transfer: there is the API for that.
        let dialog = dialog.ok_or(403_u16)?;
        let leg = self.legs.of_dialog(dialog).ok_or(481_u16)?;
        let headers = request.headers();
        let target = headers.refer_to().map_err(|_| 400_u16)?;
        if headers.refer_sub().is_err() || headers.referred_by().is_err() {
            return Err(400);
        }
        let entry = self.legs.get(leg).ok_or(481_u16)?;
        // Only users transfer.
        let user = entry.user.clone().ok_or(403_u16)?;
        if !self.calls.contains_key(&entry.call) {
            return Err(481);
        }
        if entry.referral.as_deref().is_some_and(Referral::is_active) {
            return Err(491);
        }
        if target.method != Method::Invite {
            return Err(501);
        }
        Ok(Asked { leg, call: entry.call, user, target })
    }

    fn note_referral(&mut self, id: ServerRequestId, leg: LegId, request: &Request) {
        let headers = request.headers();
        let number = headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let subscribed = headers.refer_sub().unwrap_or(true);
        let Some(entry) = self.legs.get_mut(leg) else {
            return;
        };
        // RFC 3515 §2.4.6: the second one in a dialog is told from the first.
        let event = match &entry.referral {
            Some(_) => format!("refer;id={number}"),
            None => "refer".to_owned(),
        };
        entry.referral = Some(Box::new(Referral {
            request: Some(id),
            event,
            subscribed,
            under_way: None,
            owed: None,
            over: false,
            bye: None,
        }));
    }

    fn obey_refer(&mut self, now: Now, asked: Asked, effects: &mut Vec<Effect>) -> Result<(), u16> {
        let Asked { leg, call, user, target } = asked;
        if let Some(other) = self.line_named(&user, &target)? {
            return self.refer_with_replaces(now, (leg, call, user), other, effects);
        }
        let goal = goals::of_uri(&self.config, &self.directory, &user, &target.address.uri);
        let goal = goal.ok_or(404_u16)?;
        if !goals::may_reach(&self.directory, &user, &goal) {
            return Err(403);
        }
        match goal {
            goals::Wanted::Goal(goal) => {
                self.inbox.push_back((call, CallInput::Leg(leg, LegEvent::Referred(goal))));
                Ok(())
            }
            goals::Wanted::Park(slot) => {
                let slot = self.slot_for(slot.as_deref()).ok_or(486_u16)?;
                let order = self.under_way.orders.of_refer(leg);
                let command = Command::Park { user: user.clone(), slot };
                let order = CallInput::Order(order, Orderer::User(user), command);
                self.inbox.push_back((call, order));
                Ok(())
            }
        }
    }

    /// The user at a leg as Referred-By names him: who he is is known here, whatever he says.
    pub(crate) fn referrer(&self, leg: LegId) -> Option<String> {
        let user = self.directory.user(self.legs.get(leg)?.user.as_ref()?)?;
        Some(format!("<sip:{}@{}>", user.sip_username, self.config.domain))
    }

    /// 202, and the first NOTIFY.
    pub(crate) fn accept_refer(&mut self, now: Now, leg: LegId) {
        let Some(referral) = self.legs.get_mut(leg).and_then(|leg| leg.referral.as_mut()) else {
            return;
        };
        let Some(id) = referral.request.take() else {
            return;
        };
        let subscribed = referral.subscribed;
        // RFC 4488 §4: that there will be no NOTIFY is said again.
        let headers = match subscribed {
            true => Vec::new(),
            false => vec![(HeaderName::ReferSub, "false".to_owned())],
        };
        self.counters.count_refer(202);
        self.ua.respond(now.mono, id, 202, &headers, None, &mut self.ua_out);
        self.notify_refer(now, leg, 100);
    }

    pub(crate) fn refuse_refer(&mut self, now: Now, leg: LegId, status: u16) {
        let Some(referral) = self.legs.get_mut(leg).and_then(|leg| leg.referral.as_mut()) else {
            return;
        };
        let Some(id) = referral.request.take() else {
            return;
        };
        referral.over = true;
        let bye = referral.bye.take();
        // 481 would say that the transferor's own dialog is gone, and end it (RFC 3261 12.2.1.2).
        let status = if status == 481 { 404 } else { status };
        self.counters.count_refer(status);
        self.ua.respond(now.mono, id, status, &[], None, &mut self.ua_out);
        if let Some(why) = bye {
            self.hang_up(now, leg, why);
        }
    }

    /// How the transfer goes, told now or after the NOTIFY that is under way. A final status ends
    /// the subscription.
    pub(crate) fn notify_refer(&mut self, now: Now, leg: LegId, status: u16) {
        let Some(referral) = self.legs.get_mut(leg).and_then(|leg| leg.referral.as_mut()) else {
            return;
        };
        if referral.over {
            return;
        }
        referral.over = status >= 200;
        if !referral.subscribed {
            return;
        }
        if referral.under_way.is_some() {
            referral.owed = Some(status);
        } else {
            self.send_refer_notify(now, leg, status);
        }
    }

    fn send_refer_notify(&mut self, now: Now, leg: LegId, status: u16) {
        let Some(entry) = self.legs.get_mut(leg) else {
            return;
        };
        let (Some(referral), Some(dialog)) = (entry.referral.as_mut(), entry.dialog) else {
            return;
        };
        let state = match status {
            0..200 => format!("active;expires={EXPIRES_S}"),
            _ => "terminated;reason=noresource".to_owned(),
        };
        let headers = vec![
            (HeaderName::Event, referral.event.clone()),
            (HeaderName::SubscriptionState, state),
        ];
        let body = Some(Body::sipfrag(StatusCode::from(status)));
        let out = &mut self.ua_out;
        let id = self.ua.request_in_dialog(now.mono, dialog, Method::Notify, headers, body, out);
        referral.under_way = Some(id);
        self.under_way.notifies.insert(id, leg);
    }

    /// A NOTIFY of ours has its answer, or none. `false`: it was not about a transfer.
    pub(crate) fn refer_notified(&mut self, now: Now, id: ClientRequestId, status: u16) -> bool {
        let Some(leg) = self.under_way.notifies.remove(&id) else {
            return false;
        };
        *self.counters.notifies.entry(status).or_default() += 1;
        let Some(referral) = self.legs.get_mut(leg).and_then(|leg| leg.referral.as_mut()) else {
            return true;
        };
        if referral.under_way != Some(id) {
            return true;
        }
        referral.under_way = None;
        let owed = referral.owed.take();
        if (200..300).contains(&status) {
            if let Some(owed) = owed {
                self.send_refer_notify(now, leg, owed);
                return true;
            }
        } else {
            // Whoever does not want to know, or is not there, is told no more.
            referral.over = true;
        }
        if let Some(why) = referral.bye.take() {
            self.hang_up(now, leg, why);
        }
        true
    }

    /// Puts off the BYE of a leg until its transferor knows how it went. Its media ends now.
    pub(crate) fn hangs_up_later(&mut self, leg: LegId, why: Release) -> bool {
        let Some(entry) = self.legs.get_mut(leg) else {
            return false;
        };
        let waits = match (&mut entry.referral, entry.dialog) {
            (Some(referral), Some(_)) if referral.holds() => {
                referral.bye = Some(why);
                true
            }
            (Some(_) | None, _) => false,
        };
        if waits && entry.session.take().is_some() {
            self.media_out.push(MediaCommand::Close { leg });
        }
        if waits {
            self.legs.touch(leg);
        }
        waits
    }

    /// The server stops: no BYE waits any longer.
    pub(crate) fn hang_up_at_once(&mut self, now: Now) {
        let waits = |leg: &Leg| leg.referral.as_ref().and_then(|referral| referral.bye);
        for (leg, why) in self.legs.find(waits) {
            if let Some(entry) = self.legs.get_mut(leg) {
                entry.referral = None;
            }
            self.hang_up(now, leg, why);
        }
    }

    /// Whether a leg is let go, but for its BYE.
    pub(crate) fn is_let_go(&self, leg: LegId) -> bool {
        let referral = self.legs.get(leg).and_then(|leg| leg.referral.as_deref());
        referral.is_some_and(|referral| referral.bye.is_some())
    }

    /// No REFER of this step stays without an answer. Whether there was one.
    pub(crate) fn answer_refers(&mut self, now: Now) -> bool {
        let referred = std::mem::take(&mut self.under_way.referred);
        let mut any = false;
        for leg in referred {
            let referral = self.legs.get(leg).and_then(|leg| leg.referral.as_deref());
            if referral.is_some_and(|referral| referral.request.is_some()) {
                self.refuse_refer(now, leg, 491);
                any = true;
            }
        }
        any
    }
}
