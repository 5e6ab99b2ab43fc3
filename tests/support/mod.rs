//! What the integration tests share: a service to call, raw peers beside the library, frames built by hand, and a
//! limit for every test.

// Each test file compiles this module for itself and uses a part of it.
#![allow(dead_code, unused_imports)]

mod child;
mod executor;
mod frames;
mod limit;
mod peers;
mod possessions;
mod probe;
mod target;
mod wiretap;
mod zmtp;

pub(crate) use child::{Process, Role};
pub(crate) use executor::block_on;
pub(crate) use frames::{
    Event, Request, call_by_key, call_by_name, call_in_json, failure, head, key, pong, reply, text,
    varint,
};
pub(crate) use limit::{Gate, Random, alone, await_state, within};
pub(crate) use peers::{Fake, Hub, Peer};
pub(crate) use possessions::Possessions;
pub(crate) use probe::{
    DivideError, Probe, ProbeAdd, ProbeClient, ProbeHold, ProbeHoldForEver, ProbeLen, ProbeNote,
    ProbeServer, Prober, Quit, Stubborn, Tree, anywhere, ipc, serve, serve_again,
};
pub(crate) use target::{
    AtDesk, Counts, Desk, TargetAdd, TargetBytes, TargetClient, TargetHold, TargetNever,
    TargetProcess, TargetServer, TargetTrace, serve_target,
};
pub(crate) use wiretap::listen;
pub(crate) use zmtp::{greet, greeting};
