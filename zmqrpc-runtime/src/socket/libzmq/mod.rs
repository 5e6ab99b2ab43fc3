//! Sockets over libzmq. No other module names the crates `zmq` and `zmq_sys`.
//!
//! The documentation of the module above orders the files.

#[cfg(feature = "auth")]
mod auth_worker;
mod close;
mod context;
mod create;
mod data_location;
mod dealer;
mod descriptor;
mod dialer;
mod errno;
mod fd_exhaustion;
mod fence;
mod frame;
mod inproc;
#[cfg(feature = "auth")]
mod keys;
mod load;
mod login_options;
#[cfg(feature = "auth")]
mod login_property;
mod mark_reducer;
mod mechanism_probe;
mod monitor;
mod outbound;
mod publisher;
mod pull;
mod push;
mod raw;
mod recv_socket;
mod router;
mod send_socket;
#[cfg(feature = "auth")]
mod server_auth;
mod settings;
mod subscriber;
mod unread_timer;
mod unsent;
#[cfg(feature = "auth")]
mod zap;
#[cfg(feature = "auth")]
mod zap_domain;
#[cfg(feature = "auth")]
mod zap_request;

pub(crate) use dealer::DealerSocket;
pub(crate) use fence::await_io_thread;
pub(crate) use frame::Frame;
#[cfg(feature = "auth")]
pub(crate) use keys::{has_curve, new_keys};
pub(crate) use publisher::{Interest, PubSocket, PublishError};
pub(crate) use pull::PullSocket;
pub(crate) use push::{PushError, PushSocket};
pub(crate) use router::RouterSocket;
#[cfg(feature = "auth")]
pub(crate) use server_auth::ServerAuth;
pub(crate) use subscriber::SubSocket;
pub(crate) use unread_timer::UnreadTimer;
pub(crate) use unsent::UnsentCounter;
#[cfg(feature = "auth")]
pub use zap_request::reread_login;
