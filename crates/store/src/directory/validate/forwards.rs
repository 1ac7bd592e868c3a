//! Forwarding of calls to users: targets that are not there, and ways that lead back to where they
//! began. The engine ends such a call as if it were not forwarded there; nobody meant that.

use std::collections::{BTreeMap, BTreeSet};

use model::directory::ForwardTo;
use model::directory::source::{NumberEntry, UserEntry};

use super::{At, Check, Severity};

const KEY: &str = "forward";

impl Check<'_> {
    pub(super) fn forwards(&mut self, users: &[UserEntry], numbers: &[NumberEntry]) {
        for user in users {
            let at = At { section: "users", id: &user.id };
            for (key, to) in user.forward.targets() {
                match to {
                    ForwardTo::User(id) => self.user_reference(at, KEY, Some(id.as_str())),
                    ForwardTo::Number(number) => self.e164(at, KEY, number),
                    ForwardTo::Voicemail => self.listened_to(at, KEY, user.voicemail.as_ref()),
                }
                if reached(to, numbers) == Some(&*user.id) {
                    let cause = format!("`{key}` leads to the user himself");
                    self.push(Severity::Warning, at, KEY, cause, "name somebody else");
                }
            }
            if user.inbound_route.is_some() && user.forward.targets().next().is_some() {
                let cause = "it is not looked at, because there is an `inbound_route`";
                self.push(Severity::Warning, at, KEY, cause, "keep one of the two");
            }
        }
        self.forward_circles(users, numbers);
    }

    /// Users who pass calls on in a circle, each circle once for each of the three ways.
    fn forward_circles(&mut self, users: &[UserEntry], numbers: &[NumberEntry]) {
        let mut told = BTreeSet::new();
        for key in ["always", "busy", "no_answer"] {
            let ways: BTreeMap<&str, &str> = users
                .iter()
                .filter(|user| user.inbound_route.is_none())
                .filter_map(|user| {
                    // Whose calls are always passed on is neither busy nor does he not answer.
                    let targets = || user.forward.targets();
                    let always = targets().find(|(name, _)| *name == "always");
                    let (_, to) = always.or_else(|| targets().find(|(name, _)| *name == key))?;
                    let next = reached(to, numbers)?;
                    (next != user.id).then_some((&*user.id, next))
                })
                .collect();
            for circle in circles(&ways) {
                let members: BTreeSet<&str> = circle.iter().copied().collect();
                let Some(first) = circle.first().filter(|_| told.insert(members)) else {
                    continue;
                };
                let at = At { section: "users", id: first };
                let cause = format!("{} lead back to {first} (`{key}`)", circle.join(" → "));
                self.push(Severity::Warning, at, KEY, cause, "let one of them keep his calls");
            }
        }
    }
}

/// The user to whom a target leads.
fn reached<'a>(to: &'a ForwardTo, numbers: &'a [NumberEntry]) -> Option<&'a str> {
    match to {
        ForwardTo::User(id) => Some(id.as_str()),
        ForwardTo::Number(number) => {
            let mut found = numbers.iter().filter(|entry| *entry.e164 == **number);
            found.next()?.assigned_user_id.as_deref()
        }
        ForwardTo::Voicemail => None,
    }
}

/// Every circle, from its smallest member.
fn circles<'a>(ways: &BTreeMap<&'a str, &'a str>) -> Vec<Vec<&'a str>> {
    let mut circles = Vec::new();
    for start in ways.keys() {
        let mut way = vec![*start];
        while let Some(next) = way.last().and_then(|here| ways.get(here)) {
            if next == start && way.iter().min() == Some(start) {
                circles.push(way);
                break;
            }
            if way.contains(next) {
                break;
            }
            way.push(next);
        }
    }
    circles
}
