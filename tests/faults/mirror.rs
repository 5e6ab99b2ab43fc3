//! An endpoint that sends back whatever it gets: a client that is connected to itself meets one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::{Client, Error, Executed};

use crate::support::{TargetClient, within};

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn who_gets_its_own_request_back_knows_at_once_that_nobody_has_executed_it() {
    within(LIMIT, || {
        let mirror = zmq::Context::new().socket(zmq::DEALER).unwrap();
        mirror.set_linger(0).unwrap();
        mirror.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = mirror.get_last_endpoint().unwrap().unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let reflecting = {
            let over = Arc::clone(&over);
            thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    if mirror.poll(zmq::POLLIN, 10).unwrap() > 0 {
                        let frame = mirror.recv_bytes(0).unwrap();
                        mirror.send(frame, 0).unwrap();
                    }
                }
            })
        };
        let client = Client::builder()
            .connect(&endpoint)
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        let start = Instant::now();
        let error = TargetClient::new(client.clone()).add(2, 3).unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert_eq!(error.executed(), Executed::No);
        // Sooner than silence would be noticed.
        assert!(start.elapsed() < Duration::from_secs(3), "{error}");
        assert_eq!(client.stats().renewals, 1);
        assert_eq!(client.stats().late_replies, 0);
        over.store(true, Ordering::Relaxed);
        reflecting.join().unwrap();
    });
}
