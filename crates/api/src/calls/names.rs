//! How a body names whom an order is about: a target, a party, a device, a slot, digits.

use std::borrow::Cow;
use std::sync::Arc;

use call::port::{Devices, Goal, Member};
use model::{GroupId, IvrId, UserId};
use serde::Deserialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use super::standing;
use crate::openapi::schema::{LINE, exactly_one};
use crate::problem::Problem;
use crate::request::line;

/// As many digits as are sent at once.
const DIGITS: usize = 64;

/// Whom to reach: exactly one of these.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum GoalDto {
    /// A user, by his id.
    User(String),
    /// A group, by its id.
    Group(String),
    /// An IVR, by its id.
    Ivr(String),
    /// A number or a user's name, as the user who orders would dial it.
    Number(String),
}

impl GoalDto {
    pub(super) fn goal(&self) -> Result<Goal, Problem> {
        match self {
            Self::User(id) => Ok(Goal::User(UserId::from(line("to.user", id)?))),
            Self::Group(id) => Ok(Goal::Group(GroupId::from(line("to.group", id)?))),
            Self::Ivr(id) => Ok(Goal::Ivr(IvrId::from(line("to.ivr", id)?))),
            Self::Number(text) => Ok(Goal::Dialled(Arc::from(line("to.number", text)?))),
        }
    }

    pub(super) fn no_ivr(&self) -> Result<Goal, Problem> {
        match self {
            Self::Ivr(_) => Err(Problem::field("to.ivr", "cannot be spoken with")
                .remedy("name a user, group or number; a transfer can go to an IVR")),
            Self::User(_) | Self::Group(_) | Self::Number(_) => self.goal(),
        }
    }
}

/// A party of the call: exactly one of these.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MemberDto {
    /// A user who is on the call, by his id.
    User(String),
    /// A leg, as `parties[].leg` names it: `anchor`, `c1`, `c2`, …
    Leg(String),
}

impl MemberDto {
    pub(super) fn member(&self) -> Result<Member, Problem> {
        match self {
            Self::User(id) => Ok(Member::User(UserId::from(line("member.user", id)?))),
            Self::Leg(text) => standing::leg(text).map(Member::Leg).ok_or_else(|| {
                Problem::field("member.leg", "is no leg")
                    .remedy("use `anchor` or `c1`, `c2`, …: `parties[].leg` of the standing")
            }),
        }
    }
}

impl PartialSchema for GoalDto {
    fn schema() -> RefOr<Schema> {
        exactly_one(
            "Whom to reach: exactly one of these",
            &[
                ("user", "A user, by his id", LINE),
                ("group", "A group, by its id", LINE),
                ("ivr", "An IVR, by its id", LINE),
                ("number", "As the user who orders would dial it: a number, a user's name", LINE),
            ],
        )
    }
}

impl ToSchema for GoalDto {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Goal")
    }
}

impl PartialSchema for MemberDto {
    fn schema() -> RefOr<Schema> {
        exactly_one(
            "A party of the call: exactly one of these",
            &[
                ("user", "A user who is on the call, by his id", LINE),
                ("leg", "A leg, as `parties[].leg` names it", "^(anchor|c[1-9][0-9]{0,3})$"),
            ],
        )
    }
}

impl ToSchema for MemberDto {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Member")
    }
}

/// One of a user's devices, or all.
pub(super) fn devices(device: Option<&str>) -> Result<Devices, Problem> {
    match device {
        None => Ok(Devices::All),
        Some(device) => Ok(Devices::Only(Arc::from(line("device", device)?))),
    }
}

pub(super) fn digits(text: &str) -> Result<Arc<str>, Problem> {
    let known = text.chars().all(|digit| matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D'));
    if text.is_empty() || !known {
        return Err(Problem::field("digits", "are not all digits")
            .remedy("use 0–9, *, # and A–D, at least one"));
    }
    if text.len() > DIGITS {
        return Err(Problem::field("digits", format!("are more than {DIGITS}"))
            .remedy("send the rest with another order"));
    }
    Ok(Arc::from(text))
}

pub(super) fn slot(slot: Option<&str>) -> Result<Arc<str>, Problem> {
    let Some(slot) = slot else { return Ok(Arc::from("")) };
    let dialled = slot.chars().all(|digit| matches!(digit, '0'..='9' | '*' | '#'));
    if slot.is_empty() || slot.len() > 16 || !dialled {
        return Err(Problem::field("slot", "is no slot").remedy(
            "use the digits that people dial, or leave it out for the first that is free",
        ));
    }
    Ok(Arc::from(slot))
}
