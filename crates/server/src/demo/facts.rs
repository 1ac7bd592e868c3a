//! What became of a call, one fact a line, so that what is stated and what was found can be
//! compared line by line. The words are those of `schema.sql`; people and groups go by their
//! names.

use std::collections::BTreeMap;

use model::call_graph::CallGraph;
use model::call_graph::graph::{Connection, ConnectionAttempt, QueueWait};
use store::read::ConversationView;
use store::{Database, Error, Repository as _};

use super::directory::Names;
use super::media::{self, CallMedia};
use super::story::{Performance, Played, Scene};
use super::{MOST, phones};

/// What is stated of a scene and was found.
#[derive(Debug)]
pub(super) struct Compared {
    /// The scene's name.
    pub(super) title: &'static str,
    /// How many facts are stated.
    pub(super) stated: usize,
    /// Stated, but not found.
    pub(super) missing: Vec<String>,
    /// Found, but not stated.
    pub(super) unexpected: Vec<String>,
}

impl Compared {
    /// Whether all came out as stated.
    pub(super) fn is_as_stated(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty()
    }
}

/// The calls of the performance, by the number of their scene; and those that are nobody's.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// By index of the scene.
    pub(super) by_scene: BTreeMap<usize, CallGraph>,
    /// What media left of them.
    pub(super) media: BTreeMap<usize, CallMedia>,
    /// Calls that no scene explains.
    pub(super) strays: Vec<CallGraph>,
}

/// Reads all calls and tells whose they are.
pub(super) async fn gather(database: &Database, performance: &Performance) -> Result<Calls, Error> {
    let mut calls = Calls::default();
    for id in database.latest_calls(MOST).await? {
        let Some(graph) = database.call(&id).await? else { continue };
        // A consultation on a second line has become part of the call that it was about (D34).
        if graph.call.absorbed_into_call_id.is_some() {
            continue;
        }
        let scene = performance.iter().position(|(scene, _)| is_of(&graph, scene));
        match scene.filter(|index| !calls.by_scene.contains_key(index)) {
            Some(index) => drop(calls.by_scene.insert(index, graph)),
            None => calls.strays.push(graph),
        }
    }
    Ok(calls)
}

/// Whether a call is a scene's.
pub(super) fn is_of(graph: &CallGraph, scene: &Scene) -> bool {
    let numbers = (graph.call.from_number.as_deref(), graph.call.to_number.as_deref());
    numbers == (Some(scene.numbers.0), Some(scene.numbers.1))
}

/// Compares every scene; calls that no scene explains differ too.
pub(super) fn of_all(
    performance: &Performance,
    calls: &Calls,
    conversations: &[ConversationView],
    names: &Names,
) -> Vec<Compared> {
    let scenes = performance.iter().enumerate();
    let mut all: Vec<Compared> = scenes
        .map(|(index, (scene, played))| {
            let graph = calls.by_scene.get(&index);
            let mut found = found(graph, played, conversations, names);
            let media = calls.media.get(&index);
            found.extend(media.into_iter().flat_map(|media| media::facts(scene, media, graph)));
            compare(scene.title, scene.stated, found)
        })
        .collect();
    let strays = calls.strays.iter().map(|graph| call(graph, names));
    let strays: Vec<String> = strays.collect();
    if !strays.is_empty() {
        all.push(compare("No scene's call", &[], strays));
    }
    all
}

/// Stated and found facts, one by one; the order does not matter.
fn compare(title: &'static str, stated: &[&str], found: Vec<String>) -> Compared {
    let mut unexpected = found;
    let mut missing = Vec::new();
    for fact in stated {
        match unexpected.iter().position(|found| found == fact) {
            Some(at) => drop(unexpected.remove(at)),
            None => missing.push((*fact).to_owned()),
        }
    }
    Compared { title, stated: stated.len(), missing, unexpected }
}

fn found(
    graph: Option<&CallGraph>,
    played: &Played,
    conversations: &[ConversationView],
    names: &Names,
) -> Vec<String> {
    let mut facts = Vec::new();
    facts.extend(played.trouble.map(|trouble| format!("the scene stopped: {trouble}")));
    facts.push(format!("caller {}", played.caller));
    for (user, shown) in &played.displays {
        facts.push(format!("{user}'s phone showed {shown}"));
    }
    for (user, told) in &played.told {
        facts.push(format!("{user}'s phone was told: now {told}"));
    }
    if let Some(sound) = &played.sound {
        facts.push(if sound.is_mutual() {
            "both heard each other".to_owned()
        } else {
            let [first, second] = &sound.people;
            format!("heard: {} {} packets, {} {}", first.0, first.2, second.0, second.2)
        });
    }
    let heard = played.heard.iter();
    facts.extend(heard.map(|(who, heard)| format!("{who} heard {}", phones::in_words(heard))));
    let Some(graph) = graph else {
        facts.push("no call in the database".to_owned());
        return facts;
    };
    facts.push(call(graph, names));
    facts.push(path(graph));
    facts.extend(graph.connections.iter().map(|row| connection(row, names)));
    facts.extend(graph.attempts.iter().map(|row| attempt(row, names)));
    facts.extend(graph.queue_waits.iter().map(|row| waited(row, names)));
    facts.extend(in_conversations(graph, conversations, names));
    facts
}

fn call(graph: &CallGraph, names: &Names) -> String {
    let call = &graph.call;
    let outcome = call.outcome.map_or("not finished", |outcome| outcome.as_str());
    let by = call.ended_by.map_or("nobody", |by| by.as_str());
    let mut fact = format!("{} call: {outcome}, ended by {by}", call.direction.as_str());
    if let Some(owner) = &call.owner_user_id {
        fact += &format!(", owner {}", names.id(owner.as_str()));
    }
    if let Some(owner) = &call.missed_call_owner_user_id {
        let missed = names.id(owner.as_str());
        if call.owner_user_id.as_ref() != Some(owner) {
            fact += &format!(", missed call owner {missed}");
        }
    }
    fact
}

fn path(graph: &CallGraph) -> String {
    let kinds: Vec<&str> = graph.interactions.iter().map(|row| row.kind.as_str()).collect();
    format!("path: {}", kinds.join(", "))
}

fn connection(row: &Connection, names: &Names) -> String {
    let (kind, strategy) = (row.kind.as_str(), row.strategy.as_str());
    let outcome = row.outcome.map_or("open", |outcome| outcome.as_str());
    let reason = row.end_reason.map_or("open", |reason| reason.as_str());
    let by = match &row.answered_user_id {
        Some(user) => format!(" by {}", names.id(user.as_str())),
        None => String::new(),
    };
    let target = target(row, names);
    format!("{kind} to {target}, {strategy}: {outcome}{by}, {reason}")
}

/// Whom a connection is for.
pub(super) fn target(row: &Connection, names: &Names) -> String {
    let user = row.target_user_id.as_ref().map(|id| names.id(id.as_str()));
    let group = row.target_group_id.as_ref().map(|id| names.id(id.as_str()));
    let number = row.target_number.as_deref().map(|number| names.number(number));
    user.or(group).or(number).unwrap_or("nobody").to_owned()
}

/// Whom an attempt is for.
pub(super) fn attempted(row: &ConnectionAttempt, names: &Names) -> String {
    let user = row.user_id.as_ref().map(|id| names.id(id.as_str()));
    let number = row.number.as_deref().map(|number| names.number(number));
    user.or(number).unwrap_or("nobody").to_owned()
}

fn attempt(row: &ConnectionAttempt, names: &Names) -> String {
    let outcome = row.outcome.map_or("open", |outcome| outcome.as_str());
    let status = row.sip_status.map_or(String::new(), |status| format!(" {status}"));
    format!("attempt of {}: {outcome}{status}", attempted(row, names))
}

fn waited(row: &QueueWait, names: &Names) -> String {
    let (group, position) = (names.id(row.group_id.as_str()), row.position);
    let exit = row.exit.map_or("still", |exit| exit.as_str());
    let long = row.left_at.is_some_and(|left| left.0 - row.entered_at.0 > 1_000);
    let long = if long { ", after more than a second" } else { "" };
    format!("waited in {group} as number {position}: {exit}{long}")
}

fn in_conversations(
    graph: &CallGraph,
    conversations: &[ConversationView],
    names: &Names,
) -> Vec<String> {
    let mut facts = Vec::new();
    for view in conversations {
        let events = view.events.iter();
        for event in events.filter(|event| event.call_id.as_ref() == Some(&graph.call.id)) {
            let (outside, inside) = (external(view, names), &view.internal_name);
            facts.push(format!("conversation of {outside} and {inside}"));
            facts.push(format!("event {} “{}”", event.label, event.title));
            let mut people: Vec<&str> = view.participants.iter().map(|one| &*one.name).collect();
            people.sort_unstable();
            facts.push(format!("in it: {}", people.join(", ")));
        }
    }
    if facts.is_empty() {
        facts.push("no conversation".to_owned());
    }
    facts
}

/// Who is outside, by name.
pub(super) fn external(view: &ConversationView, names: &Names) -> String {
    let outside = view.participants.iter().filter(|one| one.role == "external");
    let list: Vec<&str> = outside.map(|one| names.number(&one.name)).collect();
    list.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(list: &[&str]) -> Vec<String> {
        list.iter().map(|fact| (*fact).to_owned()).collect()
    }

    #[test]
    fn a_fact_that_is_found_once_is_not_there_twice() {
        let compared = compare("x", &["a", "a", "b"], facts(&["b", "a", "c"]));
        assert!(!compared.is_as_stated());
        assert_eq!((compared.missing, compared.unexpected), (facts(&["a"]), facts(&["c"])));
    }

    #[test]
    fn the_order_of_facts_does_not_matter() {
        assert!(compare("x", &["a", "b"], facts(&["b", "a"])).is_as_stated());
    }
}
