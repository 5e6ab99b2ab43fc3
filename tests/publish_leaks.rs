//! What publishers and pushers leave behind, and what they hold: little. In a process of its own, as others open things
//! at the same time.

mod support;

use std::fs;
use std::time::Duration;

use support::{Peer, Possessions, await_state, ipc, within};
use zmqrpc::pubsub::Publisher;
use zmqrpc::push::{AsyncPusher, Pusher};
use zmqrpc::zmq_service;

const SOON: Duration = Duration::from_secs(10);

#[zmq_service]
trait Sensor {
    fn blob(&self, bytes: &[u8]);
}

/// Kilobytes of memory that the process holds.
fn memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn cycle(ipc: &str) {
    let builder = Publisher::builder().bind("tcp://127.0.0.1:*").bind(ipc);
    let beating = builder
        .bind("inproc://leaks")
        .heartbeat_interval(Duration::from_millis(1));
    let publisher = beating.connect("inproc://nobody").build().unwrap();
    let endpoints = publisher.endpoints();
    let peers = [&endpoints[0], &endpoints[1]].map(|endpoint| Peer::subscribed(endpoint, &[""]));
    publisher.wait_subscribers(2, SOON).unwrap();
    SensorClient::new(publisher.clone()).blob(b"x").unwrap();
    for peer in &peers {
        assert_eq!(peer.event().1.body.unwrap(), [1, b'x']);
    }
    let taken = publisher.endpoints().remove(0);
    let failed = Publisher::builder().bind("inproc://leaks-too").bind(&taken);
    assert!(
        failed
            .heartbeat_interval(Duration::from_millis(1))
            .build()
            .is_err()
    );

    let pusher = Pusher::builder().bind("tcp://127.0.0.1:*").build().unwrap();
    let jobs = SensorClient::new(pusher.clone());
    let hasty = jobs.with_timeout(Duration::from_millis(1));
    assert!(hasty.blob(b"x").is_err());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let tasks = SensorClient::new(AsyncPusher::from(pusher));
    runtime.block_on(async {
        let waits = tokio::spawn(tasks.blob(b"x"));
        let peer = Peer::of(zmq::PULL, &jobs.transport().endpoints()[0]);
        waits.await.unwrap().unwrap();
        peer.receive(SOON).unwrap();
    });
}

#[test]
fn nothing_is_left_behind_and_little_is_held() {
    within(Duration::from_secs(60), || {
        let ipc = ipc("publish-leaks");
        cycle(&ipc);
        // As much as stays open while nothing is published.
        let before = Possessions::settled(Possessions::NONE);
        for _ in 0..50 {
            cycle(&ipc);
        }
        before.assert_kept();
        let _ = fs::remove_file(ipc.trim_start_matches("ipc://"));

        // A subscriber that reads nothing costs as much as the high-water mark says.
        let builder = Publisher::builder()
            .bind("tcp://127.0.0.1:*")
            .high_water(1_000);
        let out = SensorClient::new(builder.build().unwrap());
        let socket = zmq::Context::new().socket(zmq::SUB).unwrap();
        socket.set_rcvhwm(1).unwrap();
        socket.connect(&out.transport().endpoints()[0]).unwrap();
        let deaf = Peer(socket);
        deaf.subscribe(&[""]);
        out.transport().wait_subscribers(1, SOON).unwrap();
        let before = memory();
        for _ in 0..200_000 {
            out.blob(&[7; 4_000]).unwrap();
        }
        let held = memory().saturating_sub(before);
        assert!(held < 64 * 1024, "{held} kB of 800 MB that were published");
        assert!(out.transport().stats().congested > 0);

        // Subscriptions that nobody asks about are read all the same.
        let busy = Peer::of(zmq::SUB, &out.transport().endpoints()[0]);
        let before = memory();
        for _ in 0..100_000 {
            busy.0.set_subscribe(b"eu.").unwrap();
            busy.0.set_unsubscribe(b"eu.").unwrap();
            out.blob(b"x").unwrap();
        }
        let held = memory().saturating_sub(before);
        assert!(held < 32 * 1024, "{held} kB of 200,000 subscriptions");
        drop(deaf);
        await_state("they have gone", || out.transport().subscribers() == 0);
    });
}
