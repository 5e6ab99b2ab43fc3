//! The file of a queue, as the database sees it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::StorageBackend;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

/// An open file, and the path at which it was found.
#[derive(Clone, Debug)]
pub(super) struct QueueFile {
    path: PathBuf,
    file: Arc<File>,
    #[cfg(test)]
    pub(super) observer: super::tests::Observer,
}

/// What is done with a file.
#[cfg_attr(not(test), expect(dead_code, reason = "only tests look at it"))]
pub(super) enum Access<'a> {
    Read,
    SetLen(u64),
    Write(u64, &'a [u8]),
    Sync,
    /// It takes the place of another file.
    Replace,
}

impl QueueFile {
    /// Opens or makes a file and locks it.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path);
        let file = opened.map_err(|error| error.to_string())?;
        match lock(&file) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err("the file is open already".into()),
            Err(error) => return Err(format!("the file cannot be locked: {error}")),
        }
        let opened = Self {
            path: path.to_owned(),
            file: Arc::new(file),
            #[cfg(test)]
            observer: Arc::default(),
        };
        // Another process may have replaced it before it was locked.
        if opened.is_there() {
            Ok(opened)
        } else {
            Err("the file was replaced while it was opened, open it again".into())
        }
    }

    /// Locks `file`, which is to be at the path of this one.
    #[cfg(any(feature = "disk-queue-upgrade", test))]
    pub(super) fn replaced_by(&self, file: File) -> io::Result<Self> {
        lock(&file)?;
        Ok(Self {
            file: Arc::new(file),
            ..self.clone()
        })
    }

    #[cfg(any(feature = "disk-queue-upgrade", test))]
    pub(super) fn metadata(&self) -> io::Result<std::fs::Metadata> {
        self.file.metadata()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether the file is still where it was found. What is written to one that was deleted, or replaced by
    /// another, is lost when the process ends.
    pub(super) fn is_there(&self) -> bool {
        let (Ok(open), Ok(found)) = (self.file.metadata(), std::fs::metadata(&self.path)) else {
            return false;
        };
        (open.dev(), open.ino()) == (found.dev(), found.ino())
    }
}

impl QueueFile {
    /// Tells a test what is about to be done.
    #[inline]
    #[cfg_attr(
        not(test),
        expect(unused_variables, clippy::unused_self, reason = "only tests look")
    )]
    pub(super) fn note(&self, access: &Access<'_>) {
        #[cfg(test)]
        self.observer.lock().unwrap().note(access);
    }
}

fn lock(file: &File) -> Result<(), Errno> {
    flock(file, FlockOperation::NonBlockingLockExclusive)
}

/// Refuses a length beyond the process's limit: a write beyond it raises `SIGXFSZ`, which ends the process.
fn check(len: u64) -> io::Result<()> {
    match getrlimit(Resource::Fsize).current {
        Some(limit) if len > limit => Err(Errno::FBIG.into()),
        _ => Ok(()),
    }
}

impl StorageBackend for QueueFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.note(&Access::Read);
        self.file.read_exact_at(out, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        check(len)?;
        self.note(&Access::SetLen(len));
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.note(&Access::Sync);
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        check(offset.saturating_add(data.len() as u64))?;
        self.note(&Access::Write(offset, data));
        self.file.write_all_at(data, offset)
    }
}
