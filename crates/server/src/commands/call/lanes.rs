//! A call drawn as lanes: one line for each party and for each telephone that was only rung, one
//! column for each slice of time (model.md §4.7). A lane says what its party did for most of the
//! slice; what lasted less than a slice still shows where nothing else did.

use std::time::Duration;

use model::Millis;
use model::call_graph::CallGraph;
use model::call_graph::timeline::{Lane, SpanKind, timeline};
use model::call_graph::words::QualitySeverity;

use super::names::Names;

/// Columns of time.
const WIDTH: usize = 60;

/// Columns of names.
const NAME: usize = 20;

/// A drawn line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Drawn {
    pub(super) name: String,
    pub(super) cells: Vec<Cell>,
    /// What came of a telephone that was only rung, or the part that the party played.
    pub(super) note: String,
}

/// One slice of time of one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Nothing,
    Doing(SpanKind),
    Warning,
    Critical,
}

impl Cell {
    /// Its sign, which no other cell has.
    pub(super) fn sign(self) -> char {
        match self {
            Self::Nothing => ' ',
            Self::Doing(SpanKind::Ringing) => '·',
            Self::Doing(SpanKind::Ivr) => '▂',
            Self::Doing(SpanKind::Talk) => '█',
            Self::Doing(SpanKind::Hold) => '░',
            Self::Doing(SpanKind::Consult) => '▓',
            Self::Doing(SpanKind::TransferWait) => '~',
            Self::Warning => '!',
            Self::Critical => '‼',
        }
    }
}

/// The signs and what they mean.
pub(super) const LEGEND: &str =
    "· rings  ▂ IVR  █ talks  ▓ consults  ░ held  ~ handed on, waits  ! bad audio";

/// All lanes; those of bad audio stand below that of their party.
pub(super) fn lanes(graph: &CallGraph, names: &Names, until: Millis) -> Vec<Drawn> {
    let scale = Scale::of(graph, until);
    let mut drawn = Vec::new();
    for lane in timeline(graph) {
        let cells = scale.cells(&lane);
        drawn.push(Drawn { name: name(graph, &lane, names), cells, note: note(graph, &lane) });
    }
    for (connection, line) in scale.quality(graph) {
        let name = format!("  {}", names.leg(graph, connection));
        drawn.push(Drawn { name: cut(&name), cells: line, note: "audio".to_owned() });
    }
    drawn
}

/// The times above the lanes.
pub(super) fn ruler(graph: &CallGraph, until: Millis) -> String {
    let length = Duration::from_millis(Scale::of(graph, until).length);
    let marks = 4;
    let mut line = String::new();
    for mark in 0..=marks {
        let column = WIDTH * mark / marks;
        let text = clock(length * u32::try_from(mark).unwrap_or(0) / 4);
        let start = if mark == marks { column.saturating_sub(text.len()) } else { column };
        while line.chars().count() < start {
            line.push(' ');
        }
        line.push_str(&text);
    }
    format!("{:NAME$}  {line}", "")
}

/// Minutes and seconds; tenths where the time is short.
pub(super) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        return format!("{:.1} s", time.as_secs_f64());
    }
    match seconds / 3_600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

/// A name in its column.
pub(super) fn cut(name: &str) -> String {
    let shown: String = match name.chars().count() > NAME {
        true => name.chars().take(NAME - 1).chain(['…']).collect(),
        false => name.to_owned(),
    };
    format!("{shown:NAME$}")
}

fn name(graph: &CallGraph, lane: &Lane, names: &Names) -> String {
    let of_key = || match lane.key.split_once(':') {
        Some(("p", number)) => names.of(number),
        Some(_) | None => names.of(&lane.key),
    };
    let row = graph.participants.iter().find(|row| row.participant_key == lane.key);
    cut(&row.map_or_else(of_key, |row| names.participant(row)))
}

fn note(graph: &CallGraph, lane: &Lane) -> String {
    let outcome = |index: &usize| graph.attempts.get(*index).and_then(|row| row.outcome);
    match lane.role {
        Some(role) => role.as_str().replace('_', " "),
        None => match lane.attempts.last().and_then(outcome) {
            Some(outcome) => format!("rung: {}", outcome.as_str().replace('_', " ")),
            None => "is rung".to_owned(),
        },
    }
}

/// From times to columns.
struct Scale {
    from: Millis,
    /// Length of the call, ms; 1 at least.
    length: u64,
}

impl Scale {
    fn of(graph: &CallGraph, until: Millis) -> Self {
        let from = graph.call.initiated_at;
        let end = graph.call.ended_at.unwrap_or(until);
        Self { from, length: u64::try_from(end.0 - from.0).unwrap_or(0).max(1) }
    }

    /// When a column begins, ms since the call did.
    fn begins(&self, column: usize) -> u64 {
        let column = u64::try_from(column).unwrap_or(0);
        self.length * column / u64::try_from(WIDTH).unwrap_or(1)
    }

    fn since(&self, at: Millis) -> u64 {
        u64::try_from(at.0 - self.from.0).unwrap_or(0)
    }

    fn cells(&self, lane: &Lane) -> Vec<Cell> {
        let spans: Vec<(Cell, u64, u64)> = lane
            .spans
            .iter()
            .map(|span| {
                let to = span.to.map_or(self.length, |to| self.since(to));
                (Cell::Doing(span.kind), self.since(span.from), to)
            })
            .collect();
        self.columns(&spans)
    }

    fn columns(&self, spans: &[(Cell, u64, u64)]) -> Vec<Cell> {
        let column = |column: usize| {
            let (from, to) = (self.begins(column), self.begins(column + 1).max(1));
            let share = |(_, begin, end): &(Cell, u64, u64)| {
                let touches = *begin < to && *end >= from;
                touches.then(|| to.min(*end).saturating_sub(from.max(*begin)))
            };
            let most = spans.iter().filter_map(|span| Some((share(span)?, span.0)));
            most.max_by_key(|(share, _)| *share).map_or(Cell::Nothing, |(_, cell)| cell)
        };
        (0..WIDTH).map(column).collect()
    }

    /// One line for each leg whose audio was bad.
    fn quality<'a>(&self, graph: &'a CallGraph) -> Vec<(Option<&'a str>, Vec<Cell>)> {
        let mut legs: Vec<Option<&str>> = Vec::new();
        for row in &graph.quality_events {
            let leg = row.connection_id.as_deref();
            if !legs.contains(&leg) {
                legs.push(leg);
            }
        }
        let line = |leg: Option<&str>| {
            let rows = graph.quality_events.iter();
            let rows = rows.filter(|row| row.connection_id.as_deref() == leg);
            let spans: Vec<_> = rows
                .map(|row| {
                    let cell = match row.severity {
                        QualitySeverity::Warning => Cell::Warning,
                        QualitySeverity::Critical => Cell::Critical,
                    };
                    let end = row.cleared_at.map_or(self.length, |at| self.since(at));
                    (cell, self.since(row.raised_at), end)
                })
                .collect();
            self.columns(&spans)
        };
        legs.into_iter().map(|leg| (leg, line(leg))).collect()
    }
}
