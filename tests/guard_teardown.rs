//! Guarded servers that end while peers log in, and take the process's context along. In a process of its own: what goes
//! wrong here takes every socket of the process along.

mod support;

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use support::{ProbeClient, anywhere, serve, within};
use zmqrpc::auth::{Passwords, hash_password};
use zmqrpc::{Client, Credentials, ServerHandle};

fn client(server: &ServerHandle, password: &str) -> ProbeClient {
    let builder = Client::builder().connect(&server.endpoints()[0]);
    ProbeClient::new(
        builder
            .credentials(Credentials::plain("ada", password))
            .build()
            .unwrap(),
    )
}

/// Asks to be let in, and goes before there is an answer.
fn visit(server: &ServerHandle) {
    let endpoint = server.endpoints().remove(0);
    let Ok(mut stream) = TcpStream::connect(endpoint.trim_start_matches("tcp://")) else {
        return;
    };
    let mut greeting = vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1];
    greeting.extend(b"PLAIN");
    greeting.resize(64, 0);
    greeting.extend(b"\x04\x10\x05HELLO\x03ada\x05wrong");
    let _ = stream.write_all(&greeting);
}

#[test]
fn servers_that_end_while_peers_log_in_end_cleanly_and_others_start() {
    within(Duration::from_secs(60), || {
        let hash = hash_password("secret").unwrap();
        // One at a time, so that each ends the context; then several that share it.
        for (workers, rounds) in [(1, 40), (3, 40)] {
            thread::scope(|scope| {
                for _ in 0..workers {
                    scope.spawn(|| {
                        for round in 0..rounds {
                            // Nothing is known of the password yet: each server has to work it out.
                            let passwords = Passwords::new().hashed("ada", &hash).unwrap();
                            let (server, _gate) =
                                serve(|builder| anywhere(builder).authenticate(passwords));
                            let wrong = client(&server, "wrong");
                            let hasty = wrong.with_timeout(Duration::from_millis(1));
                            assert!(hasty.add(2, 3).is_err());
                            (0..3).for_each(|_| visit(&server));
                            if round % 2 == 0 {
                                let right = client(&server, "secret");
                                assert_eq!(right.add(2, 3), Ok(5), "in round {round}");
                            }
                        }
                    });
                }
            });
        }
    });
}
