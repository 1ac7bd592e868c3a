//! The description and the routes are the same, and answers are as it says.

use std::collections::BTreeSet;

use axum::http::{Method, Request};
use jsonschema::Validator;
use serde_json::{Value, json};

use super::access::filled;
use super::{ADMIN, LIVE, Rig};
use crate::problem::Code;
use crate::router::routes;

fn document() -> Value {
    serde_json::from_str(&crate::description().expect("a document")).expect("JSON")
}

/// Method, address and description of every operation.
fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            all.push((method, path.clone(), operation.clone()));
        }
    }
    all
}

#[test]
fn what_is_routed_is_described_and_the_other_way_round() {
    let described: BTreeSet<String> = operations(&document())
        .into_iter()
        .map(|(method, path, _)| format!("{path} {method}"))
        .collect();
    let routed: Vec<String> =
        routes().iter().map(|route| format!("{} {}", route.path, route.method)).collect();
    assert_eq!(routed.len(), described.len(), "a route stands twice");
    assert_eq!(described, routed.into_iter().collect());
}

#[tokio::test]
async fn what_is_described_is_there() {
    let rig = Rig::new().await;
    for (method, path, _) in operations(&document()) {
        let filled = filled(&path);
        let at = format!("{method} {path}");
        if path != "/api/v1/events" {
            let answer = rig.ask(Request::builder().method(method).uri(&filled), "", "").await;
            assert!(
                ![404, 405].contains(&answer.status.as_u16()) || path.contains("{code}"),
                "{at}"
            );
        }
        let answer = rig.ask(Request::patch(&filled), "", "").await;
        assert_eq!(answer.short(), "405 method_not_allowed", "{at}");
    }
}

#[tokio::test]
async fn the_document_is_sent_without_a_key() {
    let rig = Rig::new().await;
    let answer = rig.get("", "/api/v1/openapi.json").await;
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.json(), document());
    assert_eq!(answer.json()["openapi"], "3.1.0");
}

#[test]
fn every_operation_has_a_name_of_its_own_and_says_what_it_is() {
    let document = document();
    let mut lines = Vec::new();
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let name = operation["operationId"].as_str().expect("a name").to_owned();
        assert!(names.insert(name.clone()), "{name} twice");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
        assert!(operation["security"].is_array(), "{name}");
        let tag = operation["tags"][0].as_str().expect("a tag");
        lines.push(format!("{method} {path} {name} ({tag})"));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if let (true, Some(target)) = (name == "$ref", value.as_str()) {
                    found.insert(target.to_owned());
                }
                references(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn what_is_referred_to_is_there() {
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 20);
    for target in found {
        let pointer = target.strip_prefix('#').expect("a reference within");
        assert!(document.pointer(pointer).is_some(), "{target}");
    }
}

/// What an address answers, by the document: a validator of a schema.
fn validator(document: &Value, schema: &Value) -> Validator {
    let mut schema = schema.clone();
    schema["components"] = document["components"].clone();
    jsonschema::draft202012::new(&schema).expect("a schema")
}

fn schema<'a>(operation: &'a Value, status: &str, kind: &str) -> &'a Value {
    &operation["responses"][status]["content"][kind]["schema"]
}

#[test]
fn every_example_is_what_its_schema_says() {
    let document = document();
    let mut checked = 0;
    let mut check = |at: String, content: &Value| {
        let Some(content) = content.as_object() else { return };
        for (kind, content) in content {
            if !kind.ends_with("json") || content["example"].is_null() {
                continue;
            }
            let validator = validator(&document, &content["schema"]);
            if let Err(error) = validator.validate(&content["example"]) {
                panic!("{at}: {error} at {}", error.instance_path());
            }
            checked += 1;
        }
    };
    for (method, path, operation) in operations(&document) {
        check(format!("{method} {path} body"), &operation["requestBody"]["content"]);
        for (status, response) in operation["responses"].as_object().expect("responses") {
            check(format!("{method} {path} {status}"), &response["content"]);
        }
    }
    assert!(checked > 150, "{checked}");
}

#[tokio::test]
async fn answers_are_what_their_schemas_say() {
    let rig = Rig::new().await;
    let document = document();
    let scenarios = ["call-s01", "call-s02", "call-s08", "call-s19", "call-s23", "call-none"];
    let mut checked = 0;
    for (method, path, operation) in operations(&document) {
        if method != Method::GET || path == "/api/v1/events" || path == "/metrics" {
            continue;
        }
        for id in scenarios {
            let at = path.replace("{id}", if path.contains("/users/") { "u-ana" } else { id });
            let answer = rig.get(ADMIN, &filled(&at)).await;
            let kind = answer.headers["content-type"].to_str().expect("text").to_owned();
            let status = answer.status.as_u16().to_string();
            assert!(operation["responses"][&status].is_object(), "{at}: {status}");
            if !kind.ends_with("json") {
                continue;
            }
            let validator = validator(&document, schema(&operation, &status, &kind));
            if let Err(error) = validator.validate(&answer.json()) {
                panic!("{at} {status}: {error} at {}\n{}", error.instance_path(), answer.text);
            }
            checked += 1;
        }
    }
    assert!(checked > 60, "{checked}");
}

#[tokio::test]
async fn orders_that_are_taken_are_described_and_so_are_their_answers() {
    let rig = Rig::new().await;
    let document = document();
    for (order, body) in super::orders::ORDERS {
        let operation = &document["paths"][format!("/api/v1/calls/{{id}}/{order}")]["post"];
        let content = &operation["requestBody"]["content"]["application/json"]["schema"];
        let sent: Value =
            serde_json::from_str(if body.is_empty() { "{}" } else { body }).expect("JSON");
        assert!(validator(&document, content).is_valid(&sent), "{order} {body}");
        for (call, status) in [(LIVE, "200"), ("call-state", "409"), ("call-never", "404")] {
            let answer = rig.post(ADMIN, &format!("/api/v1/calls/{call}/{order}"), body).await;
            assert_eq!(answer.status.as_str(), status);
            let kind = answer.headers["content-type"].to_str().expect("text");
            let validator = validator(&document, schema(operation, status, kind));
            assert!(validator.is_valid(&answer.json()), "{order}: {}", answer.text);
        }
    }
}

#[test]
fn every_code_of_a_problem_is_one_that_some_operation_may_answer() {
    let text = crate::description().expect("a document");
    for code in Code::ALL {
        // These are said of addresses and methods that are not described.
        if matches!(code, Code::MethodNotAllowed | Code::NoKey) {
            continue;
        }
        assert!(text.contains(&format!("`{}`: ", code.as_str())), "{}", code.as_str());
    }
}

#[test]
fn the_key_is_a_security_scheme() {
    let document = document();
    let scheme = &document["components"]["securitySchemes"]["key"];
    assert_eq!(
        (scheme["type"].clone(), scheme["scheme"].clone()),
        (json!("http"), json!("bearer"))
    );
}
