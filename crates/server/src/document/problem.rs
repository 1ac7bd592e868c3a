//! What is wrong with a file: file, line, key, cause and remedy, always all five that are known.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::Place;

/// Whether a problem stops the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing starts until it is corrected.
    Error,
    /// Worth knowing.
    Warning,
}

/// One complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whether it stops the work.
    pub severity: Severity,
    /// The file, or the environment variable, that holds the value.
    pub file: Arc<str>,
    /// Where in the file.
    pub at: Option<Place>,
    /// Full name of the key, as `sip.listen`; empty where the whole file is meant.
    pub key: String,
    /// What is wrong.
    pub cause: String,
    /// What to do about it; empty where the cause says it.
    pub remedy: String,
}

/// Complaints in the order of their files and lines; never empty when it is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problem {
    /// A problem that stops the work.
    pub fn error(
        file: Arc<str>,
        at: Option<Place>,
        key: impl Into<String>,
        cause: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Error,
            file,
            at,
            key: key.into(),
            cause: cause.into(),
            remedy: remedy.into(),
        }
    }

    /// The same as a warning.
    #[must_use]
    pub fn into_warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }
}

impl Problems {
    /// How many of them stop the work.
    pub fn errors(&self) -> usize {
        let errors = self.0.iter();
        errors.filter(|problem| problem.severity == Severity::Error).count()
    }

    /// Adds a complaint.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Adds those of another list.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Orders them as a reader goes through the files.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.0.sort_by(|a, b| (&a.file, a.at).cmp(&(&b.file, b.at)));
        self
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity, self.file)?;
        if let Some(at) = self.at {
            write!(f, ":{at}")?;
        }
        f.write_str(": ")?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.cause)?;
        if !self.remedy.is_empty() {
            write!(f, "\n  fix: {}", self.remedy)?;
        }
        Ok(())
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl Serialize for Problem {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut object = serializer.serialize_struct("Problem", 7)?;
        object.serialize_field("severity", &self.severity)?;
        object.serialize_field("file", &*self.file)?;
        object.serialize_field("line", &self.at.map(|at| at.line))?;
        object.serialize_field("column", &self.at.map(|at| at.column))?;
        object.serialize_field("key", &self.key)?;
        object.serialize_field("cause", &self.cause)?;
        object.serialize_field("remedy", &self.remedy)?;
        object.end()
    }
}
