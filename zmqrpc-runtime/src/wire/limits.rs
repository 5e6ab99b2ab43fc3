//! Limits on what a peer can make this side read.

/// Upper bounds, checked before anything is allocated or looped over.
///
/// Both sides should use the same: what one side may send, the other has to accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The length of a message frame, header and body together, in bytes. Default: 16 MiB.
    pub message: usize,
    /// The length of a method's full name, in a call by name, in bytes. Default: 256.
    pub name: usize,
    /// The number of metadata entries of a message. Default: 64.
    pub metadata_entries: usize,
    /// The length of a message's encoded metadata entries, including their length prefixes, in
    /// bytes. Default: 8 KiB.
    pub metadata_bytes: usize,
}

/// The minimum of [`Limits::message`]: a header with full metadata must fit.
pub const MIN_MESSAGE: usize = 1024;

impl Limits {
    /// The defaults.
    pub const DEFAULT: Self = Self {
        message: 16 * 1024 * 1024,
        name: 256,
        metadata_entries: 64,
        metadata_bytes: 8 * 1024,
    };

    /// No limits, for frames that have been checked already.
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
