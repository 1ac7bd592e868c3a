//! Which crate may depend on which: the table of `ARCHITECTURE.md`, and the promise that nothing
//! pure reaches a runtime, a socket or a database, not even through somebody else's crate.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::Report;
use crate::cargo::{Metadata, Package};

/// A crate of ours and those of ours that it may name.
struct Arrow {
    name: &'static str,
    pure: bool,
    may_name: &'static [&'static str],
}

const fn pure(name: &'static str, may_name: &'static [&'static str]) -> Arrow {
    Arrow { name, pure: true, may_name }
}

const fn io(name: &'static str, may_name: &'static [&'static str]) -> Arrow {
    Arrow { name, pure: false, may_name }
}

const EVERYTHING: &[&str] = &[
    "acd",
    "api",
    "audio",
    "calendar",
    "call",
    "conversation",
    "media",
    "model",
    "phone",
    "rtp",
    "sdp",
    "sip",
    "store",
    "switch",
    "transport",
];

const ARROWS: &[Arrow] = &[
    pure("model", &[]),
    pure("sip", &[]),
    pure("sdp", &[]),
    pure("rtp", &[]),
    pure("audio", &[]),
    pure("acd", &["model"]),
    pure("calendar", &["model"]),
    pure("call", &["acd", "calendar", "model"]),
    pure("conversation", &["model"]),
    pure("phone", &["sip", "sdp"]),
    pure("switch", &["sip", "sdp", "rtp", "acd", "calendar", "call", "model"]),
    io("transport", &["sip"]),
    io("media", &["call", "rtp", "audio"]),
    io("store", &["calendar", "conversation", "model"]),
    io("api", &["acd", "call", "conversation", "store", "model"]),
    io("server", EVERYTHING),
    io("e2e", EVERYTHING),
    io("xtask", &[]),
];

/// What a pure crate may not name, nor reach; a trailing dash stands for every crate so prefixed.
const IMPURE: &[&str] = &[
    "async-nats",
    "async-std",
    "axum",
    "dashmap",
    "hickory-",
    "hyper",
    "mio",
    "reqwest",
    "rtc-",
    "rustix",
    "smol",
    "socket2",
    "sqlx",
    "sqlx-",
    "tokio",
    "tokio-",
    "webrtc",
    "webrtc-",
];

/// What only these crates may name.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("axum", &["api"]),
    ("dashmap", &["transport", "media", "server"]),
    ("rsip", &["sip"]),
    ("rtc-", &["media"]),
    ("sqlx", &["store", "e2e"]),
    ("webrtc", &["media"]),
];

/// Checks every member of the workspace.
pub(super) fn check(metadata: &Metadata, root: &Path, report: &mut Report) {
    let ours: BTreeMap<&str, &Package> = metadata
        .packages
        .iter()
        .filter(|package| metadata.workspace_members.contains(&package.id))
        .map(|package| (package.name.as_str(), package))
        .collect();
    for (name, package) in &ours {
        let manifest = Manifest::read(package, root);
        manifest.check_lints(report);
        let Some(arrow) = ARROWS.iter().find(|arrow| arrow.name == *name) else {
            let remedy = "give the crate its line in the table of this rule and ARCHITECTURE.md";
            report.breach(&manifest.path, 1, "arrow", remedy);
            continue;
        };
        for dependency in &package.dependencies {
            let line = manifest.line_of(&dependency.name);
            let development = dependency.kind.as_deref() == Some("dev");
            if let Some(remedy) = refusal(arrow, &dependency.name, development, &ours) {
                report.breach(&manifest.path, line, "arrow", remedy);
            }
        }
        if arrow.pure {
            reach(metadata, package, &manifest, report);
        }
    }
}

fn refusal(
    arrow: &Arrow,
    name: &str,
    development: bool,
    ours: &BTreeMap<&str, &Package>,
) -> Option<String> {
    let from = arrow.name;
    if arrow.pure && IMPURE.iter().any(|pattern| matches(pattern, name)) {
        return Some(format!("{from} is pure: move what needs {name} to an IO crate"));
    }
    let only = ONLY_IN.iter().find(|(pattern, _)| matches(pattern, name));
    if let Some((_, homes)) = only.filter(|(_, homes)| !homes.contains(&from)) {
        return Some(format!("{name} belongs in {} only", homes.join(", ")));
    }
    if !ours.contains_key(name) || arrow.may_name.contains(&name) {
        return None;
    }
    // A test may look further down, as long as it stays below the line.
    let below = ARROWS.iter().any(|other| other.name == name && other.pure);
    if development && below {
        return None;
    }
    Some(format!("{from} may name {:?} of ours only, not {name}", arrow.may_name))
}

/// What a pure crate reaches through normal dependencies.
fn reach(metadata: &Metadata, package: &Package, manifest: &Manifest, report: &mut Report) {
    let Some(resolve) = &metadata.resolve else {
        return;
    };
    let nodes: BTreeMap<&str, _> =
        resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let names: BTreeMap<&str, &str> =
        metadata.packages.iter().map(|other| (other.id.as_str(), other.name.as_str())).collect();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![package.id.as_str()];
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        let name = names.get(id).copied().unwrap_or_default();
        if IMPURE.iter().any(|pattern| matches(pattern, name)) {
            let remedy =
                format!("{} is pure but reaches {name}: cargo tree -i {name}", package.name);
            report.breach(&manifest.path, 1, "arrow", remedy);
            continue;
        }
        let edges = nodes.get(id).into_iter().flat_map(|node| &node.deps);
        let normal = edges.filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()));
        waiting.extend(normal.map(|edge| edge.pkg.as_str()));
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    if pattern.ends_with('-') { name.starts_with(pattern) } else { name == pattern }
}

struct Manifest {
    path: String,
    text: String,
}

impl Manifest {
    fn read(package: &Package, root: &Path) -> Self {
        let path = package.manifest_path.strip_prefix(root).unwrap_or(&package.manifest_path);
        let text = std::fs::read_to_string(&package.manifest_path).unwrap_or_default();
        Self { path: path.display().to_string(), text }
    }

    /// The lints of the workspace, `unsafe_code` among them, hold for a crate that asks for them.
    fn check_lints(&self, report: &mut Report) {
        if !self.text.contains("[lints]\nworkspace = true\n") {
            let remedy = "add `[lints]` with `workspace = true`";
            report.breach(&self.path, 1, "lints", remedy);
        }
    }

    /// The line that names a dependency; 1 when it is not found.
    fn line_of(&self, name: &str) -> usize {
        let names = |line: &str| {
            let rest = line.trim_start().strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
        };
        self.text.lines().position(names).map_or(1, |index| index + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remedies(packages: &str, nodes: &str) -> Vec<String> {
        let json = format!(
            r#"{{"workspace_members":["sip","call","transport","media","odd"],
            "packages":[{packages}],"resolve":{{"nodes":[{nodes}]}}}}"#
        );
        let metadata: Metadata = serde_json::from_str(&json).unwrap();
        let mut report = Report::default();
        check(&metadata, Path::new("/r"), &mut report);
        report
            .breaches
            .into_iter()
            .filter(|found| found.rule == "arrow")
            .map(|found| format!("{}: {}", found.path, found.remedy))
            .collect()
    }

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> String {
        let dependencies: Vec<String> = dependencies
            .iter()
            .map(|(name, kind)| match kind {
                Some(kind) => format!(r#"{{"name":"{name}","kind":"{kind}"}}"#),
                None => format!(r#"{{"name":"{name}","kind":null}}"#),
            })
            .collect();
        format!(
            r#"{{"id":"{name}","name":"{name}","manifest_path":"/r/crates/{name}/Cargo.toml",
            "dependencies":[{}]}}"#,
            dependencies.join(",")
        )
    }

    #[test]
    fn a_pure_crate_names_no_io_crate_even_for_its_tests() {
        let packages = [package("sip", &[("tokio", Some("dev"))]), package("transport", &[])];
        let found = remedies(&packages.join(","), "");
        assert_eq!(
            found,
            ["crates/sip/Cargo.toml: sip is pure: move what needs tokio to an IO crate"]
        );
        let packages = [package("sip", &[("transport", Some("dev"))]), package("transport", &[])];
        assert_eq!(remedies(&packages.join(","), "").len(), 1);
    }

    #[test]
    fn an_arrow_that_is_not_in_the_table_is_refused() {
        let packages = [package("sip", &[]), package("call", &[("sip", None)])];
        let found = remedies(&packages.join(","), "");
        let remedy = r#"call may name ["acd", "calendar", "model"] of ours only, not sip"#;
        assert_eq!(found, [format!("crates/call/Cargo.toml: {remedy}")]);
        let packages = [package("sip", &[]), package("call", &[("sip", Some("dev"))])];
        assert!(remedies(&packages.join(","), "").is_empty());
    }

    #[test]
    fn a_crate_asks_for_the_lints_of_the_workspace() {
        let rules = |text: &str| {
            let mut report = Report::default();
            let manifest = Manifest { path: "crates/sip/Cargo.toml".into(), text: text.into() };
            manifest.check_lints(&mut report);
            report.breaches.len()
        };
        assert_eq!(rules("[package]\nname = \"sip\"\n"), 1);
        assert_eq!(rules("[package]\n\n[lints]\nworkspace = true\n"), 0);
    }

    #[test]
    fn a_crate_without_a_line_in_the_table_is_refused() {
        assert_eq!(remedies(&package("odd", &[]), "").len(), 1);
    }

    #[test]
    fn some_crates_have_one_home() {
        let packages =
            [package("transport", &[("sqlx", None)]), package("media", &[("dashmap", None)])];
        let found = remedies(&packages.join(","), "");
        assert_eq!(found, ["crates/transport/Cargo.toml: sqlx belongs in store, e2e only"]);
    }

    #[test]
    fn what_a_pure_crate_reaches_through_others_counts_too() {
        let foreign = r#"{"id":"x","name":"x","manifest_path":"/x"},
            {"id":"mio","name":"mio","manifest_path":"/mio"}"#;
        let packages = format!("{},{foreign}", package("sip", &[("x", None)]));
        let arrow = |from: &str, to: &str, kind: &str| {
            format!(
                r#"{{"id":"{from}","deps":[{{"pkg":"{to}","dep_kinds":[{{"kind":{kind}}}]}}]}}"#
            )
        };
        let nodes = [arrow("sip", "x", "null"), arrow("x", "mio", "null")].join(",");
        let found = remedies(&packages, &nodes);
        assert_eq!(
            found,
            ["crates/sip/Cargo.toml: sip is pure but reaches mio: cargo tree -i mio"]
        );
        let nodes = [arrow("sip", "x", "\"dev\""), arrow("x", "mio", "null")].join(",");
        assert!(remedies(&packages, &nodes).is_empty());
    }
}
