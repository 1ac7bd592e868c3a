//! What recording costs: `record_bench CALLS RATE HOLD_MS INTERVAL_MS` records that many direct
//! calls at that rate into a fresh database and prints the lag, the rows and the commits. Run it
//! under callgrind or `perf stat` to count instructions; `CALLS` = 0 gives the fixed part.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::call_graph::event::{
    AttemptParty, BridgeLeg, CallEvent, Ended, Party, Recorded, Started, Target,
};
use model::call_graph::graph::{Context, ContextInternalNumber, ContextUser, ContextUserNumber};
use model::call_graph::words::{
    AssignedKind, CallOutcome, ConnectionKind, ConnectionOutcome, Direction, EndReason, EndedBy,
    ParticipantRole,
};
use model::directory::AcdStrategy;
use model::directory::source::DirectoryFile;
use model::{CallId, E164, Millis};
use store::writer::{WriterOptions, start};
use store::{Database, ImportMode, Journal, JournalOptions, Repository};

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(0))
}

fn number(text: &str) -> Option<E164> {
    E164::parse(text).ok()
}

/// The inputs of one call: INVITE, 180, 200, BYE.
fn events(step: usize) -> Vec<CallEvent> {
    let ana = Party::User { user: "u-ana".into(), number: number("+15550100001") };
    let carl = Party::External {
        number: number("+15557770001"),
        record: Some("r-con-1".into()),
        text: None,
    };
    let (connection, attempt) = (1, 1);
    match step {
        0 => vec![
            begun(ana, carl),
            CallEvent::RoutingStarted {
                connection,
                kind: ConnectionKind::Route,
                opened_by: None,
                ivr: None,
                target: Target::User("u-ana".into()),
                strategy: AcdStrategy::Single,
            },
            CallEvent::AttemptStarted {
                connection,
                attempt,
                stage: 1,
                round: 1,
                party: AttemptParty::User("u-ana".into()),
                ivr: None,
                group: None,
                sip_call_id: Some("6f1e8c0e7d2a4b35".into()),
            },
        ],
        1 => vec![CallEvent::AttemptRinging { connection, attempt }],
        2 => vec![
            CallEvent::Accepted,
            CallEvent::Answered {
                connection,
                attempt: Some(attempt),
                by: ana,
                role: ParticipantRole::Callee,
            },
            CallEvent::BridgeEntered { leg: BridgeLeg::Anchor, bridge: 1 },
            CallEvent::BridgeEntered { leg: BridgeLeg::Connection(1), bridge: 1 },
        ],
        _ => vec![
            CallEvent::ConnectionEnded {
                connection,
                outcome: ConnectionOutcome::Answered,
                reason: EndReason::HangupExternal,
                sip_status: Some(200),
                q850: Some(16),
            },
            CallEvent::AnchorLeft,
            CallEvent::Ended(Box::new(Ended {
                by: EndedBy::External,
                outcome: CallOutcome::Answered,
                owner: Some("u-ana".into()),
                missed_call_owner: None,
                missed_call_owner_group: None,
                sip_status: None,
                q850: Some(16),
                context: context(),
            })),
        ],
    }
}

fn begun(ana: Party, carl: Party) -> CallEvent {
    CallEvent::Started(Box::new(Started {
        direction: Direction::Inbound,
        from_number: Some("+15557770001".into()),
        to_number: Some("+15550100001".into()),
        internal_number: Some("n-ana".into()),
        caller: carl,
        callee: Some(ana),
        owner: Some("u-ana".into()),
        trunk: Some("carrier-a".into()),
        node: "tandem-1".into(),
        sip_call_id: Some("1-4711@127.0.0.1".into()),
    }))
}

fn context() -> Context {
    let e164 = number("+15550100001");
    let number = e164.clone().map(|e164| ContextUserNumber {
        id: "n-ana".into(),
        e164,
        missed_call_owner_user_id: None,
    });
    Context {
        internal_number: e164.map(|e164| ContextInternalNumber {
            id: "n-ana".into(),
            e164,
            assigned_kind: AssignedKind::User,
            assigned_id: "u-ana".into(),
            missed_call_owner_user_id: None,
        }),
        ivr_visits: Vec::new(),
        users: [("u-ana".into(), ContextUser { name: "Ana Agent".into(), number })].into(),
        groups: Default::default(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = |usual: u64| -> u64 {
        arguments.next().and_then(|text| text.parse().ok()).unwrap_or(usual)
    };
    let (calls, rate, hold, interval) = (argument(1_000), argument(100), argument(0), argument(20));
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}", folder.path().join("tandem.db").display());
    let database = Database::open(&url).await?;
    database.migrate().await?;
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/oracle/directory.json");
    let directory: DirectoryFile = serde_json::from_slice(&std::fs::read(directory)?)?;
    database.import(&directory, "tandem.test", ImportMode::Apply, now()).await?;
    let journal = Journal::open(&folder.path().join("journal"), JournalOptions::default())?;
    let mut options = WriterOptions::new("tandem-1", folder.path(), Arc::new(now));
    options.interval = Duration::from_millis(interval);
    let (mut recorder, writer) = start(database.clone(), journal, options);
    let metrics = writer.metrics();
    let writing = tokio::spawn(writer.run());
    // Every input of every call, in order of its time.
    let mut inputs: Vec<(u64, u64, usize)> = (0..calls)
        .flat_map(|call| {
            let begin = call * 1_000_000 / rate.max(1);
            let end = begin + 4_000 + hold * 1_000;
            [(begin, call, 0), (begin + 1_000, call, 1), (begin + 3_000, call, 2), (end, call, 3)]
        })
        .collect();
    inputs.sort_unstable();
    let begin = tokio::time::Instant::now();
    for (due_us, call, step) in inputs {
        tokio::time::sleep_until(begin + Duration::from_micros(due_us)).await;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&call.to_be_bytes());
        let call = CallId::generate(Millis(i64::try_from(call)?), random);
        let at = now();
        let recorded = |event| Recorded { call: call.clone(), at, event };
        recorder.record(events(step).into_iter().map(recorded).collect())?;
    }
    drop(recorder);
    writing.await?;
    let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let lag: Vec<u64> = metrics.lag.iter().map(load).collect();
    let report = format!(
        "{calls} calls at {rate}/s, interval {interval} ms: {} commits, {} rows, {} events, \
         {} bytes of journal, lag by {:?} ms: {lag:?}, {:?}",
        load(&metrics.commits),
        load(&metrics.rows),
        load(&metrics.events),
        load(&metrics.journal_bytes),
        store::metrics::LAG_BOUNDS_MS,
        begin.elapsed(),
    );
    std::io::Write::write_all(&mut std::io::stdout(), format!("{report}\n").as_bytes())?;
    Ok(())
}
