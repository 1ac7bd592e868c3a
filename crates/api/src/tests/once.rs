//! `Idempotency-Key`: what is repeated is done once.

use axum::http::Request;

use super::{ADMIN, Answer, LIVE, Rig};

async fn hold(rig: &Rig, key: &str, once: &str, body: &str) -> Answer {
    let request = Request::post(format!("/api/v1/calls/{LIVE}/hold"));
    rig.ask(request.header("Idempotency-Key", once), key, body).await
}

const ANA: &str = r#"{"user":"u-ana"}"#;

fn told(rig: &Rig) -> usize {
    rig.told.lock().expect("nobody panicked").len()
}

#[tokio::test]
async fn a_repetition_gets_the_first_answer_and_another_request_none() {
    let rig = Rig::new().await;
    let first = hold(&rig, ADMIN, "k-1", ANA).await;
    assert_eq!(first.short(), "200");
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let again = hold(&rig, ADMIN, "k-1", ANA).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.headers["content-type"], "application/json");
    let other = hold(&rig, ADMIN, "k-1", r#"{"user":"u-ben"}"#).await;
    assert_eq!(other.short(), "422 idempotency_mismatch");
    let elsewhere = Request::post(format!("/api/v1/calls/{LIVE}/resume"));
    let elsewhere = rig.ask(elsewhere.header("Idempotency-Key", "k-1"), ADMIN, ANA).await;
    assert_eq!(elsewhere.short(), "422 idempotency_mismatch");
    assert_eq!(told(&rig), 1);
    // Another key's requests are others.
    let ana = rig.key_of("u-ana").await;
    assert!(!hold(&rig, &ana, "k-1", ANA).await.headers.contains_key("idempotency-replayed"));
    assert_eq!(told(&rig), 2);
}

#[tokio::test]
async fn a_refusal_is_repeated_too_and_so_is_where_a_new_thing_is() {
    let rig = Rig::new().await;
    let ask = |path: &'static str, body: &'static str| {
        let rig = &rig;
        async move {
            let request = Request::post(path).header("Idempotency-Key", path);
            rig.ask(request, ADMIN, body).await
        }
    };
    for (path, body) in [
        ("/api/v1/calls/call-state/hold", ANA),
        ("/api/v1/calls/call-live/park", "{"),
        ("/api/v1/calls", r#"{"user":"u-ana","to":"ben"}"#),
    ] {
        let (first, again) = (ask(path, body).await, ask(path, body).await);
        assert_eq!((first.status, &first.text), (again.status, &again.text));
        assert_eq!(first.headers["content-type"], again.headers["content-type"]);
        assert_eq!(first.headers.get("location"), again.headers.get("location"));
        assert_eq!(again.headers["idempotency-replayed"], "true");
    }
    assert_eq!(told(&rig), 2);
}

#[tokio::test]
async fn what_a_key_is_is_not_kept_with_the_answer() {
    let rig = Rig::new().await;
    let ask = || {
        let request = Request::post("/api/v1/keys").header("Idempotency-Key", "make");
        rig.ask(request, ADMIN, r#"{"name":"ops","scope":"admin"}"#)
    };
    let (first, again) = (ask().await, ask().await);
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
    assert!(first.json()["key"].is_string() && again.json()["key"].is_null(), "{}", again.text);
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(rig.get(ADMIN, "/api/v1/keys").await.json().as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_one_is_carried_out() {
    let rig = std::sync::Arc::new(Rig::new().await);
    for round in 0..10 {
        let before = told(&rig);
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (rig, once) = (rig.clone(), format!("round-{round}"));
            asking.spawn(async move { hold(&rig, ADMIN, &once, ANA).await });
        }
        let mut first = 0;
        while let Some(answer) = asking.join_next().await {
            let answer = answer.expect("an answer");
            let replayed = answer.headers.contains_key("idempotency-replayed");
            match answer.short().as_str() {
                "200" if !replayed => first += 1,
                "200" | "409 idempotency_in_progress" => {}
                other => panic!("{other}: {}", answer.text),
            }
        }
        assert_eq!((first, told(&rig) - before), (1, 1));
    }
}

#[tokio::test]
async fn what_was_begun_is_finished_though_nobody_waits_for_it() {
    let rig = Rig::new().await;
    {
        let asking = hold(&rig, ADMIN, "gone", ANA);
        tokio::pin!(asking);
        // Until the core has been told; then whoever asked goes away.
        let told = async {
            while told(&rig) == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = told => {}
            _ = &mut asking => {}
        }
    }
    loop {
        let again = hold(&rig, ADMIN, "gone", ANA).await;
        if again.short() == "409 idempotency_in_progress" {
            tokio::task::yield_now().await;
            continue;
        }
        assert_eq!(again.short(), "200");
        break;
    }
    assert_eq!(told(&rig), 1);
}

#[tokio::test]
async fn what_was_not_done_may_be_tried_again() {
    let mut rig = Rig::new().await;
    let (commands, _asked) = tokio::sync::mpsc::channel(1);
    let busy = std::mem::replace(&mut rig.api.core.commands, commands);
    // The rig's router has the first core still: this is another one, without a core.
    let (_stop, stopping) = tokio::sync::watch::channel(());
    drop(_asked);
    let app = crate::router::App::new(rig.api.clone(), stopping);
    let router = std::mem::replace(
        &mut rig.router,
        hyper_util::service::TowerToHyperService::new(crate::router::router(app)),
    );
    assert_eq!(hold(&rig, ADMIN, "again", ANA).await.short(), "503 busy");
    rig.router = router;
    assert_eq!(hold(&rig, ADMIN, "again", ANA).await.short(), "200");
    drop(busy);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let rig = Rig::new().await;
    for once in ["", "two words", &"x".repeat(256)] {
        assert_eq!(hold(&rig, ADMIN, once, ANA).await.short(), "422 invalid Idempotency-Key");
    }
    assert_eq!(told(&rig), 0);
}
