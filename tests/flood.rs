//! Many wrong passwords. In a process of their own: one thread decides over all logins of a process, and other tests would
//! wait for it.

mod support;

#[allow(dead_code, reason = "shared with the other tests of logins")]
#[path = "guarded/vault.rs"]
mod vault;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::Credentials;
use zmqrpc::auth::{Passwords, hash_password};

use crate::support::within;
use crate::vault::{Scratch, client, guarded};

/// A greeting of ZMTP 3.1 and a HELLO of PLAIN.
fn attempt(address: &str, user: &str, password: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut greeting = vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1];
    greeting.extend(b"PLAIN");
    greeting.resize(64, 0);
    stream.write_all(&greeting)?;
    let mut hello = b"\x05HELLO".to_vec();
    for text in [user, password] {
        hello.push(u8::try_from(text.len()).unwrap());
        hello.extend(text.as_bytes());
    }
    stream.write_all(&[4, u8::try_from(hello.len()).unwrap()])?;
    stream.write_all(&hello)?;
    // Not waiting for the verdict: it must not slow the flood down.
    stream.set_nonblocking(true)?;
    let _ = stream.read(&mut [0; 64]);
    Ok(())
}

fn flood(user: &'static str, newcomer_within: Duration) {
    let file = Scratch::new(&format!("flood-{user}"));
    let hash = hash_password("secret").unwrap();
    file.write(&format!(
        "ada:{hash}\nbob:{}\n",
        hash_password("hidden").unwrap()
    ));
    let (server, safe) = guarded(Passwords::file(&file.0).unwrap());
    let regular = client(&server, |builder| {
        builder.credentials(Credentials::plain("ada", "secret"))
    });
    assert!(regular.whoami().is_ok());
    let address = server.endpoints()[0]
        .trim_start_matches("tcp://")
        .to_owned();
    let (over, tries) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    let number = tries.fetch_add(1, Ordering::SeqCst);
                    let _ = attempt(&address, user, &format!("wrong {number}"));
                }
            });
        }
        while server.stats().logins_rejected < 1000 {
            thread::yield_now();
        }
        // Who has been here before is let in at once, on a new connection too.
        let begin = Instant::now();
        let again = client(&server, |builder| {
            builder.credentials(Credentials::plain("ada", "secret"))
        });
        let came = again.whoami();
        let first = begin.elapsed();
        let begin = Instant::now();
        let newcomer = client(&server, |builder| {
            builder.credentials(Credentials::plain("bob", "hidden"))
        });
        let mut known = newcomer.whoami();
        while known.is_err() && begin.elapsed() < newcomer_within {
            known = newcomer.whoami();
        }
        let second = begin.elapsed();
        let met = regular.whoami();
        over.store(true, Ordering::SeqCst);
        println!(
            "{user}: {tries:?} tries; one who is known came in within {first:?}, a new one within {second:?}"
        );
        assert!(
            came.is_ok() && first < Duration::from_secs(5),
            "{came:?}, {first:?}"
        );
        assert!(known.is_ok(), "{known:?}, {second:?}");
        assert!(met.is_ok(), "{met:?}");
    });
    assert!(safe.visits() >= 4);
}

#[test]
fn a_flood_of_wrong_passwords_for_a_known_user_locks_nobody_out() {
    within(Duration::from_secs(60), || {
        flood("ada", Duration::from_secs(10));
    });
}

#[test]
fn a_flood_of_unknown_users_locks_nobody_out() {
    within(Duration::from_secs(60), || {
        flood("eve", Duration::from_secs(10));
    });
}
