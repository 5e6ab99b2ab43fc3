//! What a format can distinguish.

/// What a format can distinguish.
pub(in crate::codec) trait Rules {
    /// Whether the fields of structs have names, so that one may be left out.
    const HAS_NAMES: bool;
    /// Whether `Some` is encoded, so that it may hold nothing.
    const HAS_SOME: bool;
}

/// postcard: parts are known by their position, and `Some` is encoded.
pub(in crate::codec) struct Positional;

impl Rules for Positional {
    const HAS_NAMES: bool = false;
    const HAS_SOME: bool = true;
}

/// `MessagePack`: structs are maps; `None` and `()` are nil.
pub(in crate::codec) struct Named;

impl Rules for Named {
    const HAS_NAMES: bool = true;
    const HAS_SOME: bool = false;
}
