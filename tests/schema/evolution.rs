//! Clients and servers that were built from different types.

use std::time::Duration;

use zmqrpc::schema::{self, Verdict, changes};
use zmqrpc::server::Introspection;
use zmqrpc::{AsyncClient, Client, Error, Executed, Server, ServerHandle};

use super::support::{anywhere, block_on, within};

const LIMIT: Duration = Duration::from_secs(20);

/// The service as it was.
mod old {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct Line {
        pub(super) sku: String,
        pub(super) count: u32,
    }

    #[zmqrpc::zmq_service(name = "Shop")]
    pub(super) trait Shop {
        fn place(&self, lines: Vec<Line>) -> u64;
        fn total(&self) -> u64;
    }
}

/// The same, spelled otherwise.
mod respelled {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Serialize, Deserialize)]
    pub(super) struct Sku(String);

    #[derive(Debug, Serialize, Deserialize)]
    pub(super) struct Article {
        sku: Sku,
        count: u32,
    }

    pub(super) type Articles = Vec<Article>;

    #[zmqrpc::zmq_service(name = "Shop")]
    pub(super) trait Shop {
        fn place(&self, lines: Articles) -> u64;
        fn total(&self) -> u64;
    }
}

/// A field has another type, a method is new, another one is gone.
mod changed {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct Line {
        pub(super) sku: String,
        pub(super) count: i64,
    }

    #[zmqrpc::zmq_service(name = "Shop")]
    pub(super) trait Shop {
        fn place(&self, lines: Vec<Line>) -> u64;
        fn refund(&self, order: u64);
    }

    pub(super) struct Counter;

    impl Shop for Counter {
        fn place(&self, lines: Vec<Line>) -> u64 {
            lines.len() as u64
        }

        fn refund(&self, _: u64) {}
    }
}

/// All that was there, and more.
mod grown {
    use super::old::Line;

    #[zmqrpc::zmq_service(name = "Shop")]
    pub(super) trait Shop {
        fn refund(&self, order: u64);
        fn total(&self) -> u64;
        fn place(&self, lines: Vec<Line>) -> u64;
    }

    pub(super) struct Counter;

    impl Shop for Counter {
        fn refund(&self, _: u64) {}

        fn total(&self) -> u64 {
            7
        }

        fn place(&self, lines: Vec<Line>) -> u64 {
            lines.len() as u64
        }
    }
}

fn serve(builder: zmqrpc::ServerBuilder) -> (ServerHandle, Client) {
    let server = anywhere(builder).start().unwrap();
    let client = Client::connect(&server.endpoints()[0]).unwrap();
    (server, client)
}

#[test]
fn a_client_verifies_that_its_types_are_those_of_the_server() {
    within(LIMIT, || {
        let builder = Server::builder().service(grown::ShopServer::new(grown::Counter));
        let (server, client) = serve(builder);
        client.verify::<grown::ShopClient>().unwrap();
        client.verify::<old::ShopClient>().unwrap();
        let client = AsyncClient::connect(&server.endpoints()[0]).unwrap();
        block_on(client.verify::<old::ShopClient>()).unwrap();
    });
}

#[test]
fn verifying_names_the_field_that_differs_and_the_method_that_is_gone() {
    within(LIMIT, || {
        let builder = Server::builder().service(changed::ShopServer::new(changed::Counter));
        let (server, client) = serve(builder);
        let error = client.verify::<old::ShopClient>().unwrap_err();
        let Error::SchemaMismatch { at, changes, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!((at.method(), error.executed()), ("Shop", Executed::Yes));
        let place = |place: &str| changes.iter().find(|change| change.place == place);
        let count = place("Line.count").unwrap();
        assert_eq!(
            (count.by_key, count.by_name),
            (Verdict::Breaks, Verdict::Fine)
        );
        assert_eq!(
            (&*count.uses[0].method, &*count.uses[0].path),
            ("Shop.place", "lines[].count")
        );
        assert_eq!(place("Shop.total").unwrap().by_name, Verdict::Breaks);
        assert_eq!(place("Shop.refund").unwrap().by_key, Verdict::Fine);
        let text = error.to_string();
        for part in [
            "Shop: the server offers something else",
            "`Line.count`",
            "`u32`",
            "`i64`",
            "`Shop.total`",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains('\n') && !text.contains("refund"), "{text}");
        let client = AsyncClient::connect(&server.endpoints()[0]).unwrap();
        let error = block_on(client.verify::<old::ShopClient>()).unwrap_err();
        assert_eq!(error.to_string(), text);
    });
}

#[test]
fn a_service_that_is_not_there_does_not_fit() {
    within(LIMIT, || {
        let (_server, client) = serve(super::warehouse::builder());
        let error = client.verify::<old::ShopClient>().unwrap_err();
        assert!(matches!(error, Error::SchemaMismatch { .. }), "{error}");
        assert!(error.to_string().contains("`Shop`"), "{error}");
    });
}

#[test]
fn a_server_that_tells_names_alone_is_verified_and_says_which_method_differs() {
    within(LIMIT, || {
        let builder = Server::builder()
            .service(changed::ShopServer::new(changed::Counter))
            .introspection(Introspection::Names);
        let (_server, client) = serve(builder);
        client.verify::<changed::ShopClient>().unwrap();
        let error = client.verify::<old::ShopClient>().unwrap_err();
        let Error::SignatureMismatch { at, theirs, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!((at.method(), &**theirs), ("Shop.place", "not told"));
    });
}

#[test]
fn a_server_that_tells_nothing_cannot_be_verified() {
    within(LIMIT, || {
        let builder = Server::builder()
            .service(grown::ShopServer::new(grown::Counter))
            .introspection(Introspection::Off);
        let (_server, client) = serve(builder);
        let error = client.verify::<old::ShopClient>().unwrap_err();
        assert!(matches!(error, Error::UnknownMethod { .. }), "{error}");
    });
}

#[test]
fn the_same_types_spelled_otherwise_have_the_same_fingerprints() {
    let (old, new) = (
        schema::of::<old::ShopClient>(),
        schema::of::<respelled::ShopClient>(),
    );
    let fingerprints = |description: &schema::Description| {
        let all = description.fingerprints().into_iter();
        all.map(|method| (method.method, method.fingerprint))
            .collect::<Vec<_>>()
    };
    assert_eq!(fingerprints(&old), fingerprints(&new));
    let worse = changes(&old, &new)
        .into_iter()
        .find(|change| change.by_key > Verdict::Fine);
    assert!(worse.is_none(), "{worse:?}");
}

/// Snapshots of what a trait was, in a folder of the test's own.
mod snapshots {
    use std::path::PathBuf;
    use std::{env, fs, panic, process};

    use super::*;

    /// A path that is removed at the end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let folder = format!("zmqrpc-snapshots-{}-{name}", process::id());
            Self(env::temp_dir().join(folder))
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_snapshot_is_written_first_and_compared_then() {
        let scratch = Scratch::new("compared");
        let path = scratch.0.join("schema/shop.json");
        schema::assert_compatible::<old::ShopClient>(&path);
        let written: schema::Description =
            serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(written, schema::of::<old::ShopClient>());

        schema::assert_compatible::<old::ShopClient>(&path);
        schema::assert_compatible::<grown::ShopClient>(&path);
        let failed = panic::catch_unwind(|| {
            schema::assert_compatible::<changed::ShopClient>(&path);
        });
        let text = *failed.unwrap_err().downcast::<String>().unwrap();
        for part in [
            "shop.json",
            "`Line.count`",
            "clients by key: BREAKS",
            "ZMQRPC_SCHEMA=update",
        ] {
            assert!(text.contains(part), "{text}");
        }
        let after: schema::Description =
            serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(after, written, "a comparison changes nothing");
    }

    mod wider {
        use serde::{Deserialize, Serialize};

        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        pub(super) struct Line {
            sku: String,
            count: u64,
        }

        #[zmqrpc::zmq_service(name = "Shop")]
        pub(super) trait Shop {
            fn place(&self, lines: Vec<Line>) -> u64;
            fn total(&self) -> u64;
            #[zmq(oneway)]
            fn scanned(&self, line: Line);
        }
    }

    mod narrow {
        use super::super::old::Line;

        #[zmqrpc::zmq_service(name = "Shop")]
        pub(super) trait Shop {
            fn place(&self, lines: Vec<Line>) -> u64;
            fn total(&self) -> u64;
            #[zmq(oneway)]
            fn scanned(&self, line: Line);
        }
    }

    /// Postcard reads a `u32` as a `u64`. Callers agree on a key; of a notification nobody hears that it was refused.
    #[test]
    fn a_change_that_no_value_notices_breaks_what_has_no_reply() {
        let scratch = Scratch::new("key");
        let path = scratch.0.join("shop.json");
        schema::assert_compatible::<old::ShopClient>(&path);
        schema::assert_compatible::<wider::ShopClient>(&path);
        schema::assert_compatible::<old::ShopClient>(scratch.0.join("old.json"));
        let path = scratch.0.join("narrow.json");
        schema::assert_compatible::<narrow::ShopClient>(&path);
        let failed = panic::catch_unwind(|| schema::assert_compatible::<wider::ShopClient>(&path));
        let text = *failed.unwrap_err().downcast::<String>().unwrap();
        assert!(
            text.contains("`Shop.scanned`: its key is another one"),
            "{text}"
        );
        assert!(!text.contains("`Shop.place`"), "{text}");
    }

    #[test]
    fn a_file_that_is_no_snapshot_is_said_to_be_none() {
        let scratch = Scratch::new("garbage");
        fs::create_dir_all(&scratch.0).unwrap();
        let path = scratch.0.join("shop.json");
        fs::write(&path, "{\"format\": 1").unwrap();
        let failed = panic::catch_unwind(|| schema::assert_compatible::<old::ShopClient>(&path));
        let text = *failed.unwrap_err().downcast::<String>().unwrap();
        assert!(text.contains("shop.json is no description"), "{text}");
    }
}
