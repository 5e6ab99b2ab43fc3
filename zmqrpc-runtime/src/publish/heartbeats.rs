//! The thread that publishes heartbeats if [`PublisherBuilder::heartbeat`](super::PublisherBuilder::heartbeat) is set.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::publisher_socket::{NotPublished, PublisherSocket};
use crate::log;
use crate::socket::SocketError;

/// A running thread that publishes heartbeats. Dropping it stops the thread.
pub(super) struct Heartbeats {
    /// Nothing is ever sent: dropping the sender wakes and stops the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Heartbeats {
    pub(super) fn start(
        socket: Arc<PublisherSocket>,
        publisher: u64,
        interval: Duration,
    ) -> Result<Self, SocketError> {
        let (stop, stopped) = channel::<()>();
        let run = move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(interval) {
                if let Err(NotPublished::Broken(error)) = socket.publish_heartbeat(publisher) {
                    log::line!(error, error = log::text(&error); "a heartbeat could not be published");
                }
            }
        };
        let thread = thread::Builder::new()
            .name("zmqrpc-heartbeats".into())
            .spawn(run)
            .map_err(|error| SocketError::thread(&error))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Heartbeats {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
