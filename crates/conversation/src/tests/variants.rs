//! Cases of the rules that the oracle's files do not reach.

use model::{CallId, Millis};
use serde_json::{Value, json};

use super::book::{Book, carl, dora};
use super::oracle::{edited, graph, later, revised};
use super::sequences::at;
use super::{Checked, equal};
use crate::assign::missed_call_owner;
use crate::*;

type Check = fn() -> Checked;

pub(super) const ALL: &[(&str, Check)] = &[
    ("unroutable", unroutable),
    ("disabled, then historic", disabled_then_historic),
    ("withheld", withheld),
    ("two numbers of one record", two_numbers_of_one_record),
    ("touching is no overlap", touching_is_no_overlap),
    ("there and back", there_and_back),
    ("recall on a group's number", recall_on_a_groups_number),
    ("left in the next menu", left_in_the_next_menu),
    ("two owners", two_owners),
    ("a user's second number", second_number),
    ("missed call owner by context", missed_call_owner_by_context),
    ("manual owner", manual_owner),
    ("revision without a user", revision_without_a_user),
    ("transfer target outside, twice removed", extra_joins_the_last),
    ("record to record", record_to_record),
    ("merge of closed and open", merge_of_closed_and_open),
    ("merge under policy new", merge_under_policy_new),
    ("merge of removals", merge_of_removals),
];

fn events(book: &Book) -> Vec<(String, String, Millis, Millis)> {
    let mut all: Vec<_> = book
        .threads
        .values()
        .flat_map(|thread| thread.events.iter().map(|event| (&thread.conversation, event)))
        .map(|(it, event)| {
            let key = format!("{} / {}", it.external_key, it.internal_key);
            (key, event.title(), event.started_at, event.ended_at)
        })
        .collect();
    all.sort();
    all
}

fn unroutable() -> Checked {
    let unknown = edited("S14", "call-unknown", |json| {
        json["call"]["internal_number_id"] = Value::Null;
        json["call"]["outcome"] = json!("unroutable");
        json["context"]["internal_number"] = Value::Null;
        json["context"]["ivr_visits"] = json!([]);
        let end = json["interactions"][3].clone();
        json["interactions"] = json!([json["interactions"][0], end]);
        json["interactions"][1]["seq"] = json!(2);
    });
    let mut book = Book::new();
    equal("result", book.deliver(&unknown), AssignmentResult::SkippedUnroutable)?;
    equal("conversations", book.counts(), (0, 0))
}

/// Off at the end of the call: skipped; a historic job brings it later, once, and reopens nothing.
fn disabled_then_historic() -> Checked {
    let mut book = Book::new();
    let call = graph("S01");
    book.settings.enabled = vec![
        Period { on_at: Millis(0), off_at: Some(at("10:01:06")) },
        Period { on_at: at("11:00:00"), off_at: None },
    ];
    equal("live", book.deliver(&call), AssignmentResult::SkippedDisabled)?;
    let historic = |book: &mut Book| book.deliver_as(&call, Source::Historic);
    equal("historic", historic(&mut book), AssignmentResult::Placed)?;
    equal("again", historic(&mut book), AssignmentResult::Duplicate)?;
    book.only("r:r-con-1").close(None, at("09:00:00")).map_err(|it| it.to_string())?;
    let newer = later("S01", "call-newer", 0);
    book.deliver_as(&newer, Source::Historic);
    let closed = Status::Closed { at: at("09:00:00"), by: None };
    equal("not reopened", &book.only("r:r-con-1").status, &closed)
}

fn without_number(name: &str, call: &str) -> model::call_graph::FinishedCallGraph {
    edited(name, call, |json| {
        let key = format!("a:{}", json["call_id"].as_str().expect("an id"));
        let caller = &mut json["participants"][0];
        caller["participant_key"] = json!(key);
        caller["phone_number"] = Value::Null;
        caller["record_id"] = Value::Null;
        json["call"]["from_number"] = Value::Null;
    })
}

/// Two callers who withheld their numbers are two threads, until a user says who one was.
fn withheld() -> Checked {
    let mut book = Book::new();
    book.deliver(&without_number("S01", "call-x"));
    book.deliver(&without_number("S02", "call-y"));
    equal("two threads", book.counts(), (2, 2))?;
    let shown = book.only("a:call-x").external_id.to_string();
    equal("External Participant ID", shown.as_str(), "a:call-x")?;
    let title = &events(&book)[0].1;
    equal("title", title.as_str(), "Withheld caller called Ana Agent")?;
    book.deliver(&graph("S07"));
    book.rekey(&Rekey::withheld(&CallId::from("call-x"), &carl()));
    // Carl's with ana took it in; Carl's with ben and the other caller's stay.
    equal("merged", book.counts(), (3, 4))?;
    let titles: Vec<_> = events(&book).into_iter().map(|(_, title, ..)| title).collect();
    let named = "Carl Contact called Ana Agent".to_owned();
    equal("renamed", titles.iter().filter(|title| **title == named).count(), 2)?;
    book.state().map(drop)
}

/// Both numbers of Carl in one call: one external, his 1:1 thread, the number that was first.
fn two_numbers_of_one_record() -> Checked {
    let mut book = Book::new();
    book.resolve("+15557770002", &carl());
    book.deliver(&graph("S12"));
    let rows = &book.only("r:r-con-1").participants;
    let phones: Vec<_> = rows
        .iter()
        .filter(|row| matches!(row.who, Who::External(_)))
        .map(|row| row.phone.as_ref().map(ToString::to_string))
        .collect();
    equal("one external", phones, vec![Some("+15557770001".to_owned())])
}

/// ben answers in the millisecond in which ana leaves: no overlap, two conversations.
fn touching_is_no_overlap() -> Checked {
    let call = edited("S07", "call-touch", |json| {
        let text = json.to_string().replace("T10:01:06.000Z", "T10:01:00.000Z");
        let text = text.replace("T10:01:00.100Z", "T10:01:00.000Z");
        *json =
            serde_json::from_str(&text.replace("T10:01:00.400Z", "T10:01:00.000Z")).expect("JSON");
    });
    let mut book = Book::new();
    book.deliver(&call);
    equal("conversations, events", book.counts(), (2, 2))
}

/// ana to ben and back, cold both times: her two parts are one event.
fn there_and_back() -> Checked {
    let call = edited("S07", "call-back", |json| {
        let mut back = json["connections"][1].clone();
        json["connections"][1]["ended_at"] = json!("2026-01-05T10:02:00.000Z");
        json["connections"][1]["end_reason"] = json!("transferred");
        json["participants"][2]["left_at"] = json!("2026-01-05T10:02:00.000Z");
        json["participants"][1]["left_at"] = json!("2026-01-05T10:03:00.000Z");
        back["id"] = json!("call-s07-c3");
        back["seq"] = json!(3);
        back["opened_by_user_id"] = json!("u-ben");
        back["target_user_id"] = json!("u-ana");
        back["answered_user_id"] = json!("u-ana");
        back["opened_at"] = json!("2026-01-05T10:02:00.100Z");
        back["answered_at"] = json!("2026-01-05T10:02:06.000Z");
        back["bridged_at"] = json!("2026-01-05T10:02:06.000Z");
        json["connections"].as_array_mut().expect("a list").push(back);
        let mut attempt = json["attempts"][1].clone();
        attempt["id"] = json!("call-s07-c3-a1");
        attempt["connection_id"] = json!("call-s07-c3");
        attempt["user_id"] = json!("u-ana");
        for time in ["started_at", "ringing_at"] {
            attempt[time] = json!("2026-01-05T10:02:00.400Z");
        }
        attempt["ended_at"] = json!("2026-01-05T10:02:06.000Z");
        json["attempts"].as_array_mut().expect("a list").push(attempt);
    });
    let mut book = Book::new();
    book.deliver(&call);
    let carl = "Carl Contact called";
    let expected = vec![
        (
            "r:r-con-1 / n:+15550100001".to_owned(),
            format!("{carl} Ana Agent"),
            at("10:00:00"),
            at("10:03:00"),
        ),
        (
            "r:r-con-1 / n:+15550100002".to_owned(),
            format!("{carl} Ben Baker"),
            Millis(at("10:01:00").0 + 100),
            at("10:02:00"),
        ),
    ];
    equal("two events", events(&book), expected)
}

/// S17 on a number of a group: the return belongs to the group's conversation, not to one on ana's
/// own number.
fn recall_on_a_groups_number() -> Checked {
    let call = edited("S17", "call-recall", |json| {
        let number = serde_json::to_value(graph("S03")).expect("JSON");
        json["context"]["internal_number"] = number["context"]["internal_number"].clone();
        json["call"]["internal_number_id"] = json!("n-sales");
    });
    let mut book = Book::new();
    book.deliver(&call);
    equal("conversations, events", book.counts(), (1, 1))
}

/// Nobody of the first group answered and the caller hung up before the next one was rung: the
/// group of the last IVR is shown (D9).
fn left_in_the_next_menu() -> Checked {
    let call = edited("S05", "call-next", |json| {
        let mut next = json["context"]["ivr_visits"][0].clone();
        next["seq"] = json!(2);
        next["group_id"] = json!("g-ovf");
        json["context"]["ivr_visits"].as_array_mut().expect("a list").push(next);
    });
    let mut book = Book::new();
    book.deliver(&call);
    let shown = book.only("p:+15557770003").identity.clone();
    equal("Internal ID", shown, Identity::Group("g-ovf".into()))
}

/// The owner is that of the earliest event, whichever came first (D19).
fn two_owners() -> Checked {
    let (first, second) = (graph("S05"), later("S13", "call-second", 1));
    for order in [[&first, &second], [&second, &first]] {
        let mut book = Book::new();
        for call in order {
            book.deliver(call);
        }
        let owner = book.only("p:+15557770003").owner.clone();
        equal("owner", owner, Some("u-own".into()))?;
    }
    Ok(())
}

/// On ana's second number her participant shows that number, not her default one.
fn second_number() -> Checked {
    let call = edited("S01", "call-second", |json| {
        json["context"]["internal_number"]["id"] = json!("n-ana2");
        json["context"]["internal_number"]["e164"] = json!("+15550100021");
        json["call"]["internal_number_id"] = json!("n-ana2");
    });
    let mut book = Book::new();
    book.deliver(&call);
    let rows = &book.only("r:r-con-1").participants;
    let ana = rows.iter().find(|row| row.key.as_str() == "u:u-ana");
    let shown = ana.and_then(|row| row.phone.as_ref()).map(|phone| phone.as_str());
    equal("ana's number", shown, Some("+15550100021"))
}

/// The edge and the context agree on who owns a missed call (D6).
fn missed_call_owner_by_context() -> Checked {
    for name in ["S02", "S02B", "S05", "S14"] {
        let call = graph(name);
        let named = call.call.missed_call_owner_user_id.as_ref();
        equal(name, missed_call_owner(&call), named)?;
    }
    Ok(())
}

fn manual_owner() -> Checked {
    let mut book = Book::new();
    book.deliver(&graph("S01"));
    let it = book.only("r:r-con-1");
    it.owner = Some("u-max".into());
    it.owner_is_manual = true;
    book.deliver(&later("S01", "call-later", 1));
    let owner = book.only("r:r-con-1").owner.clone();
    equal("owner", owner, Some("u-max".into()))
}

/// A later revision knows no dan any more: he goes, unless he was removed by hand.
fn revision_without_a_user() -> Checked {
    let mut book = Book::new();
    let call = graph("S23");
    book.deliver(&call);
    let without = revised(&call, 2, |json| {
        json["connections"].as_array_mut().expect("a list").pop();
        json["attempts"].as_array_mut().expect("a list").pop();
        json["participants"].as_array_mut().expect("a list").pop();
        let log = json["interactions"].as_array_mut().expect("a list");
        log.drain(5..7);
        for (row, seq) in log.iter_mut().zip(1..) {
            row["seq"] = json!(seq);
        }
    });
    book.deliver(&without);
    let keys: Vec<_> =
        book.only("r:r-con-1").participants.iter().map(|row| row.key.to_string()).collect();
    equal("participants", keys, ["g:g-sales", "r:r-con-1", "u:u-ben"].map(String::from).to_vec())
}

/// ana to ben (cold), ben to an outside number: Dora is in ben's conversation only.
fn extra_joins_the_last() -> Checked {
    let call = edited("S07", "call-out", |json| {
        let outside = serde_json::to_value(graph("S24")).expect("JSON");
        let mut connection = outside["connections"][1].clone();
        connection["id"] = json!("call-s07-c3");
        connection["call_id"] = json!("call-s07");
        connection["seq"] = json!(3);
        connection["opened_by_user_id"] = json!("u-ben");
        for (column, time) in [
            ("opened_at", "10:02:00"),
            ("answered_at", "10:02:10"),
            ("bridged_at", "10:02:10"),
            ("ended_at", "10:03:00"),
        ] {
            connection[column] = json!(format!("2026-01-05T{time}.000Z"));
        }
        let mut attempt = outside["attempts"][1].clone();
        attempt["id"] = json!("call-s07-c3-a1");
        attempt["call_id"] = json!("call-s07");
        attempt["connection_id"] = json!("call-s07-c3");
        for (column, time) in
            [("started_at", "10:02:00"), ("ringing_at", "10:02:01"), ("ended_at", "10:02:10")]
        {
            attempt[column] = json!(format!("2026-01-05T{time}.000Z"));
        }
        let mut dora = outside["participants"][2].clone();
        dora["id"] = json!("call-s07-p4");
        dora["call_id"] = json!("call-s07");
        dora["ordinal"] = json!(4);
        dora["joined_at"] = json!("2026-01-05T10:02:10.000Z");
        dora["left_at"] = json!("2026-01-05T10:03:00.000Z");
        json["connections"][1]["ended_at"] = json!("2026-01-05T10:02:00.000Z");
        json["connections"][1]["end_reason"] = json!("transferred");
        json["participants"][2]["left_at"] = json!("2026-01-05T10:02:00.000Z");
        json["connections"].as_array_mut().expect("a list").push(connection);
        json["attempts"].as_array_mut().expect("a list").push(attempt);
        json["participants"].as_array_mut().expect("a list").push(dora);
    });
    let mut book = Book::new();
    book.deliver(&call);
    let mut found: Vec<_> = book
        .threads
        .values()
        .map(|thread| {
            (thread.conversation.internal_key.to_string(), thread.events[0].share.externals.len())
        })
        .collect();
    found.sort();
    let expected = vec![("n:+15550100001".to_owned(), 1), ("n:+15550100002".to_owned(), 2)];
    equal("externals", found, expected)
}

/// D28: Carl's number becomes Dora's. What used only that number moves; what Carl also called
/// from another number stays.
fn record_to_record() -> Checked {
    let mut book = Book::new();
    book.resolve("+15557770003", &carl());
    book.deliver(&graph("S03")); // Carl's first number, n-sales …
    book.deliver(&graph("S05")); // … and his second one, same number of ours.
    book.deliver(&graph("S01")); // His first one only, n-ana.
    book.resolve("+15557770001", &dora());
    let mut keys: Vec<_> = book
        .threads
        .values()
        .map(|thread| {
            let it = &thread.conversation;
            format!("{} / {}", it.external_key, it.internal_key)
        })
        .collect();
    keys.sort();
    let expected = ["r:r-con-1 / n:+15550200001", "r:r-con-2 / n:+15550100001"];
    equal("moved", keys, expected.map(String::from).to_vec())?;
    book.state().map(drop)
}

fn merge_of_closed_and_open() -> Checked {
    let mut book = Book::new();
    book.deliver(&graph("S01"));
    book.only("r:r-con-1").close(None, at("11:00:00")).map_err(|it| it.to_string())?;
    book.deliver(&graph("S02"));
    book.resolve("+15557770003", &carl());
    equal("open", &book.only("r:r-con-1").status, &Status::Open)?;
    let mut both = Book::new();
    both.deliver(&graph("S01"));
    both.only("r:r-con-1").close(None, at("11:00:00")).map_err(|it| it.to_string())?;
    both.deliver(&graph("S02"));
    both.only("p:+15557770003").close(None, at("12:00:00")).map_err(|it| it.to_string())?;
    both.resolve("+15557770003", &carl());
    let later = Status::Closed { at: at("12:00:00"), by: None };
    equal("the later closing", &both.only("r:r-con-1").status, &later)
}

/// Under policy `new` a closed conversation and an open one of the same key are two: each meets
/// its like.
fn merge_under_policy_new() -> Checked {
    let mut book = Book::new();
    book.settings.closed_policy = ClosedPolicy::New;
    for (name, key) in [("S01", "r:r-con-1"), ("S02", "p:+15557770003")] {
        book.deliver(&graph(name));
        book.only(key).close(None, at("11:00:00")).map_err(|it| it.to_string())?;
        book.deliver(&later(name, &format!("{name}-new"), 4));
    }
    equal("before", book.counts(), (4, 4))?;
    book.resolve("+15557770003", &carl());
    let mut found: Vec<_> = book
        .threads
        .values()
        .filter(|thread| Summary::of(&thread.conversation).is_some())
        .map(|thread| (thread.conversation.status == Status::Open, thread.events.len()))
        .collect();
    found.sort_unstable();
    equal("a closed one and an open one", found, vec![(false, 2), (true, 2)])
}

/// mia was removed from the unresolved thread after her last part in either: she stays removed.
fn merge_of_removals() -> Checked {
    let mia = PartyKey::stored("u:u-mia");
    let mut book = Book::new();
    book.deliver(&edited("S14", "call-menu", |json| {
        let text = json.to_string().replace("n-main", "n-sales");
        *json = serde_json::from_str(&text.replace("+15550200002", "+15550200001")).expect("JSON");
    }));
    book.deliver(&graph("S05"));
    let noon = at("12:00:00");
    let unresolved = book.only("p:+15557770003");
    unresolved.remove_participant(&mia, None, noon).map_err(|it| it.to_string())?;
    book.resolve("+15557770003", &carl());
    let rows = &book.only("r:r-con-1").participants;
    let row = rows.iter().find(|row| row.key == mia).ok_or("mia is gone")?;
    equal("removed", row.removed.as_ref().map(|removal| removal.at), Some(noon))
}
