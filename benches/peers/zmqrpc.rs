//! zmqrpc's `async` client, by key and by name; its server is the one of the blocking client.

use serde_bytes::Bytes;
use zmqrpc::AsyncClient;
use zmqrpc::client::Codec;

use super::caller::Caller;
use crate::support::ProbeClient;

#[derive(Clone)]
pub(crate) struct ZmqrpcCaller(ProbeClient<AsyncClient>);

impl Caller for ZmqrpcCaller {
    async fn connect(endpoint: &str) -> Self {
        let client = AsyncClient::connect(endpoint).expect("the endpoint is good");
        Self(ProbeClient::new(client))
    }

    async fn add(&self, a: i64, b: i64) -> i64 {
        self.0.add(a, b).await.expect("an answer")
    }

    async fn echo(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.echo(bytes).await.expect("an answer")
    }
}

/// Calls the same methods by name, in JSON or in `MessagePack`, as a program without generated code does.
#[derive(Clone)]
pub(crate) struct NamedCaller<const JSON: bool>(AsyncClient);

impl<const JSON: bool> Caller for NamedCaller<JSON> {
    async fn connect(endpoint: &str) -> Self {
        let client = AsyncClient::builder().connect(endpoint);
        let codec = if JSON {
            Codec::Json
        } else {
            Codec::MessagePack
        };
        Self(
            client
                .codec(codec)
                .build_async()
                .expect("the endpoint is good"),
        )
    }

    async fn add(&self, a: i64, b: i64) -> i64 {
        let arguments = (a, b);
        let sum = self.0.invoke("Probe.add", &arguments);
        sum.await.expect("an answer")
    }

    async fn echo(&self, bytes: &[u8]) -> Vec<u8> {
        let arguments = (Bytes::new(bytes),);
        let echo = self.0.invoke("Probe.echo", &arguments);
        echo.await.expect("an answer")
    }
}
