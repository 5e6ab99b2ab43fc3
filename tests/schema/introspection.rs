//! The built-in service: who is told what.

use std::time::Duration;

use zmqrpc::auth::{Credentials, Passwords};
use zmqrpc::client::{Codec, RawMethod};
use zmqrpc::schema::{self, MethodFingerprint};
use zmqrpc::server::Introspection;
use zmqrpc::{AsyncClient, CallContext, Client, Error, Executed};

use super::support::{block_on, within};
use super::warehouse::{self, WarehouseClient};

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn a_server_describes_itself_in_every_codec() {
    within(LIMIT, || {
        let server = warehouse::bound().start().unwrap();
        let endpoint = &server.endpoints()[0];
        let expected = schema::of::<WarehouseClient>();
        for codec in [Codec::MessagePack, Codec::Json] {
            let client = Client::builder()
                .connect(endpoint)
                .codec(codec)
                .build()
                .unwrap();
            let description = client.describe().unwrap();
            assert_eq!(
                description.service("house.Warehouse"),
                Some(&expected.services[0])
            );
            assert_eq!(description.types, expected.types);
            assert_eq!(
                description.services.len(),
                2,
                "hand-written commands are in one of their own"
            );
        }
        let client = AsyncClient::connect(endpoint).unwrap();
        let description = block_on(client.describe()).unwrap();
        assert_eq!(description.services[0], expected.services[0]);
        let names = block_on(client.method_names()).unwrap();
        assert_eq!(
            names,
            [
                "house.Warehouse.place",
                "house.Warehouse.on_hand",
                "house.Warehouse.label",
                "house.Warehouse.close",
                "house.Warehouse.nothing",
                "greet",
            ]
        );
    });
}

#[test]
fn some_services_alone_can_be_asked_for() {
    within(LIMIT, || {
        let server = warehouse::bound().start().unwrap();
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        let ask = |services: &[&str]| -> schema::Description {
            client
                .invoke("zmqrpc.describe", &(Some(services),))
                .unwrap()
        };
        assert_eq!(ask(&["house.Warehouse"]), schema::of::<WarehouseClient>());
        let commands = ask(&[""]);
        assert_eq!(commands.services.len(), 1);
        assert!(commands.types.is_empty(), "{:?}", commands.types);
        assert!(ask(&["no such one"]).services.is_empty());
    });
}

#[test]
fn fingerprints_are_those_of_the_description() {
    within(LIMIT, || {
        let server = warehouse::bound().start().unwrap();
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        let all: Vec<MethodFingerprint> = client
            .invoke("zmqrpc.fingerprints", &(None::<Vec<String>>,))
            .unwrap();
        assert_eq!(all, client.describe().unwrap().fingerprints());
        let some: Vec<MethodFingerprint> = client
            .invoke("zmqrpc.fingerprints", &(Some(["house.Warehouse"]),))
            .unwrap();
        assert_eq!(some, schema::of::<WarehouseClient>().fingerprints());
    });
}

#[test]
fn a_server_tells_no_more_than_it_is_set_to() {
    within(LIMIT, || {
        let key = &schema::of::<WarehouseClient>().services[0].methods[0]
            .key
            .clone();
        let told = |introspection| {
            let server = warehouse::bound()
                .introspection(introspection)
                .start()
                .unwrap();
            let client = Client::connect(&server.endpoints()[0]).unwrap();
            let fingerprints: Result<Vec<MethodFingerprint>, _> =
                client.invoke("zmqrpc.fingerprints", &(None::<Vec<String>>,));
            let is_told = |result: Result<(), Error>| match result {
                Ok(()) => true,
                Err(error @ Error::UnknownMethod { .. }) => {
                    assert_eq!(error.executed(), Executed::No);
                    false
                }
                Err(error) => panic!("{error}"),
            };
            (
                is_told(client.method_names().map(drop)),
                is_told(fingerprints.map(drop)),
                is_told(
                    client
                        .invoke::<schema::Description>("zmqrpc.shape", &(key,))
                        .map(drop),
                ),
                is_told(client.describe().map(drop)),
            )
        };
        assert_eq!(told(Introspection::Full), (true, true, true, true));
        assert_eq!(told(Introspection::Names), (true, true, false, false));
        assert_eq!(told(Introspection::Off), (false, false, false, false));
    });
}

#[test]
fn strangers_are_told_nothing_and_the_others_what_they_may_ask() {
    within(LIMIT, || {
        let server = warehouse::bound()
            .authenticate(Passwords::new().user("ada", "secret").user("bob", "secret"))
            .authorize(
                |cx: &CallContext| match (cx.user_id(), cx.method().service()) {
                    (Some("ada"), _) | (_, "house.Warehouse") => Ok(()),
                    _ => Err("only ada may ask"),
                },
            )
            .start()
            .unwrap();
        let endpoint = &server.endpoints()[0];
        let client = |user: Option<&str>| {
            let builder = Client::builder()
                .connect(endpoint)
                .timeout(Duration::from_secs(5));
            match user {
                Some(user) => builder.credentials(Credentials::plain(user, "secret")),
                None => builder,
            }
            .build()
            .unwrap()
        };
        assert!(client(Some("ada")).describe().is_ok());
        let refused = client(Some("bob")).describe().unwrap_err();
        assert!(
            matches!(refused, Error::Unauthenticated { .. }),
            "{refused}"
        );
        assert!(
            refused.to_string().contains("only ada may ask"),
            "{refused}"
        );
        let stranger = client(None).with_timeout(Duration::from_millis(300));
        assert!(stranger.describe().is_err());
    });
}

#[test]
fn names_alone_have_no_shapes_in_them() {
    within(LIMIT, || {
        let server = warehouse::bound()
            .introspection(Introspection::Names)
            .start()
            .unwrap();
        let json = Client::builder()
            .connect(&server.endpoints()[0])
            .codec(Codec::Json);
        let client = json.build().unwrap();
        let mut told = String::new();
        for method in ["zmqrpc.list", "zmqrpc.fingerprints"] {
            let arguments = if method == "zmqrpc.list" {
                "[]"
            } else {
                "[null]"
            };
            let reply = client
                .call_raw(method, Codec::Json, arguments.as_bytes())
                .unwrap();
            told.push_str(std::str::from_utf8(reply.result().unwrap()).unwrap());
        }
        assert!(told.contains("house.Warehouse.place"), "{told}");
        for hidden in ["Order", "Sku", "order", "lines", "stock", "u32", "string"] {
            assert!(!told.contains(hidden), "{hidden} in {told}");
        }
    });
}

/// What they tell may grow, which a positional codec cannot carry.
#[test]
fn the_built_in_methods_have_no_key() {
    within(LIMIT, || {
        let server = warehouse::bound().start().unwrap();
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        let describe = zmqrpc::service::Method::new(
            "zmqrpc",
            "describe",
            1,
            "(Option<Vec<String>>) -> Description",
        );
        let error = client
            .call_raw(RawMethod::from(&describe), Codec::Postcard, &[0])
            .unwrap_err();
        assert!(matches!(error, Error::UnknownMethod { .. }), "{error}");
    });
}

/// Its methods are found instead of the built-in ones of the same names, and all others are still there.
#[test]
fn a_service_of_the_name_zmqrpc_is_found_first() {
    #[zmqrpc::zmq_service(name = "zmqrpc")]
    trait Taken {
        fn list(&self) -> u8;
    }

    struct Own;

    impl Taken for Own {
        fn list(&self) -> u8 {
            7
        }
    }

    within(LIMIT, || {
        let service = TakenServer::new(std::sync::Arc::new(Own));
        let server = super::support::anywhere(zmqrpc::Server::builder().service(service))
            .start()
            .unwrap();
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        assert_eq!(client.invoke::<u8>("zmqrpc.list", &()).unwrap(), 7);
        let by_key = TakenClient::connect(&server.endpoints()[0]).unwrap();
        assert_eq!(by_key.list().unwrap(), 7);
        let description = client.describe().unwrap();
        assert_eq!(description, schema::of::<TakenClient>());
    });
}
