//! How servers and clients begin and end: what a bad setting leaves behind, what a shutdown waits for.

#[path = "../support/mod.rs"]
mod support;

mod addresses;
mod delays;
mod draining;
mod durations;
mod endpoints;
mod farewells;
mod fixture;
mod flushes;
mod handles;
mod partings;
mod refusals;
mod runtimes;
mod settings;
mod shutdown;
mod signals;
mod waits;
