//! Whatever is sent, no answer is a failure of ours.

use axum::body::Body;
use axum::http::Request;
use proptest::prelude::*;
use serde_json::Value;

use super::access::filled;
use super::{ADMIN, LIVE, Rig};
use crate::router::routes;

/// Any JSON, with the names and values that orders know among others.
fn json() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("u-ana".to_owned()),
        Just("anchor".to_owned()),
        Just("c1".to_owned()),
        Just("admin".to_owned()),
        Just("listen".to_owned()),
        "\\PC{0,20}",
        ".{0,300}",
    ];
    let name = prop_oneof![
        Just("user".to_owned()),
        Just("to".to_owned()),
        Just("member".to_owned()),
        Just("leg".to_owned()),
        Just("group".to_owned()),
        Just("number".to_owned()),
        Just("digits".to_owned()),
        Just("sound".to_owned()),
        Just("action".to_owned()),
        Just("slot".to_owned()),
        Just("device".to_owned()),
        Just("of".to_owned()),
        Just("how".to_owned()),
        Just("name".to_owned()),
        Just("scope".to_owned()),
        Just("availability".to_owned()),
        Just("reason".to_owned()),
        Just("caller_id".to_owned()),
        ".{0,8}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A body: mostly JSON, sometimes cut off or mere bytes.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let text = || json().prop_map(|value| value.to_string().into_bytes());
    prop_oneof![
        8 => text(),
        1 => (text(), any::<prop::sample::Index>())
            .prop_map(|(text, at)| text[..at.index(text.len() + 1)].to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..64),
    ]
}

#[test]
fn no_body_and_no_query_makes_a_write_fail_on_our_side() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let rig = runtime.block_on(Rig::new());
    let writes: Vec<_> = routes().into_iter().filter(|route| route.writes).collect();
    let config = ProptestConfig { cases: 96, ..ProptestConfig::default() };
    proptest!(config, |(body in body(), query in "[ -~]{0,24}", id in "[!-~]{1,12}")| {
        for route in &writes {
            let id = id.replace(['/', '?', '#', '%'], "_");
            let call = if id.len() % 2 == 0 { LIVE } else { &id };
            let path = filled(&route.path.replace("{id}", call));
            let query: String = query.bytes().filter(|byte| !b" #\"<>".contains(byte))
                .map(char::from).collect();
            let request = Request::builder()
                .method(route.method.clone())
                .uri(format!("{path}?{query}"))
                .header("authorization", format!("Bearer {ADMIN}"))
                .header("content-type", "application/json");
            let Ok(request) = request.body(Body::from(body.clone())) else { continue };
            let answer = runtime.block_on(rig.send(request));
            prop_assert!(
                answer.status.as_u16() < 500,
                "{} {path}: {}", route.method, answer.text
            );
        }
    });
}

#[test]
fn no_query_makes_a_read_fail_on_our_side() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let rig = runtime.block_on(Rig::new());
    let names = "(from|to|user_id|number_id|number|direction|outcome|live|cursor|limit|since|user)";
    let query = format!("({names}=[!$-;A-~]{{0,12}}&){{0,3}}");
    let config = ProptestConfig { cases: 64, ..ProptestConfig::default() };
    proptest!(config, |(query in &*query)| {
        for path in ["/api/v1/calls", "/api/v1/agent-log", "/api/v1/reply-calls"] {
            let request = Request::get(format!("{path}?{query}"))
                .header("authorization", format!("Bearer {ADMIN}"));
            let Ok(request) = request.body(Body::empty()) else { continue };
            let answer = runtime.block_on(rig.send(request));
            prop_assert!(answer.status.as_u16() < 500, "{path}?{query}: {}", answer.text);
        }
    });
}
