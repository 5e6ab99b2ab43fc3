//! The format of a queue's file: what the tables hold, how requests and dead letters are written, and the database that
//! they are in. Each file names its own.
//!
//! | format | what it is |
//! |---|---|
//! | 1 | [tables](super::tables) of [requests and dead letters](super::format), in a database of redb 2 |
//! | 2 | the same, in a database of redb 4, which redb 2 does not open, nor the reverse |
//!
//! A change that an older version of this code would misread takes a new number here. Whoever makes it says how a file of
//! the current format becomes one of the new format, in the transaction of [`prepare`](super::tables::prepare), and keeps a
//! file of each format for the tests to open. A new format of redb's own files is such a change.

use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, StorageBackend, TableHandle};

use super::database::{Broken, connect};
use super::file::QueueFile;
use super::overlay::Overlay;
use super::tables::{FORMAT, META};
#[cfg(any(feature = "disk-queue-upgrade", test))]
use super::upgrade::upgrade;

/// The format that files are written in.
pub(super) const CURRENT: u64 = 2;

/// The oldest format that is still read.
const OLDEST: u64 = 1;

/// Makes a file ready for redb 4. Returns the file to open, which may be a new one at the same path. A file that holds
/// something other than a queue in a known format is refused and left as it is.
pub(super) fn ready(file: QueueFile) -> Result<QueueFile, Broken> {
    if file.len()? == 0 {
        return Ok(file);
    }
    let database = match connect(Overlay::of(&file)?) {
        Ok(database) => database,
        Err(DatabaseError::UpgradeRequired(_)) => return upgrade(&file),
        Err(error) => return Err(error.into()),
    };
    format_of(&database)?.map_or(Ok(()), check_format)?;
    Ok(file)
}

#[cfg(not(any(feature = "disk-queue-upgrade", test)))]
fn upgrade(_: &QueueFile) -> Result<QueueFile, Broken> {
    Err(Broken::new(
        "the file is a database of redb 2, as queues of format 1 are; to go on with what it holds, open it once with the \
         feature `disk-queue-upgrade`, or let the version that wrote it deliver everything",
    ))
}

/// Returns the format of the queue in a database; `None` if the database is empty.
pub(super) fn format_of(database: &Database) -> Result<Option<u64>, Broken> {
    let read = database.begin_read()?;
    let mut tables = read.list_tables()?.peekable();
    if tables.peek().is_none() {
        return Ok(None);
    }
    if !tables.any(|table| table.name() == META.name()) {
        return Err(Broken::foreign());
    }
    read_format(&read.open_table(META)?).map(Some)
}

/// Returns the format that a table of values names.
pub(super) fn read_format(meta: &impl ReadableTable<&'static str, u64>) -> Result<u64, Broken> {
    let format = meta.get(FORMAT)?.map(|format| format.value());
    format.ok_or_else(|| Broken::missing(FORMAT))
}

/// Refuses a format that is not known.
pub(super) fn check_format(format: u64) -> Result<(), Broken> {
    if (OLDEST..=CURRENT).contains(&format) {
        return Ok(());
    }
    Err(Broken::new(format!(
        "the file has format {format}, this version of zmqrpc reads formats {OLDEST} to {CURRENT}; open it with the version \
         that wrote it, or a newer one"
    )))
}
