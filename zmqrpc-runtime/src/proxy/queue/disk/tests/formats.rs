//! Files of older formats and of newer ones, and what is no queue.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use redb::{Database, TableDefinition};

use super::fixtures::{self, Fixture};
use super::{Disk, Place, QueueFile};
use crate::error::Error;
use crate::proxy::queue::disk::DiskQueue;
use crate::proxy::queue::disk::tables::{FORMAT, META};
use crate::proxy::queue::disk::version::{self, CURRENT};

fn open(path: &Path) -> Disk {
    Disk::open(QueueFile::open(path).unwrap()).unwrap()
}

/// Returns why a file is refused. It is left as it is.
fn refusal(path: &Path) -> String {
    let before = fs::read(path).unwrap();
    let reason = match DiskQueue::open(path) {
        Err(Error::Queue { reason, .. }) => reason.into(),
        other => panic!("{other:?}"),
    };
    assert!(fs::read(path).unwrap() == before, "{reason}");
    reason
}

fn format_of(path: &Path) -> u64 {
    let database = Database::open(path).unwrap();
    version::format_of(&database).unwrap().unwrap()
}

/// Writes a format into a file. Returns what the file is while it is open.
fn set_format(path: &Path, format: u64) -> Vec<u8> {
    let database = Database::open(path).unwrap();
    let write = database.begin_write().unwrap();
    let mut meta = write.open_table(META).unwrap();
    meta.insert(FORMAT, format).unwrap();
    drop(meta);
    write.commit().unwrap();
    fs::read(path).unwrap()
}

fn unpacked(fixture: &Fixture, test: &str) -> Place {
    let place = Place::new(&format!("{test}-{}", fixture.name));
    fs::write(&place.0, fixture.bytes()).unwrap();
    place
}

#[test]
fn a_file_of_each_format_is_brought_up_to_date_with_all_that_it_holds() {
    for fixture in fixtures::ALL {
        let place = unpacked(&fixture, "formats");
        // The second time it is in the current format.
        for _ in 0..2 {
            fixture.check(&open(&place.0));
            assert_eq!(format_of(&place.0), CURRENT);
        }
    }
}

/// Opens a file on a machine that may lose its power. Returns what its disk may have then.
fn lose_power(path: &Path, synced: Vec<u8>) -> Vec<Vec<u8>> {
    let file = QueueFile::open(path).unwrap();
    let observer = Arc::clone(&file.observer);
    observer.lock().unwrap().drive.start(1, synced);
    let disk = Disk::open(file).unwrap();
    observer.lock().unwrap().drive.cut_power();
    drop(disk);
    let drive = &mut observer.lock().unwrap().drive;
    drive.cut_power();
    drive.take_images()
}

#[test]
fn nothing_is_lost_when_the_power_goes_while_a_format_is_changed() {
    let place = Place::new("changed");
    fixtures::fill(&open(&place.0));
    let used = set_format(&place.0, CURRENT - 1);
    for before in [fs::read(&place.0).unwrap(), used] {
        fs::write(&place.0, &before).unwrap();
        let found = lose_power(&place.0, before);
        assert!(found.len() >= 4);
        for image in found {
            fs::write(&place.0, image).unwrap();
            fixtures::check(&open(&place.0));
            assert_eq!(format_of(&place.0), CURRENT);
        }
    }
}

#[test]
fn a_file_of_a_newer_format_is_refused_and_left_as_it_is() {
    let place = Place::new("newer");
    fixtures::fill(&open(&place.0));
    let used = set_format(&place.0, CURRENT + 1);
    let closed = fs::read(&place.0).unwrap();
    for image in [closed, used] {
        fs::write(&place.0, image).unwrap();
        assert_eq!(
            refusal(&place.0),
            "the file has format 3, this version of zmqrpc reads formats 1 to 2; open it with the version that wrote it, or \
             a newer one"
        );
    }
}

#[test]
fn databases_of_other_programs_are_refused_and_left_as_they_are() {
    let place = Place::new("program");
    let write = || {
        let database = Database::create(&place.0).unwrap();
        let write = database.begin_write().unwrap();
        let table = TableDefinition::<u64, u64>::new("accounts");
        write.open_table(table).unwrap().insert(1, 1).unwrap();
        write.commit().unwrap();
    };
    write();
    let reason = refusal(&place.0);
    assert!(reason.contains("another program"), "{reason}");
}
