//! A queue in a file.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use redb::{
    Database, ReadableTable, ReadableTableMetadata, TableDefinition, TableHandle, WriteTransaction,
};

use super::{Batch, Capacity, DeadLetter, Entry, Kept, Letter, MAX_LETTERS, Queue, Store};
use crate::error::Error;
use crate::proxy::lanes::Origin;
use crate::wire::Delivery;

/// A queue in a file, which survives a crash of its process or machine. What was acknowledged has been written to the disk
/// before.
///
/// One proxy uses a file at a time; a second one is refused. The file is a [redb](https://www.redb.org) database.
///
/// # Examples
///
/// ```no_run
/// use zmqrpc_runtime::{BufferedProxy, DiskQueue, Rep, Req};
///
/// let store = BufferedProxy::new(
///     Rep::bind("tcp://*:5000"),
///     Req::connect("tcp://inner:5000"),
///     DiskQueue::open("queue.db")?,
/// )
/// .start()?;
/// # Ok::<(), zmqrpc_runtime::Error>(())
/// ```
pub struct DiskQueue {
    path: PathBuf,
    database: Database,
    id: u64,
    next: u64,
    capacity: Capacity,
}

const REQUESTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("requests");
const LETTERS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("dead letters");
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("zmqrpc queue");

/// Keys of `META`.
const FORMAT: &str = "format";
const ID: &str = "queue";
const NEXT: &str = "next number";

/// The only format there is.
const FORMAT_1: u64 = 1;

/// Bytes of the file that are kept in memory.
const CACHE: usize = 16 << 20;

impl DiskQueue {
    /// Opens the queue in a file, or makes a new one where there is none. Requests that it holds are delivered when a proxy
    /// starts with it; its dead letters can be read before.
    ///
    /// # Errors
    ///
    /// [`Error::Queue`] if the file is damaged, is no queue, is open already, or cannot be read and written. It is left as
    /// it is.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        // The database checks what it reads, and some of what it finds wrong it panics about.
        let opened = catch_unwind(AssertUnwindSafe(|| Self::try_open(path)));
        let opened = opened.unwrap_or_else(|_| Err("the file is damaged".into()));
        opened.map_err(|reason| Error::bad_queue(path, reason))
    }

    /// Requests that it holds at most. Default: 100,000. Further ones are refused with
    /// [`Error::Overloaded`](crate::Error::Overloaded). What is there already stays.
    #[must_use]
    pub fn max_requests(mut self, count: usize) -> Self {
        self.capacity.requests = count;
        self
    }

    /// Bytes of requests that it holds at most. Default: 1 GiB. The file has some bytes more for each request, and does not
    /// shrink.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.capacity.bytes = bytes;
        self
    }

    /// What was given up, oldest first.
    ///
    /// # Errors
    ///
    /// [`Error::Queue`] if the file cannot be read.
    pub fn dead_letters(&self) -> Result<Vec<DeadLetter>, Error> {
        self.letters()
            .map_err(|reason| Error::bad_queue(&self.path, reason))
    }

    fn try_open(path: &Path) -> Result<Self, String> {
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE);
        let database = builder.create(path).map_err(|error| error.to_string())?;
        let (id, next) = Self::prepare(&database).map_err(|broken| broken.0)?;
        let capacity = Capacity {
            requests: 100_000,
            bytes: 1 << 30,
        };
        let queue = Self {
            path: path.to_owned(),
            database,
            id,
            next,
            capacity,
        };
        // Reads everything once: better now than in the middle of the night.
        queue.contents()?;
        queue.letters()?;
        Ok(queue)
    }

    fn prepare(database: &Database) -> Result<(u64, u64), Broken> {
        let mut tables = Vec::new();
        for table in database.begin_read()?.list_tables()? {
            tables.push(table.name().to_owned());
        }
        if !tables.is_empty() && !tables.iter().any(|table| table == META.name()) {
            return Err(Broken("the file is a database of another program".into()));
        }
        let write = database.begin_write()?;
        let found;
        {
            let mut meta = write.open_table(META)?;
            write.open_table(REQUESTS)?;
            write.open_table(LETTERS)?;
            if tables.is_empty() {
                meta.insert(FORMAT, FORMAT_1)?;
                meta.insert(ID, RandomState::new().hash_one(0))?;
                meta.insert(NEXT, 0)?;
            }
            let mut values = [0; 3];
            for (value, key) in values.iter_mut().zip([FORMAT, ID, NEXT]) {
                match meta.get(key)? {
                    Some(stored) => *value = stored.value(),
                    None => return Err(Broken(format!("the file has no entry `{key}`"))),
                }
            }
            found = values;
        }
        let [format, id, next] = found;
        if format != FORMAT_1 {
            return Err(Broken(format!(
                "the file has format {format}, this version reads format {FORMAT_1}"
            )));
        }
        write.commit()?;
        Ok((id, next))
    }

    fn write(&self, batch: &Batch) -> Result<(), Broken> {
        let write = self.database.begin_write()?;
        Self::apply(&write, batch)?;
        write.commit()?;
        Ok(())
    }

    fn apply(write: &WriteTransaction, batch: &Batch) -> Result<(), Broken> {
        let mut requests = write.open_table(REQUESTS)?;
        let mut bytes = Vec::new();
        for (number, kept) in &batch.new {
            encode_kept(kept, &mut bytes);
            requests.insert(number, &*bytes)?;
        }
        let dead = batch.dead.iter().map(|(number, _)| number);
        for number in batch.done.iter().chain(dead) {
            requests.remove(number)?;
        }
        if let Some((last, _)) = batch.new.last() {
            // Not from what is there: a queue that was empty would give its numbers again, and its target take new
            // requests for repeats.
            write.open_table(META)?.insert(NEXT, last + 1)?;
        }
        if !batch.dead.is_empty() {
            let mut letters = write.open_table(LETTERS)?;
            for (number, letter) in &batch.dead {
                encode_letter(letter, &mut bytes);
                letters.insert(number, &*bytes)?;
            }
            while letters.len()? > MAX_LETTERS as u64 {
                letters.pop_first()?;
            }
        }
        Ok(())
    }

    fn read_all<T>(
        &self,
        table: TableDefinition<'_, u64, &'static [u8]>,
        decode: impl Fn(u64, &[u8]) -> Option<T>,
    ) -> Result<Vec<T>, Broken> {
        let table = self.database.begin_read()?.open_table(table)?;
        let mut all = Vec::new();
        for entry in table.iter()? {
            let (number, bytes) = entry?;
            match decode(number.value(), bytes.value()) {
                Some(value) => all.push(value),
                None => return Err(Broken(format!("entry {} is damaged", number.value()))),
            }
        }
        Ok(all)
    }

    fn read_frame(&self, number: u64) -> Result<Option<Vec<u8>>, Broken> {
        let table = self.database.begin_read()?.open_table(REQUESTS)?;
        let kept = table.get(number)?;
        Ok(kept.and_then(|bytes| decode_kept(bytes.value()).map(|kept| kept.frame)))
    }

    fn remove_letter(&self, number: u64) -> Result<bool, Broken> {
        let write = self.database.begin_write()?;
        let found = write.open_table(LETTERS)?.remove(number)?.is_some();
        write.commit()?;
        Ok(found)
    }
}

impl Queue for DiskQueue {}

impl Store for DiskQueue {
    fn capacity(&self) -> Capacity {
        self.capacity
    }

    fn id(&self) -> u64 {
        self.id
    }

    fn next_number(&self) -> u64 {
        self.next
    }

    fn contents(&self) -> Result<Vec<Entry>, String> {
        self.read_all(REQUESTS, |number, bytes| {
            Some(Entry::of(number, &decode_kept(bytes)?))
        })
        .map_err(|broken| broken.0)
    }

    fn commit(&self, batch: &Batch) -> Result<(), String> {
        let written = catch_unwind(AssertUnwindSafe(|| self.write(batch)));
        written
            .map_err(|_| "the file is damaged".to_owned())?
            .map_err(|broken| broken.0)
    }

    fn frame(&self, number: u64) -> Result<Option<Vec<u8>>, String> {
        let read = catch_unwind(AssertUnwindSafe(|| self.read_frame(number)));
        read.map_err(|_| "the file is damaged".to_owned())?
            .map_err(|broken| broken.0)
    }

    fn letters(&self) -> Result<Vec<DeadLetter>, String> {
        let queue = self.id;
        self.read_all(LETTERS, |number, bytes| {
            let letter = decode_letter(bytes)?;
            Some(DeadLetter::new(Delivery { queue, number }, letter))
        })
        .map_err(|broken| broken.0)
    }

    fn discard_letter(&self, number: u64) -> Result<bool, String> {
        self.remove_letter(number).map_err(|broken| broken.0)
    }
}

impl fmt::Debug for DiskQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiskQueue")
            .field("path", &self.path)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// What is wrong with the file.
struct Broken(String);

impl<E: std::error::Error> From<E> for Broken {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Time of acceptance, 1 and the origin or 0, frame.
fn encode_kept(kept: &Kept, out: &mut Vec<u8>) {
    out.clear();
    out.extend(kept.accepted.to_le_bytes());
    out.push(u8::from(kept.origin.is_some()));
    if let Some(Origin {
        connection,
        address,
    }) = &kept.origin
    {
        out.extend(connection.to_le_bytes());
        put_text(address, out);
    }
    out.extend(&kept.frame);
}

fn decode_kept(mut bytes: &[u8]) -> Option<Kept> {
    let accepted = take_u64(&mut bytes)?;
    let (has_origin, rest) = bytes.split_first()?;
    bytes = rest;
    let origin = match has_origin {
        0 => None,
        1 => Some(Origin {
            connection: take_u64(&mut bytes)?,
            address: take_text(&mut bytes)?.into(),
        }),
        _ => return None,
    };
    Some(Kept {
        origin,
        accepted,
        frame: bytes.to_vec(),
    })
}

/// Times of acceptance and of giving up, reason, frame.
fn encode_letter(letter: &Letter, out: &mut Vec<u8>) {
    out.clear();
    out.extend(letter.accepted.to_le_bytes());
    out.extend(letter.given_up.to_le_bytes());
    put_text(&letter.reason, out);
    out.extend(&letter.frame);
}

fn decode_letter(mut bytes: &[u8]) -> Option<Letter> {
    Some(Letter {
        accepted: take_u64(&mut bytes)?,
        given_up: take_u64(&mut bytes)?,
        reason: take_text(&mut bytes)?.to_owned(),
        frame: bytes.to_vec(),
    })
}

/// A request as it is read from a file, written again. For fuzz targets.
#[must_use]
pub fn reread_request(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut again = Vec::new();
    encode_kept(&decode_kept(bytes)?, &mut again);
    Some(again)
}

/// The same of a dead letter.
#[must_use]
pub fn reread_letter(bytes: &[u8]) -> Option<(DeadLetter, Vec<u8>)> {
    let letter = decode_letter(bytes)?;
    let mut again = Vec::new();
    encode_letter(&letter, &mut again);
    let delivery = Delivery {
        queue: 0,
        number: 0,
    };
    Some((DeadLetter::new(delivery, letter), again))
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn take_text<'a>(bytes: &mut &'a [u8]) -> Option<&'a str> {
    let len = usize::try_from(take_u64(bytes)?).ok()?;
    let (text, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    str::from_utf8(text).ok()
}

fn take_u64(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*number))
}
