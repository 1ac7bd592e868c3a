//! Reading calls: pages, filters, and rows as the records have them.

use axum::http::Request;
use model::Millis;
use serde_json::Value;

use super::{ADMIN, Rig, graph, read, seed};

#[tokio::test]
async fn the_rows_of_a_call_are_those_of_its_graph() {
    let rig = Rig::new().await;
    let file: Value = read("S08.json");
    let graph = &file["graph"];
    for (member, path) in [
        ("call", ""),
        ("connections", "/connections"),
        ("attempts", "/attempts"),
        ("participants", "/participants"),
        ("interactions", "/interactions"),
        ("quality_events", "/quality-events"),
    ] {
        let answer = rig.get(ADMIN, &format!("/api/v1/calls/call-s08{path}")).await;
        assert_eq!(answer.short(), "200", "{path}");
        let told = answer.json();
        let rows = |value: &Value| value.as_array().cloned().unwrap_or(vec![value.clone()]);
        let (told, kept) = (rows(&told), rows(&graph[member]));
        assert_eq!(told.len(), kept.len(), "{path}");
        for (told, kept) in told.iter().zip(&kept) {
            for (column, value) in kept.as_object().expect("a row") {
                assert_eq!(&told[column], value, "{path} {column}");
            }
        }
    }
}

#[tokio::test]
async fn the_graph_is_the_document_of_the_hand_off() {
    let rig = Rig::new().await;
    let told = rig.get(ADMIN, "/api/v1/calls/call-s08/graph").await.json();
    let file: Value = read("S08.json");
    for member in ["schema", "call_id", "revision", "call", "connections", "interactions"] {
        assert_eq!(told[member], file["graph"][member], "{member}");
    }
}

#[tokio::test]
async fn the_timeline_has_a_lane_for_everybody() {
    let rig = Rig::new().await;
    let told = rig.get(ADMIN, "/api/v1/calls/call-s08/timeline").await.json();
    let mut lines = Vec::new();
    for lane in told["lanes"].as_array().expect("lanes") {
        let spans = lane["spans"].as_array().expect("spans").iter();
        let spans: Vec<String> = spans
            .map(|span| {
                let time = |name: &str| span[name].as_str().map_or("", |at| &at[14..22]).to_owned();
                format!("{} {}-{}", span["kind"].as_str().unwrap_or(""), time("from"), time("to"))
            })
            .collect();
        let rung = lane["attempts"].as_array().map_or(0, Vec::len);
        lines.push(format!("{} {} {rung}: {}", lane["key"], lane["name"], spans.join(", ")));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn a_user_sees_the_calls_in_which_he_was() {
    let rig = Rig::new().await;
    let mut said = Vec::new();
    for user in ["u-ana", "u-ben", "u-cat", "u-own"] {
        let key = rig.key_of(user).await;
        let list = rig.get(&key, "/api/v1/calls").await.json();
        let ids: Vec<&str> = list["items"]
            .as_array()
            .expect("items")
            .iter()
            .filter_map(|c| c["id"].as_str())
            .collect();
        let mut ids = ids;
        ids.sort_unstable();
        for call in ["call-s01", "call-s02", "call-s08", "call-s19", "call-s23"] {
            let listed = ids.contains(&call);
            for path in ["", "/connections", "/timeline", "/graph", "/decisions"] {
                let answer = rig.get(&key, &format!("/api/v1/calls/{call}{path}")).await;
                let expected = if listed { "200" } else { "404 no_such_call" };
                assert_eq!(answer.short(), expected, "{user} {call}{path}");
            }
        }
        said.push(format!("{user}: {}", ids.join(" ")));
    }
    insta::assert_snapshot!(said.join("\n"));
}

#[tokio::test]
async fn pages_join_without_a_gap_or_a_repetition_and_know_the_next() {
    let rig = Rig::new().await;
    let mut one = graph("S01");
    for n in 0..7 {
        one.call.id = format!("call-{n}").into();
        // Two begin at the same time.
        one.call.initiated_at = Millis(1_000_000 + n / 2);
        let mut rows = model::call_graph::CallGraph { connections: Vec::new(), ..one.clone() };
        rows.attempts.clear();
        rows.participants.clear();
        rows.interactions.clear();
        rows.quality_events.clear();
        seed(&rig.api.database, &rows).await;
    }
    let mut path = "/api/v1/calls?limit=3&to=1970-01-02T00:00:00.000Z&direction=inbound".to_owned();
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let answer = rig.get(ADMIN, &path).await;
        assert_eq!(answer.short(), "200", "{}", answer.text);
        let page = answer.json();
        let items = page["items"].as_array().expect("items");
        seen.extend(items.iter().map(|call| call["id"].as_str().expect("an id").to_owned()));
        pages += 1;
        let Some(link) = answer.headers.get("link") else {
            assert!(page["next_cursor"].is_null());
            break;
        };
        let link = link.to_str().expect("text");
        assert!(link.contains(page["next_cursor"].as_str().expect("a cursor")), "{link}");
        path = link.trim_start_matches('<').split('>').next().expect("an address").to_owned();
    }
    assert_eq!(pages, 3);
    assert_eq!(seen.join(" "), "call-6 call-5 call-4 call-3 call-2 call-1 call-0");
}

#[tokio::test]
async fn filters_narrow_and_wrong_ones_are_refused() {
    let rig = Rig::new().await;
    let mut said = Vec::new();
    for query in [
        "",
        "direction=internal",
        "outcome=missed",
        "user_id=u-dan",
        "number_id=n-sales",
        "number=%2B15557770001&outcome=answered",
        "live=true",
        "from=0&to=1",
        "direction=up",
        "from=yesterday",
        "limit=0",
        "limit=many",
        "cursor=zz",
        "colour=red",
        "live=perhaps",
    ] {
        let answer = rig.get(ADMIN, &format!("/api/v1/calls?{query}")).await;
        let list = answer.json();
        let mut ids: Vec<&str> = list["items"]
            .as_array()
            .map(|items| items.iter().filter_map(|call| call["id"].as_str()).collect())
            .unwrap_or_default();
        ids.sort_unstable();
        said.push(format!("{query}: {} {}", answer.short(), ids.join(" ")));
    }
    insta::assert_snapshot!(said.join("\n"));
}

#[tokio::test]
async fn wrong_addresses_types_and_sizes_are_problem_documents() {
    let rig = Rig::new().await;
    let put = || Request::put("/api/v1/users/u-ana/availability");
    let large = format!(r#"{{"availability":"away","reason":"{}"}}"#, "x".repeat(70_000));
    let html = put().header("content-type", "text/html").header("authorization", bearer());
    let html = html.body(axum::body::Body::from("<p>away</p>")).expect("a request");
    let mut said = Vec::new();
    for answer in [
        rig.get(ADMIN, "/api/v1/nothing").await,
        rig.get("", "/nothing").await,
        rig.ask(Request::patch("/api/v1/calls"), ADMIN, "").await,
        rig.get(ADMIN, "/api/v1/calls/%ff").await,
        rig.get(ADMIN, "/api/v1/calls/call-never").await,
        rig.ask(put(), ADMIN, &large).await,
        rig.ask(put().header("Idempotency-Key", "1"), ADMIN, &large).await,
        rig.send(html).await,
        rig.ask(put(), ADMIN, "{").await,
        rig.ask(put(), ADMIN, r#"{"availability":"asleep"}"#).await,
        rig.get("", "/api/v1/problems/nothing").await,
    ] {
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{}", answer.text);
        let problem = answer.json();
        assert_eq!(problem["status"], answer.status.as_u16());
        assert!(problem["remedy"].as_str().is_some_and(|text| !text.is_empty()));
        let kind = problem["type"].as_str().expect("a type");
        assert_eq!(rig.get("", kind).await.short(), "200", "{kind}");
        said.push(answer.short());
    }
    insta::assert_snapshot!(said.join("\n"));
}

fn bearer() -> String {
    format!("Bearer {ADMIN}")
}
