//! Orders: each body becomes the command that it says, and the core's answer comes back.

use super::{ADMIN, LIVE, Rig};

/// Every order with a body that it takes.
pub(super) const ORDERS: [(&str, &str); 25] = [
    ("answer", r#"{"user":"u-ana"}"#),
    ("hang-up", ""),
    ("hang-up", "{}"),
    ("hold", r#"{"user":"u-ana"}"#),
    ("resume", r#"{"user":"u-ana"}"#),
    ("transfer", r#"{"user":"u-ana","to":{"user":"u-ben"}}"#),
    ("transfer", r#"{"user":"u-ana","to":{"ivr":"ivr-sales"}}"#),
    ("consult", r#"{"user":"u-ana","to":{"group":"g-sales"}}"#),
    ("complete", r#"{"user":"u-ana"}"#),
    ("abandon", r#"{"user":"u-ana"}"#),
    ("swap", r#"{"user":"u-ana"}"#),
    ("merge", r#"{"user":"u-ana"}"#),
    ("add", r#"{"user":"u-ana","to":{"number":"(555) 777-0002"}}"#),
    ("remove", r#"{"member":{"leg":"c2"}}"#),
    ("mute", r#"{"member":{"leg":"anchor"}}"#),
    ("unmute", r#"{"member":{"user":"u-ana"}}"#),
    ("digits", r##"{"member":{"leg":"anchor"},"digits":"12*#A"}"##),
    ("play", r#"{"sound":"tone:beep"}"#),
    ("play", r#"{"sound":"Hello","member":{"leg":"anchor"}}"#),
    ("stop-play", ""),
    ("record", r#"{"action":"pause"}"#),
    ("park", r#"{"user":"u-ana"}"#),
    ("park", r#"{"user":"u-ana","slot":"72"}"#),
    ("move", r#"{"user":"u-ana","device":"mobile"}"#),
    ("supervise", r#"{"user":"u-own","of":"u-ana","how":"whisper"}"#),
];

#[tokio::test]
async fn each_order_becomes_the_command_that_it_says() {
    let rig = Rig::new().await;
    for (order, body) in ORDERS {
        let path = format!("/api/v1/calls/{LIVE}/{order}");
        let answer = rig.post(ADMIN, &path, body).await;
        assert_eq!(answer.short(), "200", "{order}: {}", answer.text);
        assert_eq!(answer.json()["state"], "talking");
    }
    let told = rig.told.lock().expect("nobody panicked").join("\n");
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn the_answer_is_how_the_call_stands() {
    let rig = Rig::new().await;
    let answer = rig.post(ADMIN, "/api/v1/calls/call-live/swap", r#"{"user":"u-ana"}"#).await;
    insta::assert_snapshot!(answer.text);
}

#[tokio::test]
async fn a_refusal_says_why_and_how_the_call_stands() {
    let rig = Rig::new().await;
    let mut said = Vec::new();
    for call in [
        "call-state",
        "call-stranger",
        "call-full",
        "call-nobody",
        "call-foreign",
        "call-never",
        "call-s01",
        "call-lost",
    ] {
        let answer = rig.post(ADMIN, &format!("/api/v1/calls/{call}/hang-up"), "").await;
        let stands = answer.json()["call"]["state"].clone();
        said.push(format!("{call}: {} {stands}", answer.short()));
    }
    insta::assert_snapshot!(said.join("\n"));
}

#[tokio::test]
async fn a_user_orders_for_himself_and_is_named_by_his_key() {
    let rig = Rig::new().await;
    let ana = rig.key_of("u-ana").await;
    let hold = "/api/v1/calls/call-live/hold";
    assert_eq!(rig.post(&ana, hold, "").await.short(), "200");
    assert_eq!(rig.post(&ana, hold, r#"{"user":"u-ana"}"#).await.short(), "200");
    assert_eq!(rig.post(&ana, hold, r#"{"user":"u-ben"}"#).await.short(), "403 forbidden");
    assert_eq!(rig.post(ADMIN, hold, "").await.short(), "422 invalid user");
    // A call of others that is over is none that he is told of.
    assert_eq!(rig.post(&ana, "/api/v1/calls/call-s01/hold", "").await.short(), "409 call_over");
    let cat = rig.key_of("u-cat").await;
    let hold = "/api/v1/calls/call-s01/hold";
    assert_eq!(rig.post(&cat, hold, "").await.short(), "404 no_such_call");
    let told = rig.told.lock().expect("nobody panicked").join("\n");
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn a_refusal_tells_nobody_how_a_call_of_others_stands() {
    let rig = Rig::new().await;
    let (ana, cat) = (rig.key_of("u-ana").await, rig.key_of("u-cat").await);
    for call in ["call-state", "call-stranger", "call-full", "call-nobody", "call-foreign"] {
        let hang_up = format!("/api/v1/calls/{call}/hang-up");
        let his = rig.post(&ana, &hang_up, "").await;
        let others = rig.post(&cat, &hang_up, "").await;
        assert_eq!(his.short(), others.short());
        assert_eq!(his.json()["call"].is_object(), call != "call-foreign", "{call}");
        assert!(others.json()["call"].is_null(), "{call}");
    }
}

#[tokio::test]
async fn a_call_that_never_was_is_not_said_to_be_over() {
    let rig = Rig::new().await;
    let answer = rig.post(ADMIN, "/api/v1/calls/call-never/hang-up", "").await;
    assert_eq!(answer.short(), "404 no_such_call");
    assert!(answer.json()["detail"].is_null());
}

#[tokio::test]
async fn a_body_that_cannot_be_used_is_refused_by_its_field() {
    let rig = Rig::new().await;
    let mut said = Vec::new();
    for (order, body) in [
        ("transfer", r#"{"user":"u-ana"}"#),
        ("transfer", r#"{"user":"u-ana","to":"u-ben"}"#),
        ("transfer", r#"{"user":"u-ana","to":{"usr":"u-ben"}}"#),
        ("transfer", r#"{"user":"u-ana","to":{"user":""}}"#),
        ("transfer", r#"{"user":" ","to":{"user":"u-ben"}}"#),
        ("transfer", r#"{"user":"u-ana","to":{"user":"u-ben","group":"g-sales"}}"#),
        ("consult", r#"{"user":"u-ana","to":{"ivr":"ivr-sales"}}"#),
        ("add", r#"{"user":"u-ana","to":{"number":"two\nlines"}}"#),
        ("remove", r#"{"member":{"leg":"c0"}}"#),
        ("digits", r#"{"member":{"leg":"c1"},"digits":"12x"}"#),
        ("digits", r#"{"member":{"leg":"c1"},"digits":""}"#),
        ("play", r#"{"sound":7}"#),
        ("record", r#"{"action":"begin"}"#),
        ("park", r#"{"user":"u-ana","slot":"park"}"#),
        ("supervise", r#"{"user":"u-own","of":"u-ana","how":"listn"}"#),
        ("hang-up", r#"{"all":true}"#),
        ("hang-up", "[]"),
        ("hang-up", "{"),
        ("hang-up", "null"),
    ] {
        let answer = rig.post(ADMIN, &format!("/api/v1/calls/{LIVE}/{order}"), body).await;
        let remedy = answer.json()["remedy"].clone();
        said.push(format!("{order} {body}\n  {} {remedy}", answer.short()));
    }
    assert!(rig.told.lock().expect("nobody panicked").is_empty());
    insta::assert_snapshot!(said.join("\n"));
}

#[tokio::test]
async fn a_call_is_made_for_a_user() {
    let rig = Rig::new().await;
    let ana = rig.key_of("u-ana").await;
    let mut said = Vec::new();
    for (key, body) in [
        (&*ana, r#"{"to":"+15557770001"}"#),
        (&*ana, r#"{"user":"u-ben","to":"+15557770001"}"#),
        (ADMIN, r#"{"user":"u-ben","to":"ana","device":"desk","caller_id":"+1 555 010 0001"}"#),
        (ADMIN, r#"{"user":"u-ben","to":"ana","caller_id":"5550100001"}"#),
        (ADMIN, r#"{"to":"ana"}"#),
        (ADMIN, r#"{"user":"u-cat","to":"ana"}"#),
    ] {
        let answer = rig.post(key, "/api/v1/calls", body).await;
        let location = answer.headers.get("location").map_or("", |at| at.to_str().expect("text"));
        said.push(format!("{} {location}", answer.short()));
    }
    said.extend(rig.told.lock().expect("nobody panicked").drain(..));
    insta::assert_snapshot!(said.join("\n"));
}
