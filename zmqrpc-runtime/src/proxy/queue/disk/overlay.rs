//! A view of a file that takes writes and leaves the file as it is.
//!
//! redb writes even where a database is only read: that it is open, what it repairs, that it was closed. What is found may
//! be nothing to write to, though: another program's database, or a queue in a newer format.

use std::io;

use redb::StorageBackend;

use super::file::QueueFile;
use crate::sync::{Mutex, MutexGuard};

/// How many bytes may be written. redb writes the file's header, and a bit or two for each of its pages, unless it is asked
/// to write more.
const MAX_WRITTEN: usize = 64 << 20;

/// A file, and what is written to it, which stays in memory.
#[derive(Debug)]
pub(super) struct Overlay {
    file: QueueFile,
    writes: Mutex<Writes>,
}

#[derive(Debug)]
struct Writes {
    /// The length that the file would have.
    len: u64,
    /// How much of the file counts: what was cut off once is zeros when the length grows again.
    intact: u64,
    /// Offsets and bytes, the oldest first.
    written: Vec<(u64, Vec<u8>)>,
    bytes: usize,
}

impl Overlay {
    pub(super) fn of(file: &QueueFile) -> io::Result<Self> {
        let len = file.len()?;
        let writes = Writes {
            len,
            intact: len,
            written: Vec::new(),
            bytes: 0,
        };
        Ok(Self {
            file: file.clone(),
            writes: Mutex::new(writes),
        })
    }

    fn writes(&self) -> MutexGuard<'_, Writes> {
        self.writes.lock()
    }
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.writes().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let writes = self.writes();
        let end = offset.saturating_add(out.len() as u64);
        if end > writes.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let rest = usize::try_from(writes.intact.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (old, new) = out.split_at_mut(rest.min(out.len()));
        self.file.read(offset, old)?;
        new.fill(0);
        for (start, bytes) in &writes.written {
            let from = offset.max(*start);
            let to = end.min(start.saturating_add(bytes.len() as u64));
            if from < to {
                out[range(offset, from, to)].copy_from_slice(&bytes[range(*start, from, to)]);
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut writes = self.writes();
        (writes.len, writes.intact) = (len, writes.intact.min(len));
        for (start, bytes) in &mut writes.written {
            let rest = usize::try_from(len.saturating_sub(*start)).unwrap_or(usize::MAX);
            bytes.truncate(rest);
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut writes = self.writes();
        writes.bytes += data.len();
        if writes.bytes > MAX_WRITTEN {
            let reason = format!("repairing it takes more than {MAX_WRITTEN} bytes of memory");
            return Err(io::Error::other(reason));
        }
        writes.len = writes.len.max(offset.saturating_add(data.len() as u64));
        writes.written.push((offset, data.to_owned()));
        Ok(())
    }
}

/// Returns the indices of the offsets `from..to` in a slice that begins at the offset `start` and has both.
#[expect(clippy::cast_possible_truncation, reason = "indices of a slice fit")]
fn range(start: u64, from: u64, to: u64) -> std::ops::Range<usize> {
    (from - start) as usize..(to - start) as usize
}
