//! Reads the scenario files and edits their graphs.

use std::path::PathBuf;
use std::sync::OnceLock;

use model::call_graph::{FinishedCallGraph, check};
use serde_json::Value;

/// One file of the oracle.
#[derive(Clone)]
pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) graph: FinishedCallGraph,
    pub(super) expect: Value,
}

/// All scenarios, read once.
pub(super) fn scenarios() -> Vec<Scenario> {
    static ALL: OnceLock<Vec<Scenario>> = OnceLock::new();
    ALL.get_or_init(read_all).clone()
}

fn read_all() -> Vec<Scenario> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/oracle");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("tests/data/oracle")
        .map(|entry| entry.expect("a directory entry").path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with('S'))
        .collect();
    files.sort();
    assert_eq!(files.len(), 21);
    files.iter().map(|path| read(&std::fs::read_to_string(path).expect("a scenario"))).collect()
}

fn read(text: &str) -> Scenario {
    let mut file: Value = serde_json::from_str(text).expect("JSON");
    Scenario {
        name: file["scenario"].as_str().expect("a name").to_owned(),
        graph: check::read(&file["graph"].to_string()).expect("a valid graph"),
        expect: file["expect"].take(),
    }
}

pub(super) fn graph(name: &str) -> FinishedCallGraph {
    let mut all = scenarios().into_iter();
    let found = all.find(|scenario| scenario.name == name);
    found.expect("a scenario of this name").graph
}

/// The graph of a scenario as another call, edited as JSON; it must still be a valid graph.
pub(super) fn edited(name: &str, call: &str, edit: impl FnOnce(&mut Value)) -> FinishedCallGraph {
    let graph = graph(name);
    let mut json = serde_json::to_value(&graph).expect("a graph is JSON");
    edit(&mut json);
    let text = json.to_string().replace(graph.call_id.as_str(), call);
    check::read(&text).unwrap_or_else(|refused| panic!("{name} as {call}: {refused}"))
}

/// The same call a number of hours later, under another id.
pub(super) fn later(name: &str, call: &str, hours: u32) -> FinishedCallGraph {
    let hour = format!("T{:02}:", 10 + hours);
    edited(name, call, |json| {
        *json = serde_json::from_str(&json.to_string().replace("T10:", &hour)).expect("JSON");
    })
}

/// The same call with a higher revision, edited.
pub(super) fn revised(
    graph: &FinishedCallGraph,
    revision: u32,
    edit: impl FnOnce(&mut Value),
) -> FinishedCallGraph {
    let mut json = serde_json::to_value(graph).expect("a graph is JSON");
    json["revision"] = revision.into();
    edit(&mut json);
    check::read(&json.to_string()).unwrap_or_else(|refused| panic!("revision: {refused}"))
}
