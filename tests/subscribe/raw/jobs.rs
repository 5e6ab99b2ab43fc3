//! Jobs.

use std::thread;

use zmqrpc::Server;
use zmqrpc::client::{Codec, RawMethod};
use zmqrpc::push::{
    AsyncPusher, AsyncRawPuller, Puller, Pusher as TypedPusher, RawJobArrival, RawPuller,
};

use super::{LIMIT, SOON, bytes, next_job};
use crate::publisher::{Pusher, Rogue, notification, number};
use crate::recorder::{Recorder, SensorClient, SensorServer};
use crate::support::{await_state, block_on, key, within};

#[test]
fn jobs_come_by_key_and_by_name_and_what_is_none_as_its_bytes() {
    within(LIMIT, || {
        let jobs = RawPuller::builder()
            .pull(Puller::bind("tcp://127.0.0.1:*"))
            .pull(Puller::bind("tcp://127.0.0.1:*"))
            .build()
            .unwrap();
        let [first, second] = &jobs.endpoints()[..] else {
            panic!("{jobs:?}");
        };
        let typed = TypedPusher::connect(first).unwrap();
        let sensor = SensorClient::new(typed.with_metadata("trace", "t-1"));
        sensor.reading(300).unwrap();
        let job = next_job(&jobs);
        let reading = key("Sensor.reading", "u64,->unit", 1);
        assert_eq!(job.method(), RawMethod::Key(reading));
        assert_eq!(
            (job.codec(), job.arguments()),
            (Codec::Postcard, &[0xAC, 2][..])
        );
        assert_eq!(
            (job.endpoint(), job.metadata("trace")),
            (&**first, Some("t-1"))
        );
        assert_eq!(job.peer(), Some("127.0.0.1"));
        // Its ping is no job.
        typed.flush(SOON).unwrap();
        let pusher = Pusher::connect(second);
        pusher.reading(7);
        let job = next_job(&jobs);
        assert_eq!(job.method(), RawMethod::Name("Sensor.reading"));
        assert_eq!(
            (job.codec(), job.arguments()),
            (Codec::MessagePack, &*number(7))
        );
        assert_eq!(job.endpoint(), second);
        let garbage: [&[&[u8]]; 3] = [&[b"hello"], &[b"a", b"b"], &[b""]];
        for frames in garbage {
            pusher.socket.send_multipart(frames, 0).unwrap();
            match jobs.recv_timeout(SOON).unwrap() {
                Some(RawJobArrival::Undecoded(message)) => assert_eq!(bytes(&message), frames),
                other => panic!("{other:?}"),
            }
        }
        pusher.reading(8);
        assert_eq!(next_job(&jobs).arguments(), number(8));
        let stats = jobs.stats();
        assert_eq!((stats[0].received, stats[0].malformed), (1, 0));
        assert_eq!((stats[1].received, stats[1].malformed), (2, 3));
    });
}

#[test]
fn a_bridge_passes_jobs_on_from_a_thread_and_from_a_task() {
    within(LIMIT, || {
        let recorder = Recorder::default();
        let server = Server::builder()
            .service(SensorServer::new(recorder.clone()))
            .pull(Puller::bind("tcp://127.0.0.1:*"))
            .start()
            .unwrap();
        let onwards = TypedPusher::connect(&server.pulls()[0].endpoint).unwrap();
        let pusher = Pusher::bind();
        let jobs = RawPuller::connect(&pusher.endpoint).unwrap();
        for number in 0..10 {
            pusher.reading(number);
            let job = next_job(&jobs);
            onwards
                .push_raw(job.method(), job.codec(), job.arguments())
                .unwrap();
        }
        drop(jobs);
        let onwards = AsyncPusher::from(onwards);
        let pusher = Pusher::bind();
        let mut jobs = AsyncRawPuller::connect(&pusher.endpoint).unwrap();
        for number in 10..20 {
            pusher.reading(number);
            block_on(async {
                let Some(RawJobArrival::Job(job)) = jobs.recv().await.unwrap() else {
                    panic!("no job");
                };
                let done = onwards.push_raw(job.method(), job.codec(), job.arguments());
                done.await.unwrap();
            });
        }
        let mut numbers = recorder.log.await_numbers(20);
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..20));
    });
}

#[test]
fn pushers_wait_while_nobody_receives_and_no_job_is_lost() {
    within(LIMIT, || {
        let pusher = Pusher::bind();
        let settings = RawPuller::builder().max_queue(10);
        let jobs = settings
            .pull(Puller::connect(&pusher.endpoint))
            .build()
            .unwrap();
        let sending = thread::spawn(move || {
            for number in 0..5000 {
                pusher.reading(number);
            }
            pusher
        });
        await_state("a full queue", || jobs.stats()[0].received == 10);
        for expected in 0..5000 {
            assert_eq!(next_job(&jobs).arguments(), number(expected));
        }
        drop(sending.join().unwrap());
    });
}

#[test]
fn a_message_that_is_far_too_large_costs_its_sender_the_connection_alone() {
    within(LIMIT, || {
        let jobs = RawPuller::builder()
            .max_message(2000)
            .pull(Puller::bind("tcp://127.0.0.1:*"))
            .build()
            .unwrap();
        let endpoint = jobs.endpoints().remove(0);
        let pusher = Pusher::connect(&endpoint);
        pusher.reading(1);
        assert_eq!(next_job(&jobs).arguments(), number(1));
        let mut rogue = Rogue::connect(&endpoint, "PUSH");
        let good = notification("reading", &number(2));
        rogue.send(&[&good]);
        assert_eq!(next_job(&jobs).arguments(), number(2));
        rogue.try_send(&[&[0; 10_000]]);
        pusher.reading(3);
        assert_eq!(next_job(&jobs).arguments(), number(3));
    });
}
