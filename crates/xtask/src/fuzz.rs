//! `cargo xtask fuzz`: cargo-fuzz needs a nightly compiler and its own lock file, so its targets
//! live in `fuzz/`, outside the workspace. What they find is replayed by plain `cargo test`.

use std::process::Command;

use anyhow::Context as _;

use crate::cargo::{root, succeed, works};

const INSTALL: &str = "rustup toolchain install nightly && cargo install --locked cargo-fuzz";

/// Lists the targets, or runs one of them.
pub(crate) fn run(arguments: &[&str]) -> anyhow::Result<()> {
    let targets = targets()?;
    match *arguments {
        [] => list(&targets),
        [target] => fuzz(&targets, target, 60)?,
        [target, seconds] => fuzz(&targets, target, crate::number(seconds)?)?,
        [_, _, ..] => anyhow::bail!("one target at a time"),
    }
    Ok(())
}

fn targets() -> anyhow::Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    if !folder.exists() {
        return Ok(vec![]);
    }
    let entries = folder.read_dir().with_context(|| folder.display().to_string())?;
    let mut names = vec![];
    for entry in entries {
        let path = entry?.path();
        if let (Some(stem), Some("rs")) =
            (path.file_stem().and_then(|s| s.to_str()), path.extension().and_then(|e| e.to_str()))
        {
            names.push(stem.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn list(targets: &[String]) {
    for target in targets {
        println!("cargo xtask fuzz {target}");
    }
    println!("{} targets in fuzz/; needs, once: {INSTALL}", targets.len());
}

fn fuzz(targets: &[String], target: &str, seconds: u64) -> anyhow::Result<()> {
    anyhow::ensure!(targets.iter().any(|name| name == target), "there is no target `{target}`");
    let cargo = || Command::new("cargo");
    anyhow::ensure!(works(cargo().args(["+nightly", "fuzz", "--version"])), "needs: {INSTALL}");
    let time = format!("-max_total_time={seconds}");
    let arguments = ["+nightly", "fuzz", "run", target, "--", &time];
    succeed(cargo().args(arguments).current_dir(root()))
}
