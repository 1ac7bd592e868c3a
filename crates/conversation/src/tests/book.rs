//! A store in memory: delivers graphs, changes lookups and takes commands as §7 says, by the pure
//! functions alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use model::call_graph::FinishedCallGraph;
use model::{CallId, ConversationId, E164, Millis, RecordId};

use crate::rules::{Detail, kept};
use crate::*;

pub(super) struct Book {
    pub(super) threads: BTreeMap<ConversationId, Thread>,
    ledger: BTreeMap<CallId, LedgerRow>,
    lookups: BTreeMap<E164, ResolvedRecord>,
    pub(super) settings: Settings,
    made: u32,
}

pub(super) fn phone(text: &str) -> E164 {
    E164::parse(text).expect("a number")
}

pub(super) fn carl() -> ResolvedRecord {
    ResolvedRecord { id: RecordId::from("r-con-1"), name: Arc::from("Carl Contact") }
}

pub(super) fn dora() -> ResolvedRecord {
    ResolvedRecord { id: RecordId::from("r-con-2"), name: Arc::from("Dora Contact") }
}

impl Book {
    /// With the lookups and settings of `oracle/directory.json`.
    pub(super) fn new() -> Self {
        Self {
            threads: BTreeMap::new(),
            ledger: BTreeMap::new(),
            lookups: BTreeMap::from([
                (phone("+15557770001"), carl()),
                (phone("+15557770002"), dora()),
            ]),
            settings: Settings {
                enabled: vec![Period { on_at: Millis(0), off_at: None }],
                closed_policy: ClosedPolicy::Reopen,
            },
            made: 0,
        }
    }

    pub(super) fn deliver(&mut self, graph: &FinishedCallGraph) -> AssignmentResult {
        self.deliver_as(graph, Source::Live)
    }

    pub(super) fn deliver_as(
        &mut self,
        graph: &FinishedCallGraph,
        source: Source,
    ) -> AssignmentResult {
        let stored = self.ledger.get(&graph.call_id).copied();
        if !admits(stored, graph.revision, source) {
            return AssignmentResult::Duplicate;
        }
        let of = EventOf::Call(graph.call_id.clone());
        for thread in self.threads.values_mut() {
            thread.events.retain(|event| event.of != of);
        }
        let resolved = Resolved { by_phone: self.lookups.clone(), chosen: BTreeMap::new() };
        let result = match place(graph, &resolved, &self.settings, source) {
            Assignment::Skipped(why) => why,
            Assignment::Placed(placements) => {
                self.apply(placements);
                AssignmentResult::Placed
            }
        };
        self.rebuild();
        self.ledger.insert(graph.call_id.clone(), LedgerRow { revision: graph.revision, result });
        result
    }

    fn apply(&mut self, placements: Vec<Placement>) {
        let all = self.threads.values();
        let candidates: Vec<Summary> =
            all.filter_map(|thread| Summary::of(&thread.conversation)).collect();
        let targets = match_placements(&placements, &candidates, self.settings.closed_policy);
        for (placement, target) in placements.into_iter().zip(targets) {
            let id = match target {
                Target::Create => {
                    self.made += 1;
                    let id = ConversationId::from(format!("v{:03}", self.made));
                    let now = Millis(self.made.into());
                    let conversation = Conversation::begin(id.clone(), &placement, now);
                    let events = Vec::new();
                    self.threads.insert(id.clone(), Thread { conversation, events });
                    id
                }
                Target::Join(id) => id,
                Target::Reopen(id) => {
                    let thread = self.threads.get_mut(&id).expect("a candidate");
                    thread.conversation.reopen().expect("a closed one");
                    id
                }
            };
            let thread = self.threads.get_mut(&id).expect("a target");
            self_check(thread, &placement.event);
            thread.events.push(placement.event);
        }
    }

    /// Everything is rebuilt every time; what is left without events goes.
    fn rebuild(&mut self) {
        self.threads.retain(|_, thread| {
            let merged = matches!(thread.conversation.status, Status::Merged { .. });
            thread.conversation.rebuild(&thread.events);
            merged || !thread.events.is_empty()
        });
    }

    /// The number resolves to a record from now on (§7.5).
    pub(super) fn resolve(&mut self, number: &str, record: &ResolvedRecord) {
        let number = phone(number);
        let change = match self.lookups.insert(number.clone(), record.clone()) {
            None => Rekey::phone(&number, record),
            Some(old) => Rekey::record(&number, &old.id, record),
        };
        self.rekey(&change);
    }

    pub(super) fn rekey(&mut self, change: &Rekey) {
        let live = |thread: &&mut Thread| Summary::of(&thread.conversation).is_some();
        let mut key_before = BTreeMap::new();
        let mut keys = Vec::new();
        for thread in self.threads.values_mut().filter(live) {
            let (id, key) = (thread.conversation.id.clone(), &thread.conversation.external_key);
            key_before.insert(id, key.clone());
            if thread.rekey(change) {
                let it = &thread.conversation;
                keys.push((it.external_key.clone(), it.internal_key.clone()));
            }
        }
        keys.sort();
        keys.dedup();
        for key in keys {
            let same: Vec<_> = self
                .threads
                .values()
                .map(|thread| &thread.conversation)
                .filter(|it| Summary::of(it).is_some())
                .filter(|it| (&it.external_key, &it.internal_key) == (&key.0, &key.1))
                .collect();
            let met = |it: &&'_ Conversation| key_before[&it.id].clone();
            let before: Vec<_> = same.iter().map(met).collect();
            let met: Vec<_> = same
                .iter()
                .zip(&before)
                .map(|(conversation, key_before)| Met { conversation, key_before })
                .collect();
            let pairs: Vec<_> = merges(&met)
                .into_iter()
                .map(|(loser, survivor)| (same[loser].id.clone(), same[survivor].id.clone()))
                .collect();
            for (loser, survivor) in pairs {
                let mut loser_thread = self.threads.remove(&loser).expect("met");
                self.threads.get_mut(&survivor).expect("met").merge(&mut loser_thread);
                self.threads.insert(loser, loser_thread);
            }
        }
    }

    /// The only conversation that is not merged and has this external key.
    pub(super) fn only(&mut self, external_key: &str) -> &mut Conversation {
        let all = self.threads.values_mut().map(|thread| &mut thread.conversation);
        let mut found = all.filter(|conversation| {
            Summary::of(conversation).is_some()
                && conversation.external_key.as_str() == external_key
        });
        found.next().expect("a conversation of this key")
    }

    /// Conversations that are not merged, and their events.
    pub(super) fn counts(&self) -> (usize, usize) {
        let live = |thread: &&Thread| Summary::of(&thread.conversation).is_some();
        let live: Vec<_> = self.threads.values().filter(live).collect();
        (live.len(), live.iter().map(|thread| thread.events.len()).sum())
    }

    /// What holds after every step, and everything that is not an id or a time of arrival.
    pub(super) fn state(&self) -> Result<String, String> {
        let mut all = Vec::new();
        let mut open = Vec::new();
        for thread in self.threads.values() {
            let it = &thread.conversation;
            let primary = it
                .participants
                .iter()
                .filter(|row| row.is_primary && matches!(row.who, Who::External(_)));
            let primary: Vec<_> = primary.map(|row| row.key.as_str()).collect();
            if matches!(it.status, Status::Merged { .. }) {
                continue;
            }
            if it.status == Status::Open {
                open.push((it.external_key.clone(), it.internal_key.clone()));
            }
            if primary.len() != 1 {
                return Err(format!("C06: {} has primaries {primary:?}", it.external_key));
            }
            if !it.external_key.as_str().starts_with("m:") && primary != [it.external_key.as_str()]
            {
                return Err(format!("C06: {} is not {primary:?}", it.external_key));
            }
            all.push(shown(thread));
        }
        let count = open.len();
        open.sort();
        open.dedup();
        if open.len() != count {
            return Err("C01: two open conversations of one key".to_owned());
        }
        all.sort();
        Ok(all.join("\n"))
    }
}

/// Absorbing a later event is the same as rebuilding with it.
fn self_check(thread: &Thread, event: &Event) {
    let later = |known: &Event| (known.started_at, &known.id) < (event.started_at, &event.id);
    if !thread.events.iter().all(later) || !kept(Detail::R8Gone) {
        return;
    }
    let mut absorbed = thread.conversation.clone();
    absorbed.rebuild(&thread.events);
    let mut rebuilt = absorbed.clone();
    absorbed.absorb(event);
    let mut events = thread.events.clone();
    events.push(event.clone());
    rebuilt.rebuild(&events);
    assert_eq!(absorbed, rebuilt);
}

fn shown(thread: &Thread) -> String {
    let it = &thread.conversation;
    let status = match &it.status {
        Status::Open => "open".to_owned(),
        Status::Closed { at, .. } => format!("closed {at}"),
        Status::Merged { .. } => "merged".to_owned(),
    };
    let mut text = format!(
        "{} ({}) / {} {:?} {:?} owner {:?} {status} {} {:?}..{:?} {} events",
        it.external_key,
        it.external_id,
        it.internal_key,
        it.internal_number_id,
        it.identity,
        it.owner,
        it.origin,
        it.first_interaction_at,
        it.last_interaction_at,
        it.event_count,
    );
    for row in &it.participants {
        let removed = row.removed.as_ref().map(|removal| removal.at);
        let _ = write!(
            text,
            "\n  {} {:?} primary {} {} since {} removed {removed:?}",
            row.key, row.phone, row.is_primary, row.source, row.added_at
        );
    }
    let mut events: Vec<&Event> = thread.events.iter().collect();
    events.sort_by(|a, b| a.id.cmp(&b.id));
    for event in events {
        let _ = write!(
            text,
            "\n  {} {} {}..{} {:?} with {:?}",
            event.id,
            event.label,
            event.started_at,
            event.ended_at,
            event.title(),
            event.share.externals.iter().map(|it| it.key.as_str()).collect::<Vec<_>>(),
        );
    }
    text
}
