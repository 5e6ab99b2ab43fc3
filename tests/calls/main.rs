//! Every kind of method, over every transport, by every way to call it.

#[path = "../support/mod.rs"]
mod support;

mod book;
mod bound;
mod commands;
mod context;
mod departures;
mod endpoints;
mod executors;
mod handles;
mod named;
mod running;
mod transports;
mod values;
mod workers;
