//! Publishing, over real sockets. The subscribers are raw ones: the bytes are those of `PROTOCOL.md`.

#[path = "../support/mod.rs"]
mod support;

mod endpoints;
mod events;
mod pressure;
mod sensor;
mod subscribers;
