//! What a request costs that is alone at its time, however many are held; a file that is moved; files of other formats; a
//! machine that loses its power; and a disk that takes its time.

mod fixtures;
mod formats;
mod power;
mod slow;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::DiskQueue;
use super::database::Disk;
use super::file::{Access, QueueFile};
use crate::proxy::queue::{Batch, Store, Stored};

/// Watches what is done with a file.
pub(super) type Observer = Arc<Mutex<Watch>>;

#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Reads and writes.
    accesses: usize,
    drive: power::Drive,
    disk: slow::SlowDisk,
}

impl Watch {
    pub(super) fn note(&mut self, access: &Access<'_>) {
        if matches!(access, Access::Read | Access::Write(..)) {
            self.accesses += 1;
        }
        self.drive.note(access);
        if matches!(access, Access::Sync) {
            self.disk.sync();
        }
    }
}

/// The path of a file that no other test uses and that is removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("zmqrpc-{}-{count}-{name}.db", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn stored() -> Stored {
    Stored {
        origin: None,
        accepted: 1,
        frame: vec![7; 200],
    }
}

/// Returns how often the file is read or written for a request that comes, is read, and is recorded as delivered, while
/// `held` others are stored.
fn accesses_of_one(held: u64) -> usize {
    let place = Place::new(&format!("lone-{held}"));
    let file = QueueFile::open(&place.0).unwrap();
    let observer = Arc::clone(&file.observer);
    let accesses = || observer.lock().unwrap().accesses;
    let disk = Disk::open(file).unwrap();
    let commit = |batch: &Batch| disk.commit(batch, 1 << 20).unwrap();
    for first in (0..held).step_by(5_000) {
        let new = (first..held.min(first + 5_000)).map(|number| (number, stored()));
        commit(&Batch {
            new: new.collect(),
            ..Batch::default()
        });
    }
    let mut most = 0;
    for number in held..held + 20 {
        let before = accesses();
        commit(&Batch {
            new: vec![(number, stored())],
            ..Batch::default()
        });
        assert!(disk.frame(number).unwrap().is_some());
        commit(&Batch {
            done: vec![number],
            ..Batch::default()
        });
        most = most.max(accesses() - before);
    }
    most
}

#[test]
fn a_lone_request_costs_the_same_however_many_are_held() {
    let (few, many) = (accesses_of_one(100), accesses_of_one(30_000));
    println!("{few} accesses of the file behind 100 requests, {many} behind 30,000");
    // The tables are trees, of which each level costs one or two.
    assert!(many <= few + 16, "{few} and {many}");
}

#[test]
fn what_is_surely_not_in_a_file_that_was_moved_is_not_there() {
    let place = Place::new("moved");
    let away = Place::new("away");
    let queue = DiskQueue::open(&place.0).unwrap();
    fs::rename(&place.0, &away.0).unwrap();
    let batch = Batch {
        new: vec![(queue.next_number(), stored())],
        ..Batch::default()
    };
    let unwritten = queue.commit(&batch).unwrap_err();
    assert!(unwritten.nothing_written, "{}", unwritten.reason);
    drop(queue);
    let found = DiskQueue::open(&away.0).unwrap();
    assert!(found.contents().unwrap().is_empty());
}
