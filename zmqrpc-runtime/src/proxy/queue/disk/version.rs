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

use redb::{Database, DatabaseError, ReadableDatabase, StorageBackend, TableHandle};

use super::database::{Broken, connect};
use super::file::QueueFile;
use super::overlay::Overlay;
use super::tables::{FORMAT, META};

/// The format that files are written in.
pub(super) const CURRENT: u64 = 2;

/// The oldest format that is still read.
const OLDEST: u64 = 1;

/// Refuses a file that holds something other than a queue in a known format, and leaves it as it is.
pub(super) fn check_file(file: &QueueFile) -> Result<(), Broken> {
    if file.len()? == 0 {
        return Ok(());
    }
    match connect(Overlay::of(file)?) {
        Ok(database) => format_of(&database)?.map_or(Ok(()), check_format),
        Err(DatabaseError::UpgradeRequired(_)) => Err(Broken::new(
            "the file is a database of redb 2, as queues of format 1 are; let the version that wrote it deliver what it holds",
        )),
        Err(error) => Err(error.into()),
    }
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
    let format = read.open_table(META)?.get(FORMAT)?;
    let format = format.map(|format| format.value());
    format.map(Some).ok_or_else(|| Broken::missing(FORMAT))
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
