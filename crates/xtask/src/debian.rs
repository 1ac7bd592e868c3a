//! System packages that the checks need: installed as root on Debian, named elsewhere.

use std::path::Path;
use std::process::Command;

use crate::cargo::{command, succeed, works};

/// A program and where it comes from.
struct Tool {
    program: &'static str,
    /// An argument with which the program ends at once; whatever its exit code.
    probe: &'static str,
    package: &'static str,
}

const CI: &[Tool] = &[Tool { program: "sipp", probe: "-v", package: "sip-tester" }];

const BENCH: &[Tool] = &[Tool { program: "valgrind", probe: "--version", package: "valgrind" }];

/// Everything `cargo xtask ci` runs is there afterwards, or the error names what is not.
pub(crate) fn provide_for_ci() -> anyhow::Result<()> {
    provide_component("fmt", "rustfmt")?;
    provide_component("clippy", "clippy")?;
    provide(CI)
}

/// What counts instructions where the machine's own counters cannot be used.
pub(crate) fn provide_for_bench() -> anyhow::Result<()> {
    provide(BENCH)
}

fn provide_component(subcommand: &str, component: &str) -> anyhow::Result<()> {
    if works(&mut command(&[subcommand, "--version"])) {
        return Ok(());
    }
    let mut rustup = Command::new("rustup");
    succeed(rustup.args(["component", "add", component]).current_dir(crate::cargo::root()))
}

fn provide(tools: &[Tool]) -> anyhow::Result<()> {
    let missing: Vec<&Tool> = tools.iter().filter(|tool| !is_there(tool)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    if !(Path::new("/etc/debian_version").exists() && is_root()) {
        let list = packages.join(" ");
        anyhow::bail!("missing system packages; on Debian, as root: apt-get install {list}");
    }
    println!("installing {}", packages.join(" "));
    succeed(&mut apt_get(&["update", "-qq"]))?;
    let install = ["install", "-qq", "--yes", "--no-install-recommends"];
    succeed(apt_get(&install).args(&packages))?;
    for tool in missing {
        anyhow::ensure!(is_there(tool), "{} has no {}", tool.package, tool.program);
    }
    Ok(())
}

fn is_there(tool: &Tool) -> bool {
    // SIPp ends with 99 after it has printed its version.
    Command::new(tool.program).arg(tool.probe).output().is_ok()
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command
}
