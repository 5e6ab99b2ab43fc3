//! Servers and proxies behind a hub that asks for a login: libzmq's own device, with a handler of ZAP beside it.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use zmqrpc::Credentials;
use zmqrpc::proxy::{Proxy, Rep, Req};

use crate::locks::{ANYWHERE, Book, LedgerClient};
use crate::support::{await_state, within};

const LIMIT: Duration = Duration::from_secs(60);

struct GuardedHub {
    front: String,
    back: String,
    /// The password of its workers.
    password: Arc<Mutex<&'static str>>,
    control: zmq::Socket,
    threads: Vec<JoinHandle<()>>,
}

impl GuardedHub {
    fn start() -> Self {
        let context = zmq::Context::new();
        let socket = |kind| {
            let socket = context.socket(kind).unwrap();
            socket.set_linger(0).unwrap();
            socket
        };
        let password = Arc::new(Mutex::new("secret"));
        let zap = socket(zmq::REP);
        zap.bind("inproc://zeromq.zap.01").unwrap();
        let (mut router, mut dealer) = (socket(zmq::ROUTER), socket(zmq::DEALER));
        dealer.set_zap_domain("hub").unwrap();
        dealer.set_plain_server(true).unwrap();
        let [front, back] = [&router, &dealer].map(|socket| {
            socket.bind(ANYWHERE).unwrap();
            socket.get_last_endpoint().unwrap().unwrap()
        });
        let control = socket(zmq::PAIR);
        control.bind("inproc://control").unwrap();
        let mut orders = socket(zmq::PAIR);
        orders.connect("inproc://control").unwrap();
        let end = socket(zmq::PUB);
        end.bind("inproc://end").unwrap();
        let ended = socket(zmq::SUB);
        ended.set_subscribe(b"").unwrap();
        ended.connect("inproc://end").unwrap();
        let known = Arc::clone(&password);
        let judge = std::thread::spawn(move || {
            loop {
                let mut items = [
                    zap.as_poll_item(zmq::POLLIN),
                    ended.as_poll_item(zmq::POLLIN),
                ];
                zmq::poll(&mut items, -1).unwrap();
                if items[1].is_readable() {
                    return;
                }
                let asked = zap.recv_multipart(0).unwrap();
                let right = asked.last().unwrap() == known.lock().unwrap().as_bytes();
                let status = if right { "200" } else { "400" };
                let answer = [
                    &asked[0][..],
                    &asked[1],
                    status.as_bytes(),
                    b"",
                    b"ada",
                    b"",
                ];
                zap.send_multipart(answer, 0).unwrap();
            }
        });
        let device = std::thread::spawn(move || {
            let _ = zmq::proxy_steerable(&mut router, &mut dealer, &mut orders);
            end.send("", 0).unwrap();
        });
        Self {
            front,
            back,
            password,
            control,
            threads: vec![judge, device],
        }
    }
}

impl Drop for GuardedHub {
    fn drop(&mut self) {
        let _ = self.control.send("TERMINATE", 0);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

#[test]
fn a_server_behind_a_guarded_hub_serves_as_soon_as_it_is_let_in() {
    within(LIMIT, || {
        let hub = GuardedHub::start();
        let book = Book::default();
        let right = book.served(|server| {
            server
                .connect(&hub.back)
                .credentials(Credentials::plain("ada", "secret"))
        });
        let caller = LedgerClient::connect(&hub.front).unwrap();
        caller.enter(1).unwrap();
        assert_eq!(right.stats().login_failures, 0);
        drop(right);

        let wrong = book.served(|server| {
            server
                .connect(&hub.back)
                .credentials(Credentials::plain("ada", "new"))
        });
        await_state("two refusals", || wrong.stats().login_failures == 2);
        let nobody = book.served(|server| server.connect(&hub.back));
        await_state("a refusal", || nobody.stats().login_failures > 0);
        *hub.password.lock().unwrap() = "new";
        let patient = caller.with_timeout(Duration::from_secs(20));
        patient.enter(2).unwrap();
        assert_eq!(book.entries(None), 2);
        assert!(wrong.stats().login_failures < 5, "{:?}", wrong.stats());
    });
}

#[test]
fn a_proxy_behind_a_guarded_hub_passes_calls_on_as_soon_as_it_is_let_in() {
    within(LIMIT, || {
        let hub = GuardedHub::start();
        let book = Book::default();
        let server = book.served(|server| server.bind(ANYWHERE));
        let rep = Rep::new()
            .connect(&hub.back)
            .credentials(Credentials::plain("ada", "new"));
        let proxy = Proxy::new(rep, Req::new().connect(&server.endpoints()[0]));
        let proxy = proxy.start().unwrap();
        await_state("two refusals", || proxy.stats().login_failures == 2);
        *hub.password.lock().unwrap() = "new";
        let caller = LedgerClient::connect(&hub.front).unwrap();
        caller
            .with_timeout(Duration::from_secs(20))
            .enter(1)
            .unwrap();
        assert_eq!(book.entries(None), 1);
    });
}
