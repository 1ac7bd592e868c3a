//! Whatever fails or dies in between, the rows are those of the log (model.md §7.7, D40).

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use model::call_graph::published::published;
use model::call_graph::words::{CallState, Direction};
use model::call_graph::{CallGraph, Recorded, apply};
use model::directory::source::DirectoryFile;
use model::directory::{Directory, KnownRecord};
use model::recording::RecordingId;
use model::voicemail::VoiceMessage;
use model::{CallId, E164, GroupId, UserId};
use proptest::prelude::*;

use super::*;
use crate::agents::{AgentToday, KeptAvailability};
use crate::bindings::Binding;
use crate::directory::{ImportMode, ImportReport};
use crate::journal::{JournalOptions, segments};
use crate::media_rows::{Interrupted, RecordingRow};
use crate::rows::OutboxRow;
use crate::testing::scripts::{self, Script};
use crate::testing::{CALL_TABLES, Fresh, NODE, T0, broken_invariants, dump, handed_on, stream};
use crate::{Database, recover};

fn options(fresh: &Fresh) -> WriterOptions {
    let clock: WallClock = Arc::new(|| Millis(T0 + 100_000));
    let usual = WriterOptions::new(NODE, fresh.folder.path(), clock);
    WriterOptions { interval: Duration::from_millis(1), ..usual }
}

fn journal(fresh: &Fresh, options: JournalOptions) -> Journal {
    Journal::open(&fresh.journal(), options).expect("a journal")
}

/// The rows that these inputs make when nothing goes wrong.
async fn expected(inputs: &[Vec<Recorded>]) -> Vec<String> {
    let fresh = Fresh::new().await;
    let mut graphs: std::collections::BTreeMap<CallId, Option<CallGraph>> = Default::default();
    for event in inputs.iter().flatten() {
        apply(graphs.entry(event.call.clone()).or_default(), event);
    }
    let mut rows = RowBatch::default();
    for graph in graphs.values().flatten() {
        rows.add_graph(graph);
        if graph.call.state == CallState::Finished {
            rows.outbox.push(OutboxRow::of(graph).expect("a document"));
        }
    }
    fresh.database.commit(&Commit { rows, ..Commit::default() }).await.expect("a commit");
    dump(&fresh.database, &CALL_TABLES).await
}

impl<R: Repository> Writer<R> {
    async fn let_go(&mut self) {
        self.retention.advance(&self.repository, &self.graphs, self.next, &self.shared).await;
    }
}

async fn same(fresh: &Fresh, inputs: &[Vec<Recorded>]) {
    let (found, expected) = (dump(&fresh.database, &CALL_TABLES).await, expected(inputs).await);
    let different = found.iter().zip(&expected).find(|(found, expected)| found != expected);
    assert_eq!(different, None, "the first difference");
    assert_eq!(found.len(), expected.len());
    assert_eq!(stream(&fresh.database).await, told(inputs));
}

/// The stream of these inputs.
fn told(inputs: &[Vec<Recorded>]) -> Vec<String> {
    let mut calls: BTreeMap<CallId, u32> = BTreeMap::new();
    let mut lines = Vec::new();
    for event in inputs.iter().flatten() {
        let Some(told) = published(&event.event) else { continue };
        let seq = calls.entry(event.call.clone()).or_default();
        *seq += 1;
        let (kind, data) = (told.kind, told.data);
        lines.push(((event.call.clone(), *seq), (event.at.0, kind, data)));
    }
    lines.sort();
    let line = |((call, seq), (at, kind, data))| format!("{call} {seq} {at} {kind} {data}");
    lines.into_iter().map(line).collect()
}

#[tokio::test]
async fn a_run_writes_every_row_notifies_the_assigner_and_empties_the_journal() {
    let fresh = Fresh::new().await;
    let inputs = scripts::mixed("c");
    let journal = journal(&fresh, JournalOptions::default());
    let (mut recorder, writer) = start(fresh.database.clone(), journal, options(&fresh));
    let (finished, metrics) = (writer.finished(), writer.metrics());
    let run = tokio::spawn(writer.run());
    for input in &inputs {
        recorder.record(input.clone()).expect("a write");
        tokio::task::yield_now().await;
    }
    finished.notified().await;
    drop(recorder);
    run.await.expect("the writer");
    assert_eq!(dump(&fresh.database, &CALL_TABLES).await, expected(&inputs).await);
    assert_eq!(broken_invariants(&fresh.database).await, Vec::<String>::new());
    assert!(segments::list(&fresh.journal()).expect("a list").is_empty());
    let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    assert_eq!(load(&metrics.finished_calls), 10);
    assert_eq!(load(&metrics.queued_events), 0);
    assert_eq!(load(&metrics.events), inputs.iter().flatten().count() as u64);
    assert!(metrics.is_writable());
    let alive = fresh.database.last_heartbeat(NODE).await.expect("a heartbeat");
    assert_eq!(alive, Some(Millis(T0 + 100_000)));
}

#[tokio::test]
async fn a_queue_that_is_full_is_read_back_from_the_journal() {
    let fresh = Fresh::new().await;
    let small = JournalOptions { segment_bytes: 1_500, ..JournalOptions::default() };
    let journal = journal(&fresh, small);
    let options = WriterOptions { queue_batches: 1, pending_events: 7, ..options(&fresh) };
    let (mut recorder, writer) = start(fresh.database.clone(), journal, options);
    let metrics = writer.metrics();
    let inputs: Vec<_> = (0..9).flat_map(|n| scripts::mixed(&format!("c{n}-"))).collect();
    for (n, input) in inputs.iter().enumerate() {
        if n == inputs.len() / 2 {
            assert!(metrics.spilled_batches.load(Ordering::Relaxed) > 5);
        }
        recorder.record(input.clone()).expect("a write");
    }
    drop(recorder);
    writer.run().await;
    assert_eq!(dump(&fresh.database, &CALL_TABLES).await, expected(&inputs).await);
    assert_eq!(metrics.lost_events.load(Ordering::Relaxed), 0);
    assert_eq!(metrics.queued_events.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn segments_go_while_calls_run_and_live_calls_survive_that() {
    let fresh = Fresh::new().await;
    let small = JournalOptions { segment_bytes: 1_500, ..JournalOptions::default() };
    let journal = journal(&fresh, small);
    let (mut recorder, mut writer) = start(fresh.database.clone(), journal, options(&fresh));
    let long = scripts::simulring("long", 0);
    let mut inputs = long[..4].to_vec();
    inputs.extend((0..6).flat_map(|n| scripts::mixed(&format!("c{n}-"))));
    for input in &inputs {
        recorder.record(input.clone()).expect("a write");
        writer.drain();
        writer.commit().await;
        writer.let_go().await;
    }
    let left = segments::list(&fresh.journal()).expect("a list").len();
    assert!(left <= 2, "{left} segments are left");
    // The process dies; what the journal still has is enough.
    drop((recorder, writer));
    let (journal, rejected) = (fresh.journal(), fresh.rejected());
    let done = recover(&fresh.database, &journal, &rejected, NODE, &fresh.directory).await;
    let done = done.expect("a recovery");
    assert_eq!(done.swept, ["long".into()]);
    assert_eq!(broken_invariants(&fresh.database).await, Vec::<String>::new());
}

/// A database that fails as it is told.
#[derive(Clone)]
struct Failing {
    database: Database,
    failures: Arc<AtomicUsize>,
    error: Arc<Mutex<fn() -> Error>>,
}

impl Repository for Failing {
    async fn commit(&self, commit: &Commit<'_>) -> Result<(), Error> {
        let left = self.failures.load(Ordering::SeqCst);
        if left > 0 {
            self.failures.store(left - 1, Ordering::SeqCst);
            let error = *self.error.lock().expect("nobody panicked");
            return Err(error());
        }
        self.database.commit(commit).await
    }

    async fn make_durable(&self) -> Result<(), Error> {
        self.database.make_durable().await
    }

    async fn call_states(&self, ids: &[CallId]) -> Result<Vec<(CallId, CallState)>, Error> {
        self.database.call_states(ids).await
    }

    async fn events_told(&self, ids: &[CallId]) -> Result<BTreeMap<CallId, u32>, Error> {
        self.database.events_told(ids).await
    }

    async fn call(&self, id: &CallId) -> Result<Option<CallGraph>, Error> {
        self.database.call(id).await
    }

    async fn live_calls(&self, node: &str) -> Result<Vec<CallGraph>, Error> {
        self.database.live_calls(node).await
    }

    async fn last_heartbeat(&self, node: &str) -> Result<Option<Millis>, Error> {
        self.database.last_heartbeat(node).await
    }

    async fn load_directory(&self, realm: &str) -> Result<Directory, Error> {
        self.database.load_directory(realm).await
    }

    async fn import(
        &self,
        file: &DirectoryFile,
        realm: &str,
        mode: ImportMode,
        now: Millis,
    ) -> Result<ImportReport, Error> {
        self.database.import(file, realm, mode, now).await
    }

    async fn load_bindings(&self, now: Millis) -> Result<Vec<(UserId, Binding)>, Error> {
        self.database.load_bindings(now).await
    }

    async fn load_cursors(&self) -> Result<Vec<(GroupId, UserId)>, Error> {
        self.database.load_cursors().await
    }

    async fn open_recordings(&self, node: &str) -> Result<Vec<RecordingRow>, Error> {
        self.database.open_recordings(node).await
    }

    async fn close_interrupted(&self, interrupted: &[Interrupted]) -> Result<(), Error> {
        self.database.close_interrupted(interrupted).await
    }

    async fn old_recordings(&self, before: Millis, limit: u32) -> Result<Vec<RecordingRow>, Error> {
        self.database.old_recordings(before, limit).await
    }

    async fn expire_recordings(&self, ids: &[RecordingId]) -> Result<(), Error> {
        self.database.expire_recordings(ids).await
    }

    async fn mailboxes(&self) -> Result<Vec<VoiceMessage>, Error> {
        self.database.mailboxes().await
    }

    async fn availabilities(&self) -> Result<Vec<KeptAvailability>, Error> {
        self.database.availabilities().await
    }

    async fn agents_today(&self, since: Millis) -> Result<Vec<AgentToday>, Error> {
        self.database.agents_today(since).await
    }

    async fn timezone(&self) -> Result<Option<String>, Error> {
        self.database.timezone().await
    }

    async fn last_agents(&self, limit: usize) -> Result<Vec<(E164, UserId)>, Error> {
        self.database.last_agents(limit).await
    }

    async fn learn_record(
        &self,
        e164: &E164,
        record: &KnownRecord,
        now: Millis,
    ) -> Result<bool, Error> {
        self.database.learn_record(e164, record, now).await
    }
}

#[tokio::test]
async fn a_database_that_fails_for_a_while_loses_nothing() {
    for error in [|| Error::Full, || Error::Locked, || Error::ReadOnly] {
        let fresh = Fresh::new().await;
        let repository = Failing {
            database: fresh.database.clone(),
            failures: Arc::new(AtomicUsize::new(3)),
            error: Arc::new(Mutex::new(error)),
        };
        let journal = journal(&fresh, JournalOptions::default());
        let (mut recorder, mut writer) = start(repository, journal, options(&fresh));
        let metrics = writer.metrics();
        let inputs = scripts::mixed("c");
        let behind = recorder.behind();
        behind.cursor("g-sales".into(), "u-ben".into());
        for (n, input) in inputs.iter().enumerate() {
            recorder.record(input.clone()).expect("a write");
            writer.drain();
            writer.commit().await;
            assert_eq!(metrics.is_writable(), n >= 3, "after {n}");
        }
        drop(recorder);
        writer.run().await;
        assert_eq!(metrics.failures.load(Ordering::Relaxed), 3);
        assert_eq!(dump(&fresh.database, &CALL_TABLES).await, expected(&inputs).await);
        let cursors = fresh.database.load_cursors().await.expect("cursors");
        assert_eq!(cursors, [("g-sales".into(), "u-ben".into())]);
    }
}

#[tokio::test]
async fn a_call_that_the_schema_refuses_stands_in_nobody_s_way() {
    let fresh = Fresh::new().await;
    let stranger = scripts::user("u-nobody");
    let bad = Script::new("bad", 0)
        .at(0, vec![scripts::started(Direction::Internal, stranger, None)])
        .at(9, vec![scripts::ended(model::call_graph::words::CallOutcome::Failed, "u-ana", None)])
        .inputs();
    let good = scripts::mixed("c");
    let journal = journal(&fresh, JournalOptions::default());
    let (mut recorder, writer) = start(fresh.database.clone(), journal, options(&fresh));
    let metrics = writer.metrics();
    for input in bad.iter().chain(&good) {
        recorder.record(input.clone()).expect("a write");
    }
    drop(recorder);
    writer.run().await;
    assert_eq!(dump(&fresh.database, &CALL_TABLES).await, expected(&good).await);
    assert_eq!(metrics.rejected_calls.load(Ordering::Relaxed), 1);
    assert!(fresh.rejected().join("bad.json").exists());
}

#[tokio::test]
async fn a_call_that_the_core_gave_up_is_closed_at_whatever_point_it_stood() {
    let whole = scripts::simulring("c", 0);
    for length in 1..whole.len() {
        let fresh = Fresh::new().await;
        let directory = fresh.database.load_directory("tandem.test").await.expect("a directory");
        let directory = Arc::new(directory);
        let journal = journal(&fresh, JournalOptions::default());
        let (mut recorder, writer) = start(fresh.database.clone(), journal, options(&fresh));
        for input in &whole[..length] {
            recorder.record(input.clone()).expect("a write");
        }
        let call = whole[0][0].call.clone();
        recorder.behind().abort(call.clone(), Millis(T0 + 90_000), directory);
        // What the core still says of it afterwards changes nothing.
        recorder.record(whole[length].clone()).expect("a write");
        drop(recorder);
        writer.run().await;
        let states = fresh.database.call_states(&[call]).await.expect("its state");
        assert_eq!(states.first().map(|(_, state)| *state), Some(CallState::Finished));
        assert_eq!(broken_invariants(&fresh.database).await, Vec::<String>::new(), "{length}");
    }
}

#[tokio::test]
async fn only_the_newest_bindings_and_cursors_are_kept() {
    let fresh = Fresh::new().await;
    let journal = journal(&fresh, JournalOptions::default());
    let (recorder, writer) = start(fresh.database.clone(), journal, options(&fresh));
    let binding = |contact: &str, expires_at| Binding {
        contact: contact.to_owned(),
        sip_call_id: "r1".to_owned(),
        cseq: 7,
        q_milli: 500,
        registered_at: Millis(T0),
        expires_at: Millis(T0 + expires_at),
        flow: "UDP 192.0.2.1:5060".to_owned(),
        user_agent: Some("Tandem phone".to_owned()),
        path: None,
        instance_id: None,
        node: NODE.to_owned(),
    };
    let behind = recorder.behind();
    behind.bindings("u-ana".into(), vec![binding("sip:old@192.0.2.1", 60)]);
    behind.bindings(
        "u-ana".into(),
        vec![binding("sip:a@192.0.2.1", 60_000), binding("sip:b@192.0.2.1", 30)],
    );
    behind.bindings("u-stranger".into(), vec![binding("sip:x@192.0.2.1", 60_000)]);
    behind.cursor("g-sales".into(), "u-ana".into());
    behind.cursor("g-sales".into(), "u-cat".into());
    drop(recorder);
    writer.run().await;
    let stored = fresh.database.load_bindings(Millis(T0 + 1_000)).await.expect("bindings");
    assert_eq!(stored, [("u-ana".into(), binding("sip:a@192.0.2.1", 60_000))]);
    let cursors = fresh.database.load_cursors().await.expect("cursors");
    assert_eq!(cursors, [("g-sales".into(), "u-cat".into())]);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Record,
    Fold,
    Commit,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![3 => Just(Step::Record), 1 => Just(Step::Fold), 1 => Just(Step::Commit)];
    prop::collection::vec(step, 1..90)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// However recording, folding and committing interleave, and wherever the process dies:
    /// what was recorded becomes the same rows.
    #[test]
    fn any_interleaving_and_any_crash_give_the_same_rows(steps in steps(), queue in 1usize..9) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let fresh = Fresh::new().await;
            let inputs = [scripts::mixed("a"), scripts::mixed("b")].concat();
            let small = JournalOptions { segment_bytes: 2_500, ..JournalOptions::default() };
            let journal = journal(&fresh, small);
            let options = WriterOptions { queue_batches: queue, ..options(&fresh) };
            let (mut recorder, mut writer) = start(fresh.database.clone(), journal, options);
            let mut recorded = inputs.iter();
            for step in steps {
                match step {
                    Step::Record => {
                        if let Some(input) = recorded.next() {
                            recorder.record(input.clone()).expect("a write");
                        }
                    }
                    Step::Fold => writer.drain(),
                    Step::Commit => {
                        writer.commit().await;
                        writer.let_go().await;
                    }
                }
            }
            for input in recorded {
                recorder.record(input.clone()).expect("a write");
            }
            drop((writer, recorder));
            let (journal, rejected) = (fresh.journal(), fresh.rejected());
            recover(&fresh.database, &journal, &rejected, NODE, &fresh.directory)
                .await
                .expect("a recovery");
            same(&fresh, &inputs).await;
        });
    }
}

/// After every commit the database has the graph as it is then, and every invariant holds: nobody
/// sees half of a call that becomes part of another one.
#[tokio::test]
async fn two_calls_become_one_in_one_transaction() {
    let fresh = Fresh::new().await;
    let journal = journal(&fresh, JournalOptions::default());
    let (mut recorder, mut writer) = start(fresh.database.clone(), journal, options(&fresh));
    let mut graphs: BTreeMap<CallId, Option<CallGraph>> = BTreeMap::new();
    for input in handed_on::absorbed("c", 0) {
        for event in &input {
            apply(graphs.entry(event.call.clone()).or_default(), event);
        }
        recorder.record(input).expect("a write");
        writer.drain();
        writer.commit().await;
        for graph in graphs.values().flatten() {
            let found = fresh.database.call(&graph.call.id).await.expect("rows").expect("the call");
            let context = graph.context.clone();
            assert_eq!(CallGraph { context, ..found }, *graph);
        }
        assert_eq!(broken_invariants(&fresh.database).await, Vec::<String>::new());
    }
    let sql = "SELECT call_id FROM graph_outbox";
    let handed: Vec<String> =
        sqlx::query_scalar(sql).fetch_all(fresh.database.reader()).await.expect("rows");
    assert_eq!(handed, ["c"]);
}
