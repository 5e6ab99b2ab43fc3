//! What comes in at SUB and PULL and is no command.

use std::time::Duration;

use zmqrpc::proxy::{Proxy, Pull, Req, Sub};
use zmqrpc::pubsub::Publisher;
use zmqrpc::push::Pusher;

use crate::log::{LogClient, Taken, log};
use crate::support::{Peer, Random, head, within};
use crate::{ANYWHERE, LIMIT, await_stats, eventually};

const SECOND: Duration = Duration::from_secs(1);

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

        let subscribed = Proxy::new(Sub::new().bind(ANYWHERE), Req::new().connect(&at))
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

        let pulled = Proxy::new(Pull::new().bind(ANYWHERE), Req::new().connect(&at))
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
