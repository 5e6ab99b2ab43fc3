//! The frames that raw sockets exchange: those of zmqrpc, byte for byte.
//!
//! A request is recorded from a real client; the reply's head is a constant of the protocol. So raw libzmq carries
//! exactly what zmqrpc makes it carry, and what is left between them is zmqrpc's own time.

use std::sync::mpsc;
use std::thread;

use zmqrpc::Client;

use super::process::Process;
use super::raw::{Delimiter, RawDealer, bind, receive_route, send_back};
use super::work::{Service, check_echo, check_sum, payload, terms};
use super::zmqrpc::ProbeClient;

const ID: std::ops::Range<usize> = 3..11;
const ARGUMENTS: usize = 25;
const REPLY_HEAD: [u8; 14] = [0xC1, 1, 0x81, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// What a request begins with.
#[derive(Clone, Debug)]
pub(crate) struct Specimen {
    head: Vec<u8>,
    service: Service,
}

impl Specimen {
    /// Records what a client sends.
    pub(crate) fn record(service: Service) -> Self {
        let (socket, endpoint) = bind(zmq::ROUTER);
        let (sender, receiver) = mpsc::channel();
        let recorder = thread::spawn(move || {
            let (route, request) = receive_route(&socket);
            sender.send(request.to_vec()).expect("the bench waits");
            send_back(&socket, route, answer(service, &request));
            // Closed after the client has its answer: a socket that closes now takes the answer along.
            socket
        });
        let client = ProbeClient::new(Client::connect(endpoint).expect("the endpoint is good"));
        match service {
            Service::Add => check_sum((100, 200), client.add(100, 200).expect("an answer")),
            Service::Echo => {
                check_echo(b"bytes", &client.echo(b"bytes").expect("an answer"));
            }
        }
        recorder.join().expect("the recorder answers");
        let mut head = receiver.recv().expect("a request was recorded");
        head.truncate(ARGUMENTS);
        Self { head, service }
    }

    /// A request with this id: the sum of `terms`, or the echo of `payload`.
    pub(crate) fn request(&self, id: usize, body: &Body) -> zmq::Message {
        let mut small = [0; 64];
        let arguments: &[u8] = match body {
            Body::Terms => {
                postcard::to_slice(&terms(id), &mut small).expect("two numbers fit in 64 bytes")
            }
            Body::Payload(encoded) => encoded,
        };
        let mut message = zmq::Message::with_size(self.head.len() + arguments.len());
        let (head, rest) = message.split_at_mut(self.head.len());
        head.copy_from_slice(&self.head);
        head[ID].copy_from_slice(&(id as u64).to_le_bytes());
        rest.copy_from_slice(arguments);
        message
    }

    /// What a contestant of this work sends.
    pub(crate) fn body(&self, len: usize) -> Body {
        match self.service {
            Service::Add => Body::Terms,
            Service::Echo => {
                Body::Payload(postcard::to_stdvec(&payload(len)).expect("bytes can be encoded"))
            }
        }
    }
}

/// The arguments of a request.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// Encoded anew for each call.
    Terms,
    /// Bytes with their length in front, as both arguments and answer carry them.
    Payload(Vec<u8>),
}

/// What a server answers.
pub(crate) fn answer(service: Service, request: &[u8]) -> zmq::Message {
    let arguments = &request[ARGUMENTS..];
    let mut small = [0; 16];
    let body: &[u8] = match service {
        Service::Add => {
            let (a, b): (i64, i64) = postcard::from_bytes(arguments).expect("two numbers");
            postcard::to_slice(&(a + b), &mut small).expect("a number fits in 16 bytes")
        }
        Service::Echo => arguments,
    };
    let mut message = zmq::Message::with_size(REPLY_HEAD.len() + body.len());
    let (head, rest) = message.split_at_mut(REPLY_HEAD.len());
    head.copy_from_slice(&REPLY_HEAD);
    head[ID].copy_from_slice(&request[ID]);
    rest.copy_from_slice(body);
    message
}

/// # Panics
///
/// If a reply is not the answer to the request with this id.
pub(crate) fn check(id: usize, body: &Body, reply: &[u8]) {
    assert_eq!(
        reply[ID],
        (id as u64).to_le_bytes(),
        "an answer to another call"
    );
    let value = &reply[REPLY_HEAD.len()..];
    match body {
        Body::Terms => check_sum(terms(id), postcard::from_bytes(value).expect("a number")),
        Body::Payload(encoded) => check_echo(encoded, value),
    }
}

/// # Panics
///
/// If the raw server and zmqrpc's answer one request in different bytes: then the bench compares different work.
pub(crate) fn assert_same_bytes(specimen: &Specimen, raw: &Process, ours: &Process) {
    let body = specimen.body(1024);
    let ask = |server: &Process| {
        let dealer = RawDealer::connect(server.endpoint(), Delimiter::Without);
        dealer.send(specimen.request(7, &body));
        dealer.receive().to_vec()
    };
    let (raw, ours) = (ask(raw), ask(ours));
    check(7, &body, &ours);
    assert_eq!(raw, ours, "raw and zmqrpc answer in different bytes");
}
