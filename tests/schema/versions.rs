//! Several versions of a service in one server.

use std::time::Duration;

use zmqrpc::client::Codec;
use zmqrpc::schema;
use zmqrpc::{Error, Server, ServerBuilder};

use super::keys::serve;
use super::support::{Peer, anywhere, call_by_key, head, key, text, within};

const LIMIT: Duration = Duration::from_secs(20);

mod first {
    #[zmqrpc::zmq_service(name = "Thermometer")]
    pub(super) trait Thermometer {
        fn celsius(&self) -> u32;
        fn place(&self) -> String;
    }
}

/// The first one, before its numbers had no sign.
mod signed {
    #[zmqrpc::zmq_service(name = "Thermometer")]
    pub(super) trait Thermometer {
        fn celsius(&self) -> i32;
    }
}

mod third {
    #[zmqrpc::zmq_service(name = "Thermometer", version = 3)]
    pub(super) trait Thermometer {
        fn celsius(&self) -> i64;
    }
}

struct Mercury;

impl first::Thermometer for Mercury {
    fn celsius(&self) -> u32 {
        21
    }

    fn place(&self) -> String {
        "attic".into()
    }
}

impl third::Thermometer for Mercury {
    fn celsius(&self) -> i64 {
        -21
    }
}

fn both() -> ServerBuilder {
    Server::builder()
        .service(third::ThermometerServer::new(Mercury))
        .service(first::ThermometerServer::new(Mercury))
}

#[test]
fn several_versions_of_a_service_stand_side_by_side() {
    within(LIMIT, || {
        let (_server, client) = serve(both());
        let old = first::ThermometerClient::new(client.clone());
        assert_eq!(
            (old.celsius().unwrap(), old.place().unwrap()),
            (21, "attic".into())
        );
        assert_eq!(
            third::ThermometerClient::new(client.clone())
                .celsius()
                .unwrap(),
            -21
        );
        client.verify::<first::ThermometerClient>().unwrap();
        client.verify::<third::ThermometerClient>().unwrap();

        let named = |name: &str| {
            let reply = client.call_raw(name, Codec::Json, b"[]")?;
            Ok::<_, Error>(String::from_utf8(reply.result().unwrap().to_vec()).unwrap())
        };
        assert_eq!(
            named("Thermometer.celsius").unwrap(),
            "-21",
            "the highest answers"
        );
        assert_eq!(named("Thermometer@3.celsius").unwrap(), "-21");
        assert_eq!(named("Thermometer@1.celsius").unwrap(), "21");
        assert_eq!(
            named("Thermometer.place").unwrap(),
            "\"attic\"",
            "which has it"
        );
        let error = named("Thermometer@2.celsius").unwrap_err();
        assert!(matches!(error, Error::UnknownMethod { .. }), "{error}");
        assert_eq!(
            client.method_names().unwrap(),
            [
                "Thermometer.celsius",
                "Thermometer@1.celsius",
                "Thermometer.place"
            ]
        );

        let told = client.describe().unwrap();
        let versions = told.services.iter().map(|service| service.version);
        assert!(versions.eq([3, 1]));
        let version = |name: &str| told.method(name).map(|(service, _)| service.version);
        assert_eq!(version("Thermometer.celsius"), Some(3));
        assert_eq!(version("Thermometer@1.celsius"), Some(1));
        assert_eq!(version("Thermometer.place"), Some(1));
    });
}

/// What a caller of another version finds out, in any language.
#[test]
fn a_refusal_names_the_keys_that_there_are_and_each_can_be_asked_for() {
    within(LIMIT, || {
        let (server, client) = serve(both());
        let told = client.describe().unwrap();
        let key_of = |name: &str| told.method(name).unwrap().1.key.clone();
        let keys = [
            key_of("Thermometer@3.celsius"),
            key_of("Thermometer@1.celsius"),
        ];
        let peer = Peer::connect(&server.endpoints()[0]);
        let other = key("Thermometer.celsius", "->u64", 2);
        let refusal = peer.ask(call_by_key(7, other, 0, &[]));
        let offer = |key: &str, shape: &str| {
            let entries = [
                text("zmqrpc-key"),
                text(key),
                text("zmqrpc-shape"),
                text(shape),
            ];
            entries.concat()
        };
        let metadata = [offer(&keys[0], "3 ->i64"), offer(&keys[1], "1 ->u32")];
        let expected = [&head(0x81, 7)[..], &[3, 0, 4], &metadata.concat(), &[0]].concat();
        assert!(refusal.starts_with(&expected), "{refusal:x?}");

        for (key, version, canonical) in [(&keys[0], 3, "->i64"), (&keys[1], 1, "->u32")] {
            let shape: schema::Description = client.invoke("zmqrpc.shape", &(key,)).unwrap();
            assert_eq!(shape.services.len(), 1);
            let service = &shape.services[0];
            assert_eq!((service.version, service.methods.len()), (version, 1));
            assert_eq!(shape.canonical(&service.methods[0]), canonical);
        }
        let none: schema::Description = client.invoke("zmqrpc.shape", &("00",)).unwrap();
        assert!(none.services.is_empty());
    });
}

/// The server has a newer version, too, which is not the one that is meant.
#[test]
fn a_refusal_says_how_the_version_of_the_caller_differs() {
    within(LIMIT, || {
        let (_server, client) = serve(both());
        let error = signed::ThermometerClient::new(client)
            .celsius()
            .unwrap_err();
        let Error::SignatureMismatch { difference, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(
            difference.as_deref(),
            Some("Thermometer.celsius reply: `i32` here, `u32` there")
        );
    });
}

#[test]
fn one_version_of_a_service_is_served_once() {
    let error = anywhere(both().service(third::ThermometerServer::new(Mercury)))
        .start()
        .unwrap_err();
    let expected = "version 3 of `Thermometer.celsius` is registered twice";
    assert!(error.to_string().contains(expected), "{error}");
}
