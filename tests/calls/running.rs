//! Endpoints of a client that come and go while it is in use, and what tasks have begun.

use std::thread::ScopedJoinHandle;

use zmqrpc::error::{EndpointCause, UnavailableCause};
use zmqrpc::{AsyncClient, Client, Error, Executed};

use super::book::{LIMIT, same};
use super::support::{self, ProbeAdd, ProbeClient, ProbeHold, anywhere, block_on, serve, within};

/// How many of these calls each of two servers has got.
fn deal(client: &Client, calls: i64, counted: [&zmqrpc::ServerHandle; 2]) -> [u64; 2] {
    let requests = || counted.map(|server| server.stats().requests);
    let before = requests();
    let probe = ProbeClient::new(client.clone());
    for n in 0..calls {
        same(probe.add(n, 1), n + 1);
    }
    let after = requests();
    [after[0] - before[0], after[1] - before[1]]
}

#[test]
fn endpoints_of_a_running_client_come_and_go() {
    within(LIMIT, || {
        let (first, _gate) = serve(anywhere);
        let (second, _gate) = serve(anywhere);
        let [one, two] = [&first, &second].map(|server| server.endpoints().remove(0));
        let client = Client::connect(&one).unwrap();
        // Made before: handles share what is added and removed.
        let other = client.clone();
        let both = [&first, &second];
        assert_eq!(deal(&client, 20, both), [20, 0]);
        client.add_connect(&two).unwrap();
        assert_eq!(other.endpoints(), [&*one, &*two]);
        // It takes calls as soon as it is connected; until then the other one does.
        support::await_state("both take calls", || deal(&client, 20, both)[1] > 0);
        let shares = deal(&other, 100, both);
        assert!(shares.iter().all(|share| *share >= 30), "{shares:?}");

        let duplicate = client.add_connect(&one).unwrap_err();
        assert!(
            matches!(&duplicate, Error::Endpoint { cause: EndpointCause::Duplicate, endpoint, .. } if **endpoint == one),
            "{duplicate:?}"
        );
        let wrong = client.add_connect("tcp://nowhere").unwrap_err();
        assert!(
            matches!(
                &wrong,
                Error::Endpoint {
                    cause: EndpointCause::Malformed(_),
                    ..
                }
            ),
            "{wrong:?}"
        );

        other.remove_endpoint(&one).unwrap();
        support::await_state("the connection is closed", || connections_to(&one) == 0);
        assert_eq!(deal(&client, 20, both), [0, 20]);
        let unknown = client.remove_endpoint(&one).unwrap_err();
        assert!(
            matches!(
                &unknown,
                Error::Endpoint {
                    cause: EndpointCause::Unknown,
                    ..
                }
            ),
            "{unknown:?}"
        );

        client.remove_endpoint(&two).unwrap();
        assert!(client.endpoints().is_empty());
        let nowhere = client.call(&ProbeAdd { a: 1, b: 1 }).unwrap_err();
        assert!(
            matches!(
                &nowhere,
                Error::Unavailable {
                    cause: UnavailableCause::NoEndpoint,
                    ..
                }
            ),
            "{nowhere:?}"
        );
        assert_eq!(nowhere.executed(), Executed::No);
        assert_eq!(client.fan_out(&ProbeAdd { a: 1, b: 1 }), []);
        client.add_connect(&one).unwrap();
        assert_eq!(deal(&client, 20, both), [20, 0]);
    });
}

#[test]
fn a_call_that_is_under_way_at_an_endpoint_that_is_removed_is_answered() {
    within(LIMIT, || {
        let (server, gate) = serve(anywhere);
        let endpoint = server.endpoints().remove(0);
        let client = Client::connect(&endpoint).unwrap();
        let held = client.begin(&ProbeHold).unwrap();
        let tasks = AsyncClient::from(client.clone());
        let task = tasks.begin(&ProbeHold).unwrap();
        gate.await_arrivals(2);
        client.remove_endpoint(&endpoint).unwrap();
        gate.open();
        held.wait().unwrap();
        block_on(task).unwrap();
    });
}

#[test]
fn endpoints_change_while_threads_call() {
    within(LIMIT, || {
        let (first, _gate) = serve(anywhere);
        let (second, _gate) = serve(anywhere);
        let [one, two] = [&first, &second].map(|server| server.endpoints().remove(0));
        let client = Client::connect(&one).unwrap();
        std::thread::scope(|scope| {
            let calling: Vec<_> = (0..4)
                .map(|_| {
                    let probe = ProbeClient::new(client.clone());
                    scope.spawn(move || (0..2_000).for_each(|n| same(probe.add(n, 1), n + 1)))
                })
                .collect();
            while !calling.iter().all(ScopedJoinHandle::is_finished) {
                client.add_connect(&two).unwrap();
                std::thread::yield_now();
                client.remove_endpoint(&two).unwrap();
            }
        });
        assert_eq!(client.stats().in_flight, 0);
    });
}

#[test]
fn what_a_task_has_begun_is_executed_before_it_is_awaited() {
    within(LIMIT, || {
        let (server, gate) = serve(anywhere);
        let client = AsyncClient::connect(&server.endpoints()[0]).unwrap();
        // The first is begun before there is a connection.
        let calls = [(); 3].map(|()| client.begin(&ProbeHold).unwrap());
        gate.await_arrivals(3);
        gate.open();
        block_on(async {
            for call in calls {
                call.await.unwrap();
            }
        });
        assert_eq!(client.stats().in_flight, 0);
    });
}

#[test]
fn a_call_that_a_task_has_begun_and_dropped_is_given_up() {
    within(LIMIT, || {
        let (server, gate) = serve(anywhere);
        let client = AsyncClient::connect(&server.endpoints()[0]).unwrap();
        let call = client.begin(&ProbeHold).unwrap();
        gate.await_arrivals(1);
        assert_eq!(client.stats().in_flight, 1);
        drop(call);
        assert_eq!(client.stats().in_flight, 0);
        gate.open();
    });
}

#[test]
fn a_task_asks_all_endpoints_at_once_and_one_that_is_gone_keeps_no_other_from_answering() {
    within(LIMIT, || {
        let (first, first_gate) = serve(anywhere);
        let (second, second_gate) = serve(anywhere);
        let gone = format!("tcp://127.0.0.1:{}", free_port());
        let endpoints = [
            first.endpoints().remove(0),
            gone,
            second.endpoints().remove(0),
        ];
        let builder = endpoints
            .iter()
            .fold(Client::builder(), |builder, endpoint| {
                builder.connect(endpoint)
            });
        let client = builder
            .connect_timeout(std::time::Duration::from_millis(300))
            .build_async()
            .unwrap();
        let asked = std::thread::spawn(move || block_on(client.fan_out(&ProbeHold)));
        // Both, although neither has answered yet.
        first_gate.await_arrivals(1);
        second_gate.await_arrivals(1);
        first_gate.open();
        second_gate.open();
        let answers = asked.join().unwrap();
        let names: Vec<_> = answers.iter().map(|(endpoint, _)| endpoint).collect();
        assert_eq!(names, endpoints.iter().collect::<Vec<_>>());
        assert!(answers[0].1.is_ok() && answers[2].1.is_ok(), "{answers:?}");
        let error = answers[1].1.as_ref().unwrap_err();
        assert!(
            matches!(
                error,
                Error::Unavailable {
                    cause: UnavailableCause::NotConnected { .. },
                    ..
                }
            ),
            "{error:?}"
        );
    });
}

/// How many TCP connections of this machine there are at an endpoint's port, of either side.
fn connections_to(endpoint: &str) -> usize {
    const ESTABLISHED: &str = "01";
    let port: u16 = endpoint.rsplit_once(':').unwrap().1.parse().unwrap();
    let port = format!(":{port:04X}");
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let lines = table.lines().skip(1);
    lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|columns| columns[3] == ESTABLISHED)
        .filter(|columns| columns[1].ends_with(&port) || columns[2].ends_with(&port))
        .count()
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
