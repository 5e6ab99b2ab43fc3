//! The database in a queue's file: closed when it fails, and opened again.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, StorageBackend};
use rustix::io::Errno;

use super::file::QueueFile;
use super::format::{decode_entry, decode_letter, decode_stored};
use super::tables::{LETTER_BYTES, LETTERS, META, REQUESTS, apply, damaged, prepare};
use super::version;
use crate::log;
use crate::proxy::queue::{Batch, DeadLetter, Entry};
use crate::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, rank};
use crate::wire::DeliveryId;

/// Bytes of the file that are kept in memory.
pub(super) const CACHE: usize = 16 << 20;

/// How long a database that has failed stays closed at least, see [`Outage::rest`].
const REOPEN: Duration = Duration::from_millis(250);

pub(super) struct Disk {
    file: QueueFile,
    id: u64,
    next: u64,
    /// `None` while it is closed: a database that has failed once refuses everything.
    database: RwLock<Option<Database>, { rank::FILE }>,
    outage: Mutex<Outage>,
}

/// Why the database was closed last, and when it may be opened again.
#[derive(Default)]
struct Outage {
    reason: String,
    full: bool,
    open_at: Option<Instant>,
    /// How long opening it took the last time.
    opening_took: Duration,
}

impl Outage {
    /// Returns how long the database stays closed: four times as long as opening it takes, so that a large file does not
    /// keep the proxy from everything else.
    fn rest(&self) -> Duration {
        REOPEN.max(4 * self.opening_took)
    }
}

/// What is wrong with a queue's file.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    pub(super) reason: String,
    /// Whether there is no room for more.
    pub(super) full: bool,
    /// Whether the database refuses everything from now on.
    closed: bool,
}

impl Broken {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            full: false,
            closed: false,
        }
    }

    pub(super) fn foreign() -> Self {
        Self::new("the file is a database of another program; give the queue a path of its own")
    }

    pub(super) fn missing(key: &str) -> Self {
        Self::new(format!("the file has no entry `{key}`"))
    }

    pub(super) fn damaged() -> Self {
        Self {
            closed: true,
            ..Self::new("the file is damaged")
        }
    }
}

impl<E: Into<redb::Error>> From<E> for Broken {
    fn from(error: E) -> Self {
        let error = error.into();
        let full = matches!(&error, redb::Error::Io(error) if is_full(error));
        let closed = matches!(error, redb::Error::Io(_) | redb::Error::PreviousIo);
        Self {
            reason: error.to_string(),
            full,
            closed,
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    let full = [Errno::NOSPC, Errno::DQUOT, Errno::FBIG];
    full.iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Calls `action`, in which redb panics about some damages that it finds.
fn guarded<T>(action: impl FnOnce() -> Result<T, Broken>) -> Result<T, Broken> {
    catch_unwind(AssertUnwindSafe(action)).unwrap_or_else(|_| Err(Broken::damaged()))
}

impl Disk {
    /// Opens the queue, or makes one where the file is empty. A file that holds something else is left as it is.
    pub(super) fn open(file: QueueFile) -> Result<Self, Broken> {
        let (file, database, (id, next)) = guarded(|| {
            let file = version::ready(file)?;
            let database = connect(file.clone())?;
            let prepared = prepare(&database)?;
            Ok((file, database, prepared))
        })?;
        let disk = Self {
            file,
            id,
            next,
            database: RwLock::new(Some(database)),
            outage: Mutex::default(),
        };
        // A damaged entry is found now rather than in the middle of the night.
        disk.contents()?;
        disk.check_letters()?;
        Ok(disk)
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    pub(super) fn is_there(&self) -> bool {
        self.file.is_there()
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn next_number(&self) -> u64 {
        self.next
    }

    pub(super) fn contents(&self) -> Result<Vec<Entry>, Broken> {
        self.with(|database| {
            let table = database.begin_read()?.open_table(REQUESTS)?;
            let mut all = Vec::new();
            for entry in table.iter()? {
                let (number, bytes) = entry?;
                let number = number.value();
                let entry = decode_entry(number, bytes.value()).ok_or_else(|| damaged(number))?;
                all.push(entry);
            }
            Ok(all)
        })
    }

    /// Reads all dead letters, and records how many bytes they are.
    fn check_letters(&self) -> Result<(), Broken> {
        self.with(|database| {
            let write = database.begin_write()?;
            let mut bytes = 0;
            {
                let letters = write.open_table(LETTERS)?;
                for entry in letters.iter()? {
                    let (number, letter) = entry?;
                    bytes += letter.value().len() as u64;
                    decode_letter(letter.value()).ok_or_else(|| damaged(number.value()))?;
                }
                let mut meta = write.open_table(META)?;
                let known = meta.get(LETTER_BYTES)?.map(|known| known.value());
                if known == Some(bytes) {
                    return Ok(());
                }
                meta.insert(LETTER_BYTES, bytes)?;
            }
            write.commit()?;
            Ok(())
        })
    }

    /// Makes the changes of a batch. Returns how many dead letters were dropped, which may have `room` bytes.
    pub(super) fn commit(&self, batch: &Batch, room: usize) -> Result<usize, Broken> {
        self.with(|database| {
            let write = database.begin_write()?;
            let dropped = apply(&write, batch, room)?;
            write.commit()?;
            Ok(dropped)
        })
    }

    pub(super) fn frame(&self, number: u64) -> Result<Option<Vec<u8>>, Broken> {
        self.with(|database| {
            let table = database.begin_read()?.open_table(REQUESTS)?;
            let stored = table.get(number)?;
            Ok(stored.and_then(|bytes| decode_stored(bytes.value()).map(|stored| stored.frame)))
        })
    }

    pub(super) fn letter_after(&self, number: Option<u64>) -> Result<Option<DeadLetter>, Broken> {
        let first = match number {
            None => 0,
            Some(u64::MAX) => return Ok(None),
            Some(number) => number + 1,
        };
        self.with(|database| {
            let table = database.begin_read()?.open_table(LETTERS)?;
            let Some(entry) = table.range(first..)?.next() else {
                return Ok(None);
            };
            let (number, bytes) = entry?;
            let (queue, number) = (self.id, number.value());
            let letter = decode_letter(bytes.value()).ok_or_else(|| damaged(number))?;
            Ok(Some(DeadLetter::new(DeliveryId { queue, number }, letter)))
        })
    }

    pub(super) fn discard_letter(&self, number: u64) -> Result<bool, Broken> {
        self.with(|database| {
            let write = database.begin_write()?;
            let found = {
                let mut letters = write.open_table(LETTERS)?;
                let removed = letters.remove(number)?;
                removed.map(|letter| letter.value().len() as u64)
            };
            if let Some(bytes) = found {
                let mut meta = write.open_table(META)?;
                let before = meta.get(LETTER_BYTES)?.map_or(0, |known| known.value());
                meta.insert(LETTER_BYTES, before.saturating_sub(bytes))?;
            }
            write.commit()?;
            Ok(found.is_some())
        })
    }

    /// Calls `action` with the database, which is opened again if it has failed.
    fn with<T>(&self, action: impl FnOnce(&Database) -> Result<T, Broken>) -> Result<T, Broken> {
        if self.shared().is_none() {
            self.open_again()?;
        }
        let database = self.shared();
        let Some(open) = &*database else {
            return Err(Broken::new("the file has failed again"));
        };
        let done = guarded(|| action(open));
        drop(database);
        if let Err(broken) = &done
            && broken.closed
        {
            self.close(broken);
        }
        done
    }

    fn close(&self, broken: &Broken) {
        let mut database = self.database.write();
        // redb writes when it is dropped, which may fail again.
        let _ = guarded(|| {
            drop(database.take());
            Ok(())
        });
        let mut outage = self.outage();
        (outage.open_at, outage.full) = (Some(Instant::now() + outage.rest()), broken.full);
        outage.reason.clone_from(&broken.reason);
    }

    fn open_again(&self) -> Result<(), Broken> {
        let mut outage = self.outage();
        let now = Instant::now();
        if outage.open_at.is_some_and(|at| now < at) {
            return Err(Broken {
                full: outage.full,
                ..Broken::new(outage.reason.clone())
            });
        }
        let opened = guarded(|| Ok(connect(self.file.clone())?));
        outage.opening_took = now.elapsed();
        outage.open_at = Some(Instant::now() + outage.rest());
        let opened = opened.inspect_err(|broken| {
            outage.full = broken.full;
            outage.reason.clone_from(&broken.reason);
        })?;
        drop(outage);
        *self.database.write() = Some(opened);
        let file = self.path().display().to_string();
        log::line!(info, file = log::text(&file); "a queue's file was opened again");
        Ok(())
    }

    fn shared(&self) -> RwLockReadGuard<'_, Option<Database>> {
        self.database.read()
    }

    fn outage(&self) -> MutexGuard<'_, Outage> {
        self.outage.lock()
    }
}

/// Opens a database, or makes it where there is none.
pub(super) fn connect(backend: impl StorageBackend) -> Result<Database, DatabaseError> {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    builder.create_with_backend(backend)
}
