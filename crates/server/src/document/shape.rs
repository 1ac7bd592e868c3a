//! The tree into serde's types. A fault says where it is and which keys would have been known,
//! which no general-purpose deserializer tells.

use serde::Deserialize;
use serde::de::{
    self, DeserializeSeed, EnumAccess, IntoDeserializer as _, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Key, Node, Place, Value};

/// Why a node is not a `T`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct Fault {
    /// Where; `None`: the node itself.
    pub at: Option<Place>,
    /// Keys and positions that lead from the node to the fault, innermost last.
    pub path: Vec<String>,
    /// What is wrong.
    pub cause: FaultCause,
}

/// What is wrong with a node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultCause {
    /// A key that the type does not have.
    #[error("unknown key `{name}`")]
    UnknownKey {
        /// The key.
        name: String,
        /// The keys that it has.
        known: &'static [&'static str],
    },
    /// A key is absent that must be there.
    #[error("`{0}` is missing")]
    MissingKey(&'static str),
    /// Anything else, as serde words it.
    #[error("{0}")]
    Value(String),
}

/// Reads a node as a value of a type.
///
/// # Errors
/// The first fault.
pub fn read<'de, T: Deserialize<'de>>(node: &Node) -> Result<T, Fault> {
    T::deserialize(NodeReader(node)).map_err(|fault| fault.within(None, node.at))
}

impl Fault {
    /// The fault seen from one level further out.
    fn within(mut self, step: Option<String>, at: Place) -> Self {
        self.at.get_or_insert(at);
        self.path.extend(step);
        self
    }

    fn of(cause: FaultCause) -> Self {
        Self { at: None, path: Vec::new(), cause }
    }

    /// The path in writing order, as `options[2].digit`.
    pub fn dotted(&self) -> String {
        let mut dotted = String::new();
        for step in self.path.iter().rev() {
            if !dotted.is_empty() && !step.starts_with('[') {
                dotted.push('.');
            }
            dotted.push_str(step);
        }
        dotted
    }
}

impl de::Error for Fault {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::of(FaultCause::Value(message.to_string()))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::of(FaultCause::UnknownKey { name: field.to_owned(), known: expected })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::of(FaultCause::MissingKey(field))
    }
}

struct NodeReader<'a>(&'a Node);

impl<'de> de::Deserializer<'de> for NodeReader<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.value {
            Value::Null => visitor.visit_unit(),
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::Integer(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(ItemReader { items, next: 0 }),
            Value::Table(entries) => visitor.visit_map(EntryReader { entries, value: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.0.value == Value::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    /// A word, or a table with one key: `"callback"`, `{ ivr = "ivr-x" }`.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.0.value {
            Value::Text(word) => visitor.visit_enum(word.as_str().into_deserializer()),
            Value::Table(entries) => match entries.as_slice() {
                [(key, value)] => visitor.visit_enum(VariantReader { key, value }),
                _ => {
                    let known = variants.join(", ");
                    Err(de::Error::custom(format!("a table with one key of {known} is expected")))
                }
            },
            Value::Null
            | Value::Boolean(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::List(_) => {
                let kind = self.0.value.kind();
                Err(de::Error::custom(format!("is {kind}, not a {name}: {}", variants.join(", "))))
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// The one entry of a table that stands for a variant with a value.
struct VariantReader<'a> {
    key: &'a Key,
    value: &'a Node,
}

impl<'de> EnumAccess<'de> for VariantReader<'_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Fault> {
        let word: de::value::StrDeserializer<'_, Fault> =
            self.key.name.as_str().into_deserializer();
        let variant = seed.deserialize(word).map_err(|fault| fault.within(None, self.key.at))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for VariantReader<'_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Err(de::Error::custom(format!("`{}` is written as a word alone", self.key.name)))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        let read = seed.deserialize(NodeReader(self.value));
        read.map_err(|fault| fault.within(Some(self.key.name.clone()), self.value.at))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Fault> {
        de::Deserializer::deserialize_seq(NodeReader(self.value), visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        de::Deserializer::deserialize_map(NodeReader(self.value), visitor)
    }
}

struct ItemReader<'a> {
    items: &'a [Node],
    next: usize,
}

impl<'de> SeqAccess<'de> for ItemReader<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some(item) = self.items.get(self.next) else {
            return Ok(None);
        };
        let index = self.next;
        self.next += 1;
        let read = seed.deserialize(NodeReader(item));
        read.map(Some).map_err(|fault| fault.within(Some(format!("[{index}]")), item.at))
    }
}

struct EntryReader<'a> {
    entries: &'a [(Key, Node)],
    value: Option<&'a (Key, Node)>,
}

impl<'de> MapAccess<'de> for EntryReader<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some((entry, rest)) = self.entries.split_first() else {
            return Ok(None);
        };
        self.entries = rest;
        self.value = Some(entry);
        let name = entry.0.name.as_str().into_deserializer();
        let read = seed.deserialize(name);
        read.map(Some).map_err(|fault: Fault| fault.within(None, entry.0.at))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        // serde calls this after a key only.
        let Some((key, node)) = self.value.take() else {
            return Err(Fault::of(FaultCause::Value("a value without a key".into())));
        };
        let read = seed.deserialize(NodeReader(node));
        read.map_err(|fault| fault.within(Some(key.name.clone()), node.at))
    }
}
