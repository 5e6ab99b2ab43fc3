//! A file that is read again when it changes.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::error::Error;
use crate::log;

/// Makes an entry of a line, given what was read before; or tells what is wrong with it.
pub(super) type ReadLine<T> = fn(line: &str, table: &mut T, before: &T) -> Result<(), &'static str>;

/// A table in a file. What cannot be read is not in it: a file that is gone lets nobody in.
pub(super) struct Watched<T> {
    path: PathBuf,
    read_line: ReadLine<T>,
    state: Mutex<WatchedState<T>>,
}

struct WatchedState<T> {
    table: Arc<T>,
    stamp: Option<Stamp>,
    /// It could not be read the last time, and the log says so: once, or strangers could fill it.
    lost: bool,
}

/// What changes with a file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Two changes within the clock's resolution look like one; so what has changed so recently is read again.
const SETTLED: Duration = Duration::from_secs(2);

/// Bytes of the largest file that is read.
const MAX: u64 = 16 << 20;

impl<T: Default> Watched<T> {
    /// Every line must be right.
    pub(super) fn open(path: &Path, read_line: ReadLine<T>) -> Result<Self, Error> {
        let wrong = |reason| Error::bad_setting("authenticate", reason);
        let (text, stamp) = read(path).map_err(wrong)?;
        let (table, errors) = parse(&text, read_line, &T::default());
        if let Some((line, reason)) = errors.first() {
            return Err(wrong(format!("{}, line {line}: {reason}", path.display())));
        }
        let table = Arc::new(table);
        Ok(Self {
            path: path.to_owned(),
            read_line,
            state: Mutex::new(WatchedState {
                table,
                stamp,
                lost: false,
            }),
        })
    }

    /// The table as it stands in the file now.
    pub(super) fn table(&self) -> Arc<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Stamp::of(&self.path);
        if now.is_some() && now == state.stamp {
            return Arc::clone(&state.table);
        }
        let mut lost = state.lost;
        let (table, stamp) = match read(&self.path) {
            Ok((text, stamp)) => {
                lost = false;
                let (table, errors) = parse(&text, self.read_line, &state.table);
                for (line, reason) in errors {
                    let path = log::text(self.path.display());
                    log::line!(error, path, line, reason; "a line of a file of logins is left out");
                }
                (table, stamp)
            }
            Err(reason) => {
                if !std::mem::replace(&mut lost, true) {
                    log::line!(
                        error,
                        reason = log::text(reason);
                        "a file of logins cannot be read: nobody in it is let in"
                    );
                }
                (T::default(), None)
            }
        };
        state.table = Arc::new(table);
        state.stamp = stamp;
        state.lost = lost;
        Arc::clone(&state.table)
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|found| Self::from(&found))
    }

    fn is_settled(&self) -> bool {
        let age = |(seconds, nanos): (i64, i64)| {
            let since = Duration::new(seconds.try_into().ok()?, nanos.try_into().ok()?);
            SystemTime::UNIX_EPOCH.checked_add(since)?.elapsed().ok()
        };
        age(self.changed).is_some_and(|age| age > SETTLED)
    }
}

impl From<&fs::Metadata> for Stamp {
    fn from(found: &fs::Metadata) -> Self {
        Self {
            inode: found.ino(),
            len: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }
}

/// The text, and what tells that it has changed; nothing if it may have changed meanwhile.
fn read(path: &Path) -> Result<(String, Option<Stamp>), String> {
    let failed = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let file = File::open(path).map_err(failed)?;
    let found = file.metadata().map_err(failed)?;
    if !found.is_file() || found.len() > MAX {
        return Err(format!(
            "{} is no file of at most {MAX} bytes",
            path.display()
        ));
    }
    let mut text = String::new();
    file.take(MAX).read_to_string(&mut text).map_err(failed)?;
    let stamp = Stamp::from(&found);
    Ok((text, stamp.is_settled().then_some(stamp)))
}

/// Of a file that is being written, `admin-trainee` may say `admin` for a moment.
const UNFINISHED: &str = "it has no end: a line feed must follow";

/// Empty lines and comments are left out.
fn parse<T: Default>(
    text: &str,
    read_line: ReadLine<T>,
    before: &T,
) -> (T, Vec<(usize, &'static str)>) {
    let (mut table, mut errors) = (T::default(), Vec::new());
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let is_whole = line.ends_with('\n');
        let line = line.trim();
        if line.is_empty() || line == "#" || line.starts_with("# ") {
            continue;
        }
        let entry = if is_whole {
            read_line(line, &mut table, before)
        } else {
            Err(UNFINISHED)
        };
        if let Err(reason) = entry {
            errors.push((number, reason));
        }
    }
    (table, errors)
}
