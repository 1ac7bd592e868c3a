//! What a Rust file may hold: how long lines, functions and files may be, that each says what it
//! is for, and what neither code nor tests may do.

use super::Report;
use super::source::{Source, words};

/// Lines of a file that are not tests: more are listed.
const AIMED_LINES: usize = 400;
/// Lines of a file that are not tests: more are refused.
const MOST_LINES: usize = 800;
/// Lines of a function, the insides of literals not counted.
const FUNCTION_LINES: usize = 70;
/// Columns of a line that does not begin inside a literal.
const COLUMNS: usize = 100;

/// Runs every rule of this module.
pub(super) fn check(source: &Source, report: &mut Report) {
    purpose(source, report);
    file_length(source, report);
    function_length(source, report);
    line_length(source, report);
    proofs(source, report);
    forbidden(source, report);
}

fn purpose(source: &Source, report: &mut Report) {
    let first = source.lines.iter().position(|line| !line.text.trim().is_empty());
    let documented = first.is_some_and(|index| source.lines[index].text.starts_with("//!"));
    if !documented {
        let remedy = "begin with `//!`: what it guarantees, and its RFC section or R…/D… number";
        report.breach(&source.path, 1, "purpose", remedy);
    }
}

fn file_length(source: &Source, report: &mut Report) {
    let count = source.lines.iter().filter(|line| !line.test).count();
    if count > MOST_LINES {
        let remedy = format!("{count} lines besides tests: split it, {MOST_LINES} are refused");
        report.breach(&source.path, 1, "file-length", remedy);
    } else if count > AIMED_LINES {
        let remedy = format!("{count} lines besides tests, {AIMED_LINES} are aimed at");
        report.note(&source.path, 1, "file-length", remedy);
    }
}

fn function_length(source: &Source, report: &mut Report) {
    for (start, end) in source.functions() {
        let count = source.lines[start..=end].iter().filter(|line| !line.literal).count();
        if count > FUNCTION_LINES {
            let remedy = format!("{count} lines: split it, at most {FUNCTION_LINES}");
            report.breach(&source.path, start + 1, "function-length", remedy);
        }
    }
}

fn line_length(source: &Source, report: &mut Report) {
    for (index, line) in source.lines.iter().enumerate() {
        let count = line.text.chars().count();
        if count > COLUMNS && !line.literal {
            let remedy = format!("{count} columns: break it, at most {COLUMNS}");
            report.breach(&source.path, index + 1, "line-length", remedy);
        }
    }
}

/// An `unwrap` or `expect` outside tests carries the proof that it cannot fail.
fn proofs(source: &Source, report: &mut Report) {
    for (index, line) in source.lines.iter().enumerate() {
        let calls = line.code.contains(".unwrap()") || line.code.contains(".expect(\"");
        if calls && !line.test && !has_proof(source, index) {
            let remedy = "return the error, or say in a comment why it cannot happen";
            report.breach(&source.path, index + 1, "proof", remedy);
        }
    }
}

/// A comment on the statement's own lines or on the line before it.
fn has_proof(source: &Source, index: usize) -> bool {
    if source.lines[index].comment {
        return true;
    }
    for line in source.lines[..index].iter().rev() {
        if line.comment {
            return true;
        }
        if line.code.trim().is_empty() || line.code.trim_end().ends_with([';', '{', '}']) {
            return false;
        }
    }
    false
}

fn forbidden(source: &Source, report: &mut Report) {
    for (index, line) in source.lines.iter().enumerate() {
        let mut refuse = |rule, remedy: &str| report.breach(&source.path, index + 1, rule, remedy);
        if ["todo", "unimplemented", "dbg"].iter().any(|name| calls_macro(&line.code, name)) {
            refuse("unfinished", "finish it, or leave it out");
        }
        if line.code.contains("#[ignore") {
            refuse("ignored-test", "make the test run always, or delete it");
        }
        if line.test && words(&line.code, "sleep").any(|at| line.code[at..].starts_with("sleep(")) {
            refuse("sleep", "wait for the event itself, with virtual time or a channel");
        }
    }
}

fn calls_macro(code: &str, name: &str) -> bool {
    words(code, name).any(|at| code[at + name.len()..].starts_with('!'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules that a file breaks, with their lines.
    fn broken(path: &str, text: &str) -> Vec<(&'static str, usize)> {
        let mut report = Report::default();
        check(&Source::new(path, text), &mut report);
        report.breaches.into_iter().map(|finding| (finding.rule, finding.line)).collect()
    }

    fn broken_in_code(text: &str) -> Vec<(&'static str, usize)> {
        broken("crates/x/src/a.rs", &format!("//! A.\n{text}"))
    }

    #[test]
    fn a_file_begins_with_its_purpose() {
        assert_eq!(broken("a.rs", "fn a() {}\n"), [("purpose", 1)]);
        assert_eq!(broken("a.rs", "// A.\n"), [("purpose", 1)]);
        assert_eq!(broken("a.rs", ""), [("purpose", 1)]);
        assert!(broken("a.rs", "//! A.\n").is_empty());
    }

    #[test]
    fn a_file_has_at_most_800_lines_besides_tests() {
        let lines = |count: usize| "const A: u8 = 0;\n".repeat(count);
        assert!(broken_in_code(&lines(799)).is_empty());
        assert_eq!(broken_in_code(&lines(800)), [("file-length", 1)]);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", lines(900));
        assert!(broken_in_code(&tests).is_empty());
    }

    #[test]
    fn a_file_above_400_lines_is_listed() {
        let mut report = Report::default();
        let text = format!("//! A.\n{}", "const A: u8 = 0;\n".repeat(400));
        check(&Source::new("a.rs", &text), &mut report);
        assert!(report.breaches.is_empty());
        assert_eq!(report.notes[0].rule, "file-length");
    }

    #[test]
    fn a_function_has_at_most_70_lines() {
        let function = |count: usize| format!("fn a() {{\n{}}}\n", "    b();\n".repeat(count));
        assert!(broken_in_code(&function(68)).is_empty());
        assert_eq!(broken_in_code(&function(69)), [("function-length", 2)]);
        let text = format!("fn a() {{\n    b(\"{}\");\n}}\n", "text\n".repeat(90));
        assert!(broken_in_code(&text).is_empty());
    }

    #[test]
    fn a_line_has_at_most_100_columns() {
        let line = |count: usize| format!("// {}\n", "ä".repeat(count - 3));
        assert!(broken_in_code(&line(100)).is_empty());
        assert_eq!(broken_in_code(&line(101)), [("line-length", 2)]);
        let text = format!("const A: &str = \"\n{}\";\n", "x".repeat(200));
        assert!(broken_in_code(&text).is_empty());
    }

    #[test]
    fn an_unwrap_outside_tests_carries_its_proof() {
        assert_eq!(broken_in_code("fn a() {\n    b().unwrap();\n}\n"), [("proof", 3)]);
        assert_eq!(broken_in_code("fn a() {\n    b().expect(\"c\");\n}\n"), [("proof", 3)]);
        assert!(broken_in_code("fn a() {\n    b().unwrap(); // Never empty.\n}\n").is_empty());
        assert!(broken_in_code("fn a() {\n    // Never empty.\n    b().unwrap();\n}\n").is_empty());
        let chain = "fn a() {\n    // Never empty.\n    b()\n        .c()\n        .unwrap();\n}\n";
        assert!(broken_in_code(chain).is_empty());
        let above = "fn a() {\n    // Another matter.\n    c();\n    b().unwrap();\n}\n";
        assert_eq!(broken_in_code(above), [("proof", 5)]);
        assert!(broken_in_code("#[cfg(test)]\nfn a() {\n    b().unwrap();\n}\n").is_empty());
        assert!(broken_in_code("fn a() {\n    parser.expect(b'x')?;\n}\n").is_empty());
    }

    #[test]
    fn nothing_is_left_unfinished() {
        assert_eq!(broken_in_code("fn a() { todo!() }\n"), [("unfinished", 2)]);
        assert_eq!(broken_in_code("fn a() { unimplemented!(); }\n"), [("unfinished", 2)]);
        assert_eq!(broken_in_code("fn a() { dbg!(b); }\n"), [("unfinished", 2)]);
        assert!(broken_in_code("fn a() { b(\"todo!\"); } // todo!\n").is_empty());
    }

    #[test]
    fn no_test_is_ignored() {
        let text = "#[cfg(test)]\nmod tests {\n    #[test]\n    #[ignore]\n    fn a() {}\n}\n";
        assert_eq!(broken_in_code(text), [("ignored-test", 5)]);
    }

    #[test]
    fn no_test_sleeps() {
        let text = "#[cfg(test)]\nfn a() {\n    thread::sleep(b);\n}\n";
        assert_eq!(broken_in_code(text), [("sleep", 4)]);
        assert!(broken_in_code("fn a() {\n    sleep(b);\n}\n").is_empty());
        assert!(broken_in_code("#[cfg(test)]\nfn a() { no_sleep(); }\n").is_empty());
    }
}
