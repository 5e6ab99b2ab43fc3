//! Why a value was refused, and where in it.

use std::fmt;

use serde::de::value::Error as SerdeError;

use crate::codec::Error;
use crate::codec::text::clip;

/// The most characters of one step of a path: names may come from a peer.
const MAX_STEP: usize = 40;

/// The most characters of a path, which is shown as far as it fits from the inside out: the reason comes behind it.
const MAX_PATH: usize = 160;

/// Why a value cannot be read or written.
pub(crate) struct ValueError(Box<Details>);

struct Details {
    reason: ValueFault,
    /// From the inside out.
    path: Vec<PathStep>,
    field: Option<FieldFault>,
}

/// What is wrong with the fields of a struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldFault {
    Missing(&'static str),
    Duplicate(&'static str),
    Unknown,
}

enum ValueFault {
    /// For people; at most a line.
    Text(String),
    /// One of the errors that have a variant of their own.
    Typed(Error),
}

/// A part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PathStep {
    /// A field, a key of a map, or a variant.
    Name(String),
    /// An element.
    Index(usize),
}

impl PathStep {
    /// Returns the step to the part of this name, which is shortened if it is long.
    pub(crate) fn name(name: &str) -> Self {
        let mut shown = String::new();
        for char in name.chars() {
            if shown.chars().count() >= MAX_STEP {
                shown.push('…');
                break;
            }
            shown.extend(visible(char));
        }
        Self::Name(shown)
    }
}

/// Returns a character as it is, or escaped if it could move a cursor or begin a line.
fn visible(char: char) -> impl Iterator<Item = char> {
    let escaped = char.escape_debug();
    let is_verbatim = matches!(char, '"' | '\'' | '\\') || escaped.len() == 1;
    let (verbatim, escaped) = if is_verbatim {
        (Some(char), None)
    } else {
        (None, Some(escaped))
    };
    verbatim.into_iter().chain(escaped.into_iter().flatten())
}

impl fmt::Display for PathStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

impl ValueError {
    #[cold]
    pub(crate) fn new(reason: impl fmt::Display) -> Self {
        Self::of(ValueFault::Text(clip(reason)))
    }

    fn of(reason: ValueFault) -> Self {
        Self(Box::new(Details {
            reason,
            path: Vec::new(),
            field: None,
        }))
    }

    /// Creates an error about a field, with the text that serde has for it.
    #[cold]
    fn of_field(field: FieldFault, reason: SerdeError) -> Self {
        let mut error = Self::new(reason);
        error.0.field = Some(field);
        error
    }

    /// Returns what is wrong with a field, if that is why.
    pub(crate) fn field_fault(&self) -> Option<FieldFault> {
        self.0.field
    }

    /// Says in which part of a value the error is. To be called from the inside out.
    #[cold]
    pub(crate) fn at(mut self, step: PathStep) -> Self {
        self.0.path.push(step);
        self
    }

    /// Names the argument in which the error is, if the value is a list of these arguments.
    #[cold]
    pub(crate) fn of_argument(mut self, names: &[&str]) -> Self {
        if let Some(step) = self.0.path.last_mut()
            && let PathStep::Index(index) = *step
            && let Some(name) = names.get(index)
        {
            *step = PathStep::name(name);
        }
        self
    }

    /// Returns the codec's error; `text` makes one of a text.
    #[cold]
    pub(crate) fn into_error(self, text: fn(String) -> Error) -> Error {
        let path = self.path();
        match self.0.reason {
            ValueFault::Typed(Error::SomeOfNothing { .. }) => Error::SomeOfNothing { path },
            ValueFault::Typed(error) => error,
            ValueFault::Text(reason) if path.is_empty() => text(reason),
            ValueFault::Text(reason) => text(format!("{path}: {reason}")),
        }
    }

    /// Returns where the error is: `order.lines[3].count`; empty if it is the whole value.
    fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.0.path {
            let mut longer = step.to_string();
            // An index stands behind a name without a dot.
            if !path.is_empty() && !path.starts_with('[') {
                longer.push('.');
            }
            if longer.chars().count() + path.chars().count() > MAX_PATH {
                path.insert(0, '…');
                break;
            }
            path.insert_str(0, &longer);
        }
        path
    }
}

impl From<Error> for ValueError {
    #[cold]
    fn from(error: Error) -> Self {
        Self::of(ValueFault::Typed(error))
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.reason {
            ValueFault::Text(text) => f.write_str(text),
            ValueFault::Typed(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ValueError({}: {self})", self.path())
    }
}

impl std::error::Error for ValueError {}

impl serde::de::Error for ValueError {
    #[cold]
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::new(reason)
    }

    #[cold]
    fn missing_field(name: &'static str) -> Self {
        Self::of_field(FieldFault::Missing(name), SerdeError::missing_field(name))
    }

    #[cold]
    fn duplicate_field(name: &'static str) -> Self {
        let error = SerdeError::duplicate_field(name);
        Self::of_field(FieldFault::Duplicate(name), error)
    }

    #[cold]
    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        let error = SerdeError::unknown_field(name, known);
        Self::of_field(FieldFault::Unknown, error)
    }
}

impl serde::ser::Error for ValueError {
    #[cold]
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::new(reason)
    }
}
