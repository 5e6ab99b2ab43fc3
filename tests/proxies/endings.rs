//! The end of proxies that nobody waits for.

use std::time::Duration;

use zmqrpc::proxy::{Proxy, ProxyHandle, Pub, Pull, Push, Rep, Req, Sub};
use zmqrpc::push::Pusher;

use crate::events::publisher;
use crate::log::{LogClient, Taken, log};
use crate::support::within;
use crate::{ANYWHERE, LIMIT, await_stats, timed_drop};

const SECOND: Duration = Duration::from_secs(1);

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
                Proxy::new(Rep::new().bind(ANYWHERE), Pub::new().bind(ANYWHERE))
                    .start()
                    .unwrap(),
                Proxy::new(Sub::new().connect(&at), Pub::new().bind(ANYWHERE))
                    .start()
                    .unwrap(),
                Proxy::new(Sub::new().connect(&at), Req::new().connect(back))
                    .start()
                    .unwrap(),
                Proxy::new(Sub::new().connect(&at), Req::new().connect(back))
                    .max_calls(10)
                    .start()
                    .unwrap(),
                Proxy::new(Pull::new().bind(ANYWHERE), Req::new().connect(back))
                    .start()
                    .unwrap(),
                Proxy::new(Pull::new().bind(ANYWHERE), Push::new().connect(dead))
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
