//! Publishers in processes of their own, one of which falls silent.

use std::time::{Duration, Instant};

use zmqrpc::pubsub::{Subscription, SubscriptionStats};

use super::publisher::Publisher;
use super::recorder::record;
use super::support::{Process, Role, await_state, within};

const LIMIT: Duration = Duration::from_secs(90);
const SILENCE: Duration = Duration::from_millis(400);

/// A publisher that says something all the time.
#[test]
fn publisher_process() {
    let Some(role) = Role::of("three_publishers::publisher_process") else {
        return;
    };
    let mut publisher = Publisher::bind(role.argument.parse().unwrap());
    role.tell(&publisher.endpoint);
    let mut value = 0;
    loop {
        publisher.reading("", value);
        publisher.heartbeat();
        value += 1;
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn only_the_subscription_of_a_silent_publisher_is_renewed_and_it_resumes() {
    within(LIMIT, || {
        let processes =
            ["1", "2", "3"].map(|id| Process::start("three_publishers::publisher_process", id));
        let endpoints = processes.each_ref().map(Process::hear);
        let (server, _recorder) = record(|builder| {
            endpoints.iter().fold(builder, |builder, endpoint| {
                builder.subscribe(Subscription::connect(endpoint).silence_timeout(SILENCE))
            })
        });
        let stats = || -> [SubscriptionStats; 3] { server.subscriptions().try_into().unwrap() };
        await_state("all three", || {
            stats().iter().all(|stats| stats.received >= 20)
        });

        processes[1].freeze();
        let before = stats();
        await_state("renewals", || stats()[1].renewals >= before[1].renewals + 3);
        let frozen = stats();
        for other in [0, 2] {
            assert!(frozen[other].received > before[other].received + 20);
        }

        processes[1].thaw();
        let thawed = Instant::now();
        await_state("delivery", || {
            stats()[1].received >= frozen[1].received + 100
        });
        let resumed = thawed.elapsed();
        assert!(resumed < Duration::from_secs(10), "{resumed:?}");
        let after = stats();
        for other in [0, 2] {
            let stats = &after[other];
            assert_eq!(
                (stats.lost, stats.renewals, stats.silences),
                (0, 0, 0),
                "{stats:?}"
            );
            assert_eq!(stats.malformed, 0);
        }
        // It is heard without a break again.
        let heard = after[1].renewals;
        await_state("more", || stats()[1].received >= after[1].received + 100);
        assert_eq!(stats()[1].renewals, heard);
    });
}

#[test]
fn a_server_that_stood_still_itself_renews_nothing() {
    within(LIMIT, || {
        let publisher = Process::start("three_publishers::publisher_process", "1");
        let endpoint = publisher.hear();
        let server = Process::start("three_publishers::server_process", &endpoint);
        assert_eq!(server.hear(), "serving");
        for _ in 0..3 {
            server.freeze();
            std::thread::sleep(3 * SILENCE);
            server.thaw();
            server.order("tell");
            assert_eq!(server.hear(), "0 renewals");
        }
    });
}

#[test]
fn server_process() {
    let Some(role) = Role::of("three_publishers::server_process") else {
        return;
    };
    let subscription = Subscription::connect(&role.argument).silence_timeout(SILENCE);
    let (server, recorder) = record(|builder| builder.subscribe(subscription));
    recorder.log.await_entries(10);
    role.tell("serving");
    loop {
        assert_eq!(role.order(), "tell");
        // By then what could have been misjudged has been.
        let seen = recorder.log.numbers().len();
        recorder.log.await_entries(seen + 50);
        role.tell(format!("{} renewals", server.subscriptions()[0].renewals));
    }
}
