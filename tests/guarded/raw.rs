//! Subscribers and pullers that hand out what comes still encoded, each on either side of the guard.

use std::time::Duration;

use zmqrpc::client::Codec;
use zmqrpc::pubsub::{Publisher, RawArrival, RawEvent, RawSubscriber, Subscription};
use zmqrpc::push::{Puller, Pusher, RawJob, RawJobArrival, RawPuller};
use zmqrpc::{Credentials, Error};

use crate::locks::{ADA, ANYWHERE, LogIn, locks, soon};
use crate::support::within;

const LIMIT: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(10);

#[track_caller]
fn event(events: &RawSubscriber) -> RawEvent {
    match events.recv_timeout(SOON).unwrap() {
        Some(RawArrival::Event(event)) => event,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn job(jobs: &RawPuller) -> RawJob {
    match jobs.recv_timeout(SOON).unwrap() {
        Some(RawJobArrival::Job(job)) => job,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_guarded_publisher_is_watched_by_those_alone_whom_it_lets_in() {
    within(LIMIT, || {
        for lock in locks() {
            let settings = Publisher::builder().bind(ANYWHERE).authenticate(&lock.by);
            let publisher = settings.build().unwrap();
            let at = &publisher.endpoints()[0];
            let watch = |login| {
                let subscription = Subscription::connect(at).with(login);
                RawSubscriber::open(subscription).unwrap()
            };
            let ada = watch(&lock.ada);
            publisher.wait_subscribers(1, SOON).unwrap();
            for (what, login) in &lock.strangers {
                let stranger = watch(login);
                soon(what, || stranger.stats()[0].login_failures > 0);
                publisher.publish_raw(7, Codec::Postcard, &[]).unwrap();
                // Who publishes has not logged in at those who subscribe.
                assert_eq!(event(&ada).user_id(), None);
                assert!(stranger.try_recv().unwrap().is_none(), "{what}");
            }
        }
    });
}

#[test]
fn a_guarded_watcher_hears_nobody_else_and_says_who_has_published() {
    within(LIMIT, || {
        for lock in locks() {
            let subscription = Subscription::bind(ANYWHERE).authenticate(&lock.by);
            let events = RawSubscriber::open(subscription).unwrap();
            let publisher = |login| {
                let settings = Publisher::builder().connect(&events.endpoints()[0]);
                settings.with(login).build().unwrap()
            };
            for (what, login) in &lock.strangers {
                let error = publisher(login).wait_subscribers(1, SOON).unwrap_err();
                assert!(
                    matches!(error, Error::Unauthenticated { .. }),
                    "{what}: {error:?}"
                );
            }
            let ada = publisher(&lock.ada);
            ada.wait_subscribers(1, SOON).unwrap();
            ada.publish_raw(7, Codec::Postcard, &[]).unwrap();
            let event = event(&events);
            assert_eq!(event.user_id(), ADA);
            assert!(matches!(event.mechanism(), Some("PLAIN" | "CURVE")));
            assert!(events.stats()[0].logins_rejected > 0);
        }
    });
}

#[test]
fn jobs_are_handed_out_behind_a_guard_on_either_side() {
    within(LIMIT, || {
        for lock in locks() {
            let settings = RawPuller::builder().pull(Puller::bind(ANYWHERE));
            let jobs = settings.authenticate(&lock.by).build().unwrap();
            let pusher = |login| {
                let settings = Pusher::builder().connect(&jobs.endpoints()[0]);
                settings.with(login).build().unwrap()
            };
            for (what, login) in &lock.strangers {
                let error = pusher(login).push_raw(7, Codec::Postcard, &[]);
                assert!(
                    matches!(error, Err(Error::Unauthenticated { .. })),
                    "{what}: {error:?}"
                );
            }
            let ada = pusher(&lock.ada);
            ada.push_raw(7, Codec::Postcard, &[]).unwrap();
            assert_eq!(job(&jobs).user_id(), ADA);
            let settings = Pusher::builder().bind(ANYWHERE).authenticate(&lock.by);
            let pusher = settings.build().unwrap();
            let pull = |login| {
                let settings = RawPuller::builder().pull(Puller::connect(&pusher.endpoints()[0]));
                settings.with(login).build().unwrap()
            };
            let (what, login) = &lock.strangers[0];
            let stranger = pull(login);
            soon(what, || stranger.stats()[0].login_failures > 0);
            let ada = pull(&lock.ada);
            pusher.push_raw(7, Codec::Postcard, &[]).unwrap();
            assert_eq!(job(&ada).user_id(), None);
        }
    });
}

#[test]
fn a_login_that_nothing_shows_is_refused() {
    let settings = RawPuller::builder().pull(Puller::bind(ANYWHERE));
    let error = settings.credentials(Credentials::plain("ada", "secret"));
    let error = error.build().unwrap_err();
    assert!(
        matches!(
            error,
            Error::Config {
                setting: "credentials",
                ..
            }
        ),
        "{error:?}"
    );
}
