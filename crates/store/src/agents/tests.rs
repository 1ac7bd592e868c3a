//! What the floor is told at the start is what the log and the calls say.

use model::call_graph::CallGraph;

use super::*;
use crate::media_rows::MediaRow;
use crate::rows::RowBatch;
use crate::testing::{Fresh, T0, scripts};
use crate::{Commit, Repository};

fn change(user: &str, at: i64, availability: Availability, reason: Option<&str>) -> AgentChange {
    AgentChange {
        user: user.into(),
        at: Millis(T0 + at),
        state: match availability {
            Availability::Available => AgentState::Available,
            Availability::Busy | Availability::Away | Availability::Offline => AgentState::Away,
        },
        availability,
        reason: reason.map(Arc::from),
        source: ChangeSource::Phone,
    }
}

async fn log(fresh: &Fresh, changes: &[AgentChange]) {
    let media: Vec<MediaRow> =
        changes.iter().map(|change| MediaRow::Agent(Box::new(change.clone()))).collect();
    let commit = Commit { media: &media, ..Commit::default() };
    fresh.database.commit(&commit).await.expect("a commit");
}

async fn calls(fresh: &Fresh) {
    let graphs: Vec<CallGraph> = scripts::all("c")
        .iter()
        .take(6)
        .filter_map(|script| {
            let mut graph = None;
            for event in script.iter().flatten() {
                model::call_graph::apply(&mut graph, event);
            }
            graph
        })
        .collect();
    let mut rows = RowBatch::default();
    graphs.iter().for_each(|graph| rows.add_graph(graph));
    fresh.database.commit(&Commit { rows, ..Commit::default() }).await.expect("a commit");
}

#[tokio::test]
async fn the_log_is_kept_and_the_availability_follows() {
    let fresh = Fresh::new().await;
    let away = change("u-ana", 2, Availability::Away, Some("lunch"));
    let back = change("u-ben", 9, Availability::Available, None);
    let stranger = change("u-nobody", 3, Availability::Away, None);
    // One whom the directory does not have stands in nobody's way.
    log(&fresh, &[change("u-ben", 1, Availability::Busy, Some("3")), away, stranger, back]).await;
    let kept = fresh.database.availabilities().await.expect("availabilities");
    assert_eq!(kept.len(), 8);
    let of = |user: &str| kept.iter().find(|kept| kept.user.as_str() == user).cloned();
    let ana = of("u-ana").expect("ana");
    assert_eq!((ana.availability, ana.reason.as_deref()), (Availability::Away, Some("lunch")));
    assert_eq!(ana.since, Some(Millis(T0 + 2)));
    assert_eq!(of("u-ben").map(|ben| ben.availability), Some(Availability::Available));
    assert_eq!(of("u-cat").and_then(|cat| cat.since), None);
    let directory = fresh.database.load_directory("tandem.test").await.expect("the directory");
    let ana = directory.user(&"u-ana".into()).expect("ana");
    assert_eq!(ana.availability, Availability::Away);
    let lines = fresh.database.agent_log(Some(&"u-ben".into()), Millis(T0), 9).await;
    let lines = lines.expect("lines");
    assert_eq!(lines.iter().map(|line| line.at.0 - T0).collect::<Vec<_>>(), [9, 1]);
    assert_eq!(fresh.database.agent_log(None, Millis(T0 + 2), 9).await.expect("lines").len(), 3);
}

#[tokio::test]
async fn a_reason_is_forgotten_when_the_availability_was_changed_elsewhere() {
    let fresh = Fresh::new().await;
    log(&fresh, &[change("u-ana", 2, Availability::Away, Some("lunch"))]).await;
    let mut transaction = fresh.database.begin().await.expect("a transaction");
    let sql = "UPDATE app_user SET availability = 'available'";
    sqlx::query(sql).execute(&mut *transaction).await.expect("an update");
    transaction.commit().await.expect("a commit");
    let kept = fresh.database.availabilities().await.expect("availabilities");
    assert!(kept.iter().all(|kept| kept.reason.is_none() && kept.since.is_none()));
}

#[tokio::test]
async fn today_counts_calls_of_groups_from_midnight_and_knows_when_the_last_call_ended() {
    let fresh = Fresh::new().await;
    calls(&fresh).await;
    let of = |today: &[AgentToday], user: &str| {
        let of = today.iter().find(|agent| agent.user.as_str() == user).expect("an agent");
        (of.answered, of.talked_ms, of.last_ended.map(|at| at.0 - T0))
    };
    let today = fresh.database.agents_today(Millis(T0)).await.expect("agents");
    // Ben answered a simulring (9 s to 60 s) and a waiting caller (25 s to 60 s).
    assert_eq!(of(&today, "u-ben"), (2, 51_000 + 35_000, Some(63_500)));
    // Ana's own calls are not the group's.
    assert_eq!(of(&today, "u-ana").0, 0);
    assert_eq!(of(&today, "u-ana").2, Some(66_000));
    // Midnight strikes while Ben talks.
    let later = fresh.database.agents_today(Millis(T0 + 30_000)).await.expect("agents");
    assert_eq!(of(&later, "u-ben"), (0, 30_700 + 33_500, Some(63_500)));
    let tomorrow = fresh.database.agents_today(Millis(T0 + 90_000)).await.expect("agents");
    assert_eq!(tomorrow, []);
}

#[tokio::test]
async fn the_last_agent_of_a_caller_is_who_talked_with_him_in_the_newest_call() {
    let fresh = Fresh::new().await;
    calls(&fresh).await;
    let carl = E164::parse("+15557770001").expect("a number");
    let agents = fresh.database.last_agents(50_000).await.expect("agents");
    assert_eq!(agents, [(carl, UserId::from("u-ben"))]);
    assert_eq!(fresh.database.last_agents(0).await.expect("agents"), []);
}

#[test]
fn a_day_of_ringing_leaves_no_line_and_every_other_change_one() {
    let mut log = Log::default();
    let mut written = Vec::new();
    let mut at = 0;
    let states = [
        AgentState::Available,
        AgentState::Ringing,
        AgentState::Available,
        AgentState::Ringing,
        AgentState::OnCall,
        AgentState::WrapUp,
        AgentState::Available,
    ];
    for state in states {
        at += 1;
        let change = AgentChange { state, ..change("u-ana", at, Availability::Available, None) };
        if log.takes(&change) {
            written.push((at, state.as_str()));
        }
    }
    assert_eq!(written, [(1, "available"), (5, "on_call"), (6, "wrap_up"), (7, "available")]);
    let away = |reason| change("u-ana", 9, Availability::Away, Some(reason));
    assert!(log.takes(&away("1")) && !log.takes(&away("1")) && log.takes(&away("2")));
    assert!(log.takes(&change("u-ben", 9, Availability::Away, Some("2"))));
}
