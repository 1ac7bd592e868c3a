//! User instructions of a whole process: by the processor's own counter where the machine lets us
//! read it, by callgrind otherwise.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use super::program::Program;
use crate::debian;

/// How instructions are counted on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counter {
    /// `perf stat`.
    Processor,
    /// `valgrind --tool=callgrind`.
    Callgrind,
}

/// The functions (a pattern) to which counting is limited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part(pub(super) &'static str);

impl Counter {
    /// Tries the processor's counter once.
    pub(super) fn choose() -> anyhow::Result<Self> {
        let mut attempt = Self::Processor.command(Path::new("true"), &[]);
        let works = attempt.stdout(Stdio::null()).output().is_ok_and(|output| {
            Self::Processor.read(&String::from_utf8_lossy(&output.stderr)).is_some()
        });
        if works {
            return Ok(Self::Processor);
        }
        debian::provide_for_bench()?;
        Ok(Self::Callgrind)
    }

    /// Runs `program` to its end and counts.
    pub(super) fn instructions(self, program: &Program, arguments: &[&str]) -> anyhow::Result<u64> {
        self.part(program, arguments, &[])
    }

    /// Counts only what is done within `parts`, where that is possible: the processor's counter
    /// knows no functions and counts all.
    pub(super) fn part(
        self,
        program: &Program,
        arguments: &[&str],
        parts: &[Part],
    ) -> anyhow::Result<u64> {
        let mut command = self.command(program.path(), parts);
        let output = command
            .args(arguments)
            .stdout(Stdio::null())
            .output()
            .with_context(|| format!("cannot count with {self:?}"))?;
        let name = program.path().display();
        anyhow::ensure!(output.status.success(), "{name} ended with {}", output.status);
        let report = String::from_utf8_lossy(&output.stderr);
        self.read(&report).with_context(|| format!("{self:?} counted nothing"))
    }

    /// Allocations of a whole run; valgrind knows them whoever counts instructions.
    pub(super) fn allocations(program: &Program, arguments: &[&str]) -> anyhow::Result<u64> {
        debian::provide_for_bench()?;
        let mut command = Command::new("valgrind");
        command.args(["--tool=memcheck", "--leak-check=no"]).arg(program.path()).args(arguments);
        let output = command.stdout(Stdio::null()).output().context("cannot start valgrind")?;
        let report = String::from_utf8_lossy(&output.stderr);
        read_allocations(&report).context("valgrind counted no allocations")
    }

    /// `program` under the counter, which writes its report to standard error.
    pub(super) fn command(self, program: &Path, parts: &[Part]) -> Command {
        let mut command = match self {
            Self::Processor => {
                let mut command = Command::new("perf");
                command.args(["stat", "-x", ",", "-e", "instructions:u", "--"]);
                command
            }
            Self::Callgrind => {
                let mut command = Command::new("valgrind");
                command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
                command.args(parts.iter().map(|part| format!("--toggle-collect={}", part.0)));
                command
            }
        };
        command.arg(program);
        command
    }

    /// The count in a report.
    pub(super) fn read(self, report: &str) -> Option<u64> {
        match self {
            Self::Processor => {
                let line = report.lines().find(|line| line.contains("instructions:u"))?;
                line.split(',').next()?.parse().ok()
            }
            Self::Callgrind => {
                let (_, rest) = report.split_once("Collected :")?;
                rest.split_whitespace().next()?.parse().ok()
            }
        }
    }
}

/// `total heap usage: 1,234 allocs, …`
fn read_allocations(report: &str) -> Option<u64> {
    let (_, rest) = report.split_once("total heap usage:")?;
    rest.split_whitespace().next()?.replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_reports_are_read() {
        let perf = "1234567,,instructions:u,1000,100.00,,\n";
        assert_eq!(Counter::Processor.read(perf), Some(1_234_567));
        let refused = "<not supported>,,instructions:u,0,100.00,,\n";
        assert_eq!(Counter::Processor.read(refused), None);
        let callgrind = "==1== Events    : Ir\n==1== Collected : 7654321\n==1==\n";
        assert_eq!(Counter::Callgrind.read(callgrind), Some(7_654_321));
        let memcheck = "==1==   total heap usage: 1,234 allocs, 1,200 frees, 9 bytes allocated\n";
        assert_eq!(read_allocations(memcheck), Some(1_234));
    }
}
