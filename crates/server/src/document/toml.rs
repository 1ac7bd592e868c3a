//! TOML to the tree; every syntax error of the file is reported, not only the first.

use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::{Key, Lines, MAX_DEPTH, Node, Place, Problem, Problems, Value};

pub(super) fn parse(file: &Arc<str>, lines: &Lines<'_>) -> Result<Node, Problems> {
    let (root, errors) = DeTable::parse_recoverable(lines.text);
    if !errors.is_empty() {
        let complaints = errors.iter().map(|error| {
            let at = error.span().map(|span| lines.place(span.start));
            let cause = format!("is not TOML: {}", error.message());
            Problem::error(file.clone(), at, "", cause, "correct the notation here")
        });
        return Err(Problems(complaints.collect()).sorted());
    }
    let reader = Reader { file, lines };
    Ok(Node { at: Place { line: 1, column: 1 }, value: reader.table(root.get_ref(), 0)? })
}

struct Reader<'a> {
    file: &'a Arc<str>,
    lines: &'a Lines<'a>,
}

impl Reader<'_> {
    fn table(&self, table: &DeTable<'_>, depth: usize) -> Result<Value, Problems> {
        let mut entries = Vec::with_capacity(table.len());
        for (key, value) in table {
            let at = self.lines.place(key.span().start);
            let key = Key { name: key.get_ref().to_string(), at };
            let place = self.lines.place(value.span().start);
            entries.push((key, self.node(value.get_ref(), place, depth + 1)?));
        }
        entries.sort_by_key(|(key, _)| key.at);
        Ok(Value::Table(entries))
    }

    fn node(&self, value: &DeValue<'_>, at: Place, depth: usize) -> Result<Node, Problems> {
        if depth > MAX_DEPTH {
            return Err(self.refuse(at, format!("nests deeper than {MAX_DEPTH}"), "flatten it"));
        }
        let value = match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => {
                let read = i64::from_str_radix(number.as_str(), number.radix());
                Value::Integer(read.map_err(|_| {
                    let cause = format!("{number} does not fit in 64 bits");
                    self.refuse(at, cause, "use a smaller number")
                })?)
            }
            DeValue::Float(number) => Value::Float(number.as_str().parse().map_err(|_| {
                self.refuse(at, format!("{number} is not a number"), "use a decimal number")
            })?),
            DeValue::Boolean(value) => Value::Boolean(*value),
            DeValue::Datetime(time) => Value::Text(time.to_string()),
            DeValue::Array(items) => {
                let items = items.iter().map(|item| {
                    let at = self.lines.place(item.span().start);
                    self.node(item.get_ref(), at, depth + 1)
                });
                Value::List(items.collect::<Result<_, _>>()?)
            }
            DeValue::Table(table) => self.table(table, depth)?,
        };
        Ok(Node { at, value })
    }

    fn refuse(&self, at: Place, cause: String, remedy: &str) -> Problems {
        Problem::error(self.file.clone(), Some(at), "", cause, remedy).into()
    }
}
