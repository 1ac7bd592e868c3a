//! Every oracle graph passes; every document that the JSON Schema refuses is refused; each
//! T-invariant is broken once and found by its name.

use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data")
}

/// `graph` of every scenario, by name of its file.
fn oracle() -> Vec<(String, Value)> {
    let mut graphs = Vec::new();
    for entry in std::fs::read_dir(data().join("oracle")).expect("tests/data/oracle") {
        let path = entry.expect("a directory entry").path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with('S') {
            let text = std::fs::read_to_string(&path).expect("a scenario");
            let file: Value = serde_json::from_str(&text).expect("JSON");
            graphs.push((name, file["graph"].clone()));
        }
    }
    graphs.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(graphs.len(), 21);
    graphs
}

fn scenario(name: &str) -> Value {
    let found = oracle().into_iter().find(|(file, _)| file == &format!("{name}.json"));
    found.expect("a scenario of this name").1
}

fn json_schema() -> jsonschema::Validator {
    let path = data().join("oracle/finished_call_graph.schema.json");
    let text = std::fs::read_to_string(path).expect("the schema");
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).expect("a valid schema")
}

fn rules(document: &Value) -> Vec<&'static str> {
    match read(&document.to_string()) {
        Ok(_) => Vec::new(),
        Err(Refused::Invalid(violations)) => {
            let mut rules: Vec<_> = violations.iter().map(|found| found.rule).collect();
            rules.dedup();
            rules
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_scenario_passes_and_is_written_back_as_it_was() {
    for (name, document) in oracle() {
        let graph =
            read(&document.to_string()).unwrap_or_else(|refused| panic!("{name}: {refused}"));
        check_emission(&graph).unwrap_or_else(|found| panic!("{name}: {}", list(&found)));
        assert_eq!(serde_json::to_value(&graph).unwrap(), document, "{name}");
    }
}

#[test]
fn an_unknown_version_is_refused_for_its_version() {
    let mut document = scenario("S01");
    document["schema"] = json!("finished_call_graph/2");
    document["news"] = json!([]);
    let refused = read(&document.to_string()).unwrap_err();
    insta::assert_snapshot!(
        refused,
        @"schema `finished_call_graph/2` is not finished_call_graph/1"
    );
}

#[test]
fn a_violation_names_row_rule_and_demand() {
    let mut document = scenario("S01");
    document["connections"][0]["ended_at"] = json!("2026-01-05T11:00:00.000Z");
    insta::assert_snapshot!(
        read(&document.to_string()).unwrap_err(),
        @"call-s01-c1 (T08): a connection nests in its call"
    );
}

/// Breaks one thing in a scenario; the first rule that names it.
#[test]
fn each_invariant_is_found_by_its_name() {
    type Break = fn(&mut Value);
    let cases: &[(&str, &str, Break)] = &[
        ("T01", "S01", |g| g["connections"][0]["end_reason"] = Value::Null),
        ("T02", "S02", |g| g["attempts"][0]["outcome"] = Value::Null),
        ("T03", "S01", |g| g["quality_events"][0]["clear_reason"] = Value::Null),
        ("T04", "S03", |g| g["attempts"][1]["outcome"] = json!("no_answer")),
        ("T05", "S02", |g| g["attempts"][0]["outcome"] = json!("answered")),
        ("T06", "S11", |g| {
            let mut attempt = scenario("S01")["attempts"][0].clone();
            attempt["call_id"] = json!("call-s11");
            attempt["connection_id"] = json!("call-s11-c1");
            attempt["outcome"] = json!("no_answer");
            g["attempts"].as_array_mut().unwrap().push(attempt);
        }),
        ("T07", "S02B", |g| g["attempts"] = json!([])),
        ("T08", "S03", |g| g["attempts"][0]["started_at"] = json!("2026-01-05T10:00:01.000Z")),
        ("T09", "S03", |g| g["attempts"][1]["user_id"] = json!("u-eve")),
        ("T10", "S04", |g| g["attempts"][1]["started_at"] = json!("2026-01-05T10:00:10.000Z")),
        ("T11", "S03", |g| {
            g["interactions"].as_array_mut().unwrap().remove(4);
        }),
        ("T12", "S02", |g| g["interactions"][2]["kind"] = json!("hold")),
        ("T13", "S05", |g| g["interactions"][4]["ivr_id"] = json!("ivr-s1")),
        ("T14", "S01", |g| g["call"]["outcome"] = json!("missed")),
        ("T15", "S07", |g| {
            g["participants"].as_array_mut().unwrap().pop();
        }),
        ("T16", "S07", |g| g["participants"][2]["ordinal"] = json!(4)),
        ("T17", "S01", |g| g["call"]["missed_call_owner_user_id"] = json!("u-ana")),
        ("T18", "S07", |g| g["connections"][1]["transfer_state"] = json!("returned")),
        ("T20", "S17", |g| g["connections"][2]["answered_at"] = json!("2026-01-05T10:00:20.000Z")),
    ];
    for (rule, name, break_it) in cases {
        let mut document = scenario(name);
        break_it(&mut document);
        let found = rules(&document);
        assert!(found.contains(rule), "{rule} in {name}: {found:?}");
    }
}

#[test]
fn what_this_server_never_writes_is_found_by_the_stricter_check() {
    let mut document = scenario("S03");
    document["interactions"][3]["data"] = json!({"mood": "good"});
    let graph = read(&document.to_string()).expect("a consumer accepts it");
    let found = check_emission(&graph).unwrap_err();
    insta::assert_snapshot!(
        list(&found),
        @"interaction 4 answered (6.2): has the data keys of its kind"
    );
}

/// Every path to a value inside `document`, the document itself left out.
fn paths(document: &Value, at: &str, all: &mut Vec<String>) {
    let mut go_on = |key: &str, value: &Value| {
        let path = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        all.push(path.clone());
        paths(value, &path, all);
    };
    match document {
        Value::Object(map) => map.iter().for_each(|(key, value)| go_on(key, value)),
        Value::Array(list) => {
            let numbered = list.iter().enumerate();
            numbered.for_each(|(index, value)| go_on(&index.to_string(), value));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn mutate(document: &mut Value, path: &str, with: &Mutation) {
    let (parent, key) = path.rsplit_once('/').expect("a path begins with a slash");
    match (with, document.pointer_mut(parent)) {
        (Mutation::Remove, Some(Value::Object(map))) => {
            map.remove(key);
        }
        (Mutation::Remove, Some(Value::Array(list))) => {
            list.remove(key.parse().expect("an index"));
        }
        (Mutation::Add, Some(Value::Object(map))) => {
            map.insert("unheard_of".to_owned(), json!(1));
        }
        (Mutation::Put(value), Some(_)) => {
            *document.pointer_mut(path).expect("a path of this document") = value.clone();
        }
        (Mutation::Remove | Mutation::Add | Mutation::Put(_), _) => {}
    }
}

#[derive(Clone, Debug)]
enum Mutation {
    Remove,
    Add,
    Put(Value),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let values = vec![
        json!(null),
        json!(""),
        json!("x"),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(true),
        json!([]),
        json!({}),
        json!([{}]),
        json!("+15557770001"),
        json!("+1 555 777 0001"),
        json!("+0"),
        json!("call-s01"),
        json!("2026-01-05T10:00:00.000Z"),
        json!("2026-01-05T10:00:00Z"),
        json!("answered"),
        json!("u-ana"),
        json!("u:u-ana"),
        json!("q:x"),
        json!("p:\n"),
        json!("*97"),
        json!("12345678901234567"),
    ];
    prop_oneof![
        2 => Just(Mutation::Remove),
        1 => Just(Mutation::Add),
        8 => proptest::sample::select(values).prop_map(Mutation::Put),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_the_json_schema_refuses_is_refused(
        chosen in 0usize..21,
        mutations in prop::collection::vec((any::<prop::sample::Index>(), mutation()), 1..3),
    ) {
        thread_local! {
            static SCHEMA: (jsonschema::Validator, Vec<(String, Value)>) =
                (json_schema(), oracle());
        }
        SCHEMA.with(|(schema, graphs)| {
            let mut document = graphs[chosen].1.clone();
            for (index, with) in &mutations {
                let mut all = Vec::new();
                paths(&document, "", &mut all);
                if !all.is_empty() {
                    mutate(&mut document, &all[index.index(all.len())], with);
                }
            }
            if !schema.is_valid(&document) {
                prop_assert!(read(&document.to_string()).is_err(), "{document}");
            }
            Ok(())
        })?;
    }
}

/// The copy of the specification in `tests/data` is the specification, where that is at hand.
#[test]
fn the_copied_specification_is_the_specification() {
    let spec = data().join("../../../shared/spec");
    if !spec.is_dir() {
        eprintln!("SKIPPED: no shared/spec beside the checkout to compare tests/data with");
        return;
    }
    let mut files = vec!["schema.sql".to_owned(), "invariants.sql".to_owned()];
    for entry in std::fs::read_dir(spec.join("oracle")).expect("shared/spec/oracle") {
        let name = entry.unwrap().file_name();
        files.push(format!("oracle/{}", name.to_string_lossy()));
    }
    for file in files {
        let ours = std::fs::read(data().join(&file)).unwrap_or_default();
        assert!(ours == std::fs::read(spec.join(&file)).unwrap(), "{file} differs");
    }
}
