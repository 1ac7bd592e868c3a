//! A finished call on a few lines: every column that tells something, times in seconds since the
//! call began.

use std::fmt::Write as _;

use model::Millis;
use model::call_graph::CallGraph;

pub(crate) fn summary(graph: &CallGraph) -> String {
    let at = |time: Millis| {
        let millis = time.0 - graph.call.initiated_at.0;
        format!("{}", millis as f64 / 1_000.0)
    };
    let opt = |time: Option<Millis>| time.map_or_else(|| "-".to_owned(), at);
    let call = &graph.call;
    let mut text = String::new();
    let or = |text: Option<&str>| text.unwrap_or("-").to_owned();
    let _ = writeln!(
        text,
        "call {} {} by {}, owner {}, mco {}, accepted {}, answered {}, ended {}, sip {}, q850 {}",
        call.direction,
        call.outcome.map_or("-", |outcome| outcome.as_str()),
        call.ended_by.map_or("-", |by| by.as_str()),
        or(call.owner_user_id.as_ref().map(|id| id.as_str())),
        or(call
            .missed_call_owner_user_id
            .as_ref()
            .map(|id| id.as_str())),
        opt(call.accepted_at),
        opt(call.answered_at),
        opt(call.ended_at),
        call.end_sip_status
            .map_or_else(|| "-".to_owned(), |status| status.to_string()),
        call.end_q850
            .map_or_else(|| "-".to_owned(), |cause| cause.to_string()),
    );
    for row in &graph.connections {
        let target = row
            .target_user_id
            .as_ref()
            .map(|id| id.as_str())
            .or(row.target_group_id.as_ref().map(|id| id.as_str()))
            .or(row.target_number.as_deref());
        let _ = writeln!(
            text,
            "c{} {} {} {} {}, {}..{}, answered {}, bridged {}, {}, {}, sip {}, q850 {}",
            row.seq,
            row.kind,
            row.target_kind,
            or(target),
            row.strategy,
            at(row.opened_at),
            opt(row.ended_at),
            opt(row.answered_at),
            opt(row.bridged_at),
            row.outcome.map_or("-", |outcome| outcome.as_str()),
            row.end_reason.map_or("-", |reason| reason.as_str()),
            row.sip_status
                .map_or_else(|| "-".to_owned(), |status| status.to_string()),
            row.q850
                .map_or_else(|| "-".to_owned(), |cause| cause.to_string()),
        );
    }
    for row in &graph.attempts {
        let who = row
            .user_id
            .as_ref()
            .map(|id| id.as_str())
            .or(row.number.as_deref());
        let _ = writeln!(
            text,
            "a{} {} stage {} round {}, {}..{}, ringing {}, {} {}",
            row.seq,
            or(who),
            row.stage,
            row.round,
            at(row.started_at),
            opt(row.ended_at),
            opt(row.ringing_at),
            row.outcome.map_or("-", |outcome| outcome.as_str()),
            row.sip_status
                .map_or_else(|| "-".to_owned(), |status| status.to_string()),
        );
    }
    for row in &graph.participants {
        let _ = writeln!(
            text,
            "p{} {} {} {}..{}",
            row.ordinal,
            row.participant_key,
            row.role,
            opt(row.joined_at),
            opt(row.left_at)
        );
    }
    for row in &graph.interactions {
        let about: Vec<String> = row
            .ivr_id
            .as_ref()
            .map(|id| id.to_string())
            .into_iter()
            .chain(row.user_id.as_ref().map(|id| id.to_string()))
            .chain(row.data.iter().map(|(key, value)| match value.as_str() {
                Some(value) => format!("{key}={value}"),
                None => format!("{key}={value}"),
            }))
            .collect();
        let _ = writeln!(
            text,
            "i{} {} {} {}",
            row.seq,
            at(row.at),
            row.kind,
            about.join(" ")
        );
    }
    text.lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
}
