//! How programs end: by a signal, and with one-way messages that have just been handed over.

use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use zmqrpc::pubsub::Publisher;
use zmqrpc::push::{AsyncPusher, Puller, Pusher};
use zmqrpc::{AsyncClient, Client, Error, Server, ServerHandle, zmq_service};

use crate::fixture::LIMIT;
use crate::support::{Gate, ProbeClient, Process, Role, anywhere, serve, within};

const LONG: Duration = Duration::from_secs(20);
/// As many as a socket does not write at once.
const NOTES: u32 = 2_000;

#[zmq_service]
trait Log {
    #[zmq(oneway)]
    fn note(&self, number: u32, text: &[u8]);
}

struct Desk(std::sync::mpsc::Sender<u32>);

impl Log for Desk {
    fn note(&self, number: u32, _: &[u8]) {
        let _ = self.0.send(number);
    }
}

fn desk(
    settings: impl FnOnce(zmqrpc::ServerBuilder) -> zmqrpc::ServerBuilder,
) -> (ServerHandle, Receiver<u32>) {
    let (tell, told) = channel();
    let builder = Server::builder()
        .worker_threads(1)
        .service(LogServer::new(Desk(tell)));
    (settings(builder).start().unwrap(), told)
}

/// Notes, and ends as a program does that drops nothing.
#[test]
fn parting_process() {
    let Some(role) = Role::of("partings::parting_process") else {
        return;
    };
    let (kind, endpoint) = role.argument.split_once(' ').unwrap();
    let text = [7; 1_000];
    match kind {
        "client" => {
            static CLIENT: OnceLock<Client> = OnceLock::new();
            let client = CLIENT.get_or_init(|| Client::connect(endpoint).unwrap());
            let log = LogClient::new(client.clone());
            (0..NOTES).for_each(|number| log.note(number, &text).unwrap());
            client.flush(LONG).unwrap();
        }
        "task" => {
            static CLIENT: OnceLock<AsyncClient> = OnceLock::new();
            let client = CLIENT.get_or_init(|| AsyncClient::connect(endpoint).unwrap());
            let log = LogClient::new(client.clone());
            tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap()
                .block_on(async {
                    for number in 0..NOTES {
                        log.note(number, &text).await.unwrap();
                    }
                    client.flush(LONG).await.unwrap();
                });
        }
        "pusher" => {
            static PUSHER: OnceLock<Pusher> = OnceLock::new();
            let pusher = PUSHER.get_or_init(|| Pusher::connect(endpoint).unwrap());
            let log = LogClient::new(pusher.clone());
            (0..NOTES).for_each(|number| log.note(number, &text).unwrap());
            pusher.flush(LONG).unwrap();
        }
        "pushing" => {
            static PUSHER: OnceLock<AsyncPusher> = OnceLock::new();
            let pusher = PUSHER.get_or_init(|| AsyncPusher::connect(endpoint).unwrap());
            let log = LogClient::new(pusher.clone());
            tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap()
                .block_on(async {
                    for number in 0..NOTES {
                        log.note(number, &text).await.unwrap();
                    }
                    pusher.flush(LONG).await.unwrap();
                });
        }
        "publishing" => {
            static PUBLISHER: OnceLock<Publisher> = OnceLock::new();
            let publisher = PUBLISHER.get_or_init(|| Publisher::connect(endpoint).unwrap());
            let log = LogClient::new(publisher.clone());
            tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap()
                .block_on(async {
                    publisher.wait_subscribers_async(1, LONG).await.unwrap();
                    (0..NOTES).for_each(|number| log.note(number, &text).unwrap());
                    publisher.flush_async(LONG).await.unwrap();
                });
        }
        _ => {
            static PUBLISHER: OnceLock<Publisher> = OnceLock::new();
            let publisher = PUBLISHER.get_or_init(|| Publisher::connect(endpoint).unwrap());
            publisher.wait_subscribers(1, LONG).unwrap();
            let log = LogClient::new(publisher.clone());
            (0..NOTES).for_each(|number| log.note(number, &text).unwrap());
            publisher.flush(LONG).unwrap();
        }
    }
    // Runs no destructor.
    std::process::exit(0);
}

const KINDS: [&str; 6] = [
    "client",
    "task",
    "pusher",
    "pushing",
    "publisher",
    "publishing",
];

#[test]
fn what_was_flushed_arrives_although_the_program_ends_at_once() {
    within(LIMIT, || {
        for kind in KINDS {
            let (server, told) = match kind {
                "client" | "task" => desk(anywhere),
                "publisher" | "publishing" => desk(|builder| {
                    builder.subscribe(zmqrpc::pubsub::Subscription::bind("tcp://127.0.0.1:*"))
                }),
                _ => desk(|builder| builder.pull(Puller::bind("tcp://127.0.0.1:*"))),
            };
            let endpoint = match kind {
                "client" | "task" => server.endpoints()[0].clone(),
                "publisher" | "publishing" => server.subscriptions()[0].endpoint.clone(),
                _ => server.pulls()[0].endpoint.clone(),
            };
            let mut process =
                Process::start("partings::parting_process", &format!("{kind} {endpoint}"));
            process.wait();
            for number in 0..NOTES {
                assert_eq!(told.recv_timeout(LONG), Ok(number), "{kind}");
            }
        }
    });
}

/// Serves until it is asked to end, and tells how that was.
#[test]
fn serving_process() {
    let Some(role) = Role::of("partings::serving_process") else {
        return;
    };
    let (server, gate): (ServerHandle, Gate) = serve(anywhere);
    role.tell(&server.endpoints()[0]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            gate.await_arrivals(1);
            role.tell("held");
            if role.order() == "open" {
                gate.open();
            }
        });
        let ended = match &*role.argument {
            "blocking" => server.run_until_signal(LONG),
            _ => tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap()
                .block_on(server.run_until_signal_async(LONG)),
        };
        role.tell(format!("{ended:?}"));
    });
}

fn signal(process: &Process, signal: Signal) {
    let id = i32::try_from(process.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
}

#[test]
fn a_signal_ends_a_server_when_the_calls_that_run_have_ended() {
    within(LIMIT, || {
        for (kind, which) in [("blocking", Signal::TERM), ("tasks", Signal::INT)] {
            let mut process = Process::start("partings::serving_process", kind);
            let probe = ProbeClient::connect(process.hear())
                .unwrap()
                .with_timeout(LONG);
            let caller = std::thread::spawn(move || probe.hold());
            assert_eq!(process.hear(), "held");
            signal(&process, which);
            process.order("open");
            assert_eq!(caller.join().unwrap(), Ok(()));
            assert_eq!(process.hear(), "Ok(())");
            process.wait();
        }
    });
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    within(LIMIT, || {
        let mut process = Process::start("partings::serving_process", "blocking");
        let probe = ProbeClient::connect(process.hear())
            .unwrap()
            .with_timeout(LONG);
        let caller = std::thread::spawn(move || probe.hold());
        assert_eq!(process.hear(), "held");
        signal(&process, Signal::INT);
        // Any number but the first: two that come together may be taken for one.
        while !caller.is_finished() {
            signal(&process, Signal::INT);
            std::thread::yield_now();
        }
        process.wait();
        assert!(matches!(
            caller.join().unwrap(),
            Err(Error::Unavailable { .. })
        ));
    });
}
