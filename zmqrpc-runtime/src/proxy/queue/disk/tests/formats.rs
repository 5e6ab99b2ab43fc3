//! Files of older formats and of newer ones, and what is no queue.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Database, TableDefinition};

use super::fixtures::{self, FORMAT_1, FORMAT_1_KILLED, Fixture};
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

/// Returns the path of a file's replacement.
fn replacement_of(path: &Path) -> PathBuf {
    let mut replacement = path.to_owned().into_os_string();
    replacement.push(".zmqrpc-copy");
    replacement.into()
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

/// Opens a file on a machine that may lose its power. Returns what its disk may have then: beside the file, before that is
/// replaced, and in its place.
fn lose_power(path: &Path, synced: Vec<u8>) -> [Vec<Vec<u8>>; 2] {
    let file = QueueFile::open(path).unwrap();
    let observer = Arc::clone(&file.observer);
    observer.lock().unwrap().drive.start(1, synced);
    let disk = Disk::open(file).unwrap();
    observer.lock().unwrap().drive.cut_power();
    drop(disk);
    let drive = &mut observer.lock().unwrap().drive;
    drive.cut_power();
    [drive.take_replacements(), drive.take_images()]
}

#[test]
fn nothing_is_lost_when_the_power_goes_while_a_file_is_copied() {
    for fixture in [FORMAT_1, FORMAT_1_KILLED] {
        let place = unpacked(&fixture, "copied");
        let old = Place::new(&format!("old-{}", fixture.name));
        fs::hard_link(&place.0, &old.0).unwrap();
        let [replacements, found] = lose_power(&place.0, vec![]);
        assert!(replacements.len() >= 4 && found.len() >= 4);
        assert!(fs::read(&old.0).unwrap() == fixture.bytes());
        for replacement in replacements {
            fs::write(&place.0, fixture.bytes()).unwrap();
            fs::write(replacement_of(&place.0), replacement).unwrap();
            fixture.check(&open(&place.0));
            assert!(!replacement_of(&place.0).exists());
        }
        for image in found {
            fs::write(&place.0, image).unwrap();
            fixture.check(&open(&place.0));
        }
    }
}

#[test]
fn nothing_is_lost_when_the_power_goes_while_a_format_is_changed() {
    let place = Place::new("changed");
    fixtures::fill(&open(&place.0));
    let used = set_format(&place.0, CURRENT - 1);
    for before in [fs::read(&place.0).unwrap(), used] {
        fs::write(&place.0, &before).unwrap();
        let [replacements, found] = lose_power(&place.0, before);
        assert!(replacements.is_empty() && found.len() >= 4);
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
    let write_with_redb2 = || {
        let database = redb2::Database::create(&place.0).unwrap();
        let write = database.begin_write().unwrap();
        let table = redb2::TableDefinition::<u64, u64>::new("accounts");
        write.open_table(table).unwrap().insert(1, 1).unwrap();
        write.commit().unwrap();
    };
    for write in [&write as &dyn Fn(), &write_with_redb2] {
        let _ = fs::remove_file(&place.0);
        write();
        let reason = refusal(&place.0);
        assert!(reason.contains("another program"), "{reason}");
        assert!(!replacement_of(&place.0).exists());
    }
}

#[test]
fn a_copy_is_for_the_same_users_and_a_link_leads_to_it() {
    let place = unpacked(&FORMAT_1, "users");
    let permissions = fs::Permissions::from_mode(0o640);
    fs::set_permissions(&place.0, permissions).unwrap();
    let link = Place::new("link");
    symlink(&place.0, &link.0).unwrap();
    let disk = open(&link.0);
    FORMAT_1.check(&disk);
    assert!(disk.is_there());
    let now = fs::symlink_metadata(&place.0).unwrap();
    assert_eq!(now.permissions().mode() & 0o7777, 0o640);
    assert!(fs::symlink_metadata(&link.0).unwrap().is_symlink());
}

#[test]
fn a_file_that_cannot_be_copied_is_left_as_it_is() {
    let place = unpacked(&FORMAT_1, "obstacle");
    let replacement = replacement_of(&place.0);
    fs::create_dir(&replacement).unwrap();
    let reason = refusal(&place.0);
    assert!(reason.contains(replacement.to_str().unwrap()), "{reason}");
    fs::remove_dir(&replacement).unwrap();
    FORMAT_1.check(&open(&place.0));
}

#[test]
fn a_damaged_file_of_an_older_format_is_told_of_and_left_as_it_is() {
    let place = Place::new("worn");
    let good = FORMAT_1.bytes();
    let is_used = |part: &[u8]| part.iter().any(|byte| ![0, 0xFF].contains(byte));
    let parts = good.chunks(512).enumerate();
    let used = parts.filter_map(|(number, part)| is_used(part).then_some(number * 512));
    let mut told = 0;
    for start in used.step_by(9) {
        let mut bad = good.clone();
        bad[start..start + 512].fill(0xA5);
        fs::write(&place.0, &bad).unwrap();
        if let Ok(queue) = DiskQueue::open(&place.0) {
            FORMAT_1.check(&queue.disk);
        } else {
            assert!(fs::read(&place.0).unwrap() == bad, "at {start}");
            told += 1;
        }
    }
    assert!(told >= 8, "{told}");
}
