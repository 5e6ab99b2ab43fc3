//! tarpc over TCP with bincode.
//!
//! Not its defaults: `TCP_NODELAY` is on, more than 1,000 requests may be in flight, bytes are encoded as bytes and
//! not one by one.

use std::io;

use futures::prelude::*;
use serde_bytes::ByteBuf;
use tarpc::context::{self, Context};
use tarpc::server::{BaseChannel, Channel};
use tarpc::tokio_serde::formats::Bincode;
use tarpc::tokio_util::codec::LengthDelimitedCodec;
use tarpc::{client, serde_transport};
use tokio::net::{TcpListener, TcpStream};

use super::caller::Caller;
use crate::support::ready;

#[tarpc::service]
pub(crate) trait Probe {
    async fn add(a: i64, b: i64) -> i64;
    async fn echo(bytes: ByteBuf) -> ByteBuf;
}

#[derive(Clone)]
struct Worker;

impl Probe for Worker {
    async fn add(self, _: Context, a: i64, b: i64) -> i64 {
        a + b
    }

    async fn echo(self, _: Context, bytes: ByteBuf) -> ByteBuf {
        bytes
    }
}

/// Serves for ever.
pub(crate) async fn serve_tarpc() {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    ready(&address(&listener).expect("a listener has an address"));
    loop {
        let (stream, _) = listener.accept().await.expect("the bench connects");
        stream.set_nodelay(true).expect("the option exists");
        let framed = LengthDelimitedCodec::builder().new_framed(stream);
        let channel = BaseChannel::with_defaults(serde_transport::new(framed, Bincode::default()));
        tokio::spawn(channel.execute(Worker.serve()).for_each(|answer| async {
            tokio::spawn(answer);
        }));
    }
}

fn address(listener: &TcpListener) -> io::Result<String> {
    listener.local_addr().map(|address| address.to_string())
}

#[derive(Clone)]
pub(crate) struct TarpcCaller(ProbeClient);

impl Caller for TarpcCaller {
    async fn connect(endpoint: &str) -> Self {
        let stream = TcpStream::connect(endpoint)
            .await
            .expect("the server listens");
        stream.set_nodelay(true).expect("the option exists");
        let framed = LengthDelimitedCodec::builder().new_framed(stream);
        let mut config = client::Config::default();
        config.max_in_flight_requests = 4096;
        config.pending_request_buffer = 4096;
        let transport = serde_transport::new(framed, Bincode::default());
        Self(ProbeClient::new(config, transport).spawn())
    }

    async fn add(&self, a: i64, b: i64) -> i64 {
        self.0
            .add(context::current(), a, b)
            .await
            .expect("an answer")
    }

    async fn echo(&self, bytes: &[u8]) -> Vec<u8> {
        let sent = ByteBuf::from(bytes);
        self.0
            .echo(context::current(), sent)
            .await
            .expect("an answer")
            .into_vec()
    }
}
