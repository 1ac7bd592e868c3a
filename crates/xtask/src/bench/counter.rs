//! User instructions of a whole process: by the processor's own counter where the machine lets us
//! read it, by callgrind otherwise.

use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::debian;

/// How instructions are counted on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counter {
    /// `perf stat`.
    Processor,
    /// `valgrind --tool=callgrind`.
    Callgrind,
}

impl Counter {
    /// Tries the processor's counter once.
    pub(super) fn choose() -> anyhow::Result<Self> {
        if Self::Processor.instructions("true", &[]).is_ok() {
            return Ok(Self::Processor);
        }
        debian::provide_for_bench()?;
        Ok(Self::Callgrind)
    }

    /// Runs `program` to its end and counts.
    pub(super) fn instructions(self, program: &str, arguments: &[&str]) -> anyhow::Result<u64> {
        let mut command = match self {
            Self::Processor => {
                let mut command = Command::new("perf");
                command.args(["stat", "-x", ",", "-e", "instructions:u", "--"]);
                command
            }
            Self::Callgrind => {
                let mut command = Command::new("valgrind");
                command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
                command
            }
        };
        let command = command.arg(program).args(arguments).stdout(Stdio::null());
        let output = command
            .output()
            .with_context(|| format!("cannot count with {self:?}"))?;
        anyhow::ensure!(
            output.status.success(),
            "{program} ended with {}",
            output.status
        );
        let report = String::from_utf8_lossy(&output.stderr);
        self.read(&report)
            .with_context(|| format!("{self:?} counted nothing"))
    }

    fn read(self, report: &str) -> Option<u64> {
        match self {
            Self::Processor => {
                let line = report
                    .lines()
                    .find(|line| line.contains("instructions:u"))?;
                line.split(',').next()?.parse().ok()
            }
            Self::Callgrind => {
                let (_, rest) = report.split_once("Collected :")?;
                rest.split_whitespace().next()?.parse().ok()
            }
        }
    }
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
    }
}
