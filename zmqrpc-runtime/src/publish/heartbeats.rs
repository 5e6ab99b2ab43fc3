//! The thread that publishes heartbeats, where an interval is set.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::publisher_socket::{NotPublished, PublisherSocket};
use crate::log;
use crate::socket::SocketError;

/// Beats until it is dropped.
pub(super) struct Heartbeats {
    /// Nothing is ever sent: the other side wakes when this one goes.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Heartbeats {
    pub(super) fn start(
        socket: Arc<PublisherSocket>,
        publisher: u64,
        interval: Duration,
    ) -> Result<Self, SocketError> {
        let (end, ended) = channel::<()>();
        let beat = move || {
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(interval) {
                if let Err(NotPublished::Broken(error)) = socket.heartbeat(publisher) {
                    log::line!(error, error = log::text(&error); "a heartbeat could not be published");
                }
            }
        };
        let thread = thread::Builder::new()
            .name("zmqrpc-heartbeats".into())
            .spawn(beat)
            .map_err(|error| SocketError::thread(&error))?;
        Ok(Self {
            end: Some(end),
            thread: Some(thread),
        })
    }
}

impl Drop for Heartbeats {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
