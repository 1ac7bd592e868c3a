//! Whom each telephone shows (RFC 4916): the only other party by number and name, or that it is a
//! conference. Who is alone keeps what he saw. A telephone is told only what it does not show yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::call_graph::event::{ConnectionSeq, Party};

use super::Talk;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::port::{LegCommand, LegId, Shown};

/// What is shown where there are several.
const CONFERENCE: &str = "Conference";

/// What telephones show by now.
#[derive(Debug, Default)]
pub(super) struct Told {
    shown: BTreeMap<LegId, Shown>,
    /// What telephones show that ring for a Connection.
    rung_as: BTreeMap<ConnectionSeq, Shown>,
}

impl Talk {
    /// What the telephones of an answered call show already.
    pub(super) fn assume_told(&mut self, basis: &Basis) {
        for index in 0..self.present.len() {
            let leg = self.present[index].leg;
            if let Some(shown) = self.shown_to(leg, basis) {
                self.told.shown.insert(leg, shown);
            }
        }
    }

    /// The telephones that ring for this Connection show this.
    pub(super) fn rings_as(&mut self, connection: ConnectionSeq, shown: Shown) {
        self.told.rung_as.insert(connection, shown);
    }

    /// Who has answered a Connection sees what his telephone showed while it rang.
    pub(super) fn assume_rung(&mut self, leg: LegId, connection: ConnectionSeq) {
        if let Some(shown) = self.told.rung_as.remove(&connection) {
            self.told.shown.insert(leg, shown);
        }
    }

    /// A telephone shows a code that its user has dialled.
    pub(super) fn shows_nobody(&mut self, leg: LegId) {
        self.told.shown.remove(&leg);
    }

    /// A telephone shows this.
    pub(crate) fn assume(&mut self, leg: LegId, shown: Shown) {
        self.told.shown.insert(leg, shown);
    }

    /// Tells who sees something else now.
    pub(super) fn identify(&mut self, basis: &Basis, ctx: &mut Ctx<'_>) {
        self.told.shown.retain(|leg, _| self.present.iter().any(|it| it.leg == *leg));
        for index in 0..self.present.len() {
            let leg = self.present[index].leg;
            let Some(shown) = self.shown_to(leg, basis) else {
                continue;
            };
            if self.told.shown.get(&leg) != Some(&shown) {
                self.told.shown.insert(leg, shown.clone());
                ctx.order(LegCommand::Identify { leg, shown });
            }
        }
    }

    pub(super) fn shown_to(&self, leg: LegId, basis: &Basis) -> Option<Shown> {
        let is_inside = self.by_leg(leg)?.user().is_some();
        match &self.others_of(leg)[..] {
            [] => None,
            [other] if is_inside => Some(self.shown_inside(&other.party, basis)),
            // There is nothing to be told of who has no number.
            [other] => {
                Some(self.shown_outside(&other.party, basis)).filter(|it| it.number.is_some())
            }
            [..] => Some(Shown { number: None, name: Some(CONFERENCE.into()) }),
        }
    }

    /// What telephones inside show of a party.
    pub(super) fn shown_inside(&self, party: &Party, basis: &Basis) -> Shown {
        match party {
            party if *party == basis.anchor.party => basis.shown.clone(),
            Party::User { user, .. } => {
                let user = basis.directory_of(user).user(user);
                Shown {
                    number: user.map(|user| user.sip_username.clone()),
                    name: user.map(|user| user.display_name.clone()),
                }
            }
            Party::External { number, text, .. } => {
                let record = number.as_ref().and_then(|number| basis.directory.record_of(number));
                let number: Option<Arc<str>> = number.as_ref().map(|it| it.as_str().into());
                Shown {
                    number: number.or_else(|| text.clone()),
                    name: record.map(|record| record.display_name.clone()),
                }
            }
        }
    }

    /// What telephones outside show of a party: no names, and of a user without a number that of
    /// the call.
    pub(super) fn shown_outside(&self, party: &Party, basis: &Basis) -> Shown {
        let number = match party {
            Party::External { number, text, .. } => {
                number.as_ref().map(|it| it.as_str().into()).or_else(|| text.clone())
            }
            Party::User { user, .. } => {
                let directory = basis.directory_of(user);
                let of_call = || basis.directory.number(basis.internal_number.as_ref()?);
                let number = directory.default_number_of_user(user).or_else(of_call);
                number.map(|number| number.e164.as_str().into())
            }
        };
        Shown { number, name: None }
    }
}
