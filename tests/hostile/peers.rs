//! Peers that never stop, never read or speak another protocol.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::Error;

use super::support::{Peer, Random, call_by_key, head, key, varint, within};
use super::victim::{LIMIT, Victim, valid};

#[test]
fn raw_tcp_bytes_never_reach_dispatch() {
    within(LIMIT, || {
        let victim = Victim::start();
        let address = victim.endpoint.strip_prefix("tcp://").unwrap();
        let mut random = Random(3);
        let greeting = [&[0xFF][..], &[0; 8], &[0x7F, 3, 0, b'N', b'U', b'L', b'L']].concat();
        let mut attempts = vec![
            b"\x01\x00\x06\x00hello".to_vec(),
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
            [&[0xFF][..], &[0; 7], &[1, 0x7F, 1]].concat(),
            [&greeting[..], &[0xFF; 64]].concat(),
            [&[1, 0, 28, 0][..], &valid(9)].concat(),
            vec![0xFF],
            vec![],
        ];
        attempts.extend((0..100).map(|_| random.bytes(200)));
        let mut open = Vec::new();
        for bytes in attempts {
            let mut stream = TcpStream::connect(address).unwrap();
            let _ = stream.write_all(&bytes);
            open.push(stream);
        }
        victim.serves();
        drop(open);
        victim.serves();
        let stats = victim.counted();
        assert_eq!((stats.requests, stats.malformed), (4, 0));
    });
}

/// Sends `frame` as fast as it can and never reads an answer.
fn flood(endpoint: &str, frame: Vec<u8>, stop: &Arc<AtomicBool>) -> thread::JoinHandle<()> {
    let (peer, stop) = (Peer::connect(endpoint), Arc::clone(stop));
    thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            let _ = peer.0.send(&frame[..], zmq::DONTWAIT);
        }
    })
}

#[test]
fn a_flood_from_one_peer_does_not_starve_another() {
    within(LIMIT, || {
        for frame in [b"garbage".to_vec(), head(4, 1), head(5, 1), valid(1)] {
            let victim = Victim::start();
            victim.serves();
            let stop = Arc::new(AtomicBool::new(false));
            let flooders: Vec<_> = (0..2)
                .map(|_| flood(&victim.endpoint, frame.clone(), &stop))
                .collect();
            let mut worst = Duration::ZERO;
            let mut refused = 0;
            let end = Instant::now() + Duration::from_secs(1);
            while Instant::now() < end {
                let start = Instant::now();
                match victim.client.add(2, 3) {
                    Ok(sum) => assert_eq!(sum, 5),
                    // That is no silence.
                    Err(Error::Overloaded { .. }) => refused += 1,
                    Err(error) => panic!("beside a flood of {frame:x?}: {error}"),
                }
                worst = worst.max(start.elapsed());
            }
            let start = Instant::now();
            let ended = victim.server.shutdown(Duration::from_millis(500));
            let took = start.elapsed();
            stop.store(true, Ordering::Relaxed);
            for flooder in flooders {
                flooder.join().unwrap();
            }
            println!("{frame:x?}: worst {worst:?}, refused {refused}, shutdown {took:?} {ended:?}");
            assert!(worst < Duration::from_secs(2), "{frame:x?}: {worst:?}");
            assert!(
                took < Duration::from_secs(1),
                "{frame:x?}: shutdown took {took:?}"
            );
        }
    });
}

/// A DEALER made by hand, in ZMTP 3.0 without security: it sends faster than any socket, and what none would.
fn greeted(endpoint: &str) -> TcpStream {
    let mut stream = TcpStream::connect(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
    let mut greeting = [&[0xFF][..], &[0; 8], &[0x7F, 3, 0], b"NULL"].concat();
    greeting.resize(64, 0);
    stream.write_all(&greeting).unwrap();
    let property = [&[11][..], b"Socket-Type", &[0, 0, 0, 6], b"DEALER"].concat();
    let ready = [&[5][..], b"READY", &property].concat();
    let head = [4, u8::try_from(ready.len()).unwrap()];
    stream.write_all(&[&head[..], &ready].concat()).unwrap();
    // Whoever sends messages before the other side is ready, too, is cut off.
    let mut theirs = [0; 66];
    stream.read_exact(&mut theirs).unwrap();
    stream.read_exact(&mut vec![0; theirs[65].into()]).unwrap();
    stream
}

/// Sends `bytes` again and again until the connection ends.
fn pour(endpoint: &str, bytes: &[u8]) -> thread::JoinHandle<()> {
    let mut stream = greeted(endpoint);
    let bytes = bytes.repeat((1 << 16) / bytes.len() + 1);
    thread::spawn(move || while stream.write_all(&bytes).is_ok() {})
}

#[test]
fn a_flood_of_absurd_routes_does_not_starve_others() {
    within(LIMIT, || {
        let victim = Victim::start();
        victim.serves();
        // Seventeen empty frames with more to come, and the last.
        let message = [&[1, 0].repeat(17)[..], &[0, 0]].concat();
        let pourers = [0; 4].map(|_| pour(&victim.endpoint, &message));
        while victim.server.stats().malformed < 1_000 {
            thread::yield_now();
        }
        let mut worst = Duration::ZERO;
        let end = Instant::now() + Duration::from_secs(1);
        while Instant::now() < end {
            let start = Instant::now();
            assert_eq!(victim.client.add(2, 3), Ok(5));
            assert_eq!(victim.client.slow_add(2, 3), Ok(5));
            worst = worst.max(start.elapsed());
        }
        let start = Instant::now();
        let ended = victim.server.shutdown(Duration::from_millis(500));
        let took = start.elapsed();
        for pourer in pourers {
            pourer.join().unwrap();
        }
        println!("worst {worst:?}, shutdown {took:?} {ended:?}");
        assert!(worst < Duration::from_secs(2), "{worst:?}");
        assert!(took < Duration::from_secs(2), "shutdown took {took:?}");
    });
}

#[test]
fn a_caller_that_never_reads_does_not_hold_up_others() {
    within(LIMIT, || {
        let victim = Victim::start();
        let deaf = Peer::deaf(&victim.endpoint);
        let bytes = key("Probe.bytes", "u64,->bytes", 1);
        for id in 1..900 {
            deaf.send(call_by_key(id, bytes, 0, &varint(60_000)));
        }
        victim.serves();
        drop(deaf);
        victim.serves();
    });
}
