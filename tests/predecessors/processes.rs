//! Networks of processes: each is told its endpoints and nothing more.

use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use zmqrpc::proxy::{Proxy, Rep, Req, Sub};
use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::push::Pusher;
use zmqrpc::{Client, Command, Server, zmq_service};

use crate::support::{ProbeAdd, Process, Role, await_state, within};
use crate::{ANYWHERE, LIMIT, NOBODY, SOON, client_of};

#[zmq_service]
trait Site {
    fn reading(&self, sampler: u64, number: u64);
}

struct Centre(Mutex<Sender<(u64, u64)>>);

impl Site for Centre {
    fn reading(&self, sampler: u64, number: u64) {
        self.0.lock().unwrap().send((sampler, number)).unwrap();
    }
}

const READINGS: u64 = 200;

#[test]
fn sampler_process() {
    let Some(role) = Role::of("processes::sampler_process") else {
        return;
    };
    let publisher = Publisher::bind(ANYWHERE).unwrap();
    role.tell(&publisher.endpoints()[0]);
    publisher.wait_subscribers(1, SOON).unwrap();
    let site = SiteClient::new(publisher);
    let sampler = role.argument.parse().unwrap();
    for number in 0..READINGS {
        site.reading(sampler, number).unwrap();
    }
    role.tell("published");
    role.order();
}

#[test]
fn site_process() {
    let Some(role) = Role::of("processes::site_process") else {
        return;
    };
    let mut endpoints = role.argument.split(' ');
    let centre = Req::new().connect(endpoints.next().unwrap());
    let first = Sub::new().connect(endpoints.next().unwrap());
    let samplers = endpoints.fold(first, |samplers, next| {
        samplers.subscribe(Subscription::connect(next))
    });
    let site = Proxy::new(samplers, centre).start().unwrap();
    role.order();
    await_state("the last answer", || site.stats().delivered == 3 * READINGS);
    role.tell(site.stats().given_up.to_string());
    role.order();
}

/// Samplers publish, a proxy on their site carries what they say to the centre through one connection.
#[test]
fn samplers_a_site_and_a_centre_run_in_processes_of_their_own() {
    within(LIMIT, || {
        let (tell, told) = channel();
        let centre = Server::builder()
            .service(SiteServer::new(Centre(tell.into())))
            .worker_threads(1)
            .bind(ANYWHERE)
            .start()
            .unwrap();
        let samplers = ["0", "1", "2"].map(|n| Process::start("processes::sampler_process", n));
        let endpoints = samplers.each_ref().map(Process::hear);
        let argument = format!("{} {}", centre.endpoints()[0], endpoints.join(" "));
        let site = Process::start("processes::site_process", &argument);
        for sampler in &samplers {
            assert_eq!(sampler.hear(), "published");
        }
        let mut arrived = [(); 3].map(|()| Vec::new());
        for _ in 0..3 * READINGS {
            let (sampler, number) = told.recv_timeout(SOON).unwrap();
            arrived[usize::try_from(sampler).unwrap()].push(number);
        }
        for numbers in arrived {
            assert_eq!(numbers, (0..READINGS).collect::<Vec<_>>());
        }
        site.order("count");
        assert_eq!(site.hear(), "0");
    });
}

#[test]
fn relay_process() {
    let Some(role) = Role::of("processes::relay_process") else {
        return;
    };
    let relay = Proxy::new(
        Rep::new().bind(ANYWHERE),
        Req::new().connect(&role.argument),
    )
    .start()
    .unwrap();
    role.tell(&relay.endpoints()[0]);
    role.order();
}

/// A command that ends the server's process, for those who want one: pyzmqrpc3 has it built in everywhere.
#[derive(Serialize, Deserialize, Command)]
#[command(reply = u32)]
struct Quit;

#[test]
fn server_process() {
    let Some(role) = Role::of("processes::server_process") else {
        return;
    };
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    let server = Server::builder()
        .handler(move |_: Quit| {
            tell.lock().unwrap().send(()).unwrap();
            std::process::id()
        })
        .bind(ANYWHERE)
        .start()
        .unwrap();
    role.tell(&server.endpoints()[0]);
    told.recv().unwrap();
    server.shutdown(SOON).unwrap();
    role.tell("ended");
}

#[test]
fn a_server_process_ends_by_a_command_of_its_own_and_answers_it() {
    within(LIMIT, || {
        let mut server = Process::start("processes::server_process", "");
        let relay = Process::start("processes::relay_process", &server.hear());
        let client = Client::connect(relay.hear()).unwrap();
        assert_eq!(client.call(&Quit), Ok(server.id()));
        assert_eq!(server.hear(), "ended");
        server.wait();
    });
}

#[test]
fn leaving_process() {
    let Some(role) = Role::of("processes::leaving_process") else {
        return;
    };
    let client = Client::connect(&role.argument).unwrap();
    let publisher = Publisher::connect(NOBODY).unwrap();
    let pusher = Pusher::connect(NOBODY).unwrap();
    client.invoke::<()>("nothing", &()).unwrap_err();
    role.tell("connected");
    role.order();
    let bytes = vec![7; 1 << 20];
    for number in 0..32 {
        client.notify(&StorePut { bytes: &bytes }).unwrap();
        publisher.publish(&ProbeAdd { a: number, b: 1 }).unwrap();
        let hurried = pusher.with_timeout(Duration::from_millis(1));
        hurried.push(&ProbeAdd { a: number, b: 1 }).unwrap_err();
    }
    drop((client, publisher, pusher));
    role.tell("left");
}

#[zmq_service]
trait Store {
    fn put(&self, bytes: &[u8]);
}

/// A client of pyzmqrpc3 that is not destroyed by hand keeps its process for ever if a request is unsent.
#[test]
fn a_process_with_something_unsent_ends_by_itself() {
    within(LIMIT, || {
        let server = Process::start("processes::server_process", "");
        let mut leaving = Process::start("processes::leaving_process", &server.hear());
        assert_eq!(leaving.hear(), "connected");
        // From here on it takes nothing, and so much fits into no buffer on the way.
        server.freeze();
        leaving.order("leave");
        let start = Instant::now();
        assert_eq!(leaving.hear(), "left");
        leaving.wait();
        let took = start.elapsed();
        // What is left has got its second to be sent, and no more.
        let half = Duration::from_millis(500);
        assert!(half < took && took < 10 * half, "{took:?}");
    });
}

#[test]
fn processes_that_share_a_relay_get_their_own_answers() {
    within(LIMIT, || {
        let (server, _gate) = crate::support::serve(crate::support::anywhere);
        let relays: Vec<_> = (0..2)
            .map(|_| Process::start("processes::relay_process", &server.endpoints()[0]))
            .collect();
        let clients = relays
            .iter()
            .map(|relay| Client::connect(relay.hear()).unwrap());
        let clients: Vec<_> = clients.chain([client_of(&server)]).collect();
        let calls: Vec<_> = (0..300)
            .map(|a| {
                let client = &clients[usize::try_from(a).unwrap() % clients.len()];
                client.begin(&ProbeAdd { a, b: 1000 }).unwrap()
            })
            .collect();
        for (a, call) in (0..).zip(calls) {
            assert_eq!(call.wait(), Ok(a + 1000));
        }
    });
}
