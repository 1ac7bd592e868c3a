//! Why a command failed, in the classes that scripts branch on.

use std::fmt;
use std::process::ExitCode;

use crate::config::Refusal;
use crate::document::{Problem, Problems};

/// A failed command; each class has its exit code.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The work itself failed: exit code 1.
    Work(Complaint),
    /// Arguments, configuration or directory are wrong: exit code 2.
    Input(Problems),
    /// The environment refused (a port is taken, the database cannot be reached): exit code 3.
    Environment(Complaint),
    /// The work failed and was reported already: exit code 1.
    Reported,
}

/// A cause and its remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// What went wrong.
    pub cause: String,
    /// What to do about it; empty where the cause says it.
    pub remedy: String,
}

impl Failure {
    /// The work failed.
    pub fn work(cause: impl fmt::Display, remedy: impl Into<String>) -> Self {
        Self::Work(Complaint::new(cause, remedy))
    }

    /// An argument of the command line is wrong.
    pub fn argument(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        let problem = Problem::error("command line".into(), None, "", cause, remedy);
        Self::Input(Problems(vec![problem]))
    }

    /// The environment refused.
    pub fn environment(cause: impl fmt::Display, remedy: impl Into<String>) -> Self {
        Self::Environment(Complaint::new(cause, remedy))
    }

    /// The database's failure in the class of its cause: what an operator can mend is the
    /// environment's.
    pub fn of_database(error: &store::Error) -> Self {
        if error.is_transient() || matches!(error, store::Error::Migration { .. }) {
            Self::environment(error, error.remedy())
        } else {
            Self::work(error, error.remedy())
        }
    }

    /// The exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Work(_) | Self::Reported => 1,
            Self::Input(_) => 2,
            Self::Environment(_) => 3,
        })
    }
}

impl Complaint {
    fn new(cause: impl fmt::Display, remedy: impl Into<String>) -> Self {
        Self { cause: cause.to_string(), remedy: remedy.into() }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Input(problems)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Input(refusal.problems)
    }
}

/// The output cannot be written, e.g. the pipe was closed.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::work(format!("the output cannot be written: {error}"), "")
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.cause)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(f, "\n  fix: {}", self.remedy) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Work(complaint) | Self::Environment(complaint) => complaint.fmt(f),
            Self::Input(problems) => problems.fmt(f),
            Self::Reported => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}
