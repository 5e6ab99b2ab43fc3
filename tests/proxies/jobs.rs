//! Proxies from and to push/pull.

use zmqrpc::proxy::{Proxy, Pull, Push, Req};
use zmqrpc::push::{Puller, Pusher};
use zmqrpc::{Server, ServerHandle};

use crate::log::{LogClient, LogServer, Taken, log};
use crate::support::within;
use crate::{ANYWHERE, LIMIT, await_stats, eventually};

fn worker(taken: &Taken) -> (ServerHandle, String) {
    let server = Server::builder()
        .service(LogServer::new(taken.clone()))
        .pull(Puller::bind(ANYWHERE))
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
        let proxy: zmqrpc::proxy::Pull2Push =
            Proxy::new(Pull::new().bind(ANYWHERE), Push::new().connect(&at));
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
        let proxy = Proxy::new(Pull::new().bind(ANYWHERE), Push::new().connect(&place))
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
            .pull(Puller::bind(&place))
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
        let back = Req::new().connect(&server.endpoints()[0]);
        let proxy: zmqrpc::proxy::Pull2Req = Proxy::new(Pull::new().bind(ANYWHERE), back);
        let proxy = proxy.start().unwrap();
        let jobs = LogClient::new(Pusher::connect(&proxy.endpoints()[0]).unwrap());
        for number in 0..1000 {
            jobs.take(1, number).unwrap();
        }
        eventually("all calls", || taken.count() == 1000);
        await_stats(&proxy, "the replies", |stats| stats.delivered == 1000);
    });
}
