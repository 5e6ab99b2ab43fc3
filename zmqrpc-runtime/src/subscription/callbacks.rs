//! A thread that runs the callbacks of the sources of a server or a proxy, one after the other. A callback is user
//! code, which may take any time: no other thread waits for it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::SilenceCallback;
use crate::log;
use crate::sync::Mutex;

/// Starts with the first callback. Ends with the server or proxy, or when the callback that it runs then returns.
#[derive(Default)]
pub(crate) struct CallbackThread(Mutex<CallbackState>);

#[derive(Default)]
enum CallbackState {
    #[default]
    New,
    Running(Sender<SilenceCallback>),
    Ended,
}

impl CallbackThread {
    /// Queues callbacks. Each source has at most one that waits.
    pub(crate) fn run(&self, callbacks: impl IntoIterator<Item = SilenceCallback>) {
        let mut callbacks = callbacks.into_iter().peekable();
        if callbacks.peek().is_none() {
            return;
        }
        let mut state = self.0.lock();
        if matches!(*state, CallbackState::New) {
            let (sender, receiver) = channel();
            let builder = thread::Builder::new().name("zmqrpc-silence".into());
            match builder.spawn(move || run_callbacks(&receiver)) {
                Ok(_) => *state = CallbackState::Running(sender),
                Err(error) => {
                    log::line!(error, error = log::text(error); "no thread for callbacks could be started");
                }
            }
        }
        if let CallbackState::Running(sender) = &*state {
            for callback in callbacks {
                // The receiver lives as long as the sender.
                let _ = sender.send(callback);
            }
        }
    }

    /// Ends the thread: callbacks that have not started do not run any more.
    pub(crate) fn end(&self) {
        *self.0.lock() = CallbackState::Ended;
    }
}

fn run_callbacks(receiver: &Receiver<SilenceCallback>) {
    while let Ok(callback) = receiver.recv() {
        callback.call();
    }
}
