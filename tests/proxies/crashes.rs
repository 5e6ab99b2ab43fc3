//! What a queue on the disk survives: its proxy killed, and files that are none.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};
use zmqrpc::proxy::{BufferedProxy, DiskQueue, Rep, Req};
use zmqrpc::{Client, Error, Executed};

use crate::log::{File, LogTake, Taken, log};
use crate::support::{Process, Role, within};
use crate::{ANYWHERE, eventually_within};

const LONG: Duration = Duration::from_secs(120);

/// A proxy with a queue in a process of its own.
pub(crate) struct Store {
    process: Process,
    argument: String,
}

impl Store {
    pub(crate) fn start(front: &str, back: &str, file: &File) -> Self {
        let argument = format!("{front} {back} {}", file.0.display());
        let process = Process::start("proxy_process", &argument);
        assert_eq!(process.hear(), "ready");
        Self { process, argument }
    }

    pub(crate) fn replace(&mut self) {
        self.process.kill();
        self.process = Process::start("proxy_process", &self.argument);
        assert_eq!(self.process.hear(), "ready");
    }

    /// Without a number as large as they like.
    pub(crate) fn limit_files(&self, bytes: &str) {
        self.process.order(&format!("limit files to {bytes}"));
        assert_eq!(self.process.hear(), "done");
    }

    pub(crate) fn held(&self) -> u64 {
        self.process.order("held");
        self.process.hear().parse().unwrap()
    }
}

/// The process's own side.
pub(crate) fn proxy_process() {
    let Some(role) = Role::of("proxy_process") else {
        return;
    };
    let [front, back, file] = role.argument.splitn(3, ' ').collect::<Vec<_>>()[..] else {
        panic!("{}", role.argument);
    };
    let queue = DiskQueue::open(file).unwrap();
    let proxy = BufferedProxy::new(Rep::new().bind(front), Req::new().connect(back), queue)
        .start()
        .unwrap();
    role.tell("ready");
    loop {
        let order = role.order();
        if let Some(bytes) = order.strip_prefix("limit files to ") {
            limit_files(bytes.parse().ok());
            role.tell("done");
        } else {
            assert_eq!(order, "held");
            role.tell(proxy.stats().held.to_string());
        }
    }
}

/// How large this process may make a file.
fn limit_files(bytes: Option<u64>) {
    let mut limits = getrlimit(Resource::Fsize);
    limits.current = bytes;
    setrlimit(Resource::Fsize, limits).unwrap();
}

/// Sends numbers up to `end`, a batch at a time, and notes those that were accepted. None is sent twice, unless it was
/// surely not accepted.
fn send(front: &str, client: u32, end: u64, accepted: &mut BTreeSet<(u32, u64)>) {
    let connection = Client::builder()
        .connect(front)
        .connect_timeout(Duration::from_secs(20))
        .build()
        .unwrap();
    let mut numbers: Vec<u64> = (0..end).rev().collect();
    while !numbers.is_empty() {
        let batch = numbers.split_off(numbers.len().saturating_sub(100));
        let calls: Vec<_> = batch
            .into_iter()
            .rev()
            .map(|number| (number, connection.begin(&LogTake { client, number })))
            .collect();
        let mut again = Vec::new();
        for (number, call) in calls {
            match call.and_then(zmqrpc::client::Pending::wait) {
                Ok(()) => drop(accepted.insert((client, number))),
                Err(error) if error.executed() == Executed::No => again.push(number),
                // Nobody knows: what was sent may have been accepted.
                Err(_) => {}
            }
        }
        numbers.extend(again.into_iter().rev());
    }
}

/// 10,000 requests of four clients. `trouble` is called while they are sent and delivered.
fn each_accepted_request_arrives_once(
    name: &str,
    mut while_sending: impl FnMut(&mut Store),
    mut while_delivering: impl FnMut(&mut Store, &Taken),
) {
    let (front, back) = (
        crate::support::ipc(&format!("{name}-front")),
        crate::support::ipc(&format!("{name}-back")),
    );
    let file = File::new(name);
    let mut store = Store::start(&front, &back, &file);
    let clients: Vec<_> = (0..4)
        .map(|client| {
            let front = front.clone();
            std::thread::spawn(move || {
                let mut accepted = BTreeSet::new();
                send(&front, client, 2500, &mut accepted);
                accepted
            })
        })
        .collect();
    while_sending(&mut store);
    let accepted: BTreeSet<(u32, u64)> = clients
        .into_iter()
        .flat_map(|client| client.join().unwrap())
        .collect();
    assert!(accepted.len() >= 9000, "{} were accepted", accepted.len());
    let held = store.held();
    assert!(
        held >= accepted.len() as u64,
        "{held} of {}",
        accepted.len()
    );
    let taken = Taken::default();
    let server = log(&back, &taken);
    while_delivering(&mut store, &taken);
    eventually_within(LONG / 2, "all deliveries", || store.held() == 0);
    let mut executed = BTreeSet::new();
    for (client, numbers) in taken.by_client() {
        assert!(numbers.is_sorted(), "the order of client {client}");
        for number in numbers {
            assert!(
                executed.insert((client, number)),
                "{client}: {number} twice"
            );
        }
    }
    let missing: Vec<_> = accepted.difference(&executed).collect();
    assert_eq!(missing, Vec::<&(u32, u64)>::new());
    drop(server);
    let _ = fs::remove_file(front.trim_start_matches("ipc://"));
}

#[test]
fn a_proxy_killed_while_it_accepts_loses_nothing() {
    within(LONG, || {
        each_accepted_request_arrives_once(
            "killed-accepting",
            |store| {
                eventually_within(LONG / 2, "half of them", || store.held() >= 4000);
                store.replace();
            },
            |_, _| {},
        );
    });
}

#[test]
fn a_proxy_killed_while_it_delivers_loses_nothing_and_repeats_nothing() {
    within(LONG, || {
        each_accepted_request_arrives_once(
            "killed-delivering",
            |_| {},
            |store, taken| {
                eventually_within(LONG / 2, "a third of them", || taken.count() >= 3000);
                store.replace();
                eventually_within(LONG / 2, "two thirds of them", || taken.count() >= 6000);
                store.replace();
            },
        );
    });
}

fn reason_of(file: &File) -> String {
    match DiskQueue::open(&file.0) {
        Err(Error::Queue { path, reason, .. }) => {
            assert_eq!(*path, *file.0.to_string_lossy());
            reason.into()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_that_is_no_queue_is_refused_and_left_alone() {
    within(LONG, || {
        let file = File::new("foreign");
        for content in [
            &b"x"[..],
            b"a letter to somebody",
            &[0; 10_000],
            &[0xFF; 10_000],
        ] {
            fs::write(&file.0, content).unwrap();
            let reason = reason_of(&file);
            assert!(!reason.is_empty());
            assert_eq!(fs::read(&file.0).unwrap(), content, "{reason}");
        }
    });
}

#[test]
#[cfg(not(feature = "disk-queue-upgrade"))]
fn a_file_of_redb_2_is_refused_and_left_alone_with_a_word_on_what_to_do() {
    within(LONG, || {
        let file = File::new("redb-2");
        // The head of one: what it is, a page's size, a region's, and twice the version.
        let mut content = [0; 8192];
        content[..10].copy_from_slice(b"redb\x1A\x0A\xA9\x0D\x0A\x02");
        content[12..16].copy_from_slice(&4096_u32.to_le_bytes());
        content[20..24].copy_from_slice(&1_u32.to_le_bytes());
        (content[64], content[192]) = (2, 2);
        fs::write(&file.0, content).unwrap();
        let reason = reason_of(&file);
        assert!(reason.contains("`disk-queue-upgrade`"), "{reason}");
        assert_eq!(fs::read(&file.0).unwrap(), content);
    });
}

#[test]
fn a_damaged_file_is_told_of_and_left_alone() {
    within(LONG, || {
        let file = File::new("damaged");
        let proxy = BufferedProxy::new(
            Rep::new().bind(ANYWHERE),
            Req::new().connect("tcp://127.0.0.1:1"),
            file.open(),
        )
        .start()
        .unwrap();
        let mut accepted = BTreeSet::new();
        send(&proxy.endpoints()[0], 1, 1000, &mut accepted);
        assert_eq!(accepted.len(), 1000);
        drop(proxy);
        let good = fs::read(&file.0).unwrap();
        // Cut short, and its middle overwritten.
        let cut = good[..good.len() / 2].to_vec();
        let mut scratched = good.clone();
        let middle = scratched.len() / 16..scratched.len() * 15 / 16;
        scratched[middle].fill(0xA5);
        for bad in [cut, scratched] {
            fs::write(&file.0, &bad).unwrap();
            let reason = reason_of(&file);
            assert!(!reason.is_empty());
        }
        // With a copy that is whole it goes on.
        fs::write(&file.0, &good).unwrap();
        let queue = file.open();
        let proxy = BufferedProxy::new(
            Rep::new().bind(ANYWHERE),
            Req::new().connect("tcp://127.0.0.1:1"),
            queue,
        )
        .start()
        .unwrap();
        assert_eq!(proxy.stats().held, 1000);
    });
}

#[test]
fn one_proxy_uses_a_file_at_a_time() {
    within(LONG, || {
        let file = File::new("shared");
        let first = file.open();
        let reason = reason_of(&file);
        assert!(reason.contains("open"), "{reason}");
        drop(first);
        file.open();
        let nowhere = DiskQueue::open("/nowhere/at/all.queue").unwrap_err();
        assert!(matches!(nowhere, Error::Queue { .. }), "{nowhere}");
    });
}
