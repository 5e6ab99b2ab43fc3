//! What the benches share: server processes, the race between contestants, the frames that raw sockets exchange, and
//! tables.
//!
//! Used by every bench in this directory. It knows nothing of tarpc and tonic; those live in `peers`.

mod clock;
mod figures;
mod options;
mod process;
mod race;
mod raw;
mod specimen;
mod standings;
mod subjects;
mod work;
mod zmqrpc;

pub(crate) use self::zmqrpc::{ProbeClient, blocking_driver, connect, serve};
pub(crate) use clock::{cpu_time_of_children, load};
pub(crate) use figures::{Samples, Table, duration};
pub(crate) use options::Options;
pub(crate) use process::{Process, ready, served};
pub(crate) use race::{Contestant, Driver, Plan, race};
pub(crate) use raw::{
    Delimiter, RawDealer, RawReq, dealer_driver, req_driver, serve_rep, serve_router,
};
pub(crate) use specimen::{Specimen, assert_same_bytes};
pub(crate) use standings::Standings;
pub(crate) use subjects::{METHODS, TYPES, client_source, server_source};
pub(crate) use work::{Service, Work, check_echo, check_sum, payload, terms};
