//! Types that the sources name, without what is libzmq's.

use std::ops::{Deref, DerefMut};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SocketError(&'static str);

impl SocketError {
    pub(crate) fn io(operation: &'static str, _error: &std::io::Error) -> Self {
        Self(operation)
    }

    pub(crate) fn waiting(_error: &std::io::Error) -> Self {
        Self("waiting")
    }

    pub(crate) fn thread(_error: &std::io::Error) -> Self {
        Self("starting a thread")
    }

    pub(crate) fn inherited() -> Self {
        Self("using a socket")
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Frame(Vec<u8>);

impl Frame {
    pub(crate) fn copy_of(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl Deref for Frame {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Frame {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AuthFailure;

pub(crate) struct Endpoint;

impl Endpoint {
    pub(crate) fn as_str(&self) -> &'static str {
        "tcp://model"
    }
}

/// The other end of the connection that is to be made.
pub(crate) struct SocketOptions(pub(crate) super::Peer);
