//! The layer `socket`: what waits is the runtime's, what moves bytes is not.

mod dealer;
mod process;
mod stand_ins;

#[path = "../../zmqrpc-runtime/src/socket/connection_event.rs"]
mod connection_event;
#[path = "../../zmqrpc-runtime/src/socket/driver.rs"]
mod driver;
#[path = "../../zmqrpc-runtime/src/socket/idle_poller.rs"]
mod idle_poller;
#[path = "../../zmqrpc-runtime/src/socket/poller.rs"]
mod poller;
#[path = "../../zmqrpc-runtime/src/socket/requester.rs"]
mod requester;
#[path = "../../zmqrpc-runtime/src/socket/task_timer.rs"]
mod task_timer;
#[path = "../../zmqrpc-runtime/src/socket/upkeep.rs"]
mod upkeep;
#[path = "../../zmqrpc-runtime/src/socket/wake_list.rs"]
mod wake_list;

mod models;

pub(crate) use connection_event::ConnectionEvent;
pub(crate) use dealer::{DealerSocket, Peer};
pub(crate) use driver::{Drive, DriveTurn, Driven, DriverBell};
pub(crate) use idle_poller::{IdleSocket, Registration};
pub(crate) use models::MODELS;
pub(crate) use poller::{POLL_INTERVAL, Poller, RETRY_INTERVAL, wait_any};
pub(crate) use process::Process;
pub(crate) use requester::Requester;
pub(crate) use stand_ins::{AuthFailure, Endpoint, Frame, SocketError, SocketOptions};
pub(crate) use task_timer::TaskTimer;
pub(crate) use upkeep::Upkeep;
pub(crate) use wake_list::WakeList;

/// Returns a poller of no socket.
pub(crate) fn poller() -> Poller {
    Poller::new(Vec::new()).unwrap()
}
