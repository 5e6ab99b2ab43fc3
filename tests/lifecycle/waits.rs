//! What waits as long as it is told, at the extremes of that: it ends, well or for want of time.

use std::future::Future;
use std::time::Duration;

use zmqrpc::pubsub::Publisher;
use zmqrpc::push::{AsyncPusher, Puller, Pusher};
use zmqrpc::{AsyncClient, Client, Error, Server, ServerHandle};

use super::durations::{ANYWHERE, Case, running, serve};
use super::support::{ProbeAdd, ProbeClient, ProbeServer, Prober};

/// There was too little time, which is no fault of the limit.
fn late(error: Error) -> Result<(), Error> {
    match error {
        Error::Timeout { .. } | Error::Unavailable { .. } => Ok(()),
        other => Err(other),
    }
}

fn run<T>(task: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(task)
}

/// A client that has something to flush, and the server for it.
fn notified() -> Result<(Client, ServerHandle), Error> {
    let server = serve();
    let client = Client::connect(&server.endpoints()[0])?;
    client.notify(&ProbeAdd { a: 1, b: 2 })?;
    Ok((client, server))
}

/// A publisher that has something to flush, and a subscriber for it.
fn published() -> Result<(Publisher, ServerHandle), Error> {
    let publisher = Publisher::bind(ANYWHERE)?;
    let server = Server::builder()
        .service(ProbeServer::new(Prober::default()))
        .subscribe(&*publisher.endpoints()[0])
        .start()?;
    publisher.wait_subscribers(1, Duration::from_secs(10))?;
    ProbeClient::new(publisher.clone()).add(1, 2)?;
    Ok((publisher, server))
}

/// A pusher that has something to flush, and who pulls it.
fn pushed() -> Result<(Pusher, ServerHandle), Error> {
    let service = ProbeServer::new(Prober::default());
    let server = Server::builder()
        .service(service)
        .pull(Puller::bind(ANYWHERE));
    let server = server.start()?;
    let pusher = Pusher::connect(&server.pulls()[0].endpoint)?;
    ProbeClient::new(pusher.clone()).add(1, 2)?;
    Ok((pusher, server))
}

pub(super) const CASES: &[Case] = &[
    ("flush", |time| {
        let (client, _server) = notified()?;
        client.flush(time).or_else(late)
    }),
    ("flush", |time| {
        let (client, _server) = notified()?;
        run(AsyncClient::from(client).flush(time)).or_else(late)
    }),
    ("flush", |time| {
        let (publisher, _server) = published()?;
        publisher.flush(time).or_else(late)
    }),
    ("flush_async", |time| {
        let (publisher, _server) = published()?;
        run(publisher.flush_async(time)).or_else(late)
    }),
    ("flush", |time| {
        let (pusher, _server) = pushed()?;
        pusher.flush(time).or_else(late)
    }),
    ("flush", |time| {
        let (pusher, _server) = pushed()?;
        run(AsyncPusher::from(pusher).flush(time)).or_else(late)
    }),
    ("wait_subscribers", |time| {
        let publisher = Publisher::bind(ANYWHERE)?;
        // For none, so that it ends whatever the limit.
        publisher.wait_subscribers(0, time)
    }),
    ("wait_subscribers_async", |time| {
        let (publisher, _server) = published()?;
        run(publisher.wait_subscribers_async(1, time)).or_else(late)
    }),
    ("shutdown", |time| serve().shutdown(time).or_else(running)),
    ("shutdown_async", |time| {
        run(serve().shutdown_async(time)).or_else(running)
    }),
];
