//! Metadata: pairs of texts that travel beside the arguments or the reply.
//!
//! Requests and replies carry metadata, clients and handlers read and write it. This file must not
//! know what any key means.

use std::fmt;

use super::{
    cursor::{Cursor, put_text, put_varint},
    error::WireError,
    limits::Limits,
};

/// The metadata of one message, borrowed from its frame. Every entry has been checked.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Metadata<'a> {
    count: usize,
    /// The encoded entries, without the count that precedes them.
    entries: &'a [u8],
}

impl<'a> Metadata<'a> {
    /// No entries.
    pub const EMPTY: Self = Self {
        count: 0,
        entries: &[],
    };

    /// Returns the value of `key`, or of its first entry if a peer has sent several.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.iter()
            .find_map(|(candidate, value)| (candidate == key).then_some(value))
    }

    /// Returns an iterator over the entries, in the order in which they were sent.
    #[must_use]
    pub const fn iter(self) -> MetadataIter<'a> {
        MetadataIter {
            left: self.count,
            entries: Cursor::new(self.entries),
        }
    }

    /// Returns the number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Returns whether there is no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns the encoded entries without their count, as [`Limits::metadata_bytes`] counts them.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.entries
    }

    /// Checks that a peer with the same limits accepts this metadata.
    ///
    /// # Errors
    ///
    /// [`WireError::Limit`] if there are too many entries, or too many bytes of them.
    pub fn check(&self, limits: &Limits) -> Result<(), WireError> {
        check_count(self.count as u64, limits)?;
        check_bytes(self.entries.len(), limits)
    }

    #[inline]
    pub(crate) fn decode(cursor: &mut Cursor<'a>, limits: &Limits) -> Result<Self, WireError> {
        match cursor.varint("the number of metadata entries")? {
            0 => Ok(Self::EMPTY),
            count => Self::decode_entries(count, cursor, limits),
        }
    }

    fn decode_entries(
        count: u64,
        cursor: &mut Cursor<'a>,
        limits: &Limits,
    ) -> Result<Self, WireError> {
        let count = check_count(count, limits)?;
        let start = *cursor;
        for _ in 0..count {
            cursor.text("a metadata key", limits.metadata_bytes)?;
            cursor.text("a metadata value", limits.metadata_bytes)?;
            check_bytes(start.until(cursor).len(), limits)?;
        }
        Ok(Self {
            count,
            entries: start.until(cursor),
        })
    }

    #[inline]
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.count as u64);
        out.extend_from_slice(self.entries);
    }
}

fn check_count(got: u64, limits: &Limits) -> Result<usize, WireError> {
    let limit = limits.metadata_entries;
    usize::try_from(got)
        .ok()
        .filter(|count| *count <= limit)
        .ok_or(WireError::Limit {
            field: "the number of metadata entries",
            got,
            limit,
        })
}

fn check_bytes(got: usize, limits: &Limits) -> Result<(), WireError> {
    let limit = limits.metadata_bytes;
    if got > limit {
        return Err(WireError::Limit {
            field: "the metadata's length",
            got: got as u64,
            limit,
        });
    }
    Ok(())
}

/// Prints keys only: values may be tokens, which must not get into a log.
impl fmt::Debug for Metadata<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(|(key, _)| key))
            .finish()
    }
}

impl<'a> IntoIterator for Metadata<'a> {
    type Item = (&'a str, &'a str);
    type IntoIter = MetadataIter<'a>;

    fn into_iter(self) -> MetadataIter<'a> {
        self.iter()
    }
}

/// An iterator over the entries of [`Metadata`], key and value.
#[derive(Clone)]
pub struct MetadataIter<'a> {
    left: usize,
    entries: Cursor<'a>,
}

impl<'a> Iterator for MetadataIter<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        // Never fails: this file has checked or encoded every `Metadata`.
        let key = self.entries.text("a metadata key", usize::MAX).ok()?;
        let value = self.entries.text("a metadata value", usize::MAX).ok()?;
        Some((key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// Metadata that owns its entries and can be changed. Entries are kept encoded, so that sending
/// them takes one copy.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MetadataBuf {
    count: usize,
    entries: Vec<u8>,
}

impl MetadataBuf {
    /// Returns metadata without entries; allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            count: 0,
            entries: Vec::new(),
        }
    }

    /// Sets the value of `key`, replacing an existing one.
    ///
    /// Checks no limits: they belong to the message that carries the entry, and are checked there.
    pub fn set(&mut self, key: &str, value: &str) {
        if self.as_metadata().get(key).is_some() {
            self.remove(key);
        }
        self.push(key, value);
    }

    /// Removes the entries of `key`, if there are any.
    pub fn remove(&mut self, key: &str) {
        let mut rest = Self {
            count: 0,
            entries: Vec::with_capacity(self.entries.len()),
        };
        for (other, value) in self.as_metadata().iter().filter(|(other, _)| *other != key) {
            rest.push(other, value);
        }
        *self = rest;
    }

    /// Borrows the entries, to read or to send them.
    #[must_use]
    pub fn as_metadata(&self) -> Metadata<'_> {
        Metadata {
            count: self.count,
            entries: &self.entries,
        }
    }

    /// Appends an entry without looking for others of the same key.
    pub(crate) fn push(&mut self, key: &str, value: &str) {
        self.count += 1;
        put_text(&mut self.entries, key);
        put_text(&mut self.entries, value);
    }
}

impl From<Metadata<'_>> for MetadataBuf {
    fn from(metadata: Metadata<'_>) -> Self {
        Self {
            count: metadata.count,
            entries: metadata.entries.to_vec(),
        }
    }
}

impl fmt::Debug for MetadataBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_metadata().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(metadata: &MetadataBuf) -> Vec<(&str, &str)> {
        metadata.as_metadata().iter().collect()
    }

    #[test]
    fn setting_a_key_again_replaces_its_value() {
        let mut metadata = MetadataBuf::new();
        metadata.set("a", "1");
        metadata.set("b", "2");
        metadata.set("a", "3");
        assert_eq!(entries(&metadata), [("b", "2"), ("a", "3")]);
        assert_eq!(metadata.as_metadata().get("a"), Some("3"));
    }

    #[test]
    fn removing_a_key_removes_all_its_entries() {
        let mut metadata = MetadataBuf::new();
        for (key, value) in [("a", "1"), ("b", "2"), ("a", "3")] {
            metadata.push(key, value);
        }
        assert_eq!(metadata.as_metadata().get("a"), Some("1"));
        metadata.remove("a");
        metadata.remove("c");
        assert_eq!(entries(&metadata), [("b", "2")]);
        metadata.remove("b");
        assert_eq!(metadata, MetadataBuf::new());
    }

    #[test]
    fn an_owned_copy_has_the_same_entries() {
        let mut metadata = MetadataBuf::new();
        metadata.set("a", "1");
        let copy = MetadataBuf::from(metadata.as_metadata());
        assert_eq!(copy, metadata);
    }

    #[test]
    fn values_are_not_printed_for_debugging() {
        let mut metadata = MetadataBuf::new();
        metadata.set("token", "secret");
        assert_eq!(format!("{metadata:?}"), r#"{"token"}"#);
    }

    #[test]
    fn many_short_entries_exceed_the_limit_of_bytes_together() {
        let limits = Limits {
            metadata_bytes: 11,
            ..Limits::default()
        };
        let mut metadata = MetadataBuf::new();
        for key in ["a", "b", "c"] {
            metadata.set(key, "1");
        }
        let over_limit = Err(WireError::Limit {
            field: "the metadata's length",
            got: 12,
            limit: 11,
        });
        assert_eq!(metadata.as_metadata().check(&limits), over_limit);

        let mut bytes = Vec::new();
        metadata.as_metadata().encode(&mut bytes);
        let decoded = Metadata::decode(&mut Cursor::new(&bytes), &limits);
        assert_eq!(decoded.map(|_| ()), over_limit);
    }

    #[test]
    fn exactly_the_limits_are_allowed() {
        let limits = Limits {
            metadata_bytes: 8,
            metadata_entries: 2,
            ..Limits::default()
        };
        let mut metadata = MetadataBuf::new();
        metadata.set("a", "1");
        metadata.set("b", "2");
        assert_eq!(metadata.as_metadata().check(&limits), Ok(()));

        let mut bytes = Vec::new();
        metadata.as_metadata().encode(&mut bytes);
        let decoded = Metadata::decode(&mut Cursor::new(&bytes), &limits);
        assert_eq!(decoded, Ok(metadata.as_metadata()));
    }
}
