//! Hosts' names: a name server that says nothing, names that move, and names of several addresses.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{fs, thread};

use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::push::{Puller, Pusher};
use zmqrpc::{Client, ConnectionOptions, Error, Executed, Server};

use crate::network::say_not_run;
use crate::support::{ProbeClient, ProbeServer, Prober, Process, Role, await_state, within};

const LIMIT: Duration = Duration::from_secs(120);

/// How long the system waits for a name server that says nothing, before it asks once more.
const LOOK_UP: Duration = Duration::from_secs(5);

/// A host of its own, whose name server is asked at 127.0.0.1, and whose own names are in a file. `$0` is a directory.
const ROOM: &str = r#"
set -e
ip link set lo up
echo "nameserver 127.0.0.1" > "$0/resolv.conf"
echo "hosts: files dns" > "$0/nsswitch.conf"
: > "$0/hosts"
for file in resolv.conf nsswitch.conf hosts; do
    [ -e "/etc/$file" ] || : > "/etc/$file"
    mount --bind "$0/$file" "/etc/$file"
done
exec "$@"
"#;

/// Runs a role in a network and with names of its own, and waits until it has told that it is done.
fn in_a_room(role: &'static str) {
    let possible = Command::new("unshare").args(["-nm", "ip", "link"]).output();
    if !possible.is_ok_and(|output| output.status.success()) {
        return say_not_run("names of one's own take root, `unshare` and iproute2");
    }
    within(LIMIT, move || {
        let place = format!("zmqrpc-{}-{role}", std::process::id()).replace(':', "-");
        let place = std::env::temp_dir().join(place);
        fs::create_dir_all(&place).unwrap();
        let path = place.to_str().unwrap();
        let launcher = ["unshare", "-nm", "sh", "-c", ROOM, path];
        let played = Process::start_through(&launcher, role, path);
        assert_eq!(played.hear(), "done");
        fs::remove_dir_all(&place).unwrap();
    });
}

/// What the host's names stand for from now on.
fn know(place: &str, names: &[(&str, &str)]) {
    let mut text = String::new();
    for (address, name) in names {
        writeln!(text, "{address} {name}").unwrap();
    }
    // In place: the file is what is mounted.
    fs::write(PathBuf::from(place).join("hosts"), text).unwrap();
}

fn serve(endpoint: &str) -> zmqrpc::ServerHandle {
    let service = ProbeServer::new(Prober::default());
    Server::builder()
        .service(service)
        .bind(endpoint)
        .start()
        .unwrap()
}

#[test]
fn a_name_server_that_says_nothing_stops_nobody_else() {
    in_a_room("names::silent_process");
}

#[test]
fn silent_process() {
    let Some(role) = Role::of("names::silent_process") else {
        return;
    };
    let _silent = UdpSocket::bind("127.0.0.1:53").unwrap();
    let server = serve("tcp://127.0.0.1:*");
    let healthy = ProbeClient::connect(&server.endpoints()[0]).unwrap();
    assert_eq!(healthy.add(1, 2), Ok(3));
    let client = Client::builder()
        .connect("tcp://backup.example:5555")
        .connect_timeout(Duration::from_millis(500));
    let lost = ProbeClient::new(client.build().unwrap());
    let publisher = Publisher::connect("tcp://news.example:5555").unwrap();
    let pusher = Pusher::connect("tcp://jobs.example:5555").unwrap();
    let lonely = Server::builder()
        .service(ProbeServer::new(Prober::default()))
        .connect("tcp://hub.example:5555")
        .subscribe(Subscription::connect("tcp://feed.example:5555"))
        .pull(Puller::connect("tcp://work.example:5555"))
        .start()
        .unwrap();
    let (start, mut slowest) = (Instant::now(), Duration::ZERO);
    while start.elapsed() < Duration::from_secs(8) {
        let call = Instant::now();
        assert_eq!(healthy.add(1, 2), Ok(3));
        slowest = slowest.max(call.elapsed());
        thread::sleep(Duration::from_millis(5));
    }
    assert!(slowest < LOOK_UP, "{slowest:?}");
    let error = lost.add(1, 2).unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert_eq!(error.executed(), Executed::No);
    assert!(error.to_string().contains("`backup.example`"), "{error}");
    let error = publisher.wait_subscribers(1, Duration::from_millis(100));
    assert!(error.unwrap_err().to_string().contains("`news.example`"));
    let pushing = ProbeClient::new(pusher.with_timeout(Duration::from_millis(100)));
    let error = pushing.add(1, 2).unwrap_err();
    assert!(error.to_string().contains("`jobs.example`"), "{error}");
    // Nor does anything wait for the look-ups at the end.
    let end = Instant::now();
    lonely.shutdown(Duration::from_secs(5)).unwrap();
    drop((lost, publisher, pushing, healthy, server));
    assert!(end.elapsed() < LOOK_UP, "{:?}", end.elapsed());
    role.tell("done");
}

#[test]
fn a_connection_goes_where_its_name_has_moved() {
    in_a_room("names::moving_process");
}

#[test]
fn moving_process() {
    let Some(role) = Role::of("names::moving_process") else {
        return;
    };
    let place = &role.argument;
    know(place, &[("127.0.0.1", "moving.example")]);
    let first = serve("tcp://127.0.0.1:5555");
    let client = ProbeClient::connect("tcp://moving.example:5555").unwrap();
    assert_eq!(client.add(1, 2), Ok(3));
    first.shutdown(Duration::from_secs(5)).unwrap();
    know(place, &[("127.0.0.2", "moving.example")]);
    let second = serve("tcp://127.0.0.2:5555");
    await_state("an answer from where the name is now", || {
        client.add(1, 2) == Ok(3)
    });
    // Its client has the reply before it is counted.
    await_state("the reply", || second.stats().replies == 1);
    // There for a while under no name at all: what is known is kept.
    know(place, &[]);
    second.shutdown(Duration::from_secs(5)).unwrap();
    let third = serve("tcp://127.0.0.2:5555");
    await_state("an answer at the old address", || client.add(1, 2) == Ok(3));
    drop(third);
    role.tell("done");
}

#[test]
fn the_addresses_of_a_name_are_tried_in_turn_for_every_role() {
    in_a_room("names::many_process");
}

#[test]
fn many_process() {
    let Some(role) = Role::of("names::many_process") else {
        return;
    };
    let several = ["127.0.0.3", "127.0.0.4", "127.0.0.1"];
    know(
        &role.argument,
        &several.map(|address| (address, "many.example")),
    );
    let server = Server::builder()
        .service(ProbeServer::new(Prober::default()))
        .bind("tcp://127.0.0.1:5555")
        .pull(Puller::bind("tcp://127.0.0.1:5556"))
        .subscribe(Subscription::bind("tcp://127.0.0.1:5557"))
        .start()
        .unwrap();
    let client = ProbeClient::connect("tcp://many.example:5555").unwrap();
    assert_eq!(client.add(1, 2), Ok(3));
    let pusher = ProbeClient::new(Pusher::connect("tcp://many.example:5556").unwrap());
    pusher.add(1, 2).unwrap();
    let publisher = Publisher::connect("tcp://many.example:5557").unwrap();
    publisher
        .wait_subscribers(1, Duration::from_secs(10))
        .unwrap();
    drop(server);
    // The other way round: those that receive connect.
    let publisher = Publisher::bind("tcp://127.0.0.1:5557").unwrap();
    let pusher = Pusher::bind("tcp://127.0.0.1:5556").unwrap();
    let server = Server::builder()
        .service(ProbeServer::new(Prober::default()))
        .subscribe(Subscription::connect("tcp://many.example:5557"))
        .pull(Puller::connect("tcp://many.example:5556"))
        .start()
        .unwrap();
    publisher
        .wait_subscribers(1, Duration::from_secs(10))
        .unwrap();
    ProbeClient::new(pusher).add(1, 2).unwrap();
    await_state("the job", || server.pulls()[0].received == 1);
    role.tell("done");
}

#[test]
fn a_name_that_is_known_later_is_found_and_each_error_before_says_why() {
    in_a_room("names::late_process");
}

#[test]
fn late_process() {
    let Some(role) = Role::of("names::late_process") else {
        return;
    };
    // Nobody answers at port 53 at all: the resolver is told so at once.
    let client = Client::builder().connect("tcp://late.example:5555");
    let client = client.connect_timeout(Duration::from_millis(300));
    let client = ProbeClient::new(client.build().unwrap());
    let error = client.add(1, 2).unwrap_err();
    assert!(error.to_string().contains("`late.example`"), "{error}");
    assert_eq!(error.executed(), Executed::No);
    know(&role.argument, &[("127.0.0.1", "late.example")]);
    let server = serve("tcp://127.0.0.1:5555");
    await_state("an answer", || client.add(1, 2) == Ok(3));
    drop(server);
    role.tell("done");
}

#[test]
fn addresses_of_ipv6_are_taken_where_that_is_set() {
    in_a_room("names::sixth_process");
}

#[test]
fn sixth_process() {
    let Some(role) = Role::of("names::sixth_process") else {
        return;
    };
    if let Err(error) = TcpListener::bind("[::1]:0") {
        say_not_run(&format!("this machine has no IPv6: {error}"));
        return role.tell("done");
    }
    know(&role.argument, &[("::1", "six.example")]);
    let server = serve("tcp://[::1]:5555");
    let client = |ipv6| {
        let client = Client::builder()
            .connect("tcp://six.example:5555")
            .connect_timeout(Duration::from_secs(1))
            .connection(ConnectionOptions::new().ipv6(ipv6));
        ProbeClient::new(client.build().unwrap())
    };
    assert_eq!(client(true).add(1, 2), Ok(3));
    let error = client(false).add(1, 2).unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("`six.example`"), "{error}");
    drop(server);
    // What listens everywhere does so for both.
    let server = Server::builder()
        .service(ProbeServer::new(Prober::default()))
        .connection(ConnectionOptions::new().ipv6(true))
        .bind("tcp://*:5555")
        .start()
        .unwrap();
    assert_eq!(client(true).add(1, 2), Ok(3));
    let fourth = ProbeClient::connect("tcp://127.0.0.1:5555").unwrap();
    assert_eq!(fourth.add(1, 2), Ok(3));
    drop(server);
    role.tell("done");
}

#[test]
fn sixteen_names_are_looked_up_at_a_time_and_the_others_then() {
    in_a_room("names::sixteen_process");
}

#[test]
fn sixteen_process() {
    let Some(role) = Role::of("names::sixteen_process") else {
        return;
    };
    let silent = UdpSocket::bind("127.0.0.1:53").unwrap();
    let mut clients = Vec::new();
    for number in 0..20 {
        let endpoint = format!("tcp://host-{number:02}.example:5555");
        clients.push(ProbeClient::connect(endpoint).unwrap());
    }
    let mut asked = BTreeSet::new();
    let mut hear = |until: Instant| {
        let mut question = [0; 512];
        while let Some(rest) = until.checked_duration_since(Instant::now())
            && !rest.is_zero()
        {
            silent.set_read_timeout(Some(rest)).unwrap();
            let Ok(len) = silent.recv(&mut question) else {
                break;
            };
            // A head of twelve bytes, and each label behind its length.
            asked.insert(question[13..len.min(20)].to_vec());
        }
        asked.len()
    };
    assert_eq!(hear(Instant::now() + LOOK_UP / 2), 16);
    // The system gives up, having asked each name server twice.
    let begin = Instant::now();
    while hear(Instant::now() + LOOK_UP / 10) < 20 {
        assert!(
            begin.elapsed() < 6 * LOOK_UP,
            "the others are not looked up"
        );
    }
    drop(clients);
    role.tell("done");
}
