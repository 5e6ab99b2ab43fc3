//! Calls by key between versions whose values are read rightly on the other side.

mod repeats;
mod shop;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use zmqrpc::proxy::{Proxy, Rep, Req};
use zmqrpc::schema;
use zmqrpc::server::Introspection;
use zmqrpc::{
    AsyncClient, CallError, Client, Error, Executed, Server, ServerBuilder, ServerHandle,
};

use self::shop::{new, old};
use super::support::{anywhere, await_state, block_on, within};

const LIMIT: Duration = Duration::from_secs(20);

fn order() -> old::Order {
    old::Order {
        number: 70_000,
        sizes: vec![old::Size::Large, old::Size::Small],
    }
}

fn new_shop() -> ServerBuilder {
    anywhere(Server::builder().service(new::ShopServer::new(new::Store)))
}

fn old_shop() -> ServerBuilder {
    anywhere(Server::builder().service(old::ShopServer::new(old::Store)))
}

fn endpoint(server: &ServerHandle) -> String {
    server.endpoints()[0].clone()
}

#[test]
fn an_old_client_goes_on_with_a_new_server_where_all_values_are_read_rightly() {
    within(LIMIT, || {
        let server = new_shop().start().unwrap();
        let client = Client::connect(endpoint(&server)).unwrap();
        let shop = old::ShopClient::new(client.clone());
        for _ in 0..3 {
            assert_eq!(shop.place(order()).unwrap(), 70_002);
        }
        assert_eq!(server.stats().refused, 1, "it is agreed upon once");
        assert_eq!(shop.open(2), Ok(2));
        assert_eq!(
            shop.open(0),
            Err(CallError::Service(old::ShopError::Closed))
        );
        let error = shop.open(1).unwrap_err();
        let CallError::Rpc(error @ Error::Decode { .. }) = error else {
            panic!("a variant that it does not know is an error: {error:?}");
        };
        assert_eq!(error.executed(), Executed::Yes);

        let begun: Vec<_> = (0..10)
            .map(|_| client.begin(&old::ShopLabel { order: order() }).unwrap())
            .collect();
        for pending in begun {
            assert_eq!(pending.wait().unwrap(), "new 70000");
        }
    });
}

#[test]
fn a_change_that_is_misread_is_refused_and_says_where() {
    within(LIMIT, || {
        let server = new_shop().start().unwrap();
        let client = Client::connect(endpoint(&server)).unwrap();
        let error = old::ShopClient::new(client).total().unwrap_err();
        assert_eq!(error.executed(), Executed::No);
        let Error::SignatureMismatch { difference, .. } = &error else {
            panic!("{error}");
        };
        let difference = difference.as_deref().unwrap();
        assert_eq!(difference, "Shop.total reply: `u64` here, `i64` there");
        assert!(error.to_string().contains(difference), "{error}");
    });
}

#[test]
fn tasks_go_on_too_whatever_their_calls_began_with() {
    within(LIMIT, || {
        let server = new_shop().start().unwrap();
        let shop = || {
            let client = AsyncClient::connect(endpoint(&server)).unwrap();
            (old::ShopClient::new(client.clone()), client)
        };
        let (stub, _) = shop();
        assert_eq!(block_on(stub.place(order())).unwrap(), 70_002);
        assert_eq!(block_on(stub.place(order())).unwrap(), 70_002);
        let (_, client) = shop();
        let calls: Vec<_> = (0..10)
            .map(|_| client.begin(&old::ShopPlace { order: order() }).unwrap())
            .collect();
        for call in calls {
            assert_eq!(block_on(call).unwrap(), 70_002);
        }
        let error = block_on(stub.total()).unwrap_err();
        assert!(
            error.to_string().contains("`u64` here, `i64` there"),
            "{error}"
        );
        let too_large = old::Order {
            sizes: vec![old::Size::Small; 100_000],
            ..order()
        };
        let (stub, _) = shop();
        assert_eq!(
            block_on(stub.label(too_large)).unwrap(),
            "new 70000",
            "it is idempotent, and kept for other repeats in any case"
        );
    });
}

/// The kinds of servers take turns, and the client with them.
#[test]
fn servers_of_both_versions_are_called_at_one_time() {
    within(LIMIT, || {
        let servers: Vec<_> = [new_shop(), old_shop(), new_shop()]
            .into_iter()
            .map(|server| server.start().unwrap())
            .collect();
        let builder = servers.iter().fold(Client::builder(), |builder, server| {
            builder.connect(endpoint(server))
        });
        let shop = old::ShopClient::new(builder.build().unwrap());
        let labels: Vec<String> = (0..500).map(|_| shop.label(order()).unwrap()).collect();
        for kind in ["old 70000", "new 70000"] {
            assert!(labels.iter().any(|label| label == kind), "{labels:?}");
        }
        let builder = servers.iter().fold(Client::builder(), |builder, server| {
            builder.connect(endpoint(server))
        });
        let shop = old::ShopClient::new(builder.build_async().unwrap());
        for _ in 0..500 {
            block_on(shop.place(order())).unwrap();
        }
    });
}

#[test]
fn a_server_that_is_replaced_by_a_newer_or_an_older_one_costs_no_call() {
    within(LIMIT, || {
        let mut server = old_shop().start().unwrap();
        let place = endpoint(&server);
        let shop = old::ShopClient::connect(&place).unwrap();
        assert_eq!(shop.label(order()).unwrap(), "old 70000");
        for (builder, label) in [
            (
                Server::builder().service(new::ShopServer::new(new::Store)),
                "new 70000",
            ),
            (
                Server::builder().service(old::ShopServer::new(old::Store)),
                "old 70000",
            ),
            (
                Server::builder().service(new::ShopServer::new(new::Store)),
                "new 70000",
            ),
        ] {
            server.shutdown(LIMIT).unwrap();
            server = builder.bind(&place).start().unwrap();
            assert_eq!(shop.label(order()).unwrap(), label);
        }
    });
}

/// Three servers behind a proxy become new ones, one after the other, while old clients call.
#[test]
fn a_rolling_upgrade_behind_a_proxy_costs_no_call() {
    within(LIMIT, || {
        let mut servers: Vec<_> = (0..3).map(|_| old_shop().start().unwrap()).collect();
        let targets = servers
            .iter()
            .fold(Req::new(), |back, server| back.connect(endpoint(server)));
        let proxy = Proxy::new(Rep::new().bind("tcp://127.0.0.1:*"), targets);
        let proxy = proxy.start().unwrap();
        let front = &proxy.endpoints()[0];
        let is_over = AtomicBool::new(false);
        let answered = [const { AtomicUsize::new(0) }; 2];
        let await_more = |kind: usize| {
            let before = answered[kind].load(Ordering::Relaxed);
            await_state("more of this kind", || {
                answered[kind].load(Ordering::Relaxed) > before + 100
            });
        };
        let count = |label: String| match &*label {
            "old 70000" => answered[0].fetch_add(1, Ordering::Relaxed),
            "new 70000" => answered[1].fetch_add(1, Ordering::Relaxed),
            label => panic!("{label} was misread"),
        };
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let shop = old::ShopClient::connect(front).unwrap();
                    while !is_over.load(Ordering::Relaxed) {
                        count(shop.label(order()).unwrap());
                    }
                });
            }
            scope.spawn(|| {
                let client = AsyncClient::connect(front).unwrap();
                while !is_over.load(Ordering::Relaxed) {
                    let begin = || client.begin(&old::ShopLabel { order: order() }).unwrap();
                    let calls: Vec<_> = (0..20).map(|_| begin()).collect();
                    for call in calls {
                        count(block_on(call).unwrap());
                    }
                }
            });
            await_more(0);
            for server in &mut servers {
                let place = endpoint(server);
                server.shutdown(LIMIT).unwrap();
                let shop = Server::builder().service(new::ShopServer::new(new::Store));
                *server = shop.bind(place).start().unwrap();
                await_more(1);
            }
            is_over.store(true, Ordering::Relaxed);
        });
    });
}

/// Each endpoint is asked in its own way.
#[test]
fn all_endpoints_are_asked_whatever_their_version() {
    within(LIMIT, || {
        let servers: Vec<_> = [old_shop(), new_shop(), old_shop()]
            .into_iter()
            .map(|server| server.start().unwrap())
            .collect();
        let client = servers
            .iter()
            .fold(Client::builder(), |builder, server| {
                builder.connect(endpoint(server))
            })
            .build()
            .unwrap();
        let label = old::ShopLabel { order: order() };
        let expected = ["old 70000", "new 70000", "old 70000"];
        let labels = client.fan_out(&label);
        let labels: Vec<_> = labels.into_iter().map(|(_, l)| l.unwrap()).collect();
        assert_eq!(labels, expected);
        let client = AsyncClient::from(client);
        let labels = block_on(client.fan_out(&label));
        let labels: Vec<_> = labels.into_iter().map(|(_, l)| l.unwrap()).collect();
        assert_eq!(labels, expected);
    });
}

/// A server of each version has said which key it has; what is told has to fit the last one.
#[test]
fn what_a_server_of_an_earlier_version_refuses_is_not_told_to_it() {
    within(LIMIT, || {
        let server = new_shop().start().unwrap();
        let place = endpoint(&server);
        let snapshot = serde_json::to_string(&schema::of::<old::ShopClient>()).unwrap();
        let client = Client::builder().connect(&place).earlier(snapshot);
        let client = client.build().unwrap();
        let shop = new::ShopClient::new(client.clone());
        let order = |number| new::Order {
            number,
            sizes: Vec::new(),
        };
        assert_eq!(shop.place(order(7)).unwrap(), 7);
        server.shutdown(LIMIT).unwrap();
        let old = Server::builder().service(old::ShopServer::new(old::Store));
        let old = old.bind(&place).start().unwrap();
        assert_eq!(shop.place(order(8)).unwrap(), 8);

        let too_large = new::ShopPlace {
            order: order(1 << 32),
        };
        let error = client.notify(&too_large).unwrap_err();
        assert!(matches!(error, Error::Encode { .. }), "{error}");
        assert!(error.to_string().contains("order.number"), "{error}");
        let fits = new::ShopPlace { order: order(9) };
        client.notify(&fits).unwrap();
        await_state("it has come", || old.stats().requests == 2);
    });
}

#[test]
fn a_server_that_does_not_tell_its_shapes_agrees_with_nobody() {
    within(LIMIT, || {
        for introspection in [Introspection::Names, Introspection::Off] {
            let server = new_shop().introspection(introspection).start().unwrap();
            let error = old::ShopClient::connect(endpoint(&server))
                .unwrap()
                .place(order())
                .unwrap_err();
            assert!(
                matches!(
                    error,
                    Error::SignatureMismatch {
                        difference: None,
                        ..
                    }
                ),
                "{error}"
            );
        }
    });
}
