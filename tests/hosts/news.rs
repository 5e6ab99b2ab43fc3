//! A publisher and its subscribers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::{Credentials, Server};

use crate::network::Network;
use crate::roles::{HouseClient, HouseServer, Login, Visits, anywhere, guard, login, numbers};
use crate::support::{Process, Role};

/// Publishes numbers at a guarded endpoint, one each millisecond, from the first subscriber on; tells how many when it is
/// asked to stop.
#[test]
fn publisher_process() {
    let Some(role) = Role::of("news::publisher_process") else {
        return;
    };
    let (endpoint, guard) = guard(&role.argument);
    let publisher = Publisher::builder()
        .bind(endpoint)
        .authenticate(guard)
        .heartbeat_interval(Duration::from_millis(50))
        .build()
        .unwrap();
    role.tell(publisher.endpoints().remove(0));
    publisher
        .wait_subscribers(1, Duration::from_secs(20))
        .unwrap();
    let (news, stop) = (HouseClient::new(publisher), AtomicBool::new(false));
    thread::scope(|scope| {
        let counting = scope.spawn(|| {
            let mut number = 0;
            while !stop.load(Ordering::SeqCst) {
                news.event(number).unwrap();
                number += 1;
                thread::sleep(Duration::from_millis(1));
            }
            number
        });
        role.order();
        stop.store(true, Ordering::SeqCst);
        role.tell(counting.join().unwrap().to_string());
        // Heartbeats go on.
        role.order();
    });
}

/// The test's side of a publisher.
pub(crate) struct Published {
    process: Process,
    pub(crate) endpoint: String,
}

impl Published {
    pub(crate) fn at(network: &Network, address: &str, guard: &str) -> Self {
        let argument = format!("{} {guard}", anywhere(address));
        let process = network.at_server("news::publisher_process", &argument);
        let endpoint = process.hear();
        Self { process, endpoint }
    }

    /// Stops publishing; answers how many events there were.
    pub(crate) fn end(&self) -> u64 {
        self.process.order("end");
        numbers::<1>(&self.process.hear())[0]
    }
}

/// Subscribes with a login, and notices silence after half a second.
#[test]
fn subscriber_process() {
    let Some(role) = Role::of("news::subscriber_process") else {
        return;
    };
    let (endpoint, login) = login(&role.argument);
    let subscription = Subscription::connect(endpoint).silence_timeout(Duration::from_millis(500));
    let subscription = match login {
        Login::Nothing => subscription,
        Login::Plain(user, password) => {
            subscription.credentials(Credentials::plain(user, password))
        }
        Login::Curve(keys) => subscription.credentials(keys),
    };
    let visits = Visits::default();
    let server = Server::builder()
        .service(HouseServer::new(visits.clone()))
        .subscribe(subscription)
        .start()
        .unwrap();
    while role.order() == "counts" {
        let executed = visits.0.load(Ordering::SeqCst);
        let stats = server.subscriptions().remove(0);
        let heard = stats.received + stats.heartbeats + stats.malformed;
        let (lost, renewals, refused) = (stats.lost, stats.renewals, stats.login_failures);
        role.tell(format!("{executed} {heard} {lost} {renewals} {refused}"));
    }
}

/// The test's side of a subscriber.
pub(crate) struct Subscribed(Process);

/// What a subscriber has seen.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) executed: u64,
    /// Messages of all kinds.
    pub(crate) heard: u64,
    pub(crate) lost: u64,
    pub(crate) renewals: u64,
    /// Logins that were refused.
    pub(crate) refused: u64,
}

impl Subscribed {
    pub(crate) fn to(network: &Network, endpoint: &str, login: &str) -> Self {
        let argument = format!("{endpoint} {login}");
        Self(network.at_client("news::subscriber_process", &argument))
    }

    pub(crate) fn seen(&self) -> Seen {
        self.0.order("counts");
        let [executed, heard, lost, renewals, refused] = numbers(&self.0.hear());
        Seen {
            executed,
            heard,
            lost,
            renewals,
            refused,
        }
    }
}
