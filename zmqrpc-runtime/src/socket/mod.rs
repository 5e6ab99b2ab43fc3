//! Sockets: the only module that names libzmq.
//!
//! `client` and `server` use it. It moves frames and knows nothing of what they mean. What leaves this module are
//! its own types: no `zmq` type and no descriptor does, so that another engine can take libzmq's place.
//!
//! The rules that hold for every socket in here:
//!
//! - A socket is used by one thread at a time (its owner keeps it behind a lock) and only without blocking.
//! - Waiting is [`Poller::drive`], outside the owner's lock. Whoever waits has drained the socket first: the last
//!   operation on it was a receive that found nothing. libzmq's descriptor is edge-triggered and any operation may
//!   consume the edge (<https://github.com/zeromq/libzmq/issues/3641>).
//! - Every socket has a finite linger from its creation on. libzmq's default waits for ever on drop
//!   (<https://github.com/zeromq/libzmq/issues/2586>).

mod alarm;
mod approach;
mod aside;
mod caretaker;
mod context;
mod dealer;
mod dialer;
mod doorkeeper;
mod driver;
mod endpoint;
mod error;
mod fence;
mod hold;
mod inlet;
mod inproc;
mod load;
mod mark;
mod message;
mod monitor;
mod names;
mod options;
mod outlet;
mod place;
mod process;
mod publisher;
mod pull;
mod push;
mod raw;
mod reserve;
mod revival;
mod route;
mod router;
mod security;
mod sessions;
mod shut;
mod subscriber;
mod unix;
mod waiter;
mod wakes;

pub(crate) use alarm::TaskTimer;
pub(crate) use aside::aside;
pub(crate) use caretaker::{IdleSocket, Registration};
pub(crate) use dealer::{ConnectionEvent, DealerSocket};
pub(crate) use driver::{Drive, DriveTurn, Driven, DriverBell};
pub(crate) use endpoint::{Direction, Endpoint};
pub use error::SocketError;
pub(crate) use fence::await_io_thread;
pub(crate) use hold::UnreadTimer;
pub(crate) use inlet::Arrival;
pub(crate) use mark::UnsentCounter;
pub(crate) use message::Message;
pub(crate) use options::{Keepalive, SocketOptions};
pub(crate) use process::{PerProcess, Process, set_in_children};
pub(crate) use publisher::{Interest, PubSocket, PublishError};
pub(crate) use pull::PullSocket;
pub(crate) use push::{PushError, PushSocket};
pub(crate) use route::{PeerId, Route, RoutedMessage};
pub(crate) use router::{RouterSocket, SendError};
pub use security::reread_login;
pub(crate) use security::{
    AuthDecision, AuthFailure, ClientLogin, KEY, LoginAttempt, RejectedLogins, Security,
    ServerAuth, Verifier, has_curve, new_keys,
};
pub(crate) use subscriber::SubSocket;
pub(crate) use waiter::{LATE, LOOK, Poller, RETRY, drive_any};
pub(crate) use wakes::WakeList;
