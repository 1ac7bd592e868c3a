//! A user has dialled a code of the server. It does what it is for and says so: no lamp is needed
//! to know whether it worked. The call is an internal one without a Connection.

use std::sync::Arc;

use model::UserId;
use model::call_graph::event::CallEvent;
use model::call_graph::words::RoutingRule;
use model::directory::Availability;

use super::controlling::Controlling;
use super::mailbox::Mailbox;
use super::told::Told;
use super::{Stage, ivr};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::port::{CallOutput, Code, Sound};
use crate::routing::route::Route;
use crate::voicemail::{Owner, Voice, text};

/// Does what the code is for.
pub(crate) fn dialled(code: Code, user: UserId, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
    match code {
        Code::Available => change(user, Availability::Available, None, basis, ctx),
        Code::Away(reason) => change(user, Availability::Away, Some(reason), basis, ctx),
        Code::Toggle => {
            let other = match ctx.floor.agent(&user).availability {
                Availability::Available => Availability::Away,
                Availability::Away | Availability::Busy | Availability::Offline => {
                    Availability::Available
                }
            };
            change(user, other, None, basis, ctx)
        }
        Code::Voicemail(mailbox) => Mailbox::begin(mailbox, user, basis, ctx),
        Code::Ivr(id) => ivr::run(id, Route::default(), basis, ctx),
        Code::Control(control) => Controlling::begin(control, ctx),
    }
}

/// What a code is for, for people.
pub(crate) fn meaning(code: &Code) -> String {
    match code {
        Code::Available => "the code that says: available".to_owned(),
        Code::Away(reason) => format!("the code that says: away, {reason}"),
        Code::Toggle => "the code that changes between available and away".to_owned(),
        Code::Voicemail(mailbox) => format!("the code of the mailbox of {}", Owner::id(mailbox)),
        Code::Ivr(ivr) => format!("the code of {ivr}"),
        Code::Control(control) => format!("a code about another call: {}", control.meaning()),
    }
}

/// Groups may offer him calls from now on, or they may not.
fn change(
    user: UserId,
    to: Availability,
    reason: Option<Arc<str>>,
    basis: &mut Basis,
    ctx: &mut Ctx<'_>,
) -> Stage {
    let voice = Voice::new(None, ctx);
    let said = voice.texts();
    let mut items = match to {
        Availability::Available => vec![text(said.you_are_available)],
        Availability::Away | Availability::Busy | Availability::Offline => {
            vec![text(said.you_are_away)]
        }
    };
    let verdict = match &reason {
        Some(reason) => format!("he is {to}: {reason}"),
        None => format!("he is {to}"),
    };
    basis.decide(RoutingRule::Number, user.as_str(), verdict);
    items.extend(reason.clone().map(Sound::Text));
    basis.record(CallEvent::Accepted, ctx);
    basis.anchor.accept(None, ctx);
    ctx.out.push(CallOutput::Availability(user, to, reason));
    Told::begin(voice.says(items), basis, ctx)
}
