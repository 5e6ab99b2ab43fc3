//! What servers do with what is published and pushed, over real sockets, from publishers that are made by hand here.

#[path = "../support/mod.rs"]
mod support;

mod bursts;
mod endpoints;
mod handlers;
mod hostile;
mod loss;
mod pressure;
mod publisher;
mod pull;
mod raw;
mod recorder;
mod silence;
mod three_publishers;
mod topics;
