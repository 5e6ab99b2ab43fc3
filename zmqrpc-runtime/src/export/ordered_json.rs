//! JSON whose members keep their order. `serde_json` sorts them, unless a program turns on a feature of it anywhere.

use serde::{Serialize, Serializer};
use serde_json::Value;

/// A JSON value.
#[derive(Debug)]
pub(super) enum OrderedJson {
    Bool(bool),
    I64(i64),
    U64(u64),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
    /// One that was read.
    Value(Value),
}

impl OrderedJson {
    pub(super) fn object<const N: usize>(members: [(&str, Self); N]) -> Self {
        let members = members.into_iter();
        Self::Object(
            members
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    /// Adds a member to an object.
    pub(super) fn with(mut self, name: &str, value: impl Into<Self>) -> Self {
        if let Self::Object(members) = &mut self {
            members.push((name.to_owned(), value.into()));
        }
        self
    }

    /// Adds a text to an object, unless it is empty.
    pub(super) fn with_text(self, name: &str, text: &str) -> Self {
        if text.is_empty() {
            self
        } else {
            self.with(name, text)
        }
    }

    /// Adds a list to an object, unless it is empty.
    pub(super) fn with_list(self, name: &str, list: Vec<Self>) -> Self {
        if list.is_empty() {
            self
        } else {
            self.with(name, list)
        }
    }

    /// Adds the members of another object.
    pub(super) fn with_all(mut self, other: Self) -> Self {
        if let (Self::Object(members), Self::Object(others)) = (&mut self, other) {
            members.extend(others);
        }
        self
    }

    /// Returns the JSON, indented.
    pub(super) fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("it has text keys alone");
        text.push('\n');
        text
    }
}

impl From<bool> for OrderedJson {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for OrderedJson {
    fn from(value: u64) -> Self {
        Self::U64(value)
    }
}

impl From<&str> for OrderedJson {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for OrderedJson {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<Self>> for OrderedJson {
    fn from(list: Vec<Self>) -> Self {
        Self::List(list)
    }
}

impl Serialize for OrderedJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::I64(value) => serializer.serialize_i64(*value),
            Self::U64(value) => serializer.serialize_u64(*value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => serializer.collect_seq(list),
            Self::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, value)))
            }
            Self::Value(value) => value.serialize(serializer),
        }
    }
}
