//! A thread that makes the callbacks of the sources of a server or a proxy, one after the other: a program's code takes as
//! long as it likes, and no other thread waits for it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::SilenceCallback;
use crate::log;

/// Starts with the first callback and ends with the server or proxy, or when the one that it is at returns.
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
    /// Has callbacks made. Each source has one that waits, at most.
    pub(crate) fn make(&self, told: impl IntoIterator<Item = SilenceCallback>) {
        let mut told = told.into_iter().peekable();
        if told.peek().is_none() {
            return;
        }
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, CallbackState::New) {
            let (sender, receiver) = channel();
            let builder = thread::Builder::new().name("zmqrpc-silence".into());
            match builder.spawn(move || run(&receiver)) {
                Ok(_) => *state = CallbackState::Running(sender),
                Err(error) => {
                    log::line!(error, error = log::text(error); "no thread for callbacks");
                }
            }
        }
        if let CallbackState::Running(sender) = &*state {
            for told in told {
                // It ends with the sender alone.
                let _ = sender.send(told);
            }
        }
    }

    /// None that has not begun is made any more.
    pub(crate) fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = CallbackState::Ended;
    }
}

fn run(receiver: &Receiver<SilenceCallback>) {
    while let Ok(told) = receiver.recv() {
        told.tell();
    }
}
