//! What a format can distinguish.

/// What a format can distinguish.
pub(in crate::codec) trait Rules {
    /// Whether the fields of structs have names, so that one may be left out.
    const HAS_NAMES: bool;
    /// Whether `Some` is encoded, so that it may hold nothing.
    const HAS_SOME: bool;
}
