//! A server and its callers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::{Client, Credentials, Error, Server};

use crate::network::Network;
use crate::roles::{HouseClient, HouseServer, Login, Visits, anywhere, guard, login, numbers};
use crate::support::{Process, Role};

/// Serves at an endpoint, guarded by `plain`, or by `curve` and a directory of keys.
#[test]
fn server_process() {
    let Some(role) = Role::of("calls::server_process") else {
        return;
    };
    let visits = Visits::default();
    let builder = Server::builder().service(HouseServer::new(visits.clone()));
    let (endpoint, guard) = guard(&role.argument);
    let server = builder.bind(endpoint).authenticate(guard).start().unwrap();
    role.tell(server.endpoints().remove(0));
    while role.order() == "counts" {
        let visits = visits.0.load(Ordering::SeqCst);
        role.tell(format!("{visits} {}", server.stats().logins_rejected));
    }
}

/// The test's side of a server.
pub(crate) struct Served {
    process: Process,
    pub(crate) endpoint: String,
}

impl Served {
    pub(crate) fn at(network: &Network, address: &str, guard: &str) -> Self {
        let argument = format!("{} {guard}", anywhere(address));
        let process = network.at_server("calls::server_process", &argument);
        let endpoint = process.hear();
        Self { process, endpoint }
    }

    /// What got in, and the logins that did not.
    pub(crate) fn counts(&self) -> (u64, u64) {
        self.process.order("counts");
        numbers(&self.process.hear()).into()
    }
}

/// Calls an endpoint with a login.
#[test]
fn caller_process() {
    let Some(role) = Role::of("calls::caller_process") else {
        return;
    };
    let (endpoint, login) = login(&role.argument);
    let builder = Client::builder().connect(endpoint);
    let builder = match login {
        Login::Nothing => builder,
        Login::Plain(user, password) => builder.credentials(Credentials::plain(user, password)),
        Login::Curve(keys) => builder.credentials(keys),
    };
    let client = HouseClient::new(builder.timeout(Duration::from_secs(15)).build().unwrap());
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let mut steady = None;
        loop {
            let begin = Instant::now();
            let outcome = match &*role.order() {
                "call" => client.whoami().map(|caller| caller.join(" ")),
                "leave" => client.leave().map(|()| "left".to_owned()),
                "begin" => {
                    steady = Some(scope.spawn(|| steadily(&client, &stop)));
                    continue;
                }
                _ => {
                    stop.store(true, Ordering::SeqCst);
                    role.tell(steady.take().unwrap().join().unwrap());
                    continue;
                }
            };
            let outcome = outcome.unwrap_or_else(|error| format!("{}: {error}", name(&error)));
            role.tell(format!("{} {outcome}", begin.elapsed().as_millis()));
        }
    });
}

/// Calls until it is told to stop; answers how often, and how many milliseconds the slowest took.
fn steadily(client: &HouseClient, stop: &AtomicBool) -> String {
    let (mut calls, mut slowest) = (0, Duration::ZERO);
    while !stop.load(Ordering::SeqCst) {
        let begin = Instant::now();
        client.whoami().unwrap();
        slowest = slowest.max(begin.elapsed());
        calls += 1;
    }
    format!("{calls} {}", slowest.as_millis())
}

fn name(error: &Error) -> &'static str {
    match error {
        Error::Unauthenticated { .. } => "Unauthenticated",
        Error::Unavailable { .. } => "Unavailable",
        Error::Timeout { .. } => "Timeout",
        _ => "another error",
    }
}

/// The test's side of a caller.
pub(crate) struct Caller(Process);

impl Caller {
    pub(crate) fn of(network: &Network, server: &Served, login: &str) -> Self {
        let argument = format!("{} {login}", server.endpoint);
        Self(network.at_client("calls::caller_process", &argument))
    }

    /// How a call ends, and how long it took.
    pub(crate) fn call(&self) -> (String, Duration) {
        self.ask("call")
    }

    pub(crate) fn leave(&self) -> (String, Duration) {
        self.ask("leave")
    }

    /// Calls without a pause until [`end`](Self::end).
    pub(crate) fn begin(&self) {
        self.0.order("begin");
    }

    /// How many calls there were, all of which succeeded, and how long the slowest took.
    pub(crate) fn end(&self) -> (u64, Duration) {
        self.0.order("end");
        let [calls, slowest] = numbers(&self.0.hear());
        (calls, Duration::from_millis(slowest))
    }

    fn ask(&self, order: &str) -> (String, Duration) {
        self.0.order(order);
        let answer = self.0.hear();
        let (millis, outcome) = answer.split_once(' ').unwrap();
        let took = Duration::from_millis(millis.parse().unwrap());
        (outcome.to_owned(), took)
    }
}
