//! The attribute `#[zmq_service]` and the derives `Command` and `Documented` of `zmqrpc`.
//!
//! Users reach them through the facade, which documents them; this crate only turns token streams
//! into token streams. No macro encodes, sends or waits: they generate a table of methods, and
//! one-line calls into the runtime's `__private` module, whose implementation they must not know.
//!
//! All have the same stages: *parse* the input leniently, *check* it against the rules with one
//! spanned error per violation, and *expand*, which cannot fail. An expansion is generated even if
//! there are errors, without the faulty parts, so that one mistake in a trait does not cause a
//! further error at each of its uses.

mod attributes;
mod command;
mod derive;
mod documented;
mod errors;
mod names;
mod options;
mod output;
mod rules;
mod serde_names;
mod service;
mod signature;
mod types;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Makes a service of a trait: commands, a dispatch server and a typed client.
///
/// Accepts `name = ".."` (the service's name on the wire, by default the trait's), `version = 1`
/// (changes the key of each method) and `crate = path` (the path of `zmqrpc`). Methods accept
/// `#[zmq(..)]` with `name = ".."`, `command = ".."`, `timeout = "500ms"`, `idempotent` (a call
/// whose connection breaks is repeated, although it may have been executed) and `oneway`.
#[proc_macro_attribute]
pub fn zmq_service(options: TokenStream, item: TokenStream) -> TokenStream {
    service::zmq_service(options.into(), &item.into()).into()
}

/// Makes a command of a struct, without a trait.
///
/// Accepts `#[command(..)]` with `reply = T` (by default `()`), `error = E`, `name = ".."` (by
/// default the struct's), `version = 1`, `timeout = "500ms"`, `idempotent`, `oneway` and
/// `crate = path`; and `signature_key`, by which the fields' types are not tried out: the key then
/// has the text of the signature in place of their shapes, and the struct needs no `Deserialize`
/// where it is only sent. Both sides must have it.
#[proc_macro_derive(Command, attributes(command))]
pub fn derive_command(item: TokenStream) -> TokenStream {
    derive::derive_command(item.into()).into()
}

/// Makes the documentation of a type known to descriptions: the comments on it, on its fields and on its variants.
///
/// Beside serde's derives, whose `rename`, `rename_all`, `rename_all_fields`, `skip`, `skip_deserializing` and `flatten` it
/// understands: documentation lands at the names that are read. That of a flattened type lands at its fields where it is
/// documented itself. Fields without names have no place for one.
///
/// Accepts `#[documented(crate = path)]` (the path of `zmqrpc`).
#[proc_macro_derive(Documented, attributes(documented))]
pub fn derive_documented(item: TokenStream) -> TokenStream {
    documented::derive_documented(item.into()).into()
}
