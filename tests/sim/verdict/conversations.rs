//! Conversations follow from overlap alone (D10, R2–R4): what the assigner makes of a finished call
//! is compared with clusters that are found here in another way.

use std::collections::BTreeSet;

use conversation::{Assignment, ClosedPolicy, Period, Resolved, Settings, Source, place};
use model::call_graph::FinishedCallGraph;
use model::call_graph::graph::Connection;
use model::call_graph::words::{ConnectionKind, Direction, TransferState};
use model::directory::TargetKind;
use model::{GroupId, Millis, UserId};

/// A user's time on a call.
struct Time<'a> {
    user: &'a UserId,
    from: Millis,
    to: Millis,
    opened_by: Option<&'a Connection>,
    cluster: usize,
}

/// What is wrong with the conversations of a call.
pub(crate) fn fault(graph: &FinishedCallGraph) -> Option<String> {
    if graph.call.direction == Direction::Internal {
        return None;
    }
    let number = graph.context.internal_number.as_ref()?;
    let enabled = vec![Period { on_at: Millis(0), off_at: None }];
    let settings = Settings { enabled, closed_policy: ClosedPolicy::Reopen };
    let Assignment::Placed(placed) = place(graph, &Resolved::default(), &settings, Source::Live)
    else {
        return Some("it has no conversation".to_owned());
    };
    let mut expected: BTreeSet<String> = BTreeSet::from([format!("n:{}", number.e164)]);
    expected.extend(later(graph).into_iter().map(|row| key(graph, row)));
    expected.extend(missed(graph));
    let keys: BTreeSet<String> =
        placed.iter().map(|placement| placement.internal_key.as_str().to_owned()).collect();
    let fits = keys == expected && keys.len() == placed.len();
    (!fits).then(|| format!("conversations {keys:?}, but by overlap {expected:?}"))
}

/// The Connections that open a cluster after the first.
fn later(graph: &FinishedCallGraph) -> Vec<&Connection> {
    let call = &graph.call;
    let mut times: Vec<Time<'_>> = Vec::new();
    if let Some(user) = &call.anchor_user_id {
        let to = call.anchor_left_at.unwrap_or(call.initiated_at);
        times.push(Time { user, from: call.initiated_at, to, opened_by: None, cluster: 0 });
    }
    for row in &graph.connections {
        if let (Some(user), Some(from), Some(to)) =
            (&row.answered_user_id, row.answered_at, row.ended_at)
        {
            times.push(Time { user, from, to, opened_by: Some(row), cluster: 0 });
        }
    }
    times.sort_by_key(|time| (time.from, time.opened_by.map_or(0, |row| row.seq)));
    (0..times.len()).for_each(|place| times[place].cluster = place);
    // Whoever overlaps is of one cluster, until nothing changes any more.
    loop {
        let mut changed = false;
        for one in 0..times.len() {
            for other in 0..one {
                let overlap =
                    times[one].from.max(times[other].from) < times[one].to.min(times[other].to);
                let recalled =
                    times[one].opened_by.is_some_and(|row| row.kind == ConnectionKind::Recall)
                        && !joined_before(&times, one)
                        && last_of(&times, one) == Some(times[other].cluster);
                let (a, b) = (times[one].cluster, times[other].cluster);
                if (overlap || recalled) && a != b {
                    let (low, high) = (a.min(b), a.max(b));
                    times
                        .iter_mut()
                        .filter(|it| it.cluster == high)
                        .for_each(|it| it.cluster = low);
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    let mut seen: BTreeSet<usize> = times.first().map(|time| time.cluster).into_iter().collect();
    let opens = times.iter().filter(|time| seen.insert(time.cluster));
    opens.filter_map(|time| time.opened_by).collect()
}

/// Whether a time overlaps one that began before it.
fn joined_before(times: &[Time<'_>], place: usize) -> bool {
    let own = &times[place];
    times[..place].iter().any(|other| own.from.max(other.from) < own.to.min(other.to))
}

/// The latest cluster in which the user was before.
fn last_of(times: &[Time<'_>], place: usize) -> Option<usize> {
    let his = times[..place].iter().filter(|time| time.user == times[place].user);
    his.max_by_key(|time| time.cluster).map(|time| time.cluster)
}

/// Transfers that nobody answered have a conversation of their own.
fn missed(graph: &FinishedCallGraph) -> Vec<String> {
    let rows = graph.connections.iter().filter(|row| {
        matches!(row.kind, ConnectionKind::Transfer | ConnectionKind::Consult)
            && row.transfer_state == Some(TransferState::Unanswered)
    });
    rows.filter_map(|row| match (row.target_kind, &row.target_user_id, &row.target_group_id) {
        (TargetKind::Group, _, Some(group)) => Some(of_group(graph, group)),
        (_, Some(user), _) => Some(of_user(graph, user)),
        (_, None, _) => None,
    })
    .collect()
}

fn key(graph: &FinishedCallGraph, row: &Connection) -> String {
    let answered = row.answered_user_id.as_ref();
    match (row.target_kind, &row.target_group_id, row.target_user_id.as_ref().or(answered)) {
        (TargetKind::Group, Some(group), _) => of_group(graph, group),
        (TargetKind::User, _, Some(user)) => of_user(graph, user),
        _ => answered.map_or_else(String::new, |user| of_user(graph, user)),
    }
}

fn of_user(graph: &FinishedCallGraph, user: &UserId) -> String {
    let number = graph.context.users.get(user).and_then(|user| user.number.as_ref());
    number.map_or_else(|| format!("u:{user}"), |number| format!("n:{}", number.e164))
}

fn of_group(graph: &FinishedCallGraph, group: &GroupId) -> String {
    let number = graph.context.groups.get(group).and_then(|group| group.number.as_ref());
    number.map_or_else(|| format!("g:{group}"), |number| format!("n:{}", number.e164))
}
