//! On which devices a user is rung: a group rings his receiver (F3), a call to himself goes along
//! his inbound route (F7), anything else rings all that are registered.

use std::sync::Arc;
use std::time::Duration;

use model::call_graph::words::RoutingRule;
use model::directory::{AfterRoute, Assignment, Device, DeviceKind, Directory, InboundRoute, User};
use model::{E164, UserId};

use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::port::Devices;

/// No device of a route rings for less.
const SHORTEST: Duration = Duration::from_secs(1);

/// What is dialled to reach a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A user's registered telephones.
    Phones(UserId, Devices),
    /// A number outside.
    Outside(Arc<str>),
}

impl Way {
    /// When what is dialled now must have shown life; `None`: a trunk always does.
    pub(crate) fn alive_by(&self, ctx: &Ctx<'_>) -> Option<Duration> {
        match self {
            Self::Phones(..) => Some(ctx.now.mono.saturating_add(ctx.settings.acd.alert_timeout)),
            Self::Outside(_) => None,
        }
    }
}

/// One device of an attempt that rings several in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) way: Way,
    /// How long.
    pub(crate) ring: Duration,
}

/// What comes after a personal inbound route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum After {
    /// Nothing: the caller is told that nobody answered.
    #[default]
    HangUp,
    /// This number is dialled.
    Forward(Arc<str>),
    /// The caller leaves a message.
    Voicemail,
}

/// Where a group rings a member.
pub(crate) fn receiver(id: &UserId, basis: &Basis) -> Way {
    let directory = basis.directory_of(id);
    let user = directory.user(id);
    let receiver = user.and_then(|user| user.device(user.acd_receiver.as_deref()?));
    let way = receiver.and_then(|device| way(id, device, directory));
    way.unwrap_or(Way::Phones(id.clone(), Devices::All))
}

/// How a call to a user himself is rung; `None`: he has said nothing.
pub(crate) fn route(user: &UserId, basis: &mut Basis, ctx: &Ctx<'_>) -> Option<(Vec<Step>, After)> {
    let directory = basis.directory.clone();
    let user = directory.user(user)?;
    let route = user.inbound_route.as_ref()?;
    let registered = ctx.floor.is_registered(&user.id);
    let mut steps = Vec::new();
    for step in route.steps.iter().take(InboundRoute::STEPS) {
        let subject = format!("{} {}", user.id, step.device.as_deref().unwrap_or("all"));
        let way = match &step.device {
            None => Some(Way::Phones(user.id.clone(), Devices::All)),
            Some(device) => {
                user.device(device).and_then(|device| way(&user.id, device, &directory))
            }
        };
        let ring = Duration::from_millis(step.ring_ms).max(SHORTEST);
        match way {
            None => basis.decide(RoutingRule::Device, subject, "passed over: no such device"),
            Some(Way::Phones(..)) if !registered => {
                basis.decide(RoutingRule::Device, subject, "passed over: not registered");
            }
            Some(way) => {
                basis.decide(RoutingRule::Device, subject, format!("rings for {ring:?}"));
                steps.push(Step { way, ring });
            }
        }
    }
    let after = after(user, route, basis);
    Some((steps, after))
}

fn after(user: &User, route: &InboundRoute, basis: &mut Basis) -> After {
    let his_own = |number: &str| user_of_number(number, &basis.directory) == Some(&user.id);
    let (after, verdict) = match (route.then, &route.forward_to) {
        (AfterRoute::Forward, Some(number)) if his_own(number) => {
            (After::HangUp, format!("unanswered: over, because {number} is his own number"))
        }
        (AfterRoute::Forward, Some(number)) => {
            (After::Forward(number.clone()), format!("unanswered: forwarded to {number}"))
        }
        (AfterRoute::Forward, None) => {
            (After::HangUp, "unanswered: over, because no number is named".to_owned())
        }
        (AfterRoute::Voicemail, _) => (After::Voicemail, "unanswered: voicemail".to_owned()),
        (AfterRoute::HangUp, _) => (After::HangUp, "unanswered: over".to_owned()),
    };
    basis.decide(RoutingRule::Device, user.id.as_str(), verdict);
    after
}

/// The user whose number this is.
pub(crate) fn user_of_number<'a>(number: &str, directory: &'a Directory) -> Option<&'a UserId> {
    match &directory.number_by_e164(&E164::parse(number).ok()?)?.assignment {
        Assignment::User(user) => Some(user),
        Assignment::Group(..) => None,
    }
}

/// A number of ours, a user's or a group's, is no device outside: the call would come back as
/// another one, and be dialled again.
fn way(user: &UserId, device: &Device, directory: &Directory) -> Option<Way> {
    match device.kind {
        DeviceKind::Sip => Some(Way::Phones(user.clone(), Devices::Only(device.id.clone()))),
        DeviceKind::Number => {
            let number = device.number.clone();
            number.filter(|number| !directory.is_ours(number)).map(Way::Outside)
        }
    }
}
