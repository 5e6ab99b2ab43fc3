//! JSON as it was written: numbers keep their digits, and objects their order.
//!
//! `serde_json` can do both with features, but features are shared: they would change what the programs read that are built
//! beside this one.

mod read;
mod write;

use std::fmt::Display;

pub(crate) use self::read::read;
pub(crate) use self::write::Visible;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Document {
    Null,
    Bool(bool),
    /// Its digits.
    Number(String),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Document {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn number(number: impl Display) -> Self {
        Self::Number(format!("{number}"))
    }

    /// Returns what an error says that it is: `not the text "abc"`.
    pub(crate) fn in_words(&self) -> String {
        const SHOWN: usize = 40;
        let shown = self.to_string();
        let mut short: String = shown.chars().take(SHOWN).collect();
        if short.len() < shown.len() {
            short.push('…');
        }
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => short,
            Self::Text(_) => format!("the text {short}"),
            Self::List(_) => format!("the list {short}"),
            Self::Object(_) => format!("the object {short}"),
        }
    }
}

#[cfg(test)]
mod tests;
