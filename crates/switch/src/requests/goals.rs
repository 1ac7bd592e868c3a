//! Whom a call is to reach besides who is on it, in words: what its user would reach by dialling
//! it, and names of users, groups and IVRs beside that.

use std::sync::Arc;

use call::port::{Code, Control, Goal};
use model::UserId;
use model::directory::{Assignment, Directory};
use model::phone::Dialled;
use sip::message::{Scheme, Uri};

use super::routes::{is_ours, may_call_outside};
use crate::config::SwitchConfig;

/// What somebody is to be handed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Somebody, or an IVR.
    Goal(Goal),
    /// A slot in which it waits; `None`: the first that is free.
    Park(Option<Arc<str>>),
}

/// What a URI names for this user. Names are ours alone: at another host only a number is one.
pub(crate) fn of_uri(
    config: &SwitchConfig,
    directory: &Directory,
    user: &UserId,
    uri: &Uri,
) -> Option<Wanted> {
    let text = uri.user_unescaped()?;
    let text = text.split(';').next().unwrap_or_default();
    if uri.is_sip() && is_ours(config, uri) {
        return of_text(config, directory, user, text);
    }
    match uri.scheme {
        Scheme::Sip | Scheme::Sips | Scheme::Tel => {
            of_number(config, directory, text).map(Wanted::Goal)
        }
        Scheme::Other(_) => None,
    }
}

/// What a user would reach by dialling this.
pub(crate) fn of_text(
    config: &SwitchConfig,
    directory: &Directory,
    user: &UserId,
    text: &str,
) -> Option<Wanted> {
    if let Some(callee) = directory.user_by_sip_username(text) {
        return Some(Wanted::Goal(Goal::User(callee.id.clone())));
    }
    if let Some(code) = config.codes.of_user(text, user, directory) {
        return match code? {
            Code::Control(Control::Park(slot)) => Some(Wanted::Park(slot)),
            Code::Ivr(ivr) => Some(Wanted::Goal(Goal::Ivr(ivr))),
            Code::Available
            | Code::Away(_)
            | Code::Toggle
            | Code::Voicemail(_)
            | Code::Control(
                Control::PickUp(_)
                | Control::PickUpGroup
                | Control::Retrieve(_)
                | Control::Move
                | Control::Conference
                | Control::Supervise(..)
                | Control::Replace(_),
            ) => None,
        };
    }
    let named = |id: &str, name: &str| id == text || name.eq_ignore_ascii_case(text);
    if let Some(ivr) = directory.ivrs().find(|ivr| ivr.id.as_str() == text) {
        return Some(Wanted::Goal(Goal::Ivr(ivr.id.clone())));
    }
    if let Some(group) = directory.groups().find(|group| named(group.id.as_str(), &group.name)) {
        return Some(Wanted::Goal(Goal::Group(group.id.clone())));
    }
    of_number(config, directory, text).map(Wanted::Goal)
}

/// Whether this user may hand somebody to that: who has no number calls nobody outside, nor lets
/// others be called there for him.
pub(crate) fn may_reach(directory: &Directory, user: &UserId, wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Goal(Goal::Outside { .. }) => may_call_outside(directory, user),
        Wanted::Goal(Goal::User(_) | Goal::Group(_) | Goal::Ivr(_) | Goal::Dialled(_))
        | Wanted::Park(_) => true,
    }
}

fn of_number(config: &SwitchConfig, directory: &Directory, text: &str) -> Option<Goal> {
    let trunk = config.trunks.iter().find(|trunk| !trunk.outbound.is_empty());
    let dialled = Dialled::read(text, trunk.and_then(|trunk| trunk.country.as_deref()));
    let number = match dialled {
        Dialled::Number(number) => Some(number),
        Dialled::ShortCode(_) => None,
        Dialled::NotANumber => return None,
    };
    let own = number.as_ref().and_then(|number| directory.number_by_e164(number));
    Some(match own.map(|own| &own.assignment) {
        Some(Assignment::User(user)) => Goal::User(user.clone()),
        Some(Assignment::Group(_, ivr)) => Goal::Ivr(ivr.clone()),
        None => {
            let dialled: Arc<str> = match &number {
                Some(number) => Arc::from(number.as_str()),
                None => Arc::from(text),
            };
            Goal::Outside { number, dialled, trunk: trunk?.name.clone() }
        }
    })
}

/// The same for those who are to talk at once: a number with an IVR is the group behind it.
pub(crate) fn without_ivr(
    config: &SwitchConfig,
    directory: &Directory,
    goal: Goal,
    text: &str,
) -> Goal {
    let trunk = config.trunks.iter().find(|trunk| !trunk.outbound.is_empty());
    let country = trunk.and_then(|trunk| trunk.country.as_deref());
    let group = match (&goal, Dialled::read(text, country)) {
        (Goal::Ivr(_), Dialled::Number(number)) => {
            match directory.number_by_e164(&number).map(|own| &own.assignment) {
                Some(Assignment::Group(group, _)) => Some(group.clone()),
                Some(Assignment::User(_)) | None => None,
            }
        }
        (_, _) => None,
    };
    group.map_or(goal, Goal::Group)
}
