//! `cargo xtask ci`: the steps in the order in which a fault is found soonest, each with its time.
//!
//! From nothing it stays under 25 minutes on 2 cores: one target folder, three kinds of build and
//! no more (checked for clippy and doc, debug for the tests, release for simulation, SIPp and
//! sound).

use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::cargo::{command, metadata, named_tests, succeed, works};
use crate::e2e::{Built, CI_SEEDS, Seeds};
use crate::{debian, tidy};

/// Runs every step; stops at the first that fails.
pub(crate) fn run() -> anyhow::Result<()> {
    let start = now();
    let mut built = None;
    step("packages", debian::provide_for_ci)?;
    step("fmt", || succeed(&mut command(&["fmt", "--all", "--check"])))?;
    step("tidy", tidy::run)?;
    step("clippy", clippy)?;
    step("test", test)?;
    step("doc", doc)?;
    step("release build", || {
        built = Some(Built::new()?);
        Ok(())
    })?;
    let built = built.context("the release build made nothing")?;
    step("sim", || built.sim(Seeds::First(CI_SEEDS)))?;
    step("sipp", || built.sipp(None))?;
    step("media", || built.media(None))?;
    println!("ci: everything passed in {}", text(start.elapsed()));
    Ok(())
}

fn step(name: &str, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    println!("ci: {name}");
    let start = now();
    let result = work().with_context(|| format!("ci: {name} failed"));
    println!("ci: {name}: {} after {}", verdict(&result), text(start.elapsed()));
    result
}

fn verdict(result: &anyhow::Result<()>) -> &'static str {
    if result.is_ok() { "ok" } else { "FAILED" }
}

fn clippy() -> anyhow::Result<()> {
    let deny = ["--", "--deny=warnings"];
    succeed(command(&["clippy", "--workspace", "--all-targets"]).args(deny))?;
    // `--all-targets` leaves out the tests that run only when named.
    for (package, test) in named_tests(&metadata()?) {
        let target = ["clippy", "--package", &package, "--test", &test];
        succeed(command(&target).args(deny))?;
    }
    Ok(())
}

/// With nextest where it is installed. It is not installed for this: building it takes longer
/// than it saves.
fn test() -> anyhow::Result<()> {
    let snapshots = ("INSTA_UPDATE", "no");
    if works(&mut command(&["nextest", "--version"])) {
        let arguments = ["nextest", "run", "--workspace", "--status-level=fail"];
        succeed(command(&arguments).env(snapshots.0, snapshots.1))?;
        return succeed(&mut command(&["test", "--workspace", "--doc", "--quiet"]));
    }
    succeed(command(&["test", "--workspace", "--quiet"]).env(snapshots.0, snapshots.1))
}

fn doc() -> anyhow::Result<()> {
    let mut command = command(&["doc", "--workspace", "--no-deps", "--quiet"]);
    succeed(command.env("RUSTDOCFLAGS", "--deny=warnings"))
}

#[expect(clippy::disallowed_methods, reason = "how long a step took is for its reader only")]
fn now() -> Instant {
    Instant::now()
}

fn text(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        return format!("{:.1} s", time.as_secs_f64());
    }
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_say_them() {
        assert_eq!(text(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(text(Duration::from_secs(605)), "10 min 05 s");
    }
}
