//! What must hold of a run when nothing happens any more: nothing remains, every call is finished
//! once and well, whoever talks was bridged, nobody wins twice, times are sane.

mod agents;
pub(crate) mod conversations;
mod protocol;
mod talk;
mod tally;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use model::call_graph::CallGraph;
use model::call_graph::graph::Connection;
use model::call_graph::words::{
    AttemptOutcome, CallOutcome, CallState, ConnectionKind, InteractionKind,
};
use model::{Millis, UserId};

pub(crate) use tally::Tally;

use crate::world::{World, wall};

/// Everything that is wrong; `cut` is where in the log a crash is tried.
pub(crate) fn faults(world: &World, cut: usize) -> Vec<String> {
    let mut faults = world.remains();
    faults.extend(world.store.judge(&world.directory, cut));
    let graphs = &world.store.graphs;
    let counters = world.switch.counters();
    let absorbed = |graph: &&CallGraph| graph.call.state == CallState::Absorbed;
    let absorbed = graphs.values().filter(absorbed).count() as u64;
    let ended: u64 = counters.calls_ended.values().sum::<u64>() + absorbed;
    if world.restarts == 0 && (counters.calls_started, ended) != (graphs.len() as u64, ended) {
        faults.push(format!("{} calls, {} graphs", counters.calls_started, graphs.len()));
    }
    // Which process a call became part of another in is not counted.
    let is_known = world.restarts == 0 || absorbed == 0;
    if is_known && counters.calls_started != ended {
        faults.push(format!("{} calls began, {ended} ended", counters.calls_started));
    }
    // Times of different calls compare only while nobody sets the clock.
    if !world.clock_jumped && !world.is_damaged() {
        faults.extend(agents::faults(graphs.values()));
    }
    if world.restarts == 0 && !world.is_damaged() && !world.connection_broke {
        faults.extend(protocol::faults(world));
    }
    if world.restarts == 0 {
        faults.extend(talk::faults(&world.store.log, graphs));
    }
    for graph in graphs.values().filter(|graph| graph.call.state != CallState::Absorbed) {
        let found = judge(world, graph);
        faults.extend(found.into_iter().map(|what| format!("{}: {what}", graph.call.id)));
    }
    faults
}

fn judge(world: &World, graph: &CallGraph) -> Vec<String> {
    let mut faults = Vec::new();
    let call = &graph.call;
    let ended = call.ended_at.unwrap_or(wall(Duration::MAX).wall);
    if ended < call.initiated_at || (!world.clock_jumped && ended > wall(world.now).wall) {
        faults.push(format!("ended at {ended}, begun at {}", call.initiated_at));
    }
    if call.outcome == Some(CallOutcome::Answered) && call.answered_at.is_none() {
        faults.push("answered, but never".to_owned());
    }
    for connection in &graph.connections {
        let attempts = || {
            let attempts = graph.attempts.iter();
            attempts.filter(|attempt| attempt.connection_id == connection.id)
        };
        let won = |outcome| outcome == Some(AttemptOutcome::Answered);
        let winners = attempts().filter(|attempt| won(attempt.outcome)).count();
        let routed = attempts().next().is_some();
        let expected = usize::from(routed && connection.answered_at.is_some());
        if winners != expected {
            faults.push(format!("{winners} winners, connection {}", connection.seq));
        }
        let last = attempts().filter_map(|attempt| attempt.ended_at).max();
        if last.is_some_and(|last| last > ended) {
            faults.push(format!("an attempt ended at {last:?}, after the call"));
        }
        if !world.clock_jumped && !world.is_damaged() {
            faults.extend(bridge(world, graph, connection));
        }
    }
    faults
}

/// A connection that says it was bridged was so in media, between the right two.
fn bridge(world: &World, graph: &CallGraph, connection: &Connection) -> Option<String> {
    let at = connection.bridged_at?;
    let anchor = addresses(world, graph.call.anchor_user_id.as_ref());
    let winner = addresses(world, connection.answered_user_id.as_ref());
    let is =
        |end: &Option<IpAddr>, who: &BTreeSet<IpAddr>| end.is_none_or(|end| who.contains(&end));
    // Who handed it on has left, and others may have come.
    let handed_on = graph.connections.len() > 1;
    let held = graph.interactions.iter().any(|row| row.kind == InteractionKind::Hold);
    if handed_on && (held || connection.kind == ConnectionKind::Recall) {
        // Whoever is there may be held by everybody else, or have held who comes back to him.
        return None;
    }
    let fits = world.media.bridged.iter().any(|bridged| {
        let [a, b] = &bridged.ends;
        let pair = |one, other| is(one, &winner) && (handed_on || is(other, &anchor));
        near(bridged.at, at) && (pair(a, b) || pair(b, a))
    });
    let mut shown = world.media.bridged.iter();
    let shown = shown.find(|bridged| near(bridged.at, at));
    (!fits).then(|| format!("bridged at {at}, but in media {shown:?}"))
}

/// Where a user's phones are; the carrier where he is none of ours.
fn addresses(world: &World, user: Option<&UserId>) -> BTreeSet<IpAddr> {
    let his = world.peers.iter().filter(|peer| peer.user == user.map(UserId::as_str));
    his.map(|peer| peer.address.ip()).collect()
}

/// A record's time counts from the call's start, in whole milliseconds.
fn near(mono: Duration, recorded: Millis) -> bool {
    (wall(mono).wall.0 - recorded.0).abs() <= 1
}
