//! A method that was idempotent, and whose server ends while it is executed.

use std::sync::Arc;
use std::{fs, process, thread};

use zmqrpc::schema::Verdict;
use zmqrpc::{Client, Error, Executed, Server};

use super::super::support::{Process, Role, ipc, within};
use super::LIMIT;
use super::methods::{FINE, told};

mod old {
    #[zmqrpc::zmq_service]
    pub(super) trait Drain {
        #[zmq(idempotent)]
        fn empty(&self) -> u32;
    }
}

mod new {
    #[zmqrpc::zmq_service]
    pub(super) trait Drain {
        fn empty(&self) -> u32;
    }
}

/// Tells of each call, and answers it when it may.
struct Slow(Arc<Role>);

impl new::Drain for Slow {
    fn empty(&self) -> u32 {
        self.0.tell("called");
        self.0.order();
        process::id()
    }
}

#[test]
fn draining_process() {
    let Some(role) = Role::of("table::repeated::draining_process") else {
        return;
    };
    let role = Arc::new(role);
    let drain = new::DrainServer::new(Slow(Arc::clone(&role)));
    let builder = Server::builder().service(drain).bind(&role.argument);
    let _server = builder.start().unwrap();
    role.tell("ready");
    loop {
        thread::park();
    }
}

/// The server of the new version is killed while it executes the call.
#[test]
fn a_method_that_is_not_idempotent_any_more_is_repeated_by_those_who_think_so() {
    within(LIMIT, || {
        let place = ipc("drain");
        let start = || Process::start("table::repeated::draining_process", &place);
        let client = || {
            Client::builder()
                .connect(&place)
                .timeout(LIMIT)
                .build()
                .unwrap()
        };
        let lost = |process: &mut Process| {
            assert_eq!(process.hear(), "ready");
            assert_eq!(process.hear(), "called");
            process.kill();
        };

        let mut first = start();
        let drain = old::DrainClient::new(client());
        let emptied = thread::spawn(move || drain.empty());
        lost(&mut first);
        let second = start();
        assert_eq!(second.hear(), "ready");
        assert_eq!(second.hear(), "called", "for the second time");
        second.order("answer");
        assert_eq!(emptied.join().unwrap(), Ok(second.id()));
        drop(second);

        let mut first = start();
        let drain = new::DrainClient::new(client());
        let emptied = thread::spawn(move || drain.empty());
        lost(&mut first);
        let error = emptied.join().unwrap().unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error}");
        assert_eq!(error.executed(), Executed::Maybe);

        let verdicts = (Verdict::Depends, Verdict::Fine);
        assert_eq!(
            told::<old::DrainClient, new::DrainClient>("Drain.empty"),
            verdicts
        );
        assert_eq!(
            told::<new::DrainClient, old::DrainClient>("Drain.empty"),
            FINE
        );
        let _ = fs::remove_file(place.trim_start_matches("ipc://"));
    });
}
