//! Generates the items of a service: the trait, the commands, the server, the client.
//!
//! Nothing here can fail or decides what is allowed. Generated code names the runtime through
//! `names::Private` and the standard library by absolute paths, and brings no name into scope, so
//! it means the same wherever the trait is declared.

mod client;
mod command;
mod items;
mod server;
mod service_trait;
mod std_impls;

pub(super) use items::expand;
