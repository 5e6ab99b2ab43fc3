//! Sockets: the only module that names libzmq.
//!
//! `client`, `server`, `publish` and `proxy` use it. This module moves frames and must not know what they mean. Only
//! its own types leave it, no `zmq` type and no descriptor, so that another implementation can replace libzmq.
//!
//! Rules that hold for every socket in this module:
//!
//! - One thread at a time uses a socket (the owner keeps it behind a lock), and only with operations that do not block.
//! - Waiting is [`Poller::wait`], outside the owner's lock. A thread drains the socket before it waits: its last
//!   operation on the socket was a receive that returned nothing. libzmq's descriptor is edge-triggered, and any
//!   operation may consume the edge (<https://github.com/zeromq/libzmq/issues/3641>).
//! - Every socket has a finite linger from its creation on. With libzmq's default, dropping a context waits for ever
//!   (<https://github.com/zeromq/libzmq/issues/2586>).

mod auth_failure;
#[cfg(feature = "auth")]
mod auth_worker;
mod close;
mod connection_change;
mod connection_event;
mod context;
mod create;
mod data_location;
mod dealer;
mod descriptor;
mod dialer;
mod driver;
mod endpoint;
mod errno;
mod error;
mod fd_exhaustion;
mod fence;
mod frame;
mod idle_poller;
mod inproc;
#[cfg(feature = "auth")]
mod keys;
mod load;
#[cfg(feature = "auth")]
mod login;
mod login_options;
#[cfg(feature = "auth")]
mod login_property;
#[cfg(feature = "auth")]
mod login_schedule;
mod mark_reducer;
mod mechanism;
mod mechanism_probe;
mod monitor;
mod options;
mod outbound;
mod peer_info;
mod poller;
mod process;
mod publisher;
mod pull;
mod push;
mod raw;
mod reconnect;
mod recv_socket;
mod rejected_logins;
mod requester;
mod reserve;
mod resolver;
mod route;
mod router;
mod security;
mod send_socket;
#[cfg(feature = "auth")]
mod server_auth;
mod sessions;
mod settings;
mod subscriber;
mod task_timer;
mod unblock;
mod unix;
mod unread_timer;
mod unsent;
mod wake_list;
#[cfg(feature = "auth")]
mod zap;
#[cfg(feature = "auth")]
mod zap_domain;
#[cfg(feature = "auth")]
mod zap_request;

pub(crate) use auth_failure::AuthFailure;
pub(crate) use connection_event::ConnectionEvent;
pub(crate) use dealer::DealerSocket;
pub(crate) use driver::{Drive, DriveTurn, Driven, DriverBell};
pub(crate) use endpoint::{Direction, Endpoint};
pub use error::SocketError;
pub(crate) use fence::await_io_thread;
pub(crate) use frame::Frame;
pub(crate) use idle_poller::{IdleSocket, Registration};
#[cfg(feature = "auth")]
pub(crate) use keys::{has_curve, new_keys};
#[cfg(feature = "auth")]
pub(crate) use login::{AuthDecision, ClientLogin, KEY, LoginAttempt, Verifier};
pub use options::Keepalive;
pub(crate) use options::SocketOptions;
pub(crate) use poller::{POLL_INTERVAL, Poller, RETRY_INTERVAL, wait_any};
pub(crate) use process::{PerProcess, Process, set_in_children};
pub(crate) use publisher::{Interest, PubSocket, PublishError};
pub(crate) use pull::PullSocket;
pub(crate) use push::{PushError, PushSocket};
pub(crate) use recv_socket::Arrival;
pub(crate) use rejected_logins::RejectedLogins;
pub(crate) use requester::Requester;
pub(crate) use route::{PeerId, Route, RoutedMessage};
pub(crate) use router::{RouterSocket, SendError};
pub(crate) use security::Security;
#[cfg(feature = "auth")]
pub(crate) use server_auth::ServerAuth;
pub(crate) use subscriber::SubSocket;
pub(crate) use task_timer::TaskTimer;
pub(crate) use unblock::unblock;
pub(crate) use unread_timer::UnreadTimer;
pub(crate) use unsent::UnsentCounter;
pub(crate) use wake_list::WakeList;
#[cfg(feature = "auth")]
pub use zap_request::reread_login;
