//! Names, folders and contents of files of any kind.

use std::collections::BTreeMap;
use std::path::Path;

use super::Report;

/// Rust files side by side in one folder.
const FOLDER_FILES: usize = 12;

/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 7] = ["common", "helper", "helpers", "manager", "misc", "util", "utils"];

/// Folders of somebody's machine. Written in two parts, so that this file passes.
const MACHINE_PATHS: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Use", "rs/")];

/// Names of files and folders, and how many files lie side by side.
pub(super) fn check_tree(paths: &[String], report: &mut Report) {
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    for path in paths {
        let stem = |part: &str| part.split('.').next().unwrap_or_default().to_owned();
        if path.split('/').any(|part| EMPTY_NAMES.contains(&stem(part).as_str())) {
            report.breach(path, 1, "file-name", "name it by the thing it holds");
        }
        if let Some((folder, _)) = path.rsplit_once('/').filter(|_| path.ends_with(".rs")) {
            *folders.entry(folder).or_default() += 1;
        }
    }
    for (folder, count) in folders {
        if count > FOLDER_FILES {
            let remedy = format!("{count} files: group them in folders, at most {FOLDER_FILES}");
            report.breach(folder, 1, "folder-size", remedy);
        }
    }
}

/// No path that exists on one machine only.
pub(super) fn check_text(path: &str, text: &str, report: &mut Report) {
    for (index, line) in text.lines().enumerate() {
        for needle in MACHINE_PATHS {
            if line.match_indices(needle).any(|(at, _)| starts_a_path(&line[..at])) {
                report.breach(path, index + 1, "machine-path", "use a path relative to the root");
            }
        }
    }
}

/// Not the middle of `src/work/x` or of `https://example.com/home/x`.
fn starts_a_path(before: &str) -> bool {
    !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | ')'))
}

/// A file below a folder `data` that was copied from the specification, which lies in the folder
/// that `TANDEM_SPEC` names, is byte for byte what it was.
pub(super) fn check_copy(path: &str, bytes: &[u8], specification: &Path, report: &mut Report) {
    let Some((_, relative)) = path.split_once("/data/") else {
        return;
    };
    for folder in [specification.to_owned(), specification.join("spec")] {
        let original = std::fs::read(folder.join(relative));
        if original.is_ok_and(|original| original != bytes) {
            report.breach(path, 1, "copied-data", "copy it from the specification again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(check: impl FnOnce(&mut Report)) -> Vec<&'static str> {
        let mut report = Report::default();
        check(&mut report);
        report.breaches.into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn names_say_what_is_inside() {
        let tree = |path: &str| rules(|report| check_tree(&[path.to_owned()], report));
        assert_eq!(tree("crates/sip/src/utils.rs"), ["file-name"]);
        assert_eq!(tree("crates/sip/src/common/mod.rs"), ["file-name"]);
        assert!(tree("crates/sip/src/commons.rs").is_empty());
    }

    #[test]
    fn a_folder_has_at_most_12_files() {
        let tree = |count: usize| {
            let paths: Vec<String> = (0..count).map(|n| format!("crates/x/src/f{n}.rs")).collect();
            rules(|report| check_tree(&paths, report))
        };
        assert!(tree(12).is_empty());
        assert_eq!(tree(13), ["folder-size"]);
    }

    #[test]
    fn no_path_names_a_machine() {
        let text = |text: &str| rules(|report| check_text("README.md", text, report));
        for needle in MACHINE_PATHS {
            assert_eq!(text(&format!("see {needle}me/x")), ["machine-path"]);
        }
        assert!(text(&format!("https://example.com{}x", MACHINE_PATHS[1])).is_empty());
    }

    #[test]
    fn copied_data_stays_as_it_was() {
        let folder = std::env::temp_dir().join(format!("tandem-tidy-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("rfc4475")).unwrap();
        std::fs::write(folder.join("rfc4475/wsinv.dat"), b"INVITE").unwrap();
        let copy =
            |path: &str, bytes: &[u8]| rules(|report| check_copy(path, bytes, &folder, report));
        assert!(copy("crates/sip/tests/data/rfc4475/wsinv.dat", b"INVITE").is_empty());
        assert_eq!(copy("crates/sip/tests/data/rfc4475/wsinv.dat", b"invite"), ["copied-data"]);
        assert_eq!(copy("tests/data/rfc4475/wsinv.dat", b"invite"), ["copied-data"]);
        assert!(copy("tests/data/our-own.dat", b"x").is_empty());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
