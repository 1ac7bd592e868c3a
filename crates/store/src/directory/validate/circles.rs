//! Chains of IVRs that lead only to themselves. The engine's limit lets such a caller go, but
//! nobody meant that. An answer is no way out here: who is never answered must come to an end too.

use std::collections::{BTreeMap, BTreeSet};

use model::directory::source::{IvrEntry, OptionsEntry};
use model::directory::{IvrAction, WaitingChoice};

use super::{At, Check, Severity};

impl Check<'_> {
    pub(super) fn ivr_circles(&mut self, ivrs: &[IvrEntry]) {
        let ways: BTreeMap<&str, Vec<Option<&str>>> =
            ivrs.iter().map(|ivr| (&*ivr.id, ways(ivr))).collect();
        let trapped = trapped(&ways);
        let mut reported: BTreeSet<&str> = BTreeSet::new();
        for start in &trapped {
            let mut path = Vec::new();
            let mut here = *start;
            while !path.contains(&here) && !reported.contains(here) {
                path.push(here);
                // Of a trapped one every way leads to a trapped one, and it has at least one.
                let Some(next) = ways.get(here).and_then(|ways| ways.first().copied().flatten())
                else {
                    break;
                };
                here = next;
            }
            if let Some(first) = path.iter().position(|id| *id == here) {
                let circle = &path[first..];
                let at = At { section: "ivrs", id: here };
                let verb = if circle.len() == 1 { "leads" } else { "lead" };
                let cause = format!("{} {verb} back to {here}", circle.join(" → "));
                let remedy = "end one of them without a next IVR";
                self.push(Severity::Warning, at, "next_ivr_id", cause, remedy);
            }
            reported.extend(path);
        }
    }
}

/// Where a call can go from an IVR when nobody answers; `None`: it ends.
fn ways(ivr: &IvrEntry) -> Vec<Option<&str>> {
    let next = ivr.next_ivr_id.as_deref();
    let mut ways = Vec::new();
    match ivr.action {
        IvrAction::CallTransfer => {
            ways.push(next);
            if let Some(queue) = &ivr.queue {
                ways.extend(queue.overflow_ivr_id.as_ref().map(|id| Some(id.as_str())));
                for choice in queue.options.values() {
                    ways.push(match choice {
                        WaitingChoice::Ivr(ivr) => Some(ivr.as_str()),
                        WaitingChoice::Callback => None,
                    });
                }
            }
        }
        IvrAction::Menu => {
            let default = ivr.menu.as_ref().and_then(|menu| menu.default_ivr_id.as_ref());
            ways.push(default.map(|id| id.as_str()).or(next));
            match &ivr.options {
                None => {}
                Some(OptionsEntry::Short(options)) => {
                    ways.extend(options.values().map(|next| Some(&**next)));
                }
                Some(OptionsEntry::List(options)) => {
                    ways.extend(options.iter().map(|option| Some(&*option.next_ivr_id)));
                }
            }
        }
        IvrAction::TimeRouting => {
            let schedule = ivr.schedule.as_ref();
            let default = schedule.and_then(|schedule| schedule.default_ivr_id.as_ref());
            ways.push(default.map(|id| id.as_str()).or(next));
            if let Some(schedule) = schedule {
                ways.extend(schedule.rules.iter().map(|rule| Some(rule.ivr_id.as_str())));
                ways.extend(schedule.holidays.iter().map(|day| Some(day.ivr_id.as_str())));
            }
        }
        IvrAction::PlayAndHangup | IvrAction::Voicemail | IvrAction::PlayDirectory => {
            ways.push(next);
        }
    }
    ways
}

/// The IVRs from which no way ends, however one goes.
fn trapped<'a>(ways: &BTreeMap<&'a str, Vec<Option<&'a str>>>) -> BTreeSet<&'a str> {
    let mut trapped: BTreeSet<&str> = ways.keys().copied().collect();
    loop {
        let ends = |way: &Option<&str>| way.is_none_or(|next| !trapped.contains(next));
        let free: Vec<&str> = trapped
            .iter()
            .copied()
            .filter(|id| ways.get(id).is_none_or(|ways| ways.iter().any(ends)))
            .collect();
        if free.is_empty() {
            return trapped;
        }
        trapped.retain(|id| !free.contains(id));
    }
}
