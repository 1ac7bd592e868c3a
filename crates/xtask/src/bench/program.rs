//! The programs that are measured: built once in release mode, and what they print.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::cargo::build;

/// An executable.
#[derive(Clone, Debug)]
pub(super) struct Program(PathBuf);

/// The example `name` of a package.
pub(super) fn example(package: &str, name: &str) -> anyhow::Result<Program> {
    let package = format!("--package={package}");
    find(&["--release", &package, &format!("--example={name}")], name)
}

/// The server.
pub(super) fn server() -> anyhow::Result<Program> {
    find(&["--release", "--package=server"], "tandem")
}

fn find(arguments: &[&str], name: &str) -> anyhow::Result<Program> {
    let built = build(arguments)?;
    let path = built.get(name).with_context(|| format!("cargo built no `{name}`"))?;
    Ok(Program(path.clone()))
}

impl Program {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Runs it to its end; its last line of output.
    pub(super) fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let text = self.output(arguments)?;
        Ok(text.lines().last().unwrap_or_default().to_owned())
    }

    /// Runs it to its end; all of its output.
    pub(super) fn output(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = Command::new(&self.0)
            .args(arguments)
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot start {}", self.0.display()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let name = self.0.display();
        anyhow::ensure!(output.status.success(), "{name} ended with {}: {text}", output.status);
        Ok(text.into_owned())
    }
}

/// The number behind `name=` in a line for programs.
pub(super) fn number(line: &str, name: &str) -> Option<f64> {
    let mut words = line.split_ascii_whitespace();
    words.find_map(|word| word.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_programs_is_read_by_name() {
        let line = "placed=10 p50_us=1.5 us=3";
        assert_eq!(number(line, "us"), Some(3.0));
        assert_eq!(number(line, "p50_us"), Some(1.5));
        assert_eq!(number(line, "p99_us"), None);
    }
}
