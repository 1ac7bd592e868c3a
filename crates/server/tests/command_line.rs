//! The binary from outside: what it prints, and the exit codes that scripts branch on.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const DIRECTORY: &str = include_str!("../../../config/directory.toml");

struct Place(TempDir);

impl Place {
    fn new(directory: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = format!(
            "[server]\ndata_dir = \"{0}/var\"\n[database]\nurl = \"sqlite://{0}/var/t.db\"\n\
             [sip]\nlisten = [\"udp://127.0.0.1:0\"]\ndomain = \"tandem.test\"\n\
             [directory]\nfile = \"directory.toml\"\n",
            folder.path().display()
        );
        fs::write(folder.path().join("tandem.toml"), config).expect("written");
        fs::write(folder.path().join("directory.toml"), directory).expect("written");
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn tandem(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
        command.current_dir(self.path()).args(arguments).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TANDEM_") {
                command.env_remove(name);
            }
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        told(&self.tandem(arguments).output().expect("tandem ran"))
    }
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[test]
fn check_tells_a_valid_configuration_in_a_few_lines() {
    let place = Place::new(DIRECTORY);
    let (code, out, error) = place.run(&["check", "--config", "tandem.toml"]);
    assert_eq!((code, error.as_str()), (0, ""));
    assert!(out.contains("tandem.toml is valid."), "{out}");
    assert!(out.contains("8 users, 3 groups, 5 IVRs, 8 numbers, 2 records"), "{out}");
    assert!(!place.path().join("var").exists(), "check makes nothing");
}

#[test]
fn check_shows_the_mistakes_of_both_files_and_exits_with_2() {
    let place = Place::new(&DIRECTORY.replace("display_name = \"Ana", "display_nam = \"Ana"));
    let mut check = place.tandem(&["check", "--config", "tandem.toml"]);
    check.env("TANDEM_SIP__TIMERS__T1_MS", "0");
    let (code, out, error) = told(&check.output().expect("tandem ran"));
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.contains("sip.timers.t1_ms: 0 is out of bounds"), "{error}");
    assert!(error.contains("directory.toml:12:1: users[u-ana].display_nam"), "{error}");
    assert!(error.contains("did you mean `display_name`?"), "{error}");

    let (code, out, error) = place.run(&["check", "--config", "tandem.toml", "--json"]);
    assert_eq!((code, error.as_str()), (2, ""));
    let report: serde_json::Value = serde_json::from_str(&out).expect("one document");
    assert_eq!(report["valid"], false);
    assert_eq!(report["errors"][0]["line"], 12);
}

#[test]
fn check_warns_of_codes_that_lead_nowhere() {
    let place = Place::new(DIRECTORY);
    let config = place.path().join("tandem.toml");
    let text = fs::read_to_string(&config).expect("a configuration");
    let codes = "[codes]\n\"*98\" = \"voicemail:g-nobody\"\n\"*80\" = \"ivr:ivr-nothing\"\n";
    fs::write(&config, text + codes).expect("written");
    let (code, out, error) = place.run(&["check", "--config", "tandem.toml"]);
    assert_eq!((code, error.as_str()), (0, ""), "{out}");
    for warning in [
        "warning: tandem.toml: codes.*98: directory.toml has no group `g-nobody`",
        "warning: tandem.toml: codes.*80: directory.toml has no IVR `ivr-nothing`",
    ] {
        assert!(out.contains(warning), "{out}");
    }
}

#[test]
fn wrong_arguments_exit_with_2() {
    let place = Place::new(DIRECTORY);
    assert_eq!(place.run(&["serv"]).0, 2);
    assert_eq!(place.run(&["check"]).0, 2);
    assert_eq!(place.run(&["migrate", "--config", "missing.toml"]).0, 2);
    assert_eq!(place.run(&["--version"]).0, 0);
}

#[test]
fn migrate_is_done_once_and_an_unreachable_database_exits_with_3() {
    let place = Place::new(DIRECTORY);
    let (code, out, _) = place.run(&["migrate", "--config", "tandem.toml"]);
    assert_eq!(code, 0);
    assert!(out.contains("applied"), "{out}");
    let (code, out, _) = place.run(&["migrate", "--config", "tandem.toml"]);
    assert_eq!((code, out.contains("up to date")), (0, true));

    // Where the folder should be, there is a file.
    let mut migrate = place.tandem(&["migrate", "--config", "tandem.toml"]);
    migrate.env("TANDEM_DATABASE__URL", "sqlite://tandem.toml/t.db");
    let (code, _, error) = told(&migrate.output().expect("tandem ran"));
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("fix: "), "{error}");
}

#[test]
fn what_only_an_older_tandem_can_read_keeps_the_schema_that_it_knows() {
    let place = Place::new(DIRECTORY);
    let journal = place.path().join("var/journal");
    fs::create_dir_all(&journal).expect("a folder");
    let segment = journal.join("segment-0000000001.journal");
    fs::write(&segment, b"TNDMJRNL\x02\0\0\0what happened last").expect("written");
    let explain =
        ["route", "explain", "--config", "tandem.toml", "--from", "ana", "--to", "+15550200001"];
    for command in [
        &["serve", "--config", "tandem.toml"][..],
        &["migrate", "--config", "tandem.toml"],
        &["import", "--config", "tandem.toml", "directory.toml"],
    ] {
        let (code, _, error) = place.run(command);
        assert_eq!(code, 3, "{command:?}: {error}");
        assert!(error.contains("has format 2, this program reads 4"), "{command:?}: {error}");
        assert!(error.contains("fix: start and stop the tandem that wrote it"), "{error}");
        // The schema is as it was: nothing here, and explaining changes nothing.
        let (code, _, error) = place.run(&explain);
        assert_eq!((code, error.contains("schema is not current")), (3, true), "{error}");
    }
    assert!(segment.exists(), "nothing of it is lost");
    fs::remove_dir_all(place.path().join("var")).expect("removed");
    assert_eq!(place.run(&explain).0, 0);
    assert!(!place.path().join("var").exists(), "explaining makes no database");
}

#[test]
fn import_twice_changes_nothing_the_second_time() {
    let place = Place::new(DIRECTORY);
    let import = ["import", "--config", "tandem.toml", "directory.toml"];
    let dry_run = ["import", "--config", "tandem.toml", "--dry-run", "directory.toml"];
    let (code, out, _) = place.run(&dry_run);
    assert_eq!(code, 0);
    assert!(out.contains("+ user u-ana") && out.contains("would be 36 added"), "{out}");
    assert!(!place.path().join("var").exists(), "a dry run makes no database");

    let (code, out, _) = place.run(&import);
    assert_eq!(code, 0);
    assert!(out.contains("36 added, 0 changed"), "{out}");
    let (code, out, _) = place.run(&import);
    assert_eq!((code, out.as_str()), (0, "directory.toml: nothing changes\n"));

    let shorter = DIRECTORY.replace("display_name = \"Ana Agent\"", "display_name = \"Ana A.\"");
    fs::write(place.path().join("directory.toml"), shorter).expect("written");
    let (code, out, _) = place.run(&dry_run);
    assert_eq!(code, 0);
    assert!(out.starts_with("~ user u-ana\n"), "{out}");
}

#[test]
fn import_refuses_a_directory_that_leads_nowhere() {
    let place = Place::new(&DIRECTORY.replace("ivr_id = \"ivr-supp\"", "ivr_id = \"ivr-sup\""));
    let (code, out, error) = place.run(&["import", "--config", "tandem.toml", "directory.toml"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.contains("numbers[n-supp].ivr_id: there is no IVR `ivr-sup`"), "{error}");
}

/// The graph of a reference scenario, on one line.
fn graph(scenario: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/oracle");
    let text = fs::read_to_string(folder.join(format!("{scenario}.json"))).expect("the oracle");
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    document["graph"].to_string()
}

#[test]
fn assign_answers_each_line_and_goes_on_after_an_invalid_one() {
    let place = Place::new(DIRECTORY);
    let documents = [graph("S01"), "{\"call_id\": \"x\"}".into(), graph("S19"), graph("S01")];
    fs::write(place.path().join("calls.ndjson"), documents.join("\n")).expect("written");
    let (code, out, error) = place.run(&["assign", "--config", "tandem.toml", "calls.ndjson"]);
    assert_eq!((code, error.as_str()), (1, ""));
    let answers: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect();
    assert_eq!(answers.len(), 4, "{out}");
    assert_eq!(answers[0]["call_id"], "call-s01");
    assert_eq!(answers[0]["result"], "placed");
    assert_eq!(answers[0]["conversations"].as_array().map(Vec::len), Some(1));
    assert_eq!((&answers[1]["call_id"], &answers[1]["line"]), (&"x".into(), &2.into()));
    assert!(answers[1]["error"].is_string());
    assert_eq!(answers[2]["result"], "skipped_internal");
    assert_eq!(answers[3]["result"], "duplicate");

    let (code, _, error) = place.run(&["assign", "--config", "tandem.toml", "missing.ndjson"]);
    assert_eq!(code, 2, "{error}");
}
