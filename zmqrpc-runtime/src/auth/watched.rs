//! A file that is read again when it changes.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::error::Error;
use crate::log;
use crate::sync::Mutex;

/// Parses a line and adds its entry to `table`, given the table `before` the file changed; or returns what is wrong
/// with the line.
pub(super) type ParseLine<T> =
    fn(line: &str, table: &mut T, before: &T) -> Result<(), &'static str>;

/// A table in a file. Unreadable lines are left out, and a missing file admits nobody.
pub(super) struct Watched<T> {
    path: PathBuf,
    parse_line: ParseLine<T>,
    state: Mutex<WatchedState<T>>,
}

struct WatchedState<T> {
    table: Arc<T>,
    stamp: Option<FileStamp>,
    /// Whether the last attempt to read the file failed. That is logged once only, or peers could fill the log.
    is_unreadable: bool,
    /// The file whose wrong lines were logged last. While it is not settled each login reads it, and would log them
    /// again.
    logged: Option<FileStamp>,
}

/// Metadata that changes when a file does.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FileStamp {
    inode: u64,
    len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// How old a change must be to be told from another one, as two changes within the clock's resolution look like one. A
/// file that has changed since then is read again.
const SETTLED: Duration = Duration::from_secs(2);

/// The most bytes of a file.
const MAX_LEN: u64 = 16 << 20;

impl<T: Default> Watched<T> {
    /// Opens a file, all lines of which must be right.
    pub(super) fn open(path: &Path, parse_line: ParseLine<T>) -> Result<Self, Error> {
        let config_error = |reason| Error::bad_setting("authenticate", reason);
        let (text, stamp) = read(path).map_err(config_error)?;
        let (table, errors) = parse(&text, parse_line, &T::default());
        if let Some((line, reason)) = errors.first() {
            return Err(config_error(format!(
                "{}, line {line}: {reason}",
                path.display()
            )));
        }
        let table = Arc::new(table);
        Ok(Self {
            path: path.to_owned(),
            parse_line,
            state: Mutex::new(WatchedState {
                table,
                stamp,
                is_unreadable: false,
                logged: None,
            }),
        })
    }

    /// Returns the table, after reading the file again if it has changed.
    pub(super) fn table(&self) -> Arc<T> {
        let mut state = self.state.lock();
        let now = FileStamp::of(&self.path);
        if now.is_some() && now == state.stamp {
            return Arc::clone(&state.table);
        }
        let mut is_unreadable = state.is_unreadable;
        let (table, stamp) = match read(&self.path) {
            Ok((text, stamp)) => {
                is_unreadable = false;
                let (table, errors) = parse(&text, self.parse_line, &state.table);
                if now != state.logged {
                    for (line, reason) in errors {
                        let path = log::text(self.path.display());
                        log::line!(error, path, line, reason; "a wrong line of a login file is left out");
                    }
                    state.logged = now;
                }
                (table, stamp)
            }
            Err(reason) => {
                if !std::mem::replace(&mut is_unreadable, true) {
                    log::line!(
                        error,
                        reason = log::text(reason);
                        "a login file cannot be read: no user in it is admitted"
                    );
                }
                (T::default(), None)
            }
        };
        state.table = Arc::new(table);
        state.stamp = stamp;
        state.is_unreadable = is_unreadable;
        Arc::clone(&state.table)
    }
}

impl FileStamp {
    fn of(path: &Path) -> Option<Self> {
        fs::metadata(path)
            .ok()
            .map(|metadata| Self::from(&metadata))
    }

    fn is_settled(&self) -> bool {
        let age = |(seconds, nanos): (i64, i64)| {
            let since = Duration::new(seconds.try_into().ok()?, nanos.try_into().ok()?);
            SystemTime::UNIX_EPOCH.checked_add(since)?.elapsed().ok()
        };
        age(self.changed).is_some_and(|age| age > SETTLED)
    }
}

impl From<&fs::Metadata> for FileStamp {
    fn from(metadata: &fs::Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            len: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Reads the text and the stamp of a file; no stamp if another change could look the same.
fn read(path: &Path) -> Result<(String, Option<FileStamp>), String> {
    let failed = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() || metadata.len() > MAX_LEN {
        return Err(format!(
            "{} is no file of at most {MAX_LEN} bytes",
            path.display()
        ));
    }
    let mut text = String::new();
    file.take(MAX_LEN)
        .read_to_string(&mut text)
        .map_err(failed)?;
    let stamp = FileStamp::from(&metadata);
    Ok((text, stamp.is_settled().then_some(stamp)))
}

/// While a file is being written, `admin-trainee` may read `admin`.
const UNFINISHED: &str = "it has no end: a line feed must follow";

/// Parses the lines of a file, except empty lines and comments. Returns the table, and the number and error of each
/// wrong line.
fn parse<T: Default>(
    text: &str,
    parse_line: ParseLine<T>,
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
            parse_line(line, &mut table, before)
        } else {
            Err(UNFINISHED)
        };
        if let Err(reason) = entry {
            errors.push((number, reason));
        }
    }
    (table, errors)
}
