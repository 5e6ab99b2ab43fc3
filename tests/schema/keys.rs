//! Calls by key between clients and servers that were built from different types, or from the same under other names.

use std::time::Duration;

use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::push::{Puller, Pusher};
use zmqrpc::schema;
use zmqrpc::{Client, Error, Executed, Server, ServerBuilder, ServerHandle};

use super::support::{anywhere, await_state, within};

const LIMIT: Duration = Duration::from_secs(20);

/// A service of one method, which returns what it gets; `$spelled` is the type as the trait has it.
macro_rules! version {
    ($module:ident: $spelled:ty { $($item:item)* }) => {
        mod $module {
            #[allow(unused_imports)]
            use std::time::Duration;

            #[allow(unused_imports)]
            use serde::{Deserialize, Serialize};

            $($item)*

            #[zmqrpc::zmq_service(name = "Mirror")]
            pub(super) trait Mirror {
                fn show(&self, value: $spelled) -> $spelled;
            }

            #[allow(dead_code)]
            pub(super) struct Glass;

            impl Mirror for Glass {
                fn show(&self, value: $spelled) -> $spelled {
                    value
                }
            }
        }
    };
}

version!(narrow: Line {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct Line { pub(super) count: u32 }
});
version!(signed: Line {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct Line { pub(super) count: i64 }
});
version!(portrait: Size {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct Size { pub(super) width: u32, pub(super) height: u32 }
});
version!(landscape: Size {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct Size { pub(super) height: u32, pub(super) width: u32 }
});
version!(letters: Letter {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    pub(super) enum Letter { A, B, C }
});
version!(more_letters: Letter {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    pub(super) enum Letter { Z, A, B, C }
});
version!(unsigned_alias: Number {
    pub(super) type Number = u64;
});
version!(signed_alias: Number {
    pub(super) type Number = i64;
});

version!(imported: Duration {});
version!(by_path: std::time::Duration {});
version!(renamed: Pause {
    pub(super) type Pause = core::time::Duration;
});
version!(wrapped: Pause {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct Pause(pub(super) Duration);
});
version!(own: Pause {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct Pause { secs: u64, nanos: u32 }
});

pub(super) fn serve(builder: ServerBuilder) -> (ServerHandle, Client) {
    let server = anywhere(builder).start().unwrap();
    let client = Client::connect(&server.endpoints()[0]).unwrap();
    (server, client)
}

/// Asserts that a client of `$old` is refused by a server of `$new`, whatever way its value takes.
macro_rules! assert_refused {
    ($old:ident, $new:ident, $value:expr) => {
        within(LIMIT, || {
            use $new::{Glass, MirrorServer};
            use $old::MirrorClient as Old;

            let publisher = Publisher::bind("tcp://127.0.0.1:*").unwrap();
            let builder = Server::builder()
                .service(MirrorServer::new(Glass))
                .subscribe(Subscription::connect(&publisher.endpoints()[0]));
            let (server, client) = serve(builder);
            let error = Old::new(client.clone()).show($value).unwrap_err();
            assert!(matches!(error, Error::SignatureMismatch { .. }), "{error}");
            assert_eq!(error.executed(), Executed::No);
            let text = error.to_string();
            let known = text.contains("the types differ: Mirror.show ");
            let told = known || text.contains("the signatures differ");
            assert!(told || text.contains("`verify` says which"), "{text}");
            assert!(client.verify::<Old>().is_err());

            let refused = || server.stats().refused;
            let before = refused();
            publisher.wait_subscribers(1, LIMIT).unwrap();
            Old::new(publisher.clone()).show($value).unwrap();
            await_state("the event is refused", || refused() == before + 1);
            let pusher =
                Pusher::connect(&server.pull(Puller::bind("tcp://127.0.0.1:*")).unwrap()).unwrap();
            Old::new(pusher).show($value).unwrap();
            await_state("the job is refused", || refused() == before + 2);
            client.notify(&$old::MirrorShow { value: $value }).unwrap();
            await_state("the notification is refused", || refused() == before + 3);
        });
    };
}

#[test]
fn a_number_is_not_read_as_one_of_another_kind() {
    assert_refused!(narrow, signed, narrow::Line { count: 70_000 });
    assert_refused!(signed, narrow, signed::Line { count: 70_000 });
    assert_refused!(unsigned_alias, signed_alias, 7);
    assert_refused!(signed_alias, unsigned_alias, -4);
}

#[test]
fn exchanged_fields_are_not_read_as_each_other() {
    assert_refused!(
        portrait,
        landscape,
        portrait::Size {
            width: 1,
            height: 2
        }
    );
    assert_refused!(
        landscape,
        portrait,
        landscape::Size {
            height: 2,
            width: 1
        }
    );
}

#[test]
fn a_variant_is_not_read_as_another_one() {
    assert_refused!(letters, more_letters, letters::Letter::A);
    assert_refused!(more_letters, letters, more_letters::Letter::C);
}

version!(bomb: Vec<Bomb> {
    #[derive(Debug)]
    pub(super) struct Bomb;

    impl Serialize for Bomb {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_u8(1)
        }
    }

    impl<'de> Deserialize<'de> for Bomb {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            panic!("it is tried out, and that is not printed")
        }
    }
});
version!(mine: Vec<Mine> {
    #[derive(Debug)]
    pub(super) struct Mine;

    impl Serialize for Mine {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_u64(1)
        }
    }

    impl<'de> Deserialize<'de> for Mine {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Err(serde::de::Error::custom("never"))
        }
    }
});

/// Nothing is known of them but their names.
#[test]
fn types_that_cannot_be_tried_out_are_told_apart_by_their_names() {
    assert_refused!(bomb, mine, Vec::new());
    let canonical = |description: &schema::Description| {
        description.canonical(&description.services[0].methods[0])
    };
    let [bomb, mine] = [
        schema::of::<bomb::MirrorClient>(),
        schema::of::<mine::MirrorClient>(),
    ];
    assert_eq!(canonical(&bomb), canonical(&mine));
}

/// What a key does not see: the shapes are the same.
#[test]
fn arguments_of_one_type_that_trade_places_are_not_noticed() {
    mod before {
        #[zmqrpc::zmq_service(name = "Bank")]
        pub(super) trait Bank {
            fn pay(&self, from: u32, to: u32);
        }
    }
    mod after {
        #[zmqrpc::zmq_service(name = "Bank")]
        pub(super) trait Bank {
            fn pay(&self, to: u32, from: u32);
        }
    }
    let [before, after] = [
        schema::of::<before::BankClient>(),
        schema::of::<after::BankClient>(),
    ];
    assert_eq!(before.fingerprints(), after.fingerprints());
    let changes = schema::changes(&before, &after);
    assert!(
        changes
            .iter()
            .any(|change| change.by_key > schema::Verdict::Fine),
        "{changes:?}"
    );
}

/// Returns what comes back for a second over a client and a server of these modules.
macro_rules! shown {
    ($old:ident, $new:ident, $value:expr) => {{
        let (_server, client) =
            serve(Server::builder().service($new::MirrorServer::new($new::Glass)));
        client.verify::<$old::MirrorClient>().unwrap();
        $old::MirrorClient::new(client).show($value).unwrap()
    }};
}

#[test]
fn the_same_type_under_another_name_is_called_without_a_word() {
    within(LIMIT, || {
        let pause = Duration::new(1, 5);
        assert_eq!(shown!(imported, by_path, pause), pause);
        assert_eq!(shown!(by_path, renamed, pause), pause);
        assert_eq!(shown!(renamed, wrapped, pause), pause);
        assert_eq!(
            shown!(wrapped, own, wrapped::Pause(pause)),
            wrapped::Pause(pause)
        );
        assert_eq!(shown!(imported, own, pause), pause);
    });
}
