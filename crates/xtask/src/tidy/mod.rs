//! The rules of this repository that no compiler checks: which crate may name which, how long
//! things may be, and what code and tests may not do. Each rule is a function with a test of its
//! own, and a finding names file, line, rule and remedy.

mod arrows;
mod code;
mod files;
mod imports;
mod source;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use source::Source;

/// One breach of one rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// Relative to the workspace root.
    path: String,
    /// From 1; 1 where the whole file or folder is meant.
    line: usize,
    rule: &'static str,
    remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule, self.remedy)
    }
}

/// What one run found.
#[derive(Default)]
struct Report {
    /// Refused.
    breaches: Vec<Finding>,
    /// Allowed, but worth a look.
    notes: Vec<Finding>,
}

impl Report {
    fn breach(&mut self, path: &str, line: usize, rule: &'static str, remedy: impl Into<String>) {
        self.breaches.push(Finding { path: path.to_owned(), line, rule, remedy: remedy.into() });
    }

    fn note(&mut self, path: &str, line: usize, rule: &'static str, remedy: impl Into<String>) {
        self.notes.push(Finding { path: path.to_owned(), line, rule, remedy: remedy.into() });
    }
}

/// Checks the whole repository and prints what it found.
pub(crate) fn run() -> anyhow::Result<()> {
    let root = crate::cargo::root();
    let mut report = Report::default();
    arrows::check(&crate::cargo::metadata()?, &root, &mut report);

    let paths = paths(&root)?;
    files::check_tree(&paths, &mut report);
    let specification = std::env::var_os("TANDEM_SPEC").map(PathBuf::from);
    let mut sources = vec![];
    for path in &paths {
        let bytes = std::fs::read(root.join(path)).with_context(|| path.clone())?;
        if let Some(folder) = &specification {
            files::check_copy(path, &bytes, folder, &mut report);
        }
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        files::check_text(path, &text, &mut report);
        if Path::new(path).extension().is_some_and(|extension| extension == "rs") {
            sources.push(Source::new(path, &text));
        }
    }
    source::mark_test_modules(&mut sources);
    for source in &sources {
        code::check(source, &mut report);
        imports::check(source, &mut report);
    }
    print(report, sources.len())
}

fn print(mut report: Report, files: usize) -> anyhow::Result<()> {
    report.notes.sort();
    report.breaches.sort();
    for note in &report.notes {
        println!("note: {note}");
    }
    for breach in &report.breaches {
        println!("{breach}");
    }
    let count = report.breaches.len();
    anyhow::ensure!(count == 0, "{count} breaches of the rules in ARCHITECTURE.md");
    println!("tidy: {files} source files, nothing to say");
    Ok(())
}

/// Every file of the repository, relative to `root`, sorted; what git ignores at the top is left
/// out.
fn paths(root: &Path) -> anyhow::Result<Vec<String>> {
    const LEFT_OUT: [&str; 4] = [".git", "target", "var", "fuzz"];
    let mut found = vec![];
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().with_context(|| folder.display().to_string())? {
            let entry = entry?;
            let path = entry.path();
            let top = folder == root;
            if top && LEFT_OUT.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                let relative = path.strip_prefix(root)?;
                found.push(relative.to_str().context("a path is not UTF-8")?.to_owned());
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_names_file_line_rule_and_remedy() {
        let mut report = Report::default();
        report.breach("crates/sip/src/lib.rs", 7, "line-length", "break it");
        let text = report.breaches[0].to_string();
        assert_eq!(text, "crates/sip/src/lib.rs:7: line-length: break it");
        assert!(print(report, 1).is_err());
        assert!(print(Report::default(), 1).is_ok());
    }

    #[test]
    fn this_file_is_among_the_paths() {
        let paths = paths(&crate::cargo::root()).unwrap();
        assert!(paths.contains(&"crates/xtask/src/tidy/mod.rs".to_owned()));
        assert!(!paths.iter().any(|path| path.starts_with(".git/")));
    }
}
