//! A file that takes the place of a queue's file once it is whole. Until then the old file is as it was, whatever happens.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use redb::StorageBackend;

use super::file::{Access, QueueFile};

/// A file beside the one that it replaces. Dropping it before removes it.
pub(super) struct Replacement {
    file: QueueFile,
    path: PathBuf,
    /// The path of the old file, which becomes that of this one.
    target: PathBuf,
    is_in_place: bool,
}

impl Replacement {
    /// Makes an empty file beside `old`, for the same users. What an earlier try left there is removed.
    pub(super) fn of(old: &QueueFile) -> Result<Self, String> {
        // A link to the old file goes on leading to its path.
        let target = fs::canonicalize(old.path()).map_err(|error| error.to_string())?;
        let mut path = OsString::from(&target);
        path.push(".zmqrpc-copy");
        let path = PathBuf::from(path);
        match create(&path, old) {
            Ok(file) => Ok(Self {
                file,
                path,
                target,
                is_in_place: false,
            }),
            Err(error) => Err(format!("{} cannot be made: {error}", path.display())),
        }
    }

    pub(super) fn file(&self) -> &QueueFile {
        &self.file
    }

    /// Replaces the old file; returns only when that would survive a crash.
    pub(super) fn replace(mut self, old: &QueueFile) -> Result<QueueFile, String> {
        self.rename(old).map_err(|error| {
            let (path, target) = (self.path.display(), self.target.display());
            format!("{path} cannot replace {target}: {error}")
        })?;
        Ok(self.file.clone())
    }

    fn rename(&mut self, old: &QueueFile) -> io::Result<()> {
        self.file.sync_data()?;
        if !old.is_there() {
            return Err(ErrorKind::NotFound.into());
        }
        self.file.note(&Access::Replace);
        fs::rename(&self.path, &self.target)?;
        self.is_in_place = true;
        let directory = self.target.parent().unwrap_or(Path::new("/"));
        File::open(directory)?.sync_all()
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.is_in_place {
            // Where that fails, the next try removes it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn create(path: &Path, old: &QueueFile) -> io::Result<QueueFile> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    // Nobody else may read it before it has the permissions of the old file.
    options.read(true).write(true).create_new(true).mode(0o600);
    let file = options.open(path)?;
    let ready = copy_permissions(old, &file).and_then(|()| old.replaced_by(file));
    ready.inspect_err(|_| {
        let _ = fs::remove_file(path);
    })
}

fn copy_permissions(old: &QueueFile, file: &File) -> io::Result<()> {
    let (old, new) = (old.metadata()?, file.metadata()?);
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        fchown(file, Some(old.uid()), Some(old.gid()))?;
    }
    file.set_permissions(old.permissions())
}
