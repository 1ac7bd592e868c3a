//! Automation of the workspace: `cargo xtask ci` is the README's test command, the others are its
//! steps and the work around them. Nothing here is linked into the product.
#![expect(clippy::print_stdout, reason = "a command-line tool reports on its standard output")]

mod bench;
mod cargo;
mod ci;
mod debian;
mod e2e;
mod fuzz;
mod tidy;

use std::process::ExitCode;

use anyhow::Context as _;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  ci                      everything a change must pass: fmt, tidy, clippy, tests, doc, sim, sipp,
                          media
  tidy                    the rules of this repository that no compiler checks
  sim [--seed N | --seeds N]
                          the simulation: one seed with its ladder, or the first N seeds (500)
  sipp [NAME]             SIPp against the release binary: every scenario, or those named NAME…
  media [NAME]            sound through the release binary: codecs, prompts, recordings, quality
  bench [STAGE …]         what things cost, as a table
  bench queue [--seconds N]
                          a contact centre under load; 300 s
  fuzz [TARGET [SECONDS]] the fuzz targets, which live outside the workspace";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> anyhow::Result<()> {
    match arguments {
        ["ci"] => ci::run(),
        ["tidy"] => tidy::run(),
        ["sim"] => e2e::sim(e2e::Seeds::First(e2e::CI_SEEDS)),
        ["sim", "--seed", seed] => e2e::sim(e2e::Seeds::One(number(seed)?)),
        ["sim", "--seeds", count] => e2e::sim(e2e::Seeds::First(number(count)?)),
        ["sipp"] => e2e::sipp(None),
        ["sipp", name] => e2e::sipp(Some(name)),
        ["media"] => e2e::media(None),
        ["media", name] => e2e::media(Some(name)),
        ["bench", stages @ ..] => bench::run(stages),
        ["fuzz", rest @ ..] => fuzz::run(rest),
        _ => anyhow::bail!("what shall be done?\n\n{USAGE}"),
    }
}

fn number(text: &str) -> anyhow::Result<u64> {
    text.parse().with_context(|| format!("`{text}` is not a number"))
}
