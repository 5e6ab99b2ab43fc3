//! A machine that loses its power: of what was written since the file was synced last, any part may have got to the disk.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use super::{Access, Batch, Disk, Place, QueueFile, Stored};

/// A disk: what is on it for certain, and what may be.
#[derive(Debug, Default)]
pub(super) struct Drive {
    is_on: bool,
    synced: Vec<u8>,
    /// The oldest first.
    unsynced: Vec<Change>,
    random: u64,
    /// What the disk may have, had the power gone then, once for each point at which that was tried.
    images: Vec<Vec<u8>>,
    /// The same for a file before it has replaced another one.
    replacements: Vec<Vec<u8>>,
}

#[derive(Debug)]
enum Change {
    Len(usize),
    Bytes(usize, Vec<u8>),
}

impl Change {
    fn apply(&self, image: &mut Vec<u8>) {
        match self {
            Self::Len(len) => image.resize(*len, 0),
            Self::Bytes(start, bytes) => {
                let end = start + bytes.len();
                image.resize(image.len().max(end), 0);
                image[*start..end].copy_from_slice(bytes);
            }
        }
    }
}

impl Drive {
    /// Records from here on what the disk has when the power goes. `synced` is what it has now.
    pub(super) fn start(&mut self, seed: u64, synced: Vec<u8>) {
        (self.is_on, self.random, self.synced) = (true, seed, synced);
    }

    /// Takes the images that were recorded.
    pub(super) fn take_images(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.images)
    }

    /// Takes the images of a file that were recorded before it replaced another one.
    pub(super) fn take_replacements(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.replacements)
    }

    /// xorshift, which needs a start other than zero.
    fn random(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    pub(super) fn note(&mut self, access: &Access<'_>) {
        if !self.is_on {
            return;
        }
        match access {
            Access::Read => {}
            Access::SetLen(len) => {
                let len = usize::try_from(*len).unwrap();
                self.unsynced.push(Change::Len(len));
            }
            Access::Write(offset, bytes) => {
                let start = usize::try_from(*offset).unwrap();
                self.unsynced.push(Change::Bytes(start, bytes.to_vec()));
            }
            Access::Sync => {
                // It goes just before, and just after.
                self.cut_power();
                for change in std::mem::take(&mut self.unsynced) {
                    change.apply(&mut self.synced);
                }
            }
            Access::Replace => {
                self.replacements = self.take_images();
                // Renaming a file does not sync it.
                self.cut_power();
            }
        }
    }

    /// Records what the disk has if the power goes now.
    pub(super) fn cut_power(&mut self) {
        let mut image = self.synced.clone();
        for change in std::mem::take(&mut self.unsynced) {
            match (&change, self.random(3)) {
                // The length is what the file system keeps in order.
                (Change::Len(_), _) | (_, 0) => change.apply(&mut image),
                // A part of it.
                (Change::Bytes(start, bytes), 1) => {
                    let len = usize::try_from(self.random(bytes.len() as u64 + 1)).unwrap();
                    Change::Bytes(*start, bytes[..len].to_vec()).apply(&mut image);
                }
                _ => {}
            }
            self.unsynced.push(change);
        }
        self.images.push(image);
    }
}

/// Numbers that are held, after each commit.
type States = Vec<BTreeSet<u64>>;

/// Uses a queue. Returns what was found after each failure of the power, with the number of commits that had returned.
fn use_queue(seed: u64) -> (States, Vec<(usize, Vec<u8>)>) {
    let place = Place::new(&format!("power-{seed}"));
    let file = QueueFile::open(&place.0).unwrap();
    let observer = Arc::clone(&file.observer);
    observer.lock().unwrap().drive.start(seed, vec![]);
    let disk = Disk::open(file).unwrap();
    let random = |below| observer.lock().unwrap().drive.random(below);
    let (mut held, mut states, mut images) = (BTreeSet::new(), Vec::new(), Vec::new());
    states.push(held.clone());
    // Before that there is no queue.
    observer.lock().unwrap().drive.take_images();
    let mut next = 0;
    for _ in 0..12 {
        let mut batch = Batch::default();
        for _ in 0..random(4) {
            let len = usize::try_from(random(20_000)).unwrap();
            let stored = Stored {
                origin: None,
                accepted: 1,
                frame: vec![7; len],
            };
            batch.new.push((next, stored));
            held.insert(next);
            next += 1;
        }
        for _ in 0..random(3) {
            batch.done.extend(held.pop_first());
        }
        disk.commit(&batch, 0).unwrap();
        let drive = &mut observer.lock().unwrap().drive;
        let mut record = |drive: &mut Drive, states: &States| {
            let commits = states.len() - 1;
            images.extend(
                drive
                    .take_images()
                    .into_iter()
                    .map(|image| (commits, image)),
            );
        };
        record(drive, &states);
        states.push(held.clone());
        drive.cut_power();
        record(drive, &states);
    }
    (states, images)
}

/// Opens a queue. Returns the numbers of its requests.
fn held_in(file: QueueFile) -> BTreeSet<u64> {
    let found = Disk::open(file).unwrap().contents().unwrap();
    found.into_iter().map(|entry| entry.number).collect()
}

#[test]
fn what_was_acknowledged_is_there_after_the_machine_has_lost_its_power() {
    for seed in 1..=2 {
        let (states, images) = use_queue(seed);
        assert!(images.len() >= 24, "each commit syncs");
        let place = Place::new(&format!("power-{seed}-found"));
        for (commits, image) in images {
            fs::write(&place.0, image).unwrap();
            let found = held_in(QueueFile::open(&place.0).unwrap());
            // What was being written may be there, all of it.
            let possible = &states[commits..states.len().min(commits + 2)];
            assert!(
                possible.contains(&found),
                "seed {seed}, after {commits} commits: {found:?}"
            );
        }
    }
}

#[test]
fn what_is_found_after_that_is_there_when_the_machine_loses_its_power_again() {
    let (_, images) = use_queue(3);
    let place = Place::new("power-again");
    for (_, image) in images.into_iter().step_by(9) {
        fs::write(&place.0, &image).unwrap();
        let file = QueueFile::open(&place.0).unwrap();
        let observer = Arc::clone(&file.observer);
        observer.lock().unwrap().drive.start(4, image);
        let found = held_in(file);
        let images = observer.lock().unwrap().drive.take_images();
        assert!(images.len() >= 4, "what is repaired is synced");
        for image in images {
            fs::write(&place.0, image).unwrap();
            assert_eq!(held_in(QueueFile::open(&place.0).unwrap()), found);
        }
    }
}
