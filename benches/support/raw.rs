//! libzmq alone: what any RPC over it is measured by.

use std::sync::LazyLock;

use super::process::ready;
use super::race::Driver;
use super::specimen::{Body, Specimen, answer, check};
use super::work::{Service, Work};

/// Whether an empty frame stands before the message, as REQ sockets send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delimiter {
    With,
    Without,
}

/// No message of a bench waits for room: 1,024 calls in flight are more than the default of 1,000.
const HIGH_WATER: i32 = 10_000;

/// One for the process, as in zmqrpc: each has an I/O thread of its own.
static CONTEXT: LazyLock<zmq::Context> = LazyLock::new(zmq::Context::new);

fn socket(kind: zmq::SocketType) -> zmq::Socket {
    let socket = CONTEXT.socket(kind).expect("a socket can be opened");
    socket.set_linger(0).expect("the option exists");
    socket.set_sndhwm(HIGH_WATER).expect("the option exists");
    socket.set_rcvhwm(HIGH_WATER).expect("the option exists");
    socket
}

fn connected(kind: zmq::SocketType, endpoint: &str) -> zmq::Socket {
    let socket = socket(kind);
    socket.connect(endpoint).expect("the endpoint is good");
    socket
}

/// A socket on a free port.
pub(crate) fn bind(kind: zmq::SocketType) -> (zmq::Socket, String) {
    let socket = socket(kind);
    socket.bind("tcp://127.0.0.1:*").expect("a port is free");
    let endpoint = socket
        .get_last_endpoint()
        .expect("the option exists")
        .expect("it is a text");
    (socket, endpoint)
}

fn receive(socket: &zmq::Socket) -> zmq::Message {
    socket.recv_msg(0).expect("a frame arrives")
}

/// A message, and the frames before it.
pub(crate) fn receive_route(socket: &zmq::Socket) -> (Vec<zmq::Message>, zmq::Message) {
    let mut route = Vec::with_capacity(2);
    let mut frame = receive(socket);
    while frame.get_more() {
        route.push(frame);
        frame = receive(socket);
    }
    (route, frame)
}

pub(crate) fn send_back(socket: &zmq::Socket, route: Vec<zmq::Message>, reply: zmq::Message) {
    for frame in route {
        socket
            .send(frame, zmq::SNDMORE)
            .expect("the frame is taken");
    }
    socket.send(reply, 0).expect("the reply is taken");
}

/// Serves for ever.
pub(crate) fn serve_router(service: Service) {
    let (socket, endpoint) = bind(zmq::ROUTER);
    ready(&endpoint);
    loop {
        let (route, request) = receive_route(&socket);
        send_back(&socket, route, answer(service, &request));
    }
}

/// Serves for ever.
pub(crate) fn serve_rep(service: Service) {
    let (socket, endpoint) = bind(zmq::REP);
    ready(&endpoint);
    loop {
        let request = receive(&socket);
        socket
            .send(answer(service, &request), 0)
            .expect("the reply is taken");
    }
}

/// A DEALER with one connection.
pub(crate) struct RawDealer {
    socket: zmq::Socket,
    delimiter: Delimiter,
}

impl RawDealer {
    pub(crate) fn connect(endpoint: &str, delimiter: Delimiter) -> Self {
        let socket = connected(zmq::DEALER, endpoint);
        Self { socket, delimiter }
    }

    pub(crate) fn send(&self, message: zmq::Message) {
        if self.delimiter == Delimiter::With {
            self.socket
                .send("", zmq::SNDMORE)
                .expect("the frame is taken");
        }
        self.socket.send(message, 0).expect("the message is taken");
    }

    pub(crate) fn receive(&self) -> zmq::Message {
        if self.delimiter == Delimiter::With {
            receive(&self.socket);
        }
        receive(&self.socket)
    }
}

/// A REQ with one connection.
pub(crate) struct RawReq(zmq::Socket);

impl RawReq {
    pub(crate) fn connect(endpoint: &str) -> Self {
        Self(connected(zmq::REQ, endpoint))
    }

    pub(crate) fn call(&self, request: zmq::Message) -> zmq::Message {
        self.0.send(request, 0).expect("the request is taken");
        receive(&self.0)
    }
}

/// REQ sends one request at a time: sequential work only.
pub(crate) fn req_driver(work: Work, specimen: &Specimen, endpoint: &str) -> Option<Driver> {
    let len = match work {
        Work::Sequential => 0,
        Work::Echo(len) => len,
        _ => return None,
    };
    let (specimen, body, req) = (
        specimen.clone(),
        specimen.body(len),
        RawReq::connect(endpoint),
    );
    Some(Box::new(move |calls| {
        for id in 0..calls {
            check(id, &body, &req.call(specimen.request(id, &body)));
        }
        calls
    }))
}

/// A socket belongs to one thread, so what others do on several threads or tasks, this does as so many calls in
/// flight.
pub(crate) fn dealer_driver(
    work: Work,
    specimen: &Specimen,
    endpoint: &str,
    delimiter: Delimiter,
) -> Driver {
    let (sockets, at_once, len) = match work {
        Work::Sequential => (1, 1, 0),
        Work::InFlight(calls) | Work::Threads(calls) | Work::Tasks(calls) => (1, calls, 0),
        Work::Clients(clients) => (clients, clients, 0),
        Work::Echo(len) => (1, 1, len),
    };
    let connect = |_| RawDealer::connect(endpoint, delimiter);
    let dealers: Vec<RawDealer> = (0..sockets).map(connect).collect();
    let (specimen, body) = (specimen.clone(), specimen.body(len));
    Box::new(move |calls| {
        let batches = calls.div_ceil(at_once);
        for batch in 0..batches {
            exchange(
                &dealers,
                &specimen,
                &body,
                batch * at_once..(batch + 1) * at_once,
            );
        }
        batches * at_once
    })
}

fn exchange(dealers: &[RawDealer], specimen: &Specimen, body: &Body, ids: std::ops::Range<usize>) {
    let dealer = |id: usize| &dealers[id % dealers.len()];
    for id in ids.clone() {
        dealer(id).send(specimen.request(id, body));
    }
    for id in ids {
        check(id, body, &dealer(id).receive());
    }
}
