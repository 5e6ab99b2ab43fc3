//! What a format can tell apart.

/// What a format can tell apart.
pub(in crate::codec) trait Rules {
    /// The fields of structs have their names, so that one may be left out.
    const NAMES: bool;
    /// `Some` leaves a trace, so that it may hold nothing.
    const SOME: bool;
}

/// postcard: types are known by their place, and each part says that it is there.
pub(in crate::codec) struct Positional;

impl Rules for Positional {
    const NAMES: bool = false;
    const SOME: bool = true;
}

/// `MessagePack`: structs are maps; nothing is nil.
pub(in crate::codec) struct Named;

impl Rules for Named {
    const NAMES: bool = true;
    const SOME: bool = false;
}
