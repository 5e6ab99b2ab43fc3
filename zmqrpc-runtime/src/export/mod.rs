//! Descriptions for those who do not read them: as JSON Schema, as `OpenRPC`, and as a client in Python.
//!
//! ```text
//! names         names that are taken once, and the names under which methods are called
//! meaning       what a type stands for that is written as another shape
//! ordered_json  JSON whose members keep their order
//! schema        shapes as schemas
//! json_schema   the document of JSON Schema
//! open_rpc      the document of OpenRPC
//! python        the client in Python
//! ```
//!
//! Called by who asks for an export. A description may come from a stranger: any name may be any text, types may hold each
//! other in rings, shapes may nest as deep as they like. So what is written is at most so many times as long as the
//! description, nothing is followed deeper than [`MAX_DEPTH`], and every text is escaped.

#[cfg(feature = "json")]
mod json_schema;
mod meaning;
mod names;
#[cfg(feature = "json")]
mod open_rpc;
#[cfg(feature = "json")]
mod ordered_json;
mod python;
#[cfg(feature = "json")]
mod schema;
// They read a description out of a file.
#[cfg(all(test, feature = "json"))]
mod tests;

use crate::description::Description;

/// How deep shapes are followed. What is nested deeper is written as a value of any kind. Python reads no more than 200
/// brackets within each other.
const MAX_DEPTH: usize = 64;

/// # Exports
impl Description {
    /// Returns a JSON Schema (2020-12) of the values that travel in JSON.
    ///
    /// `$defs` has one schema for each type, under its name, and up to three for each method:
    ///
    /// | | |
    /// |---|---|
    /// | `Inventory.place.arguments` | the arguments of a request: a list of them, or an object that has their names |
    /// | `Inventory.place.reply` | what the method returns; a one-way method has none |
    /// | `Inventory.place.error` | its own error, if it has one |
    ///
    /// In keys, all characters but letters of ASCII, digits, `.`, `-` and `_` are left out or `_`; what would be there
    /// twice has a number behind it. The title of a type is its name. The document itself accepts any value: point at
    /// what is wanted, as in `{"$ref": "inventory.json#/$defs/Order"}`.
    ///
    /// Values are described as they are written. What is also read, such as integers in quotation marks, is in section 8
    /// of `PROTOCOL.md`.
    #[cfg(feature = "json")]
    #[cfg_attr(docsrs, doc(cfg(feature = "json")))]
    #[must_use]
    pub fn to_json_schema(&self) -> String {
        json_schema::document(self)
    }

    /// Returns an [OpenRPC](https://spec.open-rpc.org) document (1.3.2).
    ///
    /// Its methods have their full names. A one-way method has no result, a method's own error is the schema in `data` of
    /// its only error. Types are in `components.schemas`, as draft 7 of JSON Schema, which `OpenRPC` asks for. Beside what
    /// the format has:
    ///
    /// | | |
    /// |---|---|
    /// | `x-rust` | a method's signature, or a type's name, in Rust |
    /// | `x-fingerprint` | changes with what the bytes of a method's values are |
    /// | `x-idempotent` | a call may be repeated without harm |
    /// | `x-timeout-ms` | the time limit that the method gives its calls |
    #[cfg(feature = "json")]
    #[cfg_attr(docsrs, doc(cfg(feature = "json")))]
    #[must_use]
    pub fn to_open_rpc(&self) -> String {
        open_rpc::document(self)
    }

    /// Returns a client in Python, a module that takes nothing but `pyzmq` and `msgpack` and runs in Python 3.9 and newer.
    ///
    /// ```text
    /// with Connection("tcp://127.0.0.1:30000") as connection:
    ///     inventory = InventoryClient(connection)
    ///     stock = inventory.stock("milk-1l", timeout=2.0)
    /// ```
    ///
    /// | here | in Python |
    /// |---|---|
    /// | service | class `InventoryClient`, with a method for each method; optional arguments at the end may be left out |
    /// | struct | dataclass; what is optional is `None` |
    /// | enum | a union of dataclasses, one for each variant: `StorageChilled`; of texts if no variant holds anything |
    /// | a method's own error | exception, a dataclass as well; `PlainServiceError` if its type is neither struct nor enum |
    /// | failure of a call | exception `CallFailed`, with `status` and `executed`; `TimedOut` if it took too long |
    /// | UUID, duration, system time, IP address | `UUID`, `timedelta`, `datetime`, `IPv4Address` and `IPv6Address`; times to the microsecond |
    /// | other types of foreign crates | as they are written for machines |
    /// | map | `dict`; its keys cannot be structs, nor enums that hold something |
    ///
    /// Calls go by name and in `MessagePack`, so the server needs the feature `msgpack`. What is no identifier in Python,
    /// or means something else there, is written as the nearest that is one; what would be there twice has a number
    /// behind it.
    #[must_use]
    pub fn to_python(&self) -> String {
        python::client(self)
    }
}
