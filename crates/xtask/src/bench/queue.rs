//! A contact centre on the real binary: 500 agents in ten groups, 200 callers who wait, 50 calls a
//! second. Everybody must be served or leave, nobody twice, and nothing may remain.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::program;
use super::server::Server;
use super::table::{Aim, Row};

const AGENTS: u32 = 500;
const GROUPS: u32 = 10;
const RATE: u32 = 50;
const WAITING: u32 = 200;
/// How long calls are placed where nobody says otherwise, s.
const SECONDS: u32 = 300;

/// How long the last wrap-ups, and the wallboard that tells of them, may take.
const SETTLING: Duration = Duration::from_secs(10);

const STRATEGIES: [&str; 9] = [
    "longest_idle",
    "round_robin",
    "fewest_calls",
    "least_talk_time",
    "weighted_random",
    "sequential",
    "progressive_simulring",
    "simulring",
    "skills",
];

/// Plays a contact centre for [`SECONDS`].
pub(super) fn measure() -> anyhow::Result<Vec<Row>> {
    measure_for(SECONDS)
}

/// Plays a contact centre for so many seconds.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
pub(super) fn measure_for(seconds: u32) -> anyhow::Result<Vec<Row>> {
    let check = program::example("store", "queue_check")?;
    let server = Server::open(&directory(), program::example("phone", "queue")?, AGENTS)?;
    let before = server.cpu_s()?;
    let began = Instant::now();
    let words = [GROUPS, RATE, seconds, WAITING].map(|number| number.to_string());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let played = server.load(&words)?;
    let took = began.elapsed();
    let after = server.cpu_s()?;
    let pss = server.pss_kib()?;
    let database = server.database();
    let database = database.to_str().context("a path that is no text")?;
    let checked = check.output(&[database])?;
    let metrics = settled(&server)?;
    println!("{played}\n{checked}");
    let log = server.stop()?;
    let errors = log.lines().filter(|line| line.contains("ERROR")).count();
    let mut rows = played_rows(&played)?;
    rows.extend(checked_rows(checked.lines().last().unwrap_or_default())?);
    rows.extend(left(&metrics));
    rows.extend(decisions(&metrics)?);
    rows.push(none("lines of the log at ERROR", errors as f64, "lines"));
    let placed = number(&played, "placed")?;
    rows.extend(cost(placed, (after.0 - before.0, after.1 - before.1), took, pss));
    Ok(rows)
}

/// `/metrics` once nobody wraps up any more, or when that has taken too long.
#[expect(clippy::disallowed_methods, reason = "a bench waits for the server")]
fn settled(server: &Server) -> anyhow::Result<String> {
    let began = Instant::now();
    loop {
        let metrics = server.metrics()?;
        let remains = left(&metrics).iter().any(|row| row.measured > 0.0);
        if !remains || began.elapsed() > SETTLING {
            return Ok(metrics);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn number(line: &str, name: &str) -> anyhow::Result<f64> {
    program::number(line, name).with_context(|| format!("no {name} in {line}"))
}

fn plain(what: impl Into<String>, measured: f64, unit: &'static str) -> Row {
    Row { what: what.into(), measured, unit, aim: None }
}

fn none(what: impl Into<String>, measured: f64, unit: &'static str) -> Row {
    Row { aim: Some(Aim::AtMost(0.0)), ..plain(what, measured, unit) }
}

fn played_rows(played: &str) -> anyhow::Result<Vec<Row>> {
    let read = |name| number(played, name);
    Ok(vec![
        plain("callers", read("placed")?, "calls"),
        plain("callers who talked with an agent", read("talked")?, "calls"),
        plain("times that an agent was rung", read("rung")?, "attempts"),
        plain("callers without an agent, on average", read("waiting_avg")?, "calls"),
        none("callers whom nobody told that it is over", read("open")?, "calls"),
        none("callers who were refused or lost", read("refused")? + read("lost")?, "calls"),
    ])
}

fn checked_rows(checked: &str) -> anyhow::Result<Vec<Row>> {
    let rows = [
        ("open", "calls that are not finished", "calls"),
        ("waits_open", "stays in a queue that never ended", "stays"),
        ("double_offers", "agents whom two waiting callers rang", "offers"),
        ("double_answers", "agents in two calls", "calls"),
        ("offers_while_busy", "offers to who talked or wrapped up", "offers"),
        ("broken", "rules of invariants.sql that do not hold", "rules"),
        ("unassigned", "calls without a conversation", "calls"),
    ];
    rows.into_iter()
        .map(|(name, what, unit)| Ok(none(what, number(checked, name)?, unit)))
        .collect()
}

/// What the server still has when everybody is gone.
fn left(metrics: &str) -> Vec<Row> {
    let sum = |fits: &dyn Fn(&str) -> bool| -> f64 {
        let lines = metrics.lines().filter(|line| fits(line));
        let values = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        values.fold(0.0, |sum, value| sum + value)
    };
    let busy = |line: &str| {
        let states = ["ringing", "on_call", "wrap_up"];
        line.starts_with("tandem_agents{") && states.iter().any(|state| line.contains(state))
    };
    vec![
        none(
            "calls that live in the server",
            sum(&|line| line.starts_with("tandem_calls_active ")),
            "calls",
        ),
        none(
            "callers who wait in the server",
            sum(&|line| line.starts_with("tandem_callers_waiting{")),
            "callers",
        ),
        none("agents who are not free", sum(&busy), "agents"),
        none(
            "calls aborted",
            sum(&|line| line.starts_with("tandem_calls_aborted_total ")),
            "calls",
        ),
    ]
}

/// Upper bounds of the time in which waiting callers got their turns, from the histogram.
fn decisions(metrics: &str) -> anyhow::Result<Vec<Row>> {
    let mut buckets: Vec<(f64, f64)> = Vec::new();
    for line in metrics.lines() {
        let Some(rest) = line.strip_prefix("tandem_decision_seconds_bucket{") else { continue };
        let (labels, count) = rest.split_once("} ").context("a bucket without a count")?;
        let bound = labels.split("le=\"").nth(1).and_then(|rest| rest.split('"').next());
        let bound = bound.context("a bucket without a bound")?;
        let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse()? };
        buckets.push((bound, count.parse()?));
    }
    let total = buckets.last().context("no decisions in /metrics")?.1;
    let within = |share: f64| {
        let found = buckets.iter().find(|(_, count)| *count >= total * share);
        found.map_or(f64::INFINITY, |(bound, _)| bound * 1_000.0)
    };
    let row = |what: &str, share, aim: Option<f64>| Row {
        aim: aim.map(Aim::AtMost),
        ..plain(format!("a turn, {what}, at most"), within(share), "ms")
    };
    Ok(vec![
        plain("turns given", total, "steps"),
        row("p50", 0.5, None),
        row("p99", 0.99, Some(1.0)),
        row("the longest", 1.0, None),
    ])
}

fn cost(placed: f64, cpu_s: (f64, f64), took: Duration, pss_kib: f64) -> [Row; 3] {
    let (user, system) = cpu_s;
    let share = (user + system) / took.as_secs_f64() * 100.0;
    let each = (user + system) * 1e6 / placed.max(1.0);
    [
        plain(format!("CPU (user {user:.0} s, system {system:.0} s)"), share, "% of a core"),
        plain("CPU of a call, its music included", each, "µs"),
        plain("PSS when everybody is gone", pss_kib / 1_024.0, "MiB"),
    ]
}

/// Groups that share some agents, each with a queue of its own and another strategy.
fn directory() -> String {
    let mut text = String::new();
    for agent in 0..AGENTS {
        // Writing into a String cannot fail.
        let _ = writeln!(
            text,
            "[[users]]\nid = \"u{agent}\"\ndisplay_name = \"User {agent}\"\n\
             sip_username = \"u{agent}\"\nsip_password = \"secret\"\n\
             skills = {{ english = {} }}",
            1 + agent % 10,
        );
    }
    for group in 0..GROUPS {
        let strategy = STRATEGIES[group as usize % STRATEGIES.len()];
        let members = (0..AGENTS).filter(|agent| {
            let second = (agent / GROUPS).is_multiple_of(5) && (agent + 3) % GROUPS == group;
            agent % GROUPS == group || second
        });
        let members: Vec<String> = members.map(|agent| format!("\"u{agent}\"")).collect();
        let _ = writeln!(
            text,
            "[[groups]]\nid = \"g{group}\"\nname = \"Group {group}\"\n\
             members = [{}]\nacd_strategy = \"{strategy}\"\n\
             rules = {{ wrap_up_ms = 1000, step_ms = 1000 }}\n\
             [[ivrs]]\nid = \"q{group}\"\naction = \"call_transfer\"\n\
             target_kind = \"group\"\ntarget_group_id = \"g{group}\"\n\
             attempt_ring_ms = 4000\nno_answer_timeout_ms = 120000\n\
             [ivrs.queue]\nmax_size = 500\noptions = {{ \"1\" = {{ ivr = \"bye\" }} }}\n{}\
             [[numbers]]\nid = \"n{group}\"\ne164 = \"+49302{group:07}\"\n\
             assigned_group_id = \"g{group}\"\nivr_id = \"q{group}\"",
            members.join(", "),
            skills(strategy),
        );
    }
    text.push_str("[[ivrs]]\nid = \"bye\"\naction = \"play_and_hangup\"\n");
    text.push_str("greeting_prompt = \"tone:beep\"\n");
    text
}

fn skills(strategy: &str) -> &'static str {
    match strategy {
        "skills" => {
            "skills = [{ skill = \"english\", level = 8, relax_every_ms = 2000, at_least = 2 }]\n"
        }
        _ => "",
    }
}
