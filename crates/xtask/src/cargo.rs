//! The one way in which cargo is called: from the workspace root, with the same target folder and
//! without the variables that `cargo run` adds, so that no step rebuilds what another has built.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use serde::Deserialize;

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    // This crate lies in `crates/xtask`.
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// `cargo` with `arguments`, to be run in the workspace root.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(root());
    for (name, _) in std::env::vars_os() {
        let added = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
        if name.to_str().is_some_and(|name| added.iter().any(|prefix| name.starts_with(prefix))) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs `command` to its end with our standard streams; an exit code other than 0 is an error.
pub(crate) fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot start {program}"))?;
    if status.success() {
        return Ok(());
    }
    let arguments: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
    anyhow::bail!("{program} {} ended with {status}", arguments.join(" "))
}

/// Whether `command` can be started and ends well; its output is dropped.
pub(crate) fn works(command: &mut Command) -> bool {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Builds what `arguments` name and returns the executables by target name.
pub(crate) fn build(arguments: &[&str]) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut command = command(&["build", "--message-format=json-render-diagnostics"]);
    let output =
        command.args(arguments).stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    anyhow::ensure!(output.status.success(), "cargo build {} failed", arguments.join(" "));
    let messages = String::from_utf8(output.stdout).context("cargo's messages are not UTF-8")?;
    Ok(executables(&messages))
}

fn executables(messages: &str) -> BTreeMap<String, PathBuf> {
    #[derive(Deserialize)]
    struct Artifact {
        target: Target,
        executable: Option<PathBuf>,
    }
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Artifact>(line).ok())
        .filter_map(|artifact| Some((artifact.target.name, artifact.executable?)))
        .collect()
}

/// What `cargo metadata` says and is used here.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_members: Vec<String>,
    #[serde(default)]
    pub(crate) resolve: Option<Resolve>,
}

/// One package.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    #[serde(default)]
    pub(crate) dependencies: Vec<Dependency>,
    #[serde(default)]
    pub(crate) targets: Vec<Target>,
}

/// One line of a manifest's dependency table.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` for a normal dependency, else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

/// A library, binary or test.
#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) kind: Vec<String>,
    #[serde(default)]
    pub(crate) test: bool,
}

/// The graph of packages with features applied.
#[derive(Debug, Deserialize)]
pub(crate) struct Resolve {
    pub(crate) nodes: Vec<Node>,
}

/// One package of the graph.
#[derive(Debug, Deserialize)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) deps: Vec<Edge>,
}

/// One arrow of the graph.
#[derive(Debug, Deserialize)]
pub(crate) struct Edge {
    pub(crate) pkg: String,
    pub(crate) dep_kinds: Vec<EdgeKind>,
}

/// Why an arrow is there.
#[derive(Debug, Deserialize)]
pub(crate) struct EdgeKind {
    pub(crate) kind: Option<String>,
}

/// The workspace as cargo sees it.
pub(crate) fn metadata() -> anyhow::Result<Metadata> {
    let output = command(&["metadata", "--format-version", "1"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    anyhow::ensure!(output.status.success(), "cargo metadata failed");
    serde_json::from_slice(&output.stdout).context("cargo metadata is not what was expected")
}

/// The tests that run only when named: `(package, test)`.
pub(crate) fn named_tests(metadata: &Metadata) -> Vec<(String, String)> {
    let members = |package: &&Package| metadata.workspace_members.contains(&package.id);
    let mut found = vec![];
    for package in metadata.packages.iter().filter(members) {
        for target in &package.targets {
            if target.kind.iter().any(|kind| kind == "test") && !target.test {
                found.push((package.name.clone(), target.name.clone()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_read_from_cargos_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"sip"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"tandem"},"executable":"/x/tandem"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        let found = executables(messages);
        assert_eq!(found, BTreeMap::from([("tandem".to_owned(), PathBuf::from("/x/tandem"))]));
    }

    #[test]
    fn a_test_with_test_false_runs_only_when_named() {
        let metadata: Metadata = serde_json::from_str(
            r#"{"workspace_members":["e"],"packages":[{"id":"e","name":"e2e","manifest_path":"/m",
            "targets":[{"name":"api","kind":["test"],"test":true},
                       {"name":"sipp","kind":["test"],"test":false}]}]}"#,
        )
        .unwrap();
        assert_eq!(named_tests(&metadata), [("e2e".to_owned(), "sipp".to_owned())]);
    }
}
