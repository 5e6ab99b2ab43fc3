//! Proxies from and to publish/subscribe and push/pull.

use std::time::Duration;

use zmqrpc::{
    Error, Executed, Overflow, Proxy, ProxyHandle, Pub, Publisher, Pull, Push, Pusher, Rep, Req,
    Server, ServerHandle, Sub, Subscription,
};

use crate::log::{LogClient, LogServer, Taken, log};
use crate::support::{Peer, Random, head, within};
use crate::{ANYWHERE, LIMIT, await_stats, eventually, timed_drop};

const SECOND: Duration = Duration::from_secs(1);

fn publisher() -> (Publisher, String) {
    let publisher = Publisher::bind(ANYWHERE).unwrap();
    let endpoint = publisher.endpoints()[0].clone();
    (publisher, endpoint)
}

/// A server that listens to what is published.
fn subscriber(subscription: impl Into<Subscription>, taken: &Taken) -> ServerHandle {
    Server::builder()
        .service(LogServer::new(taken.clone()))
        .subscribe(subscription)
        .start()
        .unwrap()
}

/// Waits until who subscribes to a proxy gets what it publishes: of that nothing tells from outside.
fn await_hearing(taken: &Taken, mut publish: impl FnMut()) {
    eventually("a subscriber", || {
        publish();
        taken.count() > 0
    });
}

#[test]
fn rep_to_pub_answers_accepted_and_publishes() {
    within(LIMIT, || {
        let to = Pub::bind(ANYWHERE).topic("eu.");
        let proxy: zmqrpc::Rep2Pub = Proxy::new(Rep::bind(ANYWHERE), to);
        let proxy = proxy.start().unwrap();
        let [front, back] = &proxy.endpoints()[..] else {
            panic!("{:?}", proxy.endpoints());
        };
        let client = LogClient::connect(front).unwrap();
        // Nobody subscribes: it is published all the same.
        client.take(1, 0).unwrap();
        let (taken, other) = (Taken::default(), Taken::default());
        let server = subscriber(Subscription::connect(back).topic("eu."), &taken);
        let _other = subscriber(Subscription::connect(back).topic("us."), &other);
        await_hearing(&taken, || client.take(9, 0).unwrap());
        for number in 0..1000 {
            client.take(1, number).unwrap();
        }
        eventually("all events", || {
            taken.by_client().get(&1).is_some_and(|n| n.len() == 1000)
        });
        assert_eq!(taken.by_client()[&1], (0..1000).collect::<Vec<_>>());
        assert_eq!(other.count(), 0);
        let heard = &server.subscriptions()[0];
        assert_eq!(
            (heard.lost, heard.malformed, heard.publishers.len()),
            (0, 0, 1)
        );
        assert_eq!(proxy.stats().answered, proxy.stats().received);
    });
}

#[test]
fn rep_to_pub_refuses_what_a_full_subscriber_has_no_room_for() {
    within(LIMIT, || {
        let to = Pub::bind(ANYWHERE).overflow(Overflow::Refuse).high_water(1);
        let proxy = Proxy::new(Rep::bind(ANYWHERE), to).start().unwrap();
        let deaf = zmq::Context::new().socket(zmq::SUB).unwrap();
        deaf.set_rcvhwm(1).unwrap();
        deaf.set_linger(0).unwrap();
        deaf.set_subscribe(b"").unwrap();
        deaf.connect(&proxy.endpoints()[1]).unwrap();
        let client = crate::support::ProbeClient::connect(&proxy.endpoints()[0]).unwrap();
        let big = vec![0; 1 << 20];
        let mut refused = None;
        eventually("a full subscriber", || {
            // The reply of a method that returns something is empty, and cannot be read.
            refused = client
                .len(&big)
                .err()
                .filter(|error| matches!(error, Error::Overloaded { .. }));
            refused.is_some()
        });
        assert_eq!(refused.unwrap().executed(), Executed::No);
        assert!(proxy.stats().congested > 0);
        let took = timed_drop(proxy);
        assert!(took < SECOND, "{took:?}");
    });
}

#[test]
fn sub_to_pub_keeps_publishers_and_numbers() {
    within(LIMIT, || {
        let (first, first_at) = publisher();
        let (second, second_at) = publisher();
        let proxy: zmqrpc::Sub2Pub = Proxy::new(
            Sub::connect(&first_at).and(Subscription::connect(&second_at).topic("eu.")),
            Pub::bind(ANYWHERE),
        );
        let proxy = proxy.start().unwrap();
        let taken = Taken::default();
        let server = subscriber(proxy.endpoints().last().unwrap(), &taken);
        first.wait_subscribers(1, 10 * SECOND).unwrap();
        second.wait_subscribers(1, 10 * SECOND).unwrap();
        let (first, second) = (LogClient::new(first), LogClient::new(second));
        await_hearing(&taken, || first.take(9, 0).unwrap());
        for number in 0..500 {
            first.take(1, number).unwrap();
            second.with_topic("eu.").take(2, number).unwrap();
            second.with_topic("us.").take(3, number).unwrap();
        }
        eventually("all events", || {
            let taken = taken.by_client();
            [1, 2]
                .iter()
                .all(|client| taken.get(client).is_some_and(|n| n.len() == 500))
        });
        second.transport().heartbeat().unwrap();
        eventually("a heartbeat", || server.subscriptions()[0].heartbeats > 0);
        assert!(!taken.by_client().contains_key(&3));
        let heard = &server.subscriptions()[0];
        assert_eq!(
            (heard.lost, heard.malformed, heard.publishers.len()),
            (0, 0, 2)
        );
    });
}

#[test]
fn sub_to_req_makes_calls_of_events() {
    within(LIMIT, || {
        let (publisher, at) = publisher();
        let taken = Taken::default();
        let server = log(ANYWHERE, &taken);
        let back = Req::connect(&server.endpoints()[0]);
        let proxy: zmqrpc::Sub2Req = Proxy::new(Sub::connect(at), back);
        let proxy = proxy.start().unwrap();
        publisher.wait_subscribers(1, 10 * SECOND).unwrap();
        let stub = LogClient::new(publisher);
        for number in 0..1000 {
            stub.take(1, number).unwrap();
        }
        eventually("all calls", || taken.count() == 1000);
        let mut numbers = taken.by_client().remove(&1).unwrap();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..1000).collect::<Vec<_>>());
        await_stats(&proxy, "the replies", |stats| stats.delivered == 1000);
        // What nobody can execute is given up, and counted.
        stub.panic().unwrap();
        await_stats(&proxy, "a panic", |stats| stats.given_up == 1);
        assert_eq!((proxy.stats().held, proxy.stats().held_bytes), (0, 0));
    });
}

#[test]
fn sub_to_req_tries_again_within_its_bounds() {
    within(LIMIT, || {
        let (publisher, at) = publisher();
        let target = crate::support::Fake::start(move |frame| {
            let id = u64::from_le_bytes(frame[3..11].try_into().unwrap());
            vec![crate::support::failure(id, 7, 0, "always")]
        });
        let back = Req::connect(&target.endpoint).attempts(3);
        let proxy = Proxy::new(Sub::connect(&at), back).start().unwrap();
        let nobody = Req::connect("tcp://127.0.0.1:1").max_age(Duration::from_millis(200));
        let too_late = Proxy::new(Sub::connect(&at), nobody).start().unwrap();
        publisher.wait_subscribers(2, 10 * SECOND).unwrap();
        LogClient::new(publisher).take(1, 1).unwrap();
        await_stats(&proxy, "three tries", |stats| stats.given_up == 1);
        assert_eq!((proxy.stats().forwarded, proxy.stats().retried), (3, 2));
        await_stats(&too_late, "old age", |stats| stats.given_up == 1);
        assert_eq!(
            (too_late.stats().forwarded, too_late.stats().expired),
            (0, 1)
        );
    });
}

#[test]
fn sub_to_req_holds_no_more_than_its_bound_and_goes_on() {
    within(LIMIT, || {
        let (publisher, at) = publisher();
        let place = crate::support::ipc("sub-to-req");
        let proxy = Proxy::new(Sub::connect(&at), Req::connect(&place))
            .max_calls(100)
            .start()
            .unwrap();
        publisher.wait_subscribers(1, 10 * SECOND).unwrap();
        let stub = LogClient::new(publisher);
        for number in 0..1000 {
            stub.take(1, number).unwrap();
        }
        await_stats(&proxy, "a full queue", |stats| stats.held == 100);
        let taken = Taken::default();
        let _server = log(&place, &taken);
        eventually("all calls", || taken.count() == 1000);
    });
}

fn worker(taken: &Taken) -> (ServerHandle, String) {
    let server = Server::builder()
        .service(LogServer::new(taken.clone()))
        .pull_bind(ANYWHERE)
        .start()
        .unwrap();
    let endpoint = server.pulls()[0].endpoint.clone();
    (server, endpoint)
}

#[test]
fn pull_to_push_hands_every_job_on() {
    within(LIMIT, || {
        let taken = Taken::default();
        let (_server, at) = worker(&taken);
        let proxy: zmqrpc::Pull2Push = Proxy::new(Pull::bind(ANYWHERE), Push::connect(&at));
        let proxy = proxy.start().unwrap();
        let jobs = LogClient::new(Pusher::connect(&proxy.endpoints()[0]).unwrap());
        for number in 0..1000 {
            jobs.take(1, number).unwrap();
        }
        eventually("all jobs", || taken.count() == 1000);
        assert_eq!(
            (proxy.stats().received, proxy.stats().forwarded),
            (1000, 1000)
        );
    });
}

#[test]
fn pull_to_push_takes_no_more_than_somebody_wants() {
    within(LIMIT, || {
        let place = crate::support::ipc("pull-to-push");
        let proxy = Proxy::new(Pull::bind(ANYWHERE), Push::connect(&place))
            .start()
            .unwrap();
        let jobs = LogClient::new(Pusher::connect(&proxy.endpoints()[0]).unwrap());
        jobs.take(1, 0).unwrap();
        await_stats(&proxy, "one job", |stats| stats.received == 1);
        jobs.take(1, 1).unwrap();
        assert_eq!((proxy.stats().received, proxy.stats().forwarded), (1, 0));
        let taken = Taken::default();
        let _server = Server::builder()
            .service(LogServer::new(taken.clone()))
            .pull_bind(&place)
            .start()
            .unwrap();
        eventually("both jobs", || taken.count() == 2);
    });
}

#[test]
fn pull_to_req_makes_calls_of_jobs() {
    within(LIMIT, || {
        let taken = Taken::default();
        let server = log(ANYWHERE, &taken);
        let back = Req::connect(&server.endpoints()[0]);
        let proxy: zmqrpc::Pull2Req = Proxy::new(Pull::bind(ANYWHERE), back);
        let proxy = proxy.start().unwrap();
        let jobs = LogClient::new(Pusher::connect(&proxy.endpoints()[0]).unwrap());
        for number in 0..1000 {
            jobs.take(1, number).unwrap();
        }
        eventually("all calls", || taken.count() == 1000);
        await_stats(&proxy, "the replies", |stats| stats.delivered == 1000);
    });
}

#[test]
fn a_chain_from_a_sampler_to_a_subscriber_passes_everything() {
    within(LIMIT, || {
        // Sampler, SUB to REQ on the site, REP to PUB at the centre, subscriber.
        let (sampler, at) = publisher();
        let centre = Proxy::new(Rep::bind(ANYWHERE), Pub::bind(ANYWHERE))
            .start()
            .unwrap();
        let back = Req::connect(&centre.endpoints()[0]);
        let _site = Proxy::new(Sub::connect(at), back).start().unwrap();
        let taken = Taken::default();
        let _server = subscriber(&centre.endpoints()[1], &taken);
        sampler.wait_subscribers(1, 10 * SECOND).unwrap();
        let sampler = LogClient::new(sampler);
        await_hearing(&taken, || sampler.take(9, 0).unwrap());
        for number in 0..500 {
            sampler.take(1, number).unwrap();
        }
        eventually("all events", || {
            taken
                .by_client()
                .get(&1)
                .is_some_and(|numbers| numbers.len() == 500)
        });
    });
}

#[test]
fn bad_input_is_counted_and_the_next_good_message_goes_through() {
    within(LIMIT, || {
        let taken = Taken::default();
        let server = log(ANYWHERE, &taken);
        let at = server.endpoints()[0].clone();
        let mut random = Random(3);
        let mut bad: Vec<Vec<Vec<u8>>> = (0..20).map(|_| vec![random.bytes(60)]).collect();
        bad.push(vec![head(0x01, 1)]);
        bad.push(vec![b"topic".to_vec(), head(0x03, 1)]);
        bad.push(vec![b"one".to_vec(), b"too".to_vec(), b"many".to_vec()]);
        bad.push(vec![vec![0xFF], b"no heartbeat".to_vec()]);
        bad.push(vec![Vec::new()]);

        let subscribed = Proxy::new(Sub::bind(ANYWHERE), Req::connect(&at))
            .start()
            .unwrap();
        let noise = Peer::of(zmq::PUB, &subscribed.endpoints()[0]);
        // What is published before the subscription has arrived goes nowhere.
        eventually("the subscription", || {
            noise.send_all(&[Vec::new(), b"noise".to_vec()]);
            subscribed.stats().malformed > 0
        });
        let before = subscribed.stats().malformed;
        for frames in &bad {
            noise.send_all(frames);
        }
        await_stats(&subscribed, "the noise", |stats| {
            stats.malformed >= before + bad.len() as u64 - 1
        });
        let good = Publisher::connect(&subscribed.endpoints()[0]).unwrap();
        good.wait_subscribers(1, 10 * SECOND).unwrap();
        LogClient::new(good).take(1, 1).unwrap();
        eventually("the good event", || taken.count() == 1);

        let pulled = Proxy::new(Pull::bind(ANYWHERE), Req::connect(&at))
            .start()
            .unwrap();
        let noise = Peer::of(zmq::PUSH, &pulled.endpoints()[0]);
        for frames in &bad {
            noise.send_all(frames);
        }
        await_stats(&pulled, "the noise", |stats| {
            stats.malformed == bad.len() as u64
        });
        let good = Pusher::connect(&pulled.endpoints()[0]).unwrap();
        LogClient::new(good).take(1, 2).unwrap();
        eventually("the good job", || taken.count() == 2);
        assert_eq!(
            (subscribed.stats().given_up, pulled.stats().given_up),
            (0, 0)
        );
    });
}

#[test]
fn all_of_them_end_within_a_second_in_every_state() {
    within(LIMIT, || {
        let (publisher, at) = publisher();
        let taken = Taken::default();
        let server = log(ANYWHERE, &taken);
        let back = server.endpoints()[0].clone();
        let dead = "tcp://127.0.0.1:1";
        let proxies = |back: &str| -> Vec<ProxyHandle> {
            vec![
                Proxy::new(Rep::bind(ANYWHERE), Pub::bind(ANYWHERE))
                    .start()
                    .unwrap(),
                Proxy::new(Sub::connect(&at), Pub::bind(ANYWHERE))
                    .start()
                    .unwrap(),
                Proxy::new(Sub::connect(&at), Req::connect(back))
                    .start()
                    .unwrap(),
                Proxy::new(Sub::connect(&at), Req::connect(back))
                    .max_calls(10)
                    .start()
                    .unwrap(),
                Proxy::new(Pull::bind(ANYWHERE), Req::connect(back))
                    .start()
                    .unwrap(),
                Proxy::new(Pull::bind(ANYWHERE), Push::connect(dead))
                    .start()
                    .unwrap(),
            ]
        };
        let end = |proxies: Vec<ProxyHandle>| {
            for (number, proxy) in proxies.into_iter().enumerate() {
                let took = timed_drop(proxy);
                assert!(took < SECOND, "proxy {number}: {took:?}");
            }
        };
        // Idle, with a live target and a dead one.
        end(proxies(&back));
        end(proxies(dead));
        // Full.
        let full = proxies(dead);
        publisher.wait_subscribers(3, 10 * SECOND).unwrap();
        let jobs = LogClient::new(Pusher::connect(&full[5].endpoints()[0]).unwrap());
        jobs.take(1, 1).unwrap();
        let stub = LogClient::new(publisher.clone());
        for number in 0..1000 {
            stub.take(1, number).unwrap();
        }
        await_stats(&full[3], "a full queue", |stats| stats.held == 10);
        await_stats(&full[5], "a job in hand", |stats| stats.received == 1);
        end(full);
        // Under load.
        let loaded = proxies(&back);
        publisher.wait_subscribers(3, 10 * SECOND).unwrap();
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let stopped = std::sync::Arc::clone(&stop);
        let load = std::thread::spawn(move || {
            let mut number = 0;
            while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
                stub.take(1, number).unwrap();
                number += 1;
            }
        });
        await_stats(&loaded[2], "load", |stats| stats.received > 1000);
        end(loaded);
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        load.join().unwrap();
    });
}
