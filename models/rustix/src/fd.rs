//! Descriptors.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::event::epoll::Interest;

/// A clone is what a duplicate is to the system: it stands for the same file.
#[derive(Clone, Debug)]
pub struct OwnedFd(pub(crate) Arc<File>);

#[derive(Clone, Copy, Debug)]
pub struct BorrowedFd<'fd>(pub(crate) &'fd OwnedFd);

/// Locked for a moment, in which no other thread of a model runs.
#[derive(Debug)]
pub(crate) enum File {
    Event(Mutex<u64>),
    /// When it expires.
    Timer(Mutex<Option<Duration>>),
    Epoll(Mutex<Vec<Interest>>),
    /// Whether it is ready.
    Socket(Mutex<bool>),
}

pub trait AsFd {
    fn as_fd(&self) -> BorrowedFd<'_>;
}

impl AsFd for OwnedFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        BorrowedFd(self)
    }
}

impl AsFd for BorrowedFd<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        *self
    }
}

impl<T: AsFd> AsFd for &T {
    fn as_fd(&self) -> BorrowedFd<'_> {
        T::as_fd(self)
    }
}

impl OwnedFd {
    pub(crate) fn new(file: File) -> Self {
        Self(Arc::new(file))
    }

    /// Returns whether both stand for the same file.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns whether it can be read, now.
    pub fn is_signalled(&self) -> bool {
        self.is_ready(crate::kernel::now())
    }

    /// Returns whether it can be read at `now`.
    pub(crate) fn is_ready(&self, now: Duration) -> bool {
        match &*self.0 {
            File::Event(count) => *count.lock().unwrap() > 0,
            File::Timer(at) => at.lock().unwrap().is_some_and(|at| at <= now),
            File::Socket(ready) => *ready.lock().unwrap(),
            File::Epoll(_) => false,
        }
    }

    /// Returns when it becomes ready by itself.
    pub(crate) fn due(&self) -> Option<Duration> {
        match &*self.0 {
            File::Timer(at) => *at.lock().unwrap(),
            _ => None,
        }
    }
}
