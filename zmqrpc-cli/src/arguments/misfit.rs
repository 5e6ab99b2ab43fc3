//! Why a value does not fit.

use std::fmt;

/// A value that is not what is expected at its place.
#[derive(Debug)]
pub(crate) struct Misfit {
    /// From the inside out: names, and indices in brackets.
    path: Vec<String>,
    what: String,
    example: Option<String>,
}

impl Misfit {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            what: what.into(),
            example: None,
        }
    }

    /// Adds a value that would fit, unless one further inside has.
    pub(super) fn or_example(mut self, example: impl FnOnce() -> String) -> Self {
        self.example = Some(self.example.unwrap_or_else(example));
        self
    }

    /// Says in which part of a value it is. To be called from the inside out.
    pub(super) fn at(mut self, step: impl Into<String>) -> Self {
        self.path.push(step.into());
        self
    }

    pub(super) fn at_index(self, index: usize) -> Self {
        self.at(format!("[{index}]"))
    }

    /// Returns where it is: `order.lines[3].count`.
    fn path(&self) -> String {
        let mut path = String::new();
        for step in self.path.iter().rev() {
            if !path.is_empty() && !step.starts_with('[') {
                path.push('.');
            }
            path.push_str(step);
        }
        path
    }
}

/// With an example on a line of its own.
impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "argument `{}`: {}", self.path(), self.what)?;
        match &self.example {
            Some(example) => write!(f, "\n  for example: {example}"),
            None => Ok(()),
        }
    }
}
