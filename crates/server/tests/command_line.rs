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
        command
            .current_dir(self.path())
            .args(arguments)
            .stdin(Stdio::null());
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
    (
        output.status.code().unwrap_or(-1),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn check_tells_a_valid_configuration_in_a_few_lines() {
    let place = Place::new(DIRECTORY);
    let (code, out, error) = place.run(&["check", "--config", "tandem.toml"]);
    assert_eq!((code, error.as_str()), (0, ""));
    assert!(out.contains("tandem.toml is valid."), "{out}");
    assert!(
        out.contains("8 users, 3 groups, 5 IVRs, 8 numbers, 2 records"),
        "{out}"
    );
    assert!(!place.path().join("var").exists(), "check makes nothing");
}

#[test]
fn check_shows_the_mistakes_of_both_files_and_exits_with_2() {
    let place = Place::new(&DIRECTORY.replace("display_name = \"Ana", "display_nam = \"Ana"));
    let mut check = place.tandem(&["check", "--config", "tandem.toml"]);
    check.env("TANDEM_SIP__TIMERS__T1_MS", "0");
    let (code, out, error) = told(&check.output().expect("tandem ran"));
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        error.contains("sip.timers.t1_ms: 0 is out of bounds"),
        "{error}"
    );
    assert!(
        error.contains("directory.toml:12:1: users[u-ana].display_nam"),
        "{error}"
    );
    assert!(error.contains("did you mean `display_name`?"), "{error}");

    let (code, out, error) = place.run(&["check", "--config", "tandem.toml", "--json"]);
    assert_eq!((code, error.as_str()), (2, ""));
    let report: serde_json::Value = serde_json::from_str(&out).expect("one document");
    assert_eq!(report["valid"], false);
    assert_eq!(report["errors"][0]["line"], 12);
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
