//! What a peer may make this side read.

/// Upper bounds, checked before anything is allocated or looped over.
///
/// Both sides should agree on them: what one side may send, the other has to accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one message frame, header and body together. Default: 16 MiB.
    pub message: usize,
    /// Bytes of a method's full name, in a call by name. Default: 256.
    pub name: usize,
    /// Metadata entries of one message. Default: 64.
    pub metadata_entries: usize,
    /// Bytes that one message's metadata entries take in the frame, their length prefixes
    /// included. Default: 8 KiB.
    pub metadata_bytes: usize,
}

/// The least that [`Limits::message`] may be: a header with full metadata must fit.
pub const MIN_MESSAGE: usize = 1024;

impl Limits {
    /// The defaults.
    pub const DEFAULT: Self = Self {
        message: 16 * 1024 * 1024,
        name: 256,
        metadata_entries: 64,
        metadata_bytes: 8 * 1024,
    };

    /// No bounds, for what has been checked already.
    pub const NONE: Self = Self {
        message: usize::MAX,
        name: usize::MAX,
        metadata_entries: usize::MAX,
        metadata_bytes: usize::MAX,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
