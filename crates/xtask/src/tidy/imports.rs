//! `media` and `api` see the call engine's edge and nothing behind it: `call::port` only.

use super::Report;
use super::source::{Source, words};

const ONLY_THE_PORT: [&str; 2] = ["media", "api"];

/// Checks the paths that begin with `call`.
pub(super) fn check(source: &Source, report: &mut Report) {
    if !source.package().is_some_and(|package| ONLY_THE_PORT.contains(&package)) {
        return;
    }
    for (index, line) in source.lines.iter().enumerate() {
        for column in words(&line.code, "call") {
            let (before, after) = (&line.code[..column], &line.code[column + "call".len()..]);
            let Some(rest) = after.strip_prefix("::") else {
                continue;
            };
            // `self::call::…` and `crate::call::…` are modules of the crate itself.
            let own = before.ends_with("::") && !before.ends_with(" ::");
            if !own && !rest.starts_with("port::") && !rest.starts_with("port;") {
                let remedy = "only `call::port` is its edge; ask for what is missing there";
                report.breach(&source.path, index + 1, "call-port", remedy);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let mut report = Report::default();
        check(&Source::new(path, text), &mut report);
        report.breaches.into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn media_and_api_use_nothing_of_call_but_its_port() {
        let text = "use call::port::LegId;\nuse call::stage::Stage;\nuse call::{port, leg};\n\
                    use crate::call::Row;\nlet x = ::call::leg::Leg;\n";
        assert_eq!(lines("crates/media/src/a.rs", text), [2, 3, 5]);
        assert_eq!(lines("crates/api/src/a.rs", text), [2, 3, 5]);
        assert!(lines("crates/switch/src/a.rs", text).is_empty());
    }
}
