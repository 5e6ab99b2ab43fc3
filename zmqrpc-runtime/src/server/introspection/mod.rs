//! What a server tells of itself to those who ask: the built-in service `zmqrpc`.

mod commands;
mod service;

pub(super) use self::service::BuiltInService;

/// How much a server tells of itself, by the methods of the service `zmqrpc`.
///
/// They are called like any other, by name: behind logins, and behind
/// [`authorize`](crate::ServerBuilder::authorize), which sees `zmqrpc.describe` as the method. `PROTOCOL.md` lists them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Introspection {
    /// Everything: services, methods, their documentation, and the shapes of all values.
    #[default]
    Full,
    /// The names of methods, and the keys and fingerprints by which clients verify their own types.
    Names,
    /// Nothing: the methods of `zmqrpc` are unknown ones.
    Off,
}
