//! Writes the items that are made from a service: the trait, the commands, the server, the client.
//!
//! Nothing here can fail or decide what is allowed. Generated code names the runtime through
//! `names::Private` and the standard library by absolute paths, and brings no
//! name into scope, so it means the same wherever the trait stands.

mod client;
mod command;
mod items;
mod server;
mod service_trait;
mod std_impls;

pub(super) use items::expand;
