//! A live server against everything that a peer or a service can do to it: afterwards the next valid request is served.

#[path = "../support/mod.rs"]
mod support;

mod frames;
mod lengths;
mod log;
mod peers;
mod queue;
mod resets;
mod routes;
mod services;
mod victim;
