//! R2, D10: internal users whose times on a call overlap belong to one conversation; the clock
//! decides, not the button that was pressed (R070).

use model::call_graph::FinishedCallGraph;
use model::call_graph::graph::Connection;
use model::call_graph::words::ConnectionKind;
use model::{Millis, UserId};

use crate::rules::{Detail, kept};

/// A user's time on a call, half-open.
pub(crate) struct Interval<'a> {
    pub(crate) user: &'a UserId,
    pub(crate) from: Millis,
    pub(crate) to: Millis,
    /// When he was bridged to the outside, if he was.
    pub(crate) bridged_at: Option<Millis>,
    /// `None`: he made the call.
    pub(crate) connection: Option<&'a Connection>,
}

/// A connected component of strict overlap; at least one interval, by begin.
pub(crate) struct Cluster<'a> {
    pub(crate) intervals: Vec<Interval<'a>>,
}

impl<'a> Cluster<'a> {
    pub(crate) fn has(&self, user: &UserId) -> bool {
        self.intervals.iter().any(|interval| interval.user == user)
    }

    pub(crate) fn last_left(&self) -> Option<Millis> {
        self.intervals.iter().map(|interval| interval.to).max()
    }

    /// The latest user who was bridged to the outside (D30).
    pub(crate) fn agent(&self) -> Option<&'a UserId> {
        // Bridged, not just answered: who was only consulted is not A.
        let when = |interval: &Interval<'_>| match interval.bridged_at {
            None if !kept(Detail::R6Agent) => Some(interval.from),
            bridged => bridged,
        };
        let bridged = self.intervals.iter().filter(|interval| when(interval).is_some());
        let latest = bridged.max_by_key(|interval| (when(interval), seq(interval)));
        latest.map(|interval| interval.user)
    }
}

fn seq(interval: &Interval<'_>) -> u16 {
    interval.connection.map_or(0, |connection| connection.seq)
}

/// The clusters of a call, by begin.
pub(crate) fn clusters(graph: &FinishedCallGraph) -> Vec<Cluster<'_>> {
    let mut clusters: Vec<Cluster<'_>> = Vec::new();
    for interval in intervals(graph) {
        let overlapping = clusters.iter().rposition(|cluster| {
            let joins = |other: &Interval<'_>| overlap(other, &interval);
            cluster.intervals.iter().any(joins)
        });
        let rejoined = interval
            .connection
            .filter(|connection| connection.kind == ConnectionKind::Recall)
            .filter(|_| kept(Detail::R2Recall))
            .and_then(|_| clusters.iter().rposition(|cluster| cluster.has(interval.user)));
        match overlapping.or(rejoined) {
            // Sorted by begin, an interval meets no second cluster: both would cover its begin.
            Some(index) => clusters[index].intervals.push(interval),
            None => clusters.push(Cluster { intervals: vec![interval] }),
        }
    }
    clusters
}

fn overlap(a: &Interval<'_>, b: &Interval<'_>) -> bool {
    if !kept(Detail::R2Overlap) {
        return false;
    }
    let (from, to) = (a.from.max(b.from), a.to.min(b.to));
    from < to || (from == to && !kept(Detail::R2Strict))
}

fn intervals(graph: &FinishedCallGraph) -> Vec<Interval<'_>> {
    let call = &graph.call;
    let anchor =
        call.anchor_user_id.as_ref().filter(|_| kept(Detail::R2Anchor)).map(|user| Interval {
            user,
            from: call.initiated_at,
            to: call.anchor_left_at.unwrap_or(call.initiated_at),
            bridged_at: Some(call.initiated_at),
            connection: None,
        });
    let connected = graph.connections.iter().filter_map(|row| {
        let user = row.answered_user_id.as_ref()?;
        Some(Interval {
            user,
            from: row.answered_at?,
            to: row.ended_at?,
            bridged_at: row.bridged_at,
            connection: Some(row),
        })
    });
    let mut intervals: Vec<_> = anchor.into_iter().chain(connected).collect();
    intervals.sort_by_key(|interval| (interval.from, seq(interval)));
    intervals
}
