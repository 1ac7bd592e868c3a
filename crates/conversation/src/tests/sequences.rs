//! Q1–Q7 of §6.5: several graphs and what people do between them.

use model::Millis;

use super::book::{Book, carl};
use super::oracle::{Scenario, edited, graph, later, revised, scenarios};
use super::{Checked, equal};
use crate::*;

type Check = fn() -> Checked;

pub(super) const ALL: &[(&str, Check)] = &[
    ("Q1", || q1(&[7, 19, 0, 13])),
    ("Q2", || (0..=21).step_by(7).try_for_each(q2)),
    ("Q3", q3),
    ("Q4", q4),
    ("Q5", q5),
    ("Q6", q6),
    ("Q7", q7),
];

/// A time of the day on which the scenarios play.
pub(super) fn at(time: &str) -> Millis {
    Millis::parse(&format!("2026-01-05T{time}.000Z")).expect("a time")
}

/// All scenarios, rotated and reversed by `seed`: cheap permutations; the random ones are in
/// `permutations`.
fn turned(seed: usize) -> Vec<Scenario> {
    let mut all = scenarios();
    let length = all.len();
    all.rotate_left(seed % length);
    if seed % 2 == 1 {
        all.reverse();
    }
    all
}

fn q1(seeds: &[usize]) -> Checked {
    let mut states = Vec::new();
    for &seed in seeds {
        let mut book = Book::new();
        for scenario in turned(seed).iter().chain(&turned(seed + 4)) {
            book.deliver(&scenario.graph);
        }
        equal("conversations, events", book.counts(), (13, 23))?;
        states.push(book.state()?);
    }
    states.windows(2).try_for_each(|pair| equal("any order", &pair[0], &pair[1]))
}

fn q2(when: usize) -> Checked {
    let run = |seed: usize, when: usize| -> Result<String, String> {
        let mut book = Book::new();
        for (index, scenario) in turned(seed).iter().enumerate() {
            if index == when {
                book.resolve("+15557770003", &carl());
            }
            book.deliver(&scenario.graph);
        }
        if when >= scenarios().len() {
            book.resolve("+15557770003", &carl());
        }
        equal("conversations, events", book.counts(), (11, 23))?;
        book.state()
    };
    equal("any point", run(when, when)?, run(0, 0)?)
}

/// S01, close, an older call delivered late, a newer call.
fn closing(policy: ClosedPolicy) -> Result<Book, String> {
    let mut book = Book::new();
    book.settings.closed_policy = policy;
    book.deliver(&later("S01", "call-first", 2));
    book.only("r:r-con-1").close(None, at("13:00:00")).map_err(|it| it.to_string())?;
    book.deliver(&later("S01", "call-late", 1));
    let closed = Status::Closed { at: at("13:00:00"), by: None };
    equal("after the late one", &book.only("r:r-con-1").status, &closed)?;
    equal("after the late one", book.counts(), (1, 2))?;
    book.deliver(&later("S01", "call-newer", 4));
    book.state()?;
    Ok(book)
}

fn q3() -> Checked {
    let mut book = closing(ClosedPolicy::Reopen)?;
    equal("reopened", &book.only("r:r-con-1").status, &Status::Open)?;
    equal("conversations, events", book.counts(), (1, 3))
}

fn q4() -> Checked {
    let book = closing(ClosedPolicy::New)?;
    let mut found: Vec<_> = book
        .threads
        .values()
        .map(|thread| (thread.conversation.status == Status::Open, thread.events.len()))
        .collect();
    found.sort_unstable();
    equal("closed (2 events) + open (1)", found, vec![(false, 2), (true, 1)])
}

fn q5() -> Checked {
    let mut book = Book::new();
    let ben = PartyKey::stored("u:u-ben");
    let removed = |book: &mut Book| -> Option<Millis> {
        let rows = &book.only("r:r-con-1").participants;
        rows.iter().find(|row| row.key == ben)?.removed.as_ref().map(|removal| removal.at)
    };
    let call = graph("S08");
    book.deliver(&call);
    let noon = at("12:00:00");
    book.only("r:r-con-1").remove_participant(&ben, None, noon).map_err(|it| it.to_string())?;
    book.deliver(&call);
    equal("delivered again", removed(&mut book), Some(noon))?;
    book.deliver(&revised(&call, 2, |_| {}));
    equal("delivered anew", removed(&mut book), Some(noon))?;
    book.deliver(&later("S08", "call-later", 4));
    equal("took part later", removed(&mut book), None)?;
    book.state().map(drop)
}

fn q6() -> Checked {
    let mut book = Book::new();
    let first = graph("S11");
    let second = revised(&first, 2, |json| {
        let mut dora = json["participants"][1].clone();
        dora["id"] = "call-s11-p3".into();
        dora["participant_key"] = "p:+15557770001".into();
        dora["phone_number"] = "+15557770001".into();
        dora["role"] = "added".into();
        dora["ordinal"] = 3.into();
        json["participants"].as_array_mut().expect("a list").push(dora);
    });
    equal("revision 1", book.deliver(&first), AssignmentResult::Placed)?;
    equal("revision 2", book.deliver(&second), AssignmentResult::Placed)?;
    equal("revision 1 again", book.deliver(&first), AssignmentResult::Duplicate)?;
    let keys: Vec<_> =
        book.threads.values().map(|thread| thread.conversation.external_key.to_string()).collect();
    equal("only the multi-party one", keys, vec!["m:r:r-con-1|r:r-con-2".to_owned()])?;
    book.state().map(drop)
}

/// Outbound to Carl's two numbers (one unresolved), a 1:1 call, then the lookup, all 6 orders.
fn q7() -> Checked {
    let both = edited("S12", "call-both", |json| {
        let text = json.to_string().replace("+15557770002", "+15557770003");
        *json = serde_json::from_str(&text).expect("JSON");
        json["participants"][2]["record_id"] = serde_json::Value::Null;
    });
    let single = later("S11", "call-single", 1);
    let single = edited_number(&single);
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let mut states = Vec::new();
    for order in orders {
        let mut book = Book::new();
        for step in order {
            match step {
                0 => {
                    book.deliver(&both);
                }
                1 => {
                    book.deliver(&single);
                }
                _ => book.resolve("+15557770003", &carl()),
            }
        }
        equal("one thread, two events", book.counts(), (1, 2))?;
        book.only("r:r-con-1");
        states.push(book.state()?);
    }
    states.windows(2).try_for_each(|pair| equal("any order", &pair[0], &pair[1]))?;
    Ok(())
}

fn edited_number(
    graph: &model::call_graph::FinishedCallGraph,
) -> model::call_graph::FinishedCallGraph {
    revised(graph, 1, |json| {
        let text = json.to_string().replace("+15557770002", "+15557770001");
        *json = serde_json::from_str(&text).expect("JSON");
        json["participants"][1]["record_id"] = "r-con-1".into();
    })
}
