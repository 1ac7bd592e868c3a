//! `tandem`: the command line. Exit codes: 0 done, 1 the work failed, 2 the input (arguments,
//! configuration, directory) is wrong, 3 the environment refused (port taken, database
//! unreachable).

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use server::commands::{Assign, Call, Check, Demo, Import, Key, Migrate, Route, Serve};
use server::config::ProcessEnvironment;
use server::failure::Failure;

/// Tandem joins trunks, users and groups: a telephony server that records every call as it happens
/// and turns finished calls into conversations.
#[derive(Debug, Parser)]
#[command(name = "tandem", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(Demo),
    Serve(Serve),
    Check(Check),
    Import(Import),
    Assign(Assign),
    Migrate(Migrate),
    Route(Route),
    Call(Call),
    Key(Key),
}

fn main() -> ExitCode {
    // clap prints usage errors itself and exits with 2.
    let arguments = Arguments::parse();
    let mut out = std::io::stdout().lock();
    let done = run(&arguments.command, &mut out);
    let done = out.flush().map_err(Failure::from).and(done);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let text = failure.to_string();
            if !text.is_empty() {
                // Nobody may be left to read it; the exit code tells.
                drop(writeln!(std::io::stderr(), "{text}"));
            }
            failure.exit_code()
        }
    }
}

fn run(command: &Command, out: &mut impl std::io::Write) -> Result<(), Failure> {
    let environment = ProcessEnvironment;
    match command {
        Command::Demo(demo) => demo.run(out),
        Command::Serve(serve) => serve.run(&environment, out),
        Command::Check(check) => check.run(&environment, out),
        Command::Import(import) => import.run(&environment, out),
        Command::Assign(assign) => assign.run(&environment, out),
        Command::Migrate(migrate) => migrate.run(&environment, out),
        Command::Route(route) => route.run(&environment, out),
        Command::Call(call) => call.run(&environment, out),
        Command::Key(key) => key.run(&environment, out),
    }
}
