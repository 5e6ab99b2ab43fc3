//! What is told of a change.

use std::collections::HashSet;
use std::fmt;

/// What a change means to those who were not changed with it.
///
/// Ordered: what is worse is greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Each value is read as what it was written as.
    #[default]
    Fine,
    /// It depends on the values: each is read as what it was written as, or is an error. Of a method: it does what is
    /// asked for, but not always as was promised.
    Depends,
    /// Values are errors, or are read as others.
    Breaks,
}

/// For people: `fine`, `depends on the values`, `BREAKS`.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fine => "fine",
            Self::Depends => "depends on the values",
            Self::Breaks => "BREAKS",
        })
    }
}

/// A change at one place, for all methods that use it.
///
/// Its text is
///
/// ```text
/// `StockError.AlreadyPlaced`: the variant is new (error of Inventory.introduce, .restock and 3 more)
///     clients by key: depends on the values
///     clients by name: depends on the values
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// Where it is: `Line.count` within a type, else the method or the service: `Inventory.place`.
    pub place: String,
    /// What it is, for people.
    pub what: String,
    /// What it means to the values of clients that call by key, in postcard. Where the
    /// [key](crate::schema::MethodDescription::key) is another one, a client goes on if no value is read as another one. What
    /// has no reply is refused, unless the server has a snapshot of [that version](crate::ServerBuilder::earlier) and reads
    /// all of it rightly.
    pub by_key: Verdict,
    /// What it means to clients that call by name, in `MessagePack` or JSON: the worse of the two.
    pub by_name: Verdict,
    /// The methods in which it is met; empty for what is no part of one. No more than 20,000 for all changes together.
    pub uses: Vec<Use>,
}

/// Where a method meets a change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Use {
    /// The method's full name: `Inventory.place`.
    pub method: String,
    /// The way from an argument, the reply or the error: `order.lines[].count`, `reply.total`,
    /// `error.OutOfStock.wanted`. Empty for what is of the method itself.
    pub path: String,
}

impl Change {
    /// Writes ` (error of Inventory.introduce, .restock and 3 more)`.
    fn write_uses(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |used: &&Use| used.method != self.place || !used.path.is_empty();
        let mut uses = self.uses.iter().filter(told);
        let Some(first) = uses.next() else {
            return Ok(());
        };
        let part = first.part();
        write!(f, " ({part}")?;
        if first.method != self.place {
            let of = if part.is_empty() { "" } else { " of " };
            write!(f, "{of}{}", first.method)?;
        }
        let (service, _) = first.method.rsplit_once('.').unwrap_or(("", ""));
        let mut others: Vec<&str> = Vec::new();
        let mut known = HashSet::from([&*first.method]);
        for used in uses {
            let name = match used.method.rsplit_once('.') {
                Some((other, _)) if other == service => &used.method[other.len()..],
                _ => &used.method,
            };
            if known.insert(&*used.method) {
                others.push(name);
            }
        }
        let named = if others.len() <= MAX_NAMED {
            MAX_NAMED
        } else {
            1
        };
        let rest = others.len().saturating_sub(named);
        for (index, name) in others.iter().take(named).enumerate() {
            let is_last = index + 1 == others.len();
            write!(f, "{}{name}", if is_last { " and " } else { ", " })?;
        }
        if rest > 0 {
            write!(f, " and {rest} more")?;
        }
        f.write_str(")")
    }
}

/// How many methods are named beside the first, if there are no more.
const MAX_NAMED: usize = 2;

impl Use {
    /// Returns which part of the method it is: `argument order`, `reply`, `error`.
    fn part(&self) -> String {
        let end = self.path.find(['.', '[']).unwrap_or(self.path.len());
        match &self.path[..end] {
            root @ ("" | "reply" | "error") => root.to_owned(),
            argument => format!("argument {argument}"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.place, self.what)?;
        self.write_uses(f)?;
        if self.by_key == self.by_name {
            return write!(f, "\n    all clients: {}", self.by_key);
        }
        write!(f, "\n    clients by key: {}", self.by_key)?;
        write!(f, "\n    clients by name: {}", self.by_name)
    }
}
