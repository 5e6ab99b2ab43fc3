//! Sockets: the only module that names libzmq.
//!
//! `client`, `server`, `publish` and `proxy` use it. This module moves frames and must not know what they mean. Only
//! its own types leave it, no `zmq` type and no descriptor, so that another implementation can replace libzmq.
//!
//! What is libzmq's alone is in the folder `libzmq`. The files beside it are for any implementation: they get what they
//! need of one, [`Frame`] and with logins [`ServerAuth`], from here, and nothing else.
//!
//! The files of both, each of which may use those before it and none behind it:
//!
//! ```text
//! accepted_connections, arrival, auth_failure, connection_change, data_location, descriptor, endpoint, error, login_property, login_schedule, mechanism, process, rejected_logins, sessions, unread_timer, unsent, upkeep, wake_list < errno, frame, inproc, login, poller, reserve, unblock, unix < connection_event, context, fd_exhaustion, idle_poller, keys, load, mechanism_probe, peer_info, route, zap_domain, zap_request < auth_worker, driver, reconnect, replier, requester, resolver < server_auth, task_timer < security < options < settings < login_options < raw < dialer, monitor, zap < close, create, fence, outbound < dealer, mark_reducer, send_socket < publisher, recv_socket < pull, push, router, subscriber
//! ```
//!
//! Rules that hold for every socket in this module:
//!
//! - One thread at a time uses a socket (the owner keeps it behind a lock), and only with operations that do not block.
//! - Waiting is [`Poller::wait`], outside the owner's lock. A thread drains the socket before it waits: its last
//!   operation on the socket was a receive that returned nothing. libzmq's descriptor is edge-triggered, and any
//!   operation may consume the edge (<https://github.com/zeromq/libzmq/issues/3641>).
//! - Every socket has a finite linger from its creation on. With libzmq's default, dropping a context waits for ever
//!   (<https://github.com/zeromq/libzmq/issues/2586>).

mod accepted_connections;
mod arrival;
mod auth_failure;
mod connection_change;
mod connection_event;
mod driver;
mod endpoint;
mod error;
mod idle_poller;
mod libzmq;
#[cfg(feature = "auth")]
mod login;
#[cfg(feature = "auth")]
mod login_schedule;
mod mechanism;
mod options;
mod peer_info;
mod poller;
mod process;
mod reconnect;
mod rejected_logins;
mod replier;
mod requester;
mod reserve;
mod resolver;
mod route;
mod security;
mod sessions;
mod task_timer;
mod unblock;
mod unix;
mod upkeep;
mod wake_list;

pub(crate) use arrival::Arrival;
pub(crate) use auth_failure::AuthFailure;
pub(crate) use connection_event::ConnectionEvent;
pub(crate) use driver::{Drive, DriveTurn, Driven, DriverBell};
pub(crate) use endpoint::{Direction, Endpoint};
pub use error::SocketError;
pub(crate) use idle_poller::{IdleSocket, Registration};
#[cfg(feature = "auth")]
pub use libzmq::reread_login;
pub(crate) use libzmq::{
    DealerSocket, Frame, Interest, PubSocket, PublishError, PullSocket, PushError, PushSocket,
    RouterSocket, SubSocket, UnreadTimer, UnsentCounter, await_io_thread,
};
#[cfg(feature = "auth")]
pub(crate) use libzmq::{ServerAuth, has_curve, new_keys};
#[cfg(feature = "auth")]
pub(crate) use login::{AuthDecision, ClientLogin, KEY, LoginAttempt, Verifier};
pub use options::Keepalive;
pub(crate) use options::SocketOptions;
pub(crate) use poller::{POLL_INTERVAL, Poller, RETRY_INTERVAL, wait_any};
pub(crate) use process::{PerProcess, Process, set_in_children};
pub(crate) use rejected_logins::RejectedLogins;
pub(crate) use replier::{Replier, SendError, WatchedConnection};
pub(crate) use requester::Requester;
pub(crate) use route::{PeerId, Route, RoutedMessage};
pub(crate) use security::Security;
pub(crate) use task_timer::TaskTimer;
pub(crate) use unblock::unblock;
pub(crate) use upkeep::Upkeep;
pub(crate) use wake_list::WakeList;
