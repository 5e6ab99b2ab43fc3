//! What was executed and what was reported, in files that survive their writers.
//!
//! Each record is one line in one `write`, so that a process which is killed has written it or not.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A file of records that this process adds to.
pub(crate) struct Ledger(Mutex<File>);

impl Ledger {
    pub(crate) fn append(path: impl AsRef<Path>) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(path);
        Self(Mutex::new(file.unwrap()))
    }

    pub(crate) fn record(&self, line: &str) {
        let line = format!("{line}\n");
        self.0.lock().unwrap().write_all(line.as_bytes()).unwrap();
    }
}

/// The files of one run, gone when the value is.
pub(crate) struct Books {
    directory: PathBuf,
}

impl Books {
    pub(crate) fn open() -> Self {
        let name = format!("zmqrpc-{}-soak", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir(&directory).unwrap();
        Self { directory }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }

    /// The records of all files whose names begin so; words without their line's end.
    pub(crate) fn read(&self, prefix: &str) -> Vec<Vec<String>> {
        let mut records = Vec::new();
        for entry in fs::read_dir(&self.directory).unwrap() {
            let entry = entry.unwrap();
            if !entry.file_name().to_string_lossy().starts_with(prefix) {
                continue;
            }
            let text = fs::read_to_string(entry.path()).unwrap();
            let words = |line: &str| line.split(' ').map(str::to_owned).collect();
            records.extend(text.lines().map(words));
        }
        records
    }

    /// How often each number was executed, and by which method.
    pub(crate) fn executions(&self) -> HashMap<u64, (String, u64)> {
        let mut executions = HashMap::new();
        for record in self.read("executed-") {
            let [number, method] = &record[..] else {
                panic!("{record:?}");
            };
            let entry = executions.entry(number.parse().unwrap());
            let (known, count) = entry.or_insert_with(|| (method.clone(), 0));
            assert_eq!(known, method, "{number}");
            *count += 1;
        }
        executions
    }
}

impl Drop for Books {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}
