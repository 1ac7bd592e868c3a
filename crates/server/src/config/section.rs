//! Reading sections: a key is taken from its environment variable, else from the file, else it
//! has its default; whatever is wrong becomes a [`Problem`] and reading goes on, so that one run
//! shows every mistake. Keys nobody asked for are errors.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::environment::PREFIX;
use super::found::{Complaint, Found, Origin};
use crate::document::{Document, Key, Node, Place, Problem, Problems, Value, nearest};

/// The whole configuration while it is read.
pub(super) struct Reader<'a> {
    document: &'a Document,
    variables: BTreeMap<String, String>,
    /// Variables that a key could have.
    known_variables: RefCell<BTreeSet<String>>,
    problems: RefCell<Problems>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(document: &'a Document, variables: BTreeMap<String, String>) -> Self {
        Self {
            document,
            variables,
            known_variables: RefCell::default(),
            problems: RefCell::default(),
        }
    }

    pub(super) fn root(&self) -> Section<'_> {
        Section {
            reader: self,
            path: String::new(),
            variable: String::new(),
            node: Some(&self.document.root),
            known: RefCell::default(),
            not_built: RefCell::default(),
        }
    }

    /// Complains about a value that was read before.
    pub(super) fn refuse(&self, origin: &Origin, complaint: Complaint) {
        self.problems.borrow_mut().push(Problem::error(
            origin.source.clone(),
            origin.at,
            origin.key.clone(),
            complaint.cause,
            complaint.remedy,
        ));
    }

    /// Reports overrides that override nothing, and ends the reading.
    pub(super) fn finish(self) -> Problems {
        let known = self.known_variables.into_inner();
        let mut problems = self.problems.into_inner();
        for name in self.variables.keys() {
            // One underscore separates words; two, a section and a key: only those are ours.
            if !name.contains("__") || known.contains(name) {
                continue;
            }
            let remedy = match nearest(name, known.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "unset it".to_owned(),
            };
            let cause = "overrides no key of the configuration";
            let source = format!("environment variable {name}");
            problems.push(Problem::error(source.into(), None, "", cause, remedy));
        }
        problems.sorted()
    }
}

/// One table of the file (which may be absent: then every key has its default).
pub(super) struct Section<'a> {
    reader: &'a Reader<'a>,
    /// `sip.timers`; empty for the whole file.
    path: String,
    /// `SIP__TIMERS`.
    variable: String,
    node: Option<&'a Node>,
    /// Keys that somebody asked for, to find those nobody did.
    known: RefCell<Vec<&'static str>>,
    /// Keys of later work; they have their complaint already.
    not_built: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    /// A table inside this one.
    pub(super) fn section(&self, name: &'static str) -> Section<'a> {
        self.known.borrow_mut().push(name);
        let node = self.entry(name).map(|(_, node)| node);
        if let Some(node) = node
            && !matches!(node.value, Value::Table(_))
        {
            let cause = format!("is {}, not a section", node.value.kind());
            let complaint = Complaint::new(cause, format!("write [{}]", self.full(name)));
            self.reader.refuse(&self.origin_in_file(name, node.at), complaint);
        }
        self.inner(self.full(name), self.variable_of(name), node)
    }

    /// A table inside this one, if it is there.
    pub(super) fn section_if_there(&self, name: &'static str) -> Option<Section<'a>> {
        let there = self.entry(name).is_some();
        let section = self.section(name);
        there.then_some(section)
    }

    /// The tables of a `[[list]]`. Their overrides go by name: `TANDEM_TRUNK__CARRIER_A__COUNTRY`.
    pub(super) fn list(&self, name: &'static str) -> Vec<Section<'a>> {
        self.known.borrow_mut().push(name);
        let Some((_, node)) = self.entry(name) else {
            return Vec::new();
        };
        if !matches!(node.value, Value::List(_)) {
            let cause = format!("is {}, not a list of tables", node.value.kind());
            let complaint = Complaint::new(cause, format!("write [[{name}]]"));
            self.reader.refuse(&self.origin_in_file(name, node.at), complaint);
        }
        let items = node.items().iter().enumerate().map(|(index, item)| {
            let own_name = item.child("name").and_then(Node::text);
            let label = own_name.map_or_else(|| (index + 1).to_string(), str::to_owned);
            let variable = format!("{}__{}", self.variable_of(name), variable_word(&label));
            self.inner(format!("{name} {label}"), variable, Some(item))
        });
        items.collect()
    }

    fn inner(&self, path: String, variable: String, node: Option<&'a Node>) -> Section<'a> {
        Section {
            reader: self.reader,
            path,
            variable,
            node,
            known: RefCell::default(),
            not_built: RefCell::default(),
        }
    }

    /// A text.
    pub(super) fn text(&self, key: &'static str) -> Option<Found<String>> {
        self.raw(key).and_then(|found| match found.value {
            Raw::Variable(text) => Some(Found { value: text.to_owned(), origin: found.origin }),
            Raw::Node(node) => match node.text() {
                Some(text) => Some(found.map(|_| text.to_owned())),
                None => self.wrong_kind(&found.origin, node, "a text", "put it in \"quotes\""),
            },
        })
    }

    /// A text that a parser turns into something.
    pub(super) fn parsed<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Complaint>,
    ) -> Option<Found<T>> {
        self.text(key).and_then(|found| self.parse(found, parse))
    }

    /// A list of texts, or one text; in the environment separated by commas.
    pub(super) fn parsed_list<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, Complaint>,
    ) -> Vec<Found<T>> {
        let Some(found) = self.raw(key) else {
            return Vec::new();
        };
        let origin = found.origin;
        let texts: Vec<Found<String>> = match found.value {
            Raw::Variable(text) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                items.map(|item| spot(item, origin.clone())).collect()
            }
            Raw::Node(node) => match (&node.value, node.text()) {
                (_, Some(text)) => vec![spot(text, origin)],
                (Value::List(items), None) => {
                    let items = items.iter().filter_map(|item| {
                        let at = Some(item.at);
                        let origin = Origin { at, ..origin.clone() };
                        match item.text() {
                            Some(text) => Some(spot(text, origin)),
                            None => {
                                self.wrong_kind(&origin, item, "a text", "put it in \"quotes\"")
                            }
                        }
                    });
                    items.collect()
                }
                (_, None) => self
                    .wrong_kind(&origin, node, "a list of texts", "write [\"…\", \"…\"]")
                    .unwrap_or_default(),
            },
        };
        let parsed = texts.into_iter();
        parsed.filter_map(|found| self.parse(found, &parse)).collect()
    }

    /// A whole number within bounds; its default where absent or wrong.
    pub(super) fn number(
        &self,
        key: &'static str,
        default: u64,
        bounds: RangeInclusive<u64>,
    ) -> u64 {
        let Some(found) = self.raw(key) else {
            return default;
        };
        let origin = found.origin;
        let (lowest, highest) = (*bounds.start(), *bounds.end());
        let remedy = format!("write a whole number from {lowest} to {highest}");
        let number = match found.value {
            Raw::Variable(text) => text.parse().map_err(|_| format!("`{text}` is no number")),
            Raw::Node(node) => match node.value {
                Value::Integer(number) => {
                    u64::try_from(number).map_err(|_| format!("{number} is negative"))
                }
                Value::Null
                | Value::Boolean(_)
                | Value::Float(_)
                | Value::Text(_)
                | Value::List(_)
                | Value::Table(_) => Err(format!("is {}, not a number", node.value.kind())),
            },
        };
        let cause = match number {
            Ok(number) if bounds.contains(&number) => return number,
            Ok(number) => format!("{number} is out of bounds"),
            Err(cause) => cause,
        };
        self.reader.refuse(&origin, Complaint::new(cause, remedy));
        default
    }

    /// A number with a fraction within bounds; its default where absent or wrong.
    pub(super) fn decimal(
        &self,
        key: &'static str,
        default: f64,
        bounds: RangeInclusive<f64>,
    ) -> f64 {
        let Some(found) = self.raw(key) else {
            return default;
        };
        let number = match found.value {
            Raw::Variable(text) => text.parse().map_err(|_| format!("`{text}` is no number")),
            Raw::Node(node) => match node.value {
                Value::Float(number) => Ok(number),
                Value::Integer(number) => Ok(number as f64),
                Value::Null
                | Value::Boolean(_)
                | Value::Text(_)
                | Value::List(_)
                | Value::Table(_) => Err(format!("is {}, not a number", node.value.kind())),
            },
        };
        let cause = match number {
            Ok(number) if bounds.contains(&number) => return number,
            Ok(number) => format!("{number} is out of bounds"),
            Err(cause) => cause,
        };
        let remedy = format!("write a number from {} to {}", bounds.start(), bounds.end());
        self.reader.refuse(&found.origin, Complaint::new(cause, remedy));
        default
    }

    /// True or false; its default where absent or wrong.
    pub(super) fn flag(&self, key: &'static str, default: bool) -> bool {
        let Some(found) = self.raw(key) else {
            return default;
        };
        let flag = match found.value {
            Raw::Variable(text) => text.parse().map_err(|_| format!("is `{text}`")),
            Raw::Node(node) => match node.value {
                Value::Boolean(flag) => Ok(flag),
                Value::Null
                | Value::Integer(_)
                | Value::Float(_)
                | Value::Text(_)
                | Value::List(_)
                | Value::Table(_) => Err(format!("is {}", node.value.kind())),
            },
        };
        flag.unwrap_or_else(|cause| {
            let cause = format!("{cause}, not true or false");
            self.reader.refuse(&found.origin, Complaint::new(cause, "write true or false"));
            default
        })
    }

    /// Every text of a section whose keys are the user's own, with its key. They have no
    /// overrides. What is no text is complained about.
    pub(super) fn texts(&self) -> Vec<(String, Found<String>)> {
        let mut texts = Vec::new();
        for (key, node) in self.node.map(Node::entries).unwrap_or_default() {
            let origin = self.origin_in_file(&key.name, key.at);
            match node.text() {
                Some(text) => {
                    texts.push((key.name.clone(), Found { value: text.to_owned(), origin }));
                }
                None => {
                    let _: Option<()> =
                        self.wrong_kind(&origin, node, "a text", "put it in \"quotes\"");
                }
            }
        }
        texts
    }

    /// Complains about a value whose origin is known.
    pub(super) fn refuse_at(&self, origin: &Origin, complaint: Complaint) {
        self.reader.refuse(origin, complaint);
    }

    /// A key that interface and documents know, but not yet this version.
    pub(super) fn not_built(&self, key: &'static str, what: &str) {
        if let Some((key, _)) = self.entry(key) {
            let origin = self.origin_in_file(&key.name, key.at);
            let complaint = Complaint::new(format!("{what} is not built yet"), "remove it");
            self.reader.refuse(&origin, complaint);
        }
        self.not_built.borrow_mut().push(key);
    }

    /// Complains that a key is absent, where its section stands.
    pub(super) fn missing(&self, key: &'static str, remedy: &str) {
        let origin = Origin {
            source: self.reader.document.file.clone(),
            at: self.node.map(|node| node.at),
            key: self.full(key),
        };
        self.reader.refuse(&origin, Complaint::new("is missing", remedy));
    }

    /// Complains about a key whose value is wrong beside another.
    pub(super) fn refuse(&self, key: &'static str, cause: &str, remedy: &str) {
        self.reader.refuse(&self.origin(key), Complaint::new(cause, remedy));
    }

    /// Whether neither file nor environment names a key.
    pub(super) fn is_absent(&self, key: &'static str) -> bool {
        !self.reader.variables.contains_key(&self.variable_of(key)) && self.entry(key).is_none()
    }

    /// Whether neither file nor environment says anything for a key; otherwise a complaint about
    /// what they say was made already.
    pub(super) fn is_absent_or_empty(&self, key: &'static str) -> bool {
        if let Some(text) = self.reader.variables.get(&self.variable_of(key)) {
            return text.trim().is_empty();
        }
        match self.entry(key) {
            Some((_, node)) => matches!(&node.value, Value::List(items) if items.is_empty()),
            None => true,
        }
    }

    /// The origin of a key as a whole, for complaints about several values together.
    pub(super) fn origin(&self, key: &'static str) -> Origin {
        let variable = self.variable_of(key);
        if self.reader.variables.contains_key(&variable) {
            return self.origin_in_environment(&variable, key);
        }
        let place = self.entry(key).map(|(key, _)| key.at);
        Origin {
            source: self.reader.document.file.clone(),
            at: place.or(self.node.map(|node| node.at)),
            key: self.full(key),
        }
    }

    /// Reports the keys of this section that nobody asked for.
    pub(super) fn finish(self) {
        let known = self.known.borrow();
        for (key, _) in self.node.map(Node::entries).unwrap_or_default() {
            let name = key.name.as_str();
            if known.contains(&name) || self.not_built.borrow().contains(&name) {
                continue;
            }
            let remedy = match nearest(&key.name, known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("known here: {}", known.join(", ")),
            };
            let cause = if self.path.is_empty() { "unknown section" } else { "unknown key" };
            let origin = self.origin_in_file(&key.name, key.at);
            self.reader.refuse(&origin, Complaint::new(cause, remedy));
        }
    }

    fn parse<T>(
        &self,
        found: Found<String>,
        parse: impl FnOnce(&str) -> Result<T, Complaint>,
    ) -> Option<Found<T>> {
        match parse(&found.value) {
            Ok(value) => Some(found.map(|_| value)),
            Err(complaint) => {
                self.reader.refuse(&found.origin, complaint);
                None
            }
        }
    }

    fn wrong_kind<T>(&self, origin: &Origin, node: &Node, wanted: &str, fix: &str) -> Option<T> {
        let cause = format!("is {}, not {wanted}", node.value.kind());
        self.reader.refuse(origin, Complaint::new(cause, fix));
        None
    }

    fn raw(&self, key: &'static str) -> Option<Found<Raw<'a>>> {
        self.known.borrow_mut().push(key);
        let variable = self.variable_of(key);
        let known = &self.reader.known_variables;
        known.borrow_mut().insert(variable.clone());
        if let Some(text) = self.reader.variables.get(&variable) {
            let origin = self.origin_in_environment(&variable, key);
            return Some(Found { value: Raw::Variable(text), origin });
        }
        let (_, node) = self.entry(key)?;
        Some(Found { value: Raw::Node(node), origin: self.origin_in_file(key, node.at) })
    }

    fn entry(&self, name: &str) -> Option<&'a (Key, Node)> {
        let entries = self.node.map(Node::entries)?;
        entries.iter().find(|(key, _)| key.name == name)
    }

    fn origin_in_file(&self, key: &str, at: Place) -> Origin {
        Origin { source: self.reader.document.file.clone(), at: Some(at), key: self.full(key) }
    }

    fn origin_in_environment(&self, variable: &str, key: &str) -> Origin {
        Origin {
            source: format!("environment variable {variable}").into(),
            at: None,
            key: self.full(key),
        }
    }

    fn full(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn variable_of(&self, key: &str) -> String {
        let word = variable_word(key);
        if self.variable.is_empty() {
            format!("{PREFIX}{word}")
        } else {
            format!("{}__{word}", self.variable)
        }
    }
}

enum Raw<'a> {
    Variable(&'a str),
    Node(&'a Node),
}

fn spot(text: &str, origin: Origin) -> Found<String> {
    Found { value: text.to_owned(), origin }
}

fn variable_word(name: &str) -> String {
    let letters = name.chars().map(|letter| {
        if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' }
    });
    letters.collect()
}
