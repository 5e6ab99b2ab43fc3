//! What is published and pushed, handed out without services and still encoded.

mod ends;
mod events;
mod jobs;
mod losses;

use std::time::Duration;

use zmqrpc::pubsub::{
    Publisher, RawArrival, RawEvent, RawSubscriber, Subscription, UndecodedMessage,
};
use zmqrpc::push::{RawJob, RawJobArrival, RawPuller};

const LIMIT: Duration = Duration::from_secs(30);
const SOON: Duration = Duration::from_secs(20);

#[track_caller]
fn arrival(events: &RawSubscriber) -> RawArrival {
    let arrival = events.recv_timeout(SOON).unwrap();
    arrival.expect("something comes in time")
}

#[track_caller]
fn next_event(events: &RawSubscriber) -> RawEvent {
    match arrival(events) {
        RawArrival::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn undecoded(events: &RawSubscriber) -> UndecodedMessage {
    match arrival(events) {
        RawArrival::Undecoded(message) => message,
        other => panic!("{other:?}"),
    }
}

fn bytes(message: &UndecodedMessage) -> Vec<&[u8]> {
    message.frames().collect()
}

/// A publisher of this library with a subscriber to what begins with `topic`.
fn pair(topic: &str) -> (Publisher, RawSubscriber) {
    let publisher = Publisher::bind("tcp://127.0.0.1:*").unwrap();
    let subscription = Subscription::connect(&publisher.endpoints()[0]).topic(topic);
    let events = RawSubscriber::open(subscription).unwrap();
    publisher.wait_subscribers(1, SOON).unwrap();
    (publisher, events)
}

#[track_caller]
fn next_job(jobs: &RawPuller) -> RawJob {
    match jobs.recv_timeout(SOON).unwrap().expect("a job in time") {
        RawJobArrival::Job(job) => job,
        other => panic!("{other:?}"),
    }
}
