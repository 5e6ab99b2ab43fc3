//! zmqrpc's `async` client; its server is the one of the blocking client.

use zmqrpc::AsyncClient;

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
