//! Workers that die.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use zmqrpc::Server;
use zmqrpc::push::{Puller, Pusher};

use super::mill::{LIMIT, Mill, MillClient, MillServer, SOON};
use super::support::{Process, Role, await_state, within};

const ROLE: &str = "workers::worker_process";

/// Tells what it is given, and goes on when it is told to.
struct Slow(Mutex<Role>);

impl Mill for Slow {
    fn grind(&self, number: u64) -> Result<u64, String> {
        let role = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        role.tell(number.to_string());
        role.order();
        Ok(number)
    }

    fn blob(&self, bytes: &[u8]) -> u64 {
        bytes.len() as u64
    }

    fn hasty(&self) {}
}

/// No test, but a worker of the next one.
#[test]
fn worker_process() {
    let Some(role) = Role::of(ROLE) else {
        return;
    };
    let endpoint = role.argument.clone();
    let _server = Server::builder()
        .service(MillServer::new(Slow(Mutex::new(role))))
        .worker_threads(1)
        .pull(Puller::connect(endpoint))
        .start()
        .unwrap();
    loop {
        std::thread::park();
    }
}

#[test]
fn what_a_worker_has_received_when_it_dies_is_lost_and_executed_by_no_other() {
    within(LIMIT, || {
        let pusher = Pusher::bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = pusher.endpoints().remove(0);
        let mill = MillClient::new(pusher.clone());
        let mut first = Process::start(ROLE, &endpoint);
        for number in 0..10 {
            mill.grind(number).unwrap();
        }
        pusher.flush(SOON).unwrap();
        // It is at the first and has the others.
        assert_eq!(first.hear(), "0");
        first.kill();
        // What is pushed until that is noticed is lost as well.
        let impatient = mill.with_timeout(Duration::from_millis(20));
        await_state("its end", || impatient.grind(99).is_err());
        let second = Process::start(ROLE, &endpoint);
        for number in 10..20 {
            mill.grind(number).unwrap();
        }
        for number in 10..20 {
            assert_eq!(second.hear(), number.to_string());
            second.order("go on");
        }
    });
}
