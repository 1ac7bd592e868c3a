//! Who is on hold (D45, §6.2.4): a party that hears nobody because everybody else in its bridge
//! holds, or because who spoke with it consults somebody. It follows from who is where; what has
//! changed is written down.

use std::sync::Arc;

use model::UserId;
use model::call_graph::event::CallEvent;

use super::Talk;
use super::party::Present;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::leg::held_name;
use crate::port::LegId;

/// A party that is on hold.
#[derive(Debug)]
pub(crate) struct Held {
    pub(super) leg: LegId,
    /// In which it was put on hold.
    bridge: u16,
    /// Who did it.
    pub(super) by: LegId,
    user: Option<UserId>,
    party: Arc<str>,
}

impl Talk {
    /// Writes down who was put on hold, and who was taken off it.
    pub(super) fn note_holds(&mut self, basis: &Basis, ctx: &mut Ctx<'_>) {
        let mut held = std::mem::take(&mut self.held);
        // Who has left is on hold no more, and nobody took him off it.
        held.retain(|row| self.present.iter().any(|it| it.leg == row.leg));
        for party in self.present.iter().filter(|it| it.is_party()) {
            let index = held.iter().position(|row| row.leg == party.leg);
            let row = index.map(|index| &held[index]).filter(|row| row.bridge == party.bridge);
            match (self.holder_of(party, row), index) {
                (Some(_), Some(index)) if held[index].bridge == party.bridge => {}
                (holder, index) => {
                    if let Some(index) = index {
                        let row = held.remove(index);
                        let (by, party) = (self.resumer(party, &row), row.party);
                        basis.record(CallEvent::Resumed { by, party }, ctx);
                    }
                    if let Some(holder) = holder {
                        let row = Held {
                            leg: party.leg,
                            bridge: party.bridge,
                            by: holder.leg,
                            user: holder.user().cloned(),
                            party: held_name(&party.party, &basis.id),
                        };
                        let (by, party) = (row.user.clone(), row.party.clone());
                        basis.record(CallEvent::Held { by, party }, ctx);
                        held.push(row);
                    }
                }
            }
        }
        self.held = held;
    }

    /// Who is on hold is so no more, whoever has left him there.
    pub(super) fn resume_all(&mut self, basis: &Basis, ctx: &mut Ctx<'_>) {
        for Held { user: by, party, leg, .. } in std::mem::take(&mut self.held) {
            if self.by_leg(leg).is_some() {
                basis.record(CallEvent::Resumed { by, party }, ctx);
            }
        }
    }

    /// Who has this party on hold.
    fn holder_of<'a>(&'a self, party: &'a Present, row: Option<&Held>) -> Option<&'a Present> {
        let mut others = self
            .present
            .iter()
            .filter(|it| it.is_party() && it.bridge == party.bridge && it.leg != party.leg)
            .peekable();
        if let Some(first) = others.peek().copied() {
            return others.all(Present::holds).then_some(first);
        }
        // The last who went to consult somebody has left it alone.
        let consults = self.consults.iter().rev().find(|it| {
            it.by != party.leg && (it.home == party.bridge || it.bridge == party.bridge)
        });
        let consults = consults.and_then(|it| self.by_leg(it.by));
        // Who held it has gone meanwhile: it hears somebody again, or its call is over.
        consults.or_else(|| row.map(|_| party))
    }

    /// Who takes a party off hold: who put it there, or whom it hears now.
    fn resumer(&self, party: &Present, row: &Held) -> Option<UserId> {
        if self.by_leg(row.by).is_some() {
            return row.user.clone();
        }
        let mut others = self
            .present
            .iter()
            .filter(|it| it.is_party() && it.bridge == party.bridge && it.leg != party.leg);
        others.find_map(|it| it.user().cloned())
    }
}
