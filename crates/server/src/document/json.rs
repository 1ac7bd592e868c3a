//! JSON (RFC 8259) to the tree. The values are parsed one level at a time as raw text, whose
//! position in the file is its offset.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Key, Lines, MAX_DEPTH, Node, Place, Problem, Problems, Value};

pub(super) fn parse(file: &Arc<str>, lines: &Lines<'_>) -> Result<Node, Problems> {
    let reader = Reader { file, lines };
    let raw: &RawValue = serde_json::from_str(lines.text).map_err(|error| {
        let at = Place {
            line: u32::try_from(error.line()).unwrap_or(u32::MAX),
            column: u32::try_from(error.column()).unwrap_or(u32::MAX).max(1),
        };
        let words = error.to_string();
        // serde_json appends the place, which stands in front here.
        let cause = words.split(" at line ").next().unwrap_or(&words);
        reader.refuse(at, format!("is not JSON: {cause}"), "correct the notation here")
    })?;
    let root = reader.node(raw, 0)?;
    match root.value {
        Value::Table(_) => Ok(root),
        Value::Null
        | Value::Boolean(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::List(_) => {
            let cause = format!("is {}, not an object", root.value.kind());
            Err(reader.refuse(root.at, cause, "put everything into one object { … }"))
        }
    }
}

struct Reader<'a> {
    file: &'a Arc<str>,
    lines: &'a Lines<'a>,
}

impl Reader<'_> {
    fn node(&self, raw: &RawValue, depth: usize) -> Result<Node, Problems> {
        let text = raw.get();
        // `raw` borrows from the file's text, so that the difference is its offset in it.
        let offset = text.as_ptr().addr() - self.lines.text.as_ptr().addr();
        let at = self.lines.place(offset);
        if depth > MAX_DEPTH {
            return Err(self.refuse(at, format!("nests deeper than {MAX_DEPTH}"), "flatten it"));
        }
        let invalid = |error: serde_json::Error| {
            self.refuse(at, format!("is not JSON: {error}"), "correct the notation here")
        };
        let value = match text.as_bytes().first() {
            Some(b'{') => {
                let entries: Entries<'_> = serde_json::from_str(text).map_err(invalid)?;
                let entries = entries.0.into_iter().map(|(name, raw)| {
                    let node = self.node(raw, depth + 1)?;
                    Ok((Key { name, at: node.at }, node))
                });
                Value::Table(entries.collect::<Result<_, Problems>>()?)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text).map_err(invalid)?;
                let items = items.into_iter().map(|raw| self.node(raw, depth + 1));
                Value::List(items.collect::<Result<_, _>>()?)
            }
            Some(_) | None => match serde_json::from_str(text).map_err(invalid)? {
                serde_json::Value::Null => Value::Null,
                serde_json::Value::Bool(value) => Value::Boolean(value),
                serde_json::Value::Number(number) => number.as_i64().map_or_else(
                    || Value::Float(number.as_f64().unwrap_or(f64::NAN)),
                    Value::Integer,
                ),
                serde_json::Value::String(text) => Value::Text(text),
                // The text began with neither bracket.
                serde_json::Value::Array(_) | serde_json::Value::Object(_) => Value::Null,
            },
        };
        Ok(Node { at, value })
    }

    fn refuse(&self, at: Place, cause: String, remedy: &str) -> Problems {
        Problem::error(self.file.clone(), Some(at), "", cause, remedy).into()
    }
}

/// The entries of an object in their order, repeated keys included.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor)
    }
}
