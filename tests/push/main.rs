//! Pushing, over real sockets. The pullers are raw ones: the bytes are those of `PROTOCOL.md`.

#[path = "../support/mod.rs"]
mod support;

mod flushes;
mod jobs;
mod mill;
mod tasks;
mod threads;
mod workers;
