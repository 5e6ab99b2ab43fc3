//! tonic over TCP. Messages and service are written by hand, in the shape that its generator gives them, so that no
//! `protoc` is needed.
//!
//! Not its defaults: more streams than 200 may be open at once, and the windows are as large as the largest answer.

use std::convert::Infallible;
use std::future::{Ready, ready as at_once};

use prost::Message;
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codegen::{BoxFuture, Context, Poll, Service, http};
use tonic::server::{Grpc as GrpcServer, NamedService, UnaryService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use super::caller::Caller;
use crate::support::ready;

const STREAMS: u32 = 4096;
const WINDOW: u32 = 8 << 20;
const ADD: &str = "/bench.Probe/Add";
const ECHO: &str = "/bench.Probe/Echo";

#[derive(Clone, PartialEq, Message)]
struct Terms {
    #[prost(int64, tag = "1")]
    a: i64,
    #[prost(int64, tag = "2")]
    b: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Sum {
    #[prost(int64, tag = "1")]
    sum: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Payload {
    #[prost(bytes = "vec", tag = "1")]
    bytes: Vec<u8>,
}

struct Add;

impl UnaryService<Terms> for Add {
    type Response = Sum;
    type Future = Ready<Result<Response<Sum>, Status>>;

    fn call(&mut self, request: Request<Terms>) -> Self::Future {
        let Terms { a, b } = request.into_inner();
        at_once(Ok(Response::new(Sum { sum: a + b })))
    }
}

struct Echo;

impl UnaryService<Payload> for Echo {
    type Response = Payload;
    type Future = Ready<Result<Response<Payload>, Status>>;

    fn call(&mut self, request: Request<Payload>) -> Self::Future {
        at_once(Ok(Response::new(request.into_inner())))
    }
}

#[derive(Clone)]
struct Probe;

impl NamedService for Probe {
    const NAME: &'static str = "bench.Probe";
}

impl Service<http::Request<Body>> for Probe {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            Ok(match request.uri().path() {
                ADD => {
                    GrpcServer::new(ProstCodec::default())
                        .unary(Add, request)
                        .await
                }
                ECHO => {
                    GrpcServer::new(ProstCodec::default())
                        .unary(Echo, request)
                        .await
                }
                _ => Status::unimplemented("there is no such method").into_http(),
            })
        })
    }
}

/// Serves for ever.
pub(crate) async fn serve_tonic() {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("a listener has an address");
    ready(&format!("http://{address}"));
    Server::builder()
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .add_service(Probe)
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await
        .expect("the server serves");
}

#[derive(Clone)]
pub(crate) struct TonicCaller(Channel);

impl TonicCaller {
    async fn call<Q, R>(&self, path: &'static str, request: Q) -> R
    where
        Q: Message + 'static,
        R: Message + Default + 'static,
    {
        let mut grpc = Grpc::new(self.0.clone());
        grpc.ready().await.expect("the connection stands");
        let path = http::uri::PathAndQuery::from_static(path);
        let codec = ProstCodec::<Q, R>::default();
        let answer = grpc.unary(Request::new(request), path, codec).await;
        answer.expect("an answer").into_inner()
    }
}

impl Caller for TonicCaller {
    async fn connect(endpoint: &str) -> Self {
        let endpoint = Endpoint::from_shared(endpoint.to_owned())
            .expect("the endpoint is good")
            .tcp_nodelay(true)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW);
        Self(endpoint.connect().await.expect("the server listens"))
    }

    async fn add(&self, a: i64, b: i64) -> i64 {
        self.call::<_, Sum>(ADD, Terms { a, b }).await.sum
    }

    async fn echo(&self, bytes: &[u8]) -> Vec<u8> {
        let bytes = bytes.to_vec();
        self.call::<_, Payload>(ECHO, Payload { bytes }).await.bytes
    }
}
