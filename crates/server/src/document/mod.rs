//! Documents that people write (TOML, JSON) as one tree in which every value knows its line, so
//! that every complaint about it can name file, line and key. Reading is bounded: a file is at
//! most [`MAX_BYTES`] long and nests at most [`MAX_DEPTH`] deep.

mod json;
mod problem;
mod shape;
mod toml;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub use model::nearest;
pub use problem::{Problem, Problems, Severity};
pub use shape::{Fault, FaultCause, read};

/// Longest file that is read, in bytes.
pub const MAX_BYTES: u64 = 64 << 20;
/// Deepest nesting of lists and tables.
pub const MAX_DEPTH: usize = 32;

/// A file that could be parsed.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file as the user named it.
    pub file: Arc<str>,
    /// The top-level table.
    pub root: Node,
}

/// Where something stands in a file; line and column count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// First character of the value; for an entry of `[[list]]` its header.
    pub at: Place,
    /// The value.
    pub value: Value,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// JSON's null.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A text; a TOML date or time is one too.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A table, in the order of the file.
    Table(Vec<(Key, Node)>),
}

/// A key of a table and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The key, unescaped.
    pub name: String,
    /// Its first character (in JSON: that of its value).
    pub at: Place,
}

/// The two notations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// TOML 1.1.
    Toml,
    /// RFC 8259.
    Json,
}

impl Document {
    /// Reads a file; the notation follows from its extension (`.json`, else TOML).
    ///
    /// # Errors
    /// Every syntax error, or why the file could not be read.
    pub fn open(path: &Path) -> Result<Self, Problems> {
        let file: Arc<str> = Arc::from(path.display().to_string());
        let refused = |cause: String, remedy: &str| {
            Problems::from(Problem::error(file.clone(), None, "", cause, remedy))
        };
        let size = std::fs::metadata(path)
            .map_err(|error| refused(format!("cannot be read: {error}"), "check path and rights"))?
            .len();
        if size > MAX_BYTES {
            return Err(refused(
                format!("is {size} bytes long; at most {MAX_BYTES} are read"),
                "split the file",
            ));
        }
        let text = std::fs::read_to_string(path).map_err(|error| {
            refused(format!("cannot be read: {error}"), "check path and rights")
        })?;
        let notation = match path.extension() {
            Some(extension) if extension.eq_ignore_ascii_case("json") => Notation::Json,
            Some(_) | None => Notation::Toml,
        };
        Self::parse(file, &text, notation)
    }

    /// Parses a text; `file` is what complaints call it.
    ///
    /// # Errors
    /// Every syntax error.
    pub fn parse(file: Arc<str>, text: &str, notation: Notation) -> Result<Self, Problems> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = Lines::new(text);
        let root = match notation {
            Notation::Toml => toml::parse(&file, &lines),
            Notation::Json => json::parse(&file, &lines),
        }?;
        Ok(Self { file, root })
    }
}

impl Node {
    /// The entries of a table; none of any other value.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.value {
            Value::Table(entries) => entries,
            Value::Null
            | Value::Boolean(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::List(_) => &[],
        }
    }

    /// The items of a list; none of any other value.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            Value::Null
            | Value::Boolean(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::Table(_) => &[],
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Null
            | Value::Boolean(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::List(_)
            | Value::Table(_) => None,
        }
    }

    /// The value under a key of a table.
    pub fn child(&self, name: &str) -> Option<&Node> {
        let found = self.entries().iter().find(|(key, _)| key.name == name);
        found.map(|(_, node)| node)
    }
}

impl Value {
    /// What the value is, for complaints.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a fraction",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A text with the beginnings of its lines, to turn byte offsets into places.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1));
        Self { text, starts: starts.collect() }
    }

    fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or("");
        Place {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(before.chars().count() + 1).unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests;
