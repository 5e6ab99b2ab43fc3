//! What the compiler's names of types tell.
//!
//! They are the only identity that a visitor or a seed has: serde's own name is the same for `Page<u8>` and
//! `Page<String>`.

use crate::description::Shape;

/// What serde reads through as if it were not there, and what generated code puts around arguments.
const WRAPPERS: &[&str] = &[
    "alloc::boxed::Box<",
    "alloc::rc::Rc<",
    "alloc::sync::Arc<",
    "alloc::borrow::Cow<",
    concat!(env!("CARGO_CRATE_NAME"), "::codec::guessed::Owned<"),
];

/// Returns the name without what is around the value; `None` if it is serde's own and says nothing.
pub(super) fn unwrapped(name: &'static str) -> Option<&'static str> {
    for wrapper in WRAPPERS {
        if let Some(inner) = parameter(name, wrapper) {
            return unwrapped(inner.strip_prefix("'_, ").unwrap_or(inner));
        }
    }
    let is_of_serde = name.contains("__private::de::") || name.contains("::private::de::");
    // `__private` has a number in newer versions.
    let is_of_serde = is_of_serde || (name.starts_with("serde") && name.contains("::__private"));
    (!is_of_serde && !name.contains("__DeserializeWith")).then_some(name)
}

/// Returns the parameter of a generic type, as of `core::option::Option<`.
pub(super) fn parameter(name: &'static str, of: &str) -> Option<&'static str> {
    name.strip_prefix(of)?.strip_suffix('>')
}

/// Returns whether it is the type that has this shape and no meaning beyond it.
pub(super) fn is_plain(name: &str, shape: &Shape) -> bool {
    let name = name.trim_end_matches("<'_>");
    match shape {
        Shape::Any => {
            name.contains("content::Content") || name == "serde::de::ignored_any::IgnoredAny"
        }
        Shape::String => {
            matches!(name, "alloc::string::String" | "str" | "&str")
                || name.ends_with("codec::bytes::Str")
        }
        Shape::Bytes => {
            matches!(name, "&[u8]" | "[u8]" | "alloc::vec::Vec<u8>")
                || name.ends_with("codec::bytes::Bytes")
                || name.starts_with("serde_bytes::")
        }
        Shape::I64 => matches!(name, "i64" | "isize"),
        Shape::U64 => matches!(name, "u64" | "usize"),
        scalar => name == scalar.name(),
    }
}

/// Returns whether it is surely a map. Structs with a flattened part read themselves as maps, too.
pub(super) fn is_map(name: &str) -> bool {
    let path = path(name);
    path.ends_with("Map") || path.ends_with("Map1")
}

/// Returns whether it is what serde's derive reads the names of fields as.
pub(super) fn is_field(name: &str) -> bool {
    let name = name.strip_suffix("<'_>").unwrap_or(name);
    name.ends_with("::__Field")
}

/// Returns whether the last part of the path is `name`.
pub(super) fn ends_in(rust: &str, name: &str) -> bool {
    path(rust).rsplit("::").next() == Some(name)
}

/// Returns the name without parameters.
fn path(name: &str) -> &str {
    name.split('<').next().unwrap_or(name)
}
