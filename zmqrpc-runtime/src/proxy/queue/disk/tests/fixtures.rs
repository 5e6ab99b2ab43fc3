//! Files of each format, written by the code of their time, and what they hold.
//!
//! `files/1.runs` is of format 1, and so on; `files/1-killed.runs` was copied while its process used it. Runs of one byte
//! are shortened in them, see [`pack`]. To write one of the current format, say 3:
//!
//! ```text
//! ZMQRPC_FIXTURE=3 cargo test -p zmqrpc-runtime --lib what_is_put_into_a_queue -- --nocapture
//! ```

use std::fs;
use std::path::Path;

use super::{Batch, Disk, Place, QueueFile, Stored};
use crate::proxy::delivery_schedule::Origin;
use crate::proxy::queue::{DeadLetter, GiveUp, StoredDeadLetter};
use crate::wire::DeliveryId;

/// A file as it was written.
pub(super) struct Fixture {
    pub(super) name: &'static str,
    packed: &'static [u8],
    id: u64,
}

pub(super) const FORMAT_1: Fixture = Fixture {
    name: "1",
    packed: include_bytes!("files/1.runs"),
    id: 0x2825_228a_8ddd_965d,
};

pub(super) const FORMAT_1_KILLED: Fixture = Fixture {
    name: "1-killed",
    packed: include_bytes!("files/1-killed.runs"),
    id: FORMAT_1.id,
};

const FORMAT_2: Fixture = Fixture {
    name: "2",
    packed: include_bytes!("files/2.runs"),
    id: 0x7103_2299_f2f0_7a72,
};

pub(super) const ALL: [Fixture; 3] = [FORMAT_1, FORMAT_1_KILLED, FORMAT_2];

impl Fixture {
    pub(super) fn bytes(&self) -> Vec<u8> {
        unpack(self.packed)
    }

    pub(super) fn check(&self, disk: &Disk) {
        assert_eq!(disk.id(), self.id, "{}", self.name);
        check(disk);
    }
}

/// Returns a request whose kind depends on its number.
fn request(number: u64) -> Stored {
    let origin = |connection, address: &str| {
        let address = address.into();
        Some(Origin {
            connection,
            address,
        })
    };
    let (origin, len) = match number % 4 {
        0 => (None, 0),
        1 => (origin(number, ""), 1),
        2 => (origin(u64::MAX, "tcp://größer:5000"), 300),
        _ => (origin(7, "tcp://10.0.0.1:40000"), 5000),
    };
    let byte = u8::try_from(number).unwrap() + 1;
    Stored {
        origin,
        accepted: 1_700_000_000_000 + number,
        frame: vec![byte; len],
    }
}

fn give_up(number: u64) -> (u64, GiveUp) {
    let reason = format!("tried {number} times: 没有");
    let given_up = 1_800_000_000_000 + number;
    (number, GiveUp { reason, given_up })
}

/// Fills a new queue. Some of its requests are delivered, some are given up, and one of those is discarded.
pub(super) fn fill(disk: &Disk) {
    let commit = |first, last, done: &[u64], dead: &[u64]| {
        let batch = Batch {
            new: (first..last).map(|new| (new, request(new))).collect(),
            done: done.into(),
            dead: dead.iter().copied().map(give_up).collect(),
            held_bytes: 0,
        };
        disk.commit(&batch, 1 << 20).unwrap();
    };
    commit(0, 6, &[], &[]);
    commit(6, 6, &[0], &[1, 3]);
    commit(6, 16, &[], &[2]);
    commit(16, 16, &[5, 15], &[6, 11]);
    assert!(disk.discard_letter(3).unwrap());
}

/// Checks that a queue holds what [`fill`] has left in it.
pub(super) fn check(disk: &Disk) {
    let waiting = [4, 7, 8, 9, 10, 12, 13, 14].map(|number| (number, request(number)));
    let found = disk.contents().unwrap().into_iter().map(|entry| {
        let frame = disk.frame(entry.number).unwrap().unwrap();
        assert_eq!(entry.bytes, frame.len());
        let (origin, accepted) = (entry.origin, entry.accepted);
        let stored = Stored {
            origin,
            accepted,
            frame,
        };
        (entry.number, stored)
    });
    assert_eq!(found.collect::<Vec<_>>(), waiting);

    let letters = [1, 2, 6, 11].map(|number| {
        let (queue, letter) = (
            disk.id(),
            StoredDeadLetter::of(request(number), &give_up(number).1),
        );
        DeadLetter::new(DeliveryId { queue, number }, letter)
    });
    let mut last = None;
    let found = std::iter::from_fn(|| {
        let letter = disk.letter_after(last).unwrap()?;
        last = Some(letter.number());
        Some(letter)
    });
    assert_eq!(found.collect::<Vec<_>>(), letters);
}

#[test]
fn what_is_put_into_a_queue_now_is_what_the_files_of_each_format_hold() {
    let place = Place::new("fixture");
    let open = || Disk::open(QueueFile::open(&place.0).unwrap()).unwrap();
    let disk = open();
    fill(&disk);
    check(&disk);
    let id = disk.id();
    drop(disk);
    if let Ok(name) = std::env::var("ZMQRPC_FIXTURE") {
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/proxy/queue/disk/tests/files");
        let packed = pack(&fs::read(&place.0).unwrap());
        fs::write(files.join(name + ".runs"), packed).unwrap();
        println!("its id is {id:#x}");
    }
    let disk = open();
    assert_eq!((disk.id(), disk.next_number()), (id, 16));
    check(&disk);
}

/// Runs of so many equal bytes are shortened.
const RUN: usize = 12;

/// Shortens runs: how many bytes follow as they are, these, how often the next byte is repeated, that byte, and so on.
fn pack(file: &[u8]) -> Vec<u8> {
    let (mut packed, mut rest) = (Vec::new(), Vec::new());
    let mut add = |bytes: &mut Vec<u8>, run: &[u8]| {
        packed.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        packed.append(bytes);
        packed.extend(u32::try_from(run.len()).unwrap().to_le_bytes());
        packed.push(run.first().copied().unwrap_or(0));
    };
    for run in file.chunk_by(|one, next| one == next) {
        if run.len() < RUN {
            rest.extend(run);
        } else {
            add(&mut rest, run);
        }
    }
    add(&mut rest, &[]);
    packed
}

fn unpack(mut packed: &[u8]) -> Vec<u8> {
    fn number(packed: &mut &[u8]) -> usize {
        let bytes = packed.split_off(..4).unwrap().try_into().unwrap();
        u32::from_le_bytes(bytes) as usize
    }
    let mut file = Vec::new();
    while !packed.is_empty() {
        let len = number(&mut packed);
        file.extend(packed.split_off(..len).unwrap());
        let times = number(&mut packed);
        let byte = packed.split_off_first().unwrap();
        file.resize(file.len() + times, *byte);
    }
    file
}
