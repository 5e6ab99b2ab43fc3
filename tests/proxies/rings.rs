//! Proxies that stand in a ring: nothing goes round for ever.

use std::time::Duration;

use zmqrpc::proxy::{BufferedProxy, Proxy, Pub, Pull, Push, Rep, Req, Sub};
use zmqrpc::pubsub::Subscription;
use zmqrpc::push::Pusher;

use crate::events::publisher;
use crate::log::LogClient;
use crate::support::{Event, Peer, call_by_key, head, ipc, key, within};
use crate::{ANYWHERE, LIMIT, eventually};

/// Two proxies, each of which is the other one's target, and the way in.
fn ring(name: &str) -> (zmqrpc::proxy::ProxyHandle, zmqrpc::proxy::ProxyHandle, Peer) {
    let (one, other) = (ipc(&format!("{name}-one")), ipc(&format!("{name}-other")));
    let open = |from: &str, to: &str| {
        Proxy::new(Rep::new().bind(from), Req::new().connect(to))
            .start()
            .unwrap()
    };
    let proxies = (open(&one, &other), open(&other, &one));
    let peer = Peer::connect(&one);
    (proxies.0, proxies.1, peer)
}

#[test]
fn a_call_in_a_ring_of_proxies_ends() {
    within(LIMIT, || {
        let (one, other, peer) = ring("ring");
        // With a time limit and without.
        for (id, remaining) in [(1, 0), (2, 20_000)] {
            let key = key("Log.take", "u32,u64,->unit", 1);
            let answer = peer.ask(call_by_key(id, key, remaining, &[1, 2]));
            assert_eq!(answer[..11], head(0x81, id));
            assert_eq!((answer[11], answer[14]), (17, 0), "{answer:?}");
            assert!(String::from_utf8_lossy(&answer).contains("15 proxies"));
        }
        let hops = one.stats().forwarded + other.stats().forwarded;
        assert_eq!(hops, 30);
        // Notifications go round no longer.
        let mut note = call_by_key(3, 7, 0, &[]);
        note[2] = 0x02;
        peer.send(note);
        eventually("its hops", || {
            one.stats().forwarded + other.stats().forwarded == 45
        });
    });
}

#[test]
fn what_a_queue_delivers_to_itself_ends_as_a_dead_letter() {
    within(LIMIT, || {
        let place = ipc("own-target");
        let proxy = BufferedProxy::new(
            Rep::new().bind(&place),
            Req::new().connect(&place),
            crate::buffered::roomy(),
        )
        .start()
        .unwrap();
        crate::buffered::log_client(&proxy).take(1, 1).unwrap();
        eventually("its end", || proxy.stats().given_up == 1);
        assert_eq!((proxy.stats().held, proxy.stats().delivered), (0, 15));
        let letter = proxy.dead_letters().unwrap().next().unwrap();
        assert!(
            letter.reason().contains("15 proxies"),
            "{}",
            letter.reason()
        );
    });
}

#[test]
fn an_event_in_a_ring_of_proxies_ends() {
    within(LIMIT, || {
        let (one, other) = (ipc("event-ring-one"), ipc("event-ring-other"));
        let (source, at) = publisher();
        let sources = Sub::new()
            .connect(at)
            .subscribe(Subscription::connect(&other));
        let first = Proxy::new(sources, Pub::new().bind(&one)).start().unwrap();
        let second = Proxy::new(Sub::new().connect(&one), Pub::new().bind(&other))
            .start()
            .unwrap();
        let source = LogClient::new(source);
        let mut published = 0;
        let mut publish = || {
            source.take(1, published).unwrap();
            published += 1;
        };
        let ended = || first.stats().given_up + second.stats().given_up;
        // Until the ring is closed, some end where nobody listens.
        eventually("one that has gone round", || {
            publish();
            ended() > 0
        });
        let before = ended();
        (0..100).for_each(|_| publish());
        eventually("the end of all", || ended() >= before + 100);
        let received = first.stats().received + second.stats().received;
        assert!(received <= 16 * published, "{received} of {published}");
    });
}

#[test]
fn a_job_in_a_ring_of_proxies_ends() {
    within(LIMIT, || {
        let (one, other) = (ipc("job-ring-one"), ipc("job-ring-other"));
        let open = |from: &str, to: &str| {
            let proxy = Proxy::new(Pull::new().bind(from), Push::new().connect(to));
            proxy.start().unwrap()
        };
        let proxies = [open(&one, &other), open(&other, &one)];
        let jobs = LogClient::new(Pusher::connect(&one).unwrap());
        for number in 0..10 {
            jobs.take(1, number).unwrap();
        }
        let sum = |of: fn(&zmqrpc::proxy::ProxyStats) -> u64| -> u64 {
            proxies.iter().map(|proxy| of(&proxy.stats())).sum()
        };
        eventually("the end of all", || sum(|stats| stats.given_up) == 10);
        assert_eq!(sum(|stats| stats.received), 160);
        assert_eq!(sum(|stats| stats.forwarded), 150);
    });
}

#[test]
fn what_is_an_event_half_of_the_way_round_ends_too() {
    within(LIMIT, || {
        let back = ipc("mixed-ring");
        let first = Proxy::new(Rep::new().bind(ANYWHERE), Pub::new().bind(&back))
            .start()
            .unwrap();
        let target = Req::new().connect(&first.endpoints()[0]).attempts(1);
        let second = Proxy::new(Sub::new().connect(&back), target)
            .start()
            .unwrap();
        let client = LogClient::connect(&first.endpoints()[0]).unwrap();
        let mut asked = 0;
        eventually("one that has gone round", || {
            client.take(1, asked).unwrap();
            asked += 1;
            second.stats().given_up > 0
        });
        assert!(first.stats().forwarded <= 8 * asked);
        assert!(second.stats().delivered <= 7 * asked);
    });
}

#[test]
fn the_count_of_proxies_stands_in_front_of_the_number() {
    within(LIMIT, || {
        let (source, at) = publisher();
        let first = Proxy::new(Sub::new().connect(at), Pub::new().bind(ANYWHERE))
            .start()
            .unwrap();
        let second = Proxy::new(
            Sub::new().connect(&first.endpoints()[1]),
            Pub::new().bind(ANYWHERE),
        )
        .start()
        .unwrap();
        let reader = Peer::subscribed(&second.endpoints()[1], &[""]);
        let source = LogClient::new(source);
        let mut published = 0;
        let mut frames = None;
        eventually("one that is passed on", || {
            published += 1;
            source.take(1, published).unwrap();
            frames = reader.receive(Duration::from_millis(10));
            frames.is_some()
        });
        let event = Event::read(&frames.unwrap()[1]);
        assert_eq!(event.sequence >> 48, 0x7A52);
        let number = event.sequence & ((1 << 48) - 1);
        assert_eq!(event.body, Some(vec![1, u8::try_from(number).unwrap()]));
    });
}
