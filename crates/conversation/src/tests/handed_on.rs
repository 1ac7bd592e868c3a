//! Calls that are handed on, where the clock decides and not the button (R070, D10): one
//! conversation while the users overlap, another one for who comes after.

use model::call_graph::FinishedCallGraph;
use serde_json::{Value, json};

use super::book::Book;
use super::oracle::edited;
use super::{Checked, equal};

type Check = fn() -> Checked;

pub(super) const ALL: &[(&str, Check)] = &[
    ("completed while it rings", semi_attended),
    ("merged into a conference", conference),
    ("absorbed consultation", absorbed),
    ("recall after a transfer to a group", recall_of_a_group),
    ("transfer to an IVR", to_an_ivr),
    ("to the next and on to a third", twice_handed_on),
    ("fetched from a slot", parked),
];

/// A conversation as `internal key: members` for each.
fn threads(call: &FinishedCallGraph) -> Vec<String> {
    let mut book = Book::new();
    book.deliver(call);
    let line = |thread: &crate::Thread| {
        let members = thread.events[0].share.members.iter().map(|member| member.user.to_string());
        let members = members.collect::<Vec<_>>().join(" ");
        format!("{}: {members}", thread.conversation.internal_key)
    };
    let mut lines: Vec<String> = book.threads.values().map(line).collect();
    lines.sort();
    lines
}

fn two() -> Vec<String> {
    ["n:+15550100001: u-ana", "n:+15550100002: u-ben"].map(String::from).to_vec()
}

fn one() -> Vec<String> {
    vec!["n:+15550100001: u-ana u-ben".to_owned()]
}

fn at(time: &str) -> Value {
    json!(format!("2026-01-05T10:0{time}.000Z"))
}

/// Ana completes at 62 s while Ben's phone rings; he answers at 65 s.
fn semi_attended() -> Checked {
    let call = edited("S08", "call-semi", |json| {
        json["connections"][0]["ended_at"] = at("1:02");
        json["participants"][1]["left_at"] = at("1:02");
        json["connections"][1]["bridged_at"] = at("1:05");
    });
    equal("split", threads(&call), two())
}

fn conference() -> Checked {
    let call = edited("S08", "call-three", |json| {
        json["connections"][0]["ended_at"] = at("3:20");
        json["connections"][0]["end_reason"] = json!("hangup_internal");
        json["connections"][1]["transfer_state"] = json!("conference");
        json["participants"][1]["left_at"] = at("3:20");
        json["participants"][2]["role"] = json!("added");
    });
    equal("one", threads(&call), one())
}

fn absorbed() -> Checked {
    let call = edited("S08", "call-first", |json| {
        let mut row = json["interactions"][8].clone();
        row["kind"] = json!("call_absorbed");
        row["data"] = json!({"call_id": "call-second"});
        for column in ["connection_id", "user_id"] {
            row[column] = Value::Null;
        }
        let rows = json["interactions"].as_array_mut().expect("a list");
        rows.insert(7, row);
        for (row, seq) in rows.iter_mut().zip(1..) {
            row["seq"] = json!(seq);
        }
    });
    equal("one", threads(&call), one())
}

/// S17 with a group that does not answer: the return folds into the first conversation, and a
/// transfer that came back is none.
fn recall_of_a_group() -> Checked {
    let call = edited("S17", "call-back", |json| {
        let transfer = &mut json["connections"][1];
        transfer["target_kind"] = json!("group");
        transfer["target_group_id"] = json!("g-supp");
        transfer["target_user_id"] = Value::Null;
        transfer["strategy"] = json!("simulring");
        json["attempts"][1]["group_id"] = json!("g-supp");
    });
    equal("one", threads(&call), vec!["n:+15550100001: u-ana".to_owned()])
}

/// S10 by way of an IVR: the second conversation is the group's that answered, and the first one
/// does not become a group's by the visit.
fn to_an_ivr() -> Checked {
    let direct = edited("S10", "call-direct", |_| {});
    let call = edited("S10", "call-ivr", |json| {
        json["context"]["ivr_visits"] = json!([{
            "seq": 1, "ivr_id": "ivr-supp", "entered_at": at("0:50"), "exited_at": at("0:58"),
            "exit_reason": "answered", "group_id": "g-supp", "record_owner_user_id": null,
            "missed_call_owner_user_id": null,
        }]);
        for row in &mut json["attempts"].as_array_mut().expect("a list")[1..] {
            row["ivr_id"] = json!("ivr-supp");
        }
    });
    equal("as without an IVR", threads(&call), threads(&direct))?;
    equal("two", threads(&call).len(), 2)
}

/// Ana to Ben at 60 s, Ben to Dan at 120 s, each cold: three conversations.
fn twice_handed_on() -> Checked {
    let call = edited("S07", "call-on", |json| {
        let mut third = json["connections"][1].clone();
        json["connections"][1]["ended_at"] = at("2:00");
        json["participants"][2]["left_at"] = at("2:00");
        third["id"] = json!("call-s07-c3");
        third["seq"] = json!(3);
        for column in ["target_user_id", "answered_user_id"] {
            third[column] = json!("u-dan");
        }
        third["opened_at"] = at("2:01");
        for column in ["answered_at", "bridged_at"] {
            third[column] = at("2:05");
        }
        json["connections"].as_array_mut().expect("a list").push(third);
        let mut attempt = json["attempts"][1].clone();
        attempt["id"] = json!("call-s07-c3-a1");
        attempt["connection_id"] = json!("call-s07-c3");
        attempt["user_id"] = json!("u-dan");
        for (column, time) in [("started_at", "2:01"), ("ringing_at", "2:01"), ("ended_at", "2:05")]
        {
            attempt[column] = at(time);
        }
        json["attempts"].as_array_mut().expect("a list").push(attempt);
        let mut dan = json["participants"][2].clone();
        dan["id"] = json!("call-s07-p4");
        dan["ordinal"] = json!(4);
        dan["participant_key"] = json!("u:u-dan");
        dan["user_id"] = json!("u-dan");
        dan["phone_number"] = json!("+15550100004");
        dan["joined_at"] = at("2:05");
        dan["left_at"] = at("3:00");
        json["participants"].as_array_mut().expect("a list").push(dan);
        json["context"]["users"]["u-dan"] = json!({
            "name": "Dan Diaz",
            "number": {"id": "n-dan", "e164": "+15550100004", "missed_call_owner_user_id": null},
        });
    });
    let mut three = two();
    three.push("n:+15550100004: u-dan".to_owned());
    equal("three", threads(&call), three)
}

/// Carl waits in a slot until Ben fetches him: an attempt that began, ended and was answered at
/// once.
fn parked() -> Checked {
    let call = edited("S07", "call-slot", |json| {
        json["connections"][1]["opened_at"] = at("1:06");
        for column in ["started_at", "ended_at"] {
            json["attempts"][1][column] = at("1:06");
        }
        json["attempts"][1]["ringing_at"] = Value::Null;
        json["interactions"][3]["data"]["target"] = json!("park:71");
        json["interactions"][5]["at"] = at("1:06");
    });
    equal("split", threads(&call), two())
}
