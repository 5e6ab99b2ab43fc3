//! Which commands a server executes, and that a caller cannot make it execute others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use zmqrpc::{Command, Error, Executed, Server};

use crate::support::{ProbeClient, anywhere, serve, within};
use crate::{ANYWHERE, LIMIT, client_of};

mod roof {
    #[derive(serde::Serialize, serde::Deserialize, zmqrpc::Command)]
    #[command(reply = f64, name = "roof.Read")]
    pub(super) struct Read {
        pub(super) channel: u8,
    }
}

mod cellar {
    #[derive(serde::Serialize, serde::Deserialize, zmqrpc::Command)]
    #[command(reply = String, name = "cellar.Read")]
    pub(super) struct Read {
        pub(super) shelf: String,
    }
}

/// pyzmqrpc keeps one table of bare class names for the whole process, so that a second `Read` ends the program.
#[test]
fn commands_of_the_same_type_name_stand_side_by_side() {
    within(LIMIT, || {
        let server = Server::builder()
            .handler(|read: roof::Read| f64::from(read.channel) + 0.5)
            .handler(|read: cellar::Read| format!("shelf {}", read.shelf))
            .bind(ANYWHERE)
            .start()
            .unwrap();
        let client = client_of(&server);
        assert_eq!(client.call(&roof::Read { channel: 2 }), Ok(2.5));
        let shelf = "4".to_owned();
        assert_eq!(client.call(&cellar::Read { shelf }), Ok("shelf 4".into()));
    });
}

#[test]
fn a_command_that_is_registered_twice_is_named_and_nothing_is_opened() {
    within(LIMIT, || {
        let error = Server::builder()
            .handler(|read: roof::Read| f64::from(read.channel))
            .handler(|_: roof::Read| 0.0)
            .bind(ANYWHERE)
            .start()
            .unwrap_err();
        assert!(
            matches!(
                &error,
                Error::Config {
                    setting: "handler" | "service",
                    ..
                }
            ),
            "{error:?}"
        );
        let text = error.to_string();
        assert!(text.contains("`roof.Read` is registered twice"), "{text}");
    });
}

/// Every server of pyzmqrpc3 obeys `ShutdownServer`, from anybody.
#[test]
fn no_caller_ends_a_server_that_has_no_service_for_it() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let client = client_of(&server);
        for name in ["ShutdownServer", "zmqrpc.ShutdownServer", "Probe.shutdown"] {
            let error = client.invoke::<()>(name, &()).unwrap_err();
            assert!(matches!(error, Error::UnknownMethod { .. }), "{error}");
            assert_eq!(error.executed(), Executed::No);
        }
        assert_eq!(ProbeClient::new(client).add(2, 3), Ok(5));
    });
}

#[derive(Serialize, Deserialize, Command)]
#[command(reply = String)]
struct Greet {
    name: String,
}

#[derive(Serialize, Deserialize, Command)]
#[command(reply = ())]
struct Erase;

/// An argument that names another command, as a map or as a list, is an argument of the wrong type and nothing more.
#[test]
fn a_command_within_an_argument_is_not_executed() {
    #[derive(Serialize)]
    struct Nested {
        command_name: &'static str,
        state: (),
    }

    within(LIMIT, || {
        let erased = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&erased);
        let server = Server::builder()
            .handler(|greet: Greet| format!("hello {}", greet.name))
            .handler(move |_: Erase| {
                count.fetch_add(1, Ordering::SeqCst);
            })
            .bind(ANYWHERE)
            .start()
            .unwrap();
        let client = client_of(&server);
        let nested = Nested {
            command_name: "Erase",
            state: (),
        };
        for error in [
            client.invoke::<String>("Greet", &(nested,)).unwrap_err(),
            client
                .invoke::<String>("Greet", &(("Erase", ()),))
                .unwrap_err(),
        ] {
            assert!(matches!(error, Error::Decode { .. }), "{error}");
            assert_eq!(error.executed(), Executed::No);
        }
        assert_eq!(erased.load(Ordering::SeqCst), 0);
        client.call(&Erase).unwrap();
        assert_eq!(erased.load(Ordering::SeqCst), 1);
    });
}
