//! A queue in a file.
//!
//! [`database`] opens the file and closes it when it fails; [`tables`] and [`format`] say what is in it. [`version`] tells
//! the formats of files apart, by an [`overlay`] that leaves a file as it is; [`upgrade`] copies queues of redb 2 into a
//! [`replacement`] of their file.

mod database;
mod file;
mod format;
mod overlay;
#[cfg(any(feature = "disk-queue-upgrade", test))]
mod replacement;
mod tables;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "disk-queue-upgrade", test))]
mod upgrade;
mod version;

use std::fmt;
use std::path::Path;

use database::{Broken, Disk};
use file::QueueFile;
pub use format::{reread_letter, reread_request};

use super::{Batch, Capacity, DeadLetter, DeadLetters, Entry, Queue, Store, WriteFailure};
use crate::error::Error;

/// A queue in a file, which survives a crash of its process or machine. What was acknowledged has been written to the disk
/// before.
///
/// Takes the feature `disk-queue`, which is on by default.
///
/// One proxy uses a file at a time; a second one is refused. The file is a [redb](https://www.redb.org) database.
///
/// **Without room.** While the disk is full, or the file as large as the process may make it (`RLIMIT_FSIZE`), requests are
/// refused with [`Error::Overloaded`](crate::Error::Overloaded). What was accepted before stays, and goes on being
/// delivered as far as the file can be read; when there is room again requests are accepted again, without a restart.
/// What is found delivered meanwhile is recorded then. A crash before that brings it once more.
///
/// **Without its file.** When the file was deleted, moved, or replaced by another one, what is written to it would be lost
/// with the process. So requests are refused until it is back at its path, or until the proxy is started again, with a new
/// file then. What was accepted before goes on being delivered.
///
/// **Of another version.** The file says which format it is in; this version writes format 2. What a published version has
/// written, later ones open: a file in an older format is brought up to date when it is opened, at once or not at all, with
/// everything that it holds. Older versions refuse it from then on, so keep a copy where you may have to go back. A file in
/// a newer format than this version knows is refused, and left as it is.
///
/// **After a crash** the file is repaired when it is opened. What it holds is found out on a copy of what the repair writes,
/// in memory: a file of another program is left as it is. A file whose repair writes over 64 MiB, which takes one of about
/// a terabyte, is refused.
///
/// Format 1, which unpublished versions wrote, takes the feature `disk-queue-upgrade`, and room beside the file for a copy,
/// which replaces it once it is whole.
///
/// # Examples
///
/// ```no_run
/// use zmqrpc_runtime::proxy::{BufferedProxy, DiskQueue, Rep, Req};
///
/// let store = BufferedProxy::new(
///     Rep::new().bind("tcp://*:5000"),
///     Req::new().connect("tcp://inner:5000"),
///     DiskQueue::open("queue.db")?,
/// )
/// .start()?;
/// # Ok::<(), zmqrpc_runtime::Error>(())
/// ```
pub struct DiskQueue {
    disk: Disk,
    capacity: Capacity,
}

impl DiskQueue {
    /// Opens the queue in a file, or makes a new one where there is none. Requests that it holds are delivered when a proxy
    /// starts with it; its dead letters can be read before.
    ///
    /// # Errors
    ///
    /// [`Error::Queue`] if the file is damaged, is no queue, is in a newer format, is open already, or cannot be read and
    /// written. It is left as it is.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let opened = QueueFile::open(path)
            .and_then(|file| Disk::open(file).map_err(|broken| broken.reason))
            .map_err(|reason| Error::bad_queue(path, reason))?;
        Ok(Self {
            disk: opened,
            capacity: Capacity {
                requests: 100_000,
                bytes: 1 << 30,
            },
        })
    }

    /// Sets how many requests the queue holds at most. Default: 100,000. Further ones are refused with
    /// [`Error::Overloaded`](crate::Error::Overloaded). What is there already stays.
    #[must_use]
    pub fn max_requests(mut self, count: usize) -> Self {
        self.capacity.requests = count;
        self
    }

    /// Sets how many bytes of requests and dead letters the queue holds at most. Default: 1 GiB. Dead letters take up a
    /// quarter of it at most, and less where requests need the room: then the oldest are dropped and counted, see
    /// [`ProxyStats::dead_letters_dropped`](crate::proxy::ProxyStats::dead_letters_dropped). The file has some bytes more
    /// for each, up to twice as many for large ones, and does not shrink.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.capacity.bytes = bytes;
        self
    }

    /// Returns the dead letters, oldest first. They are read one at a time.
    ///
    /// # Errors
    ///
    /// [`Error::Queue`] if the file cannot be read.
    pub fn dead_letters(&self) -> Result<DeadLetters<'_>, Error> {
        DeadLetters::of(self).map_err(|reason| Error::bad_queue(self.disk.path(), reason))
    }
}

impl DiskQueue {
    /// Refuses new requests while the file is not at its path. `nothing_written` says whether they are surely not in it.
    fn check_file(&self, nothing_written: bool) -> Result<(), WriteFailure> {
        if self.disk.is_there() {
            return Ok(());
        }
        let path = self.disk.path().display();
        let reason = format!("its file {path} was deleted or replaced, start the proxy again");
        Err(WriteFailure {
            reason,
            nothing_written,
        })
    }
}

impl Queue for DiskQueue {}

impl Store for DiskQueue {
    fn capacity(&self) -> Capacity {
        self.capacity
    }

    fn is_persistent(&self) -> bool {
        true
    }

    fn id(&self) -> u64 {
        self.disk.id()
    }

    fn next_number(&self) -> u64 {
        self.disk.next_number()
    }

    fn contents(&self) -> Result<Vec<Entry>, String> {
        self.disk.contents().map_err(|broken| broken.reason)
    }

    fn commit(&self, batch: &Batch) -> Result<usize, WriteFailure> {
        if !batch.new.is_empty() {
            self.check_file(true)?;
        }
        let room = self.capacity.letter_bytes(batch.held_bytes);
        let dropped = self.disk.commit(batch, room);
        let dropped = dropped.map_err(|Broken { reason, full, .. }| WriteFailure {
            reason,
            nothing_written: full,
        })?;
        if !batch.new.is_empty() {
            // It may come back, with what was written.
            self.check_file(false)?;
        }
        Ok(dropped)
    }

    fn frame(&self, number: u64) -> Result<Option<Vec<u8>>, String> {
        self.disk.frame(number).map_err(|broken| broken.reason)
    }

    fn letter_after(&self, number: Option<u64>) -> Result<Option<DeadLetter>, String> {
        let letter = self.disk.letter_after(number);
        letter.map_err(|broken| broken.reason)
    }

    fn discard_letter(&self, number: u64) -> Result<bool, String> {
        let discarded = self.disk.discard_letter(number);
        discarded.map_err(|broken| broken.reason)
    }
}

impl fmt::Debug for DiskQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiskQueue")
            .field("path", &self.disk.path())
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
