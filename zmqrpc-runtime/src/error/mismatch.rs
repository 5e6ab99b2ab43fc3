//! How types differ, in a line.

use std::fmt;

use crate::description::{Change, Verdict};
use crate::log::Printable;

/// The caller's signature and the server's, of types that differ, and where.
pub(super) struct Signatures<'s>(
    pub(super) &'s str,
    pub(super) &'s str,
    pub(super) Option<&'s str>,
);

impl fmt::Display for Signatures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(ours, theirs, difference) = self;
        if let Some(difference) = difference {
            write!(f, "the types differ: {}", Printable(difference))?;
        } else if ours == theirs {
            write!(
                f,
                "types within `{ours}` are others at the server; `verify` says which"
            )?;
        } else {
            let theirs = Printable(theirs);
            write!(
                f,
                "the signatures differ: here it is `{ours}`, at the server `{theirs}`"
            )?;
        }
        f.write_str("; build both from the same trait")
    }
}

/// The changes that are not fine, in a line.
pub(super) struct Incompatible<'c>(pub(super) &'c [Change]);

impl fmt::Display for Incompatible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_SHOWN: usize = 3;
        let is_bad = |change: &&Change| change.by_key > Verdict::Fine;
        f.write_str("the server offers something else: ")?;
        for (index, change) in self.0.iter().filter(is_bad).take(MAX_SHOWN).enumerate() {
            let text = change.to_string();
            let line = text.lines().next().unwrap_or_default();
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{}", Printable(line))?;
        }
        let count = self.0.iter().filter(is_bad).count();
        if count > MAX_SHOWN {
            write!(f, "; and {} more", count - MAX_SHOWN)?;
        }
        Ok(())
    }
}
