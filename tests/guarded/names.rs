//! A peer's own word on who it is.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::{call_by_name, within};
use crate::vault::open;

/// Greets, says in its READY that it is the user `root`, and calls.
fn impostor(address: &str, frame: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let mut greeting = vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1];
    greeting.extend(b"NULL");
    greeting.resize(64, 0);
    stream.write_all(&greeting).unwrap();
    let mut ready = b"\x05READY".to_vec();
    for (name, value) in [
        ("Socket-Type", "DEALER"),
        ("User-Id", "root"),
        ("X-Mechanism", "CURVE"),
    ] {
        ready.push(u8::try_from(name.len()).unwrap());
        ready.extend(name.as_bytes());
        ready.extend(u32::try_from(value.len()).unwrap().to_be_bytes());
        ready.extend(value.as_bytes());
    }
    stream
        .write_all(&[4, u8::try_from(ready.len()).unwrap()])
        .unwrap();
    stream.write_all(&ready).unwrap();
    // Before the server's own it would be taken for a part of the handshake.
    let mut said = Vec::new();
    read_until(&mut stream, &mut said, b"READY");
    stream
        .write_all(&[0, u8::try_from(frame.len()).unwrap()])
        .unwrap();
    stream.write_all(frame).unwrap();
    read_until(&mut stream, &mut said, b"127.0.0.1");
    said
}

fn read_until(stream: &mut TcpStream, said: &mut Vec<u8>, what: &[u8]) {
    let mut chunk = [0; 512];
    while !said.windows(what.len()).any(|seen| seen == what) {
        match stream.read(&mut chunk) {
            Ok(count) if count > 0 => said.extend(&chunk[..count]),
            end => panic!("{end:?} before {what:x?}: {said:x?}"),
        }
    }
}

#[test]
fn who_names_himself_root_at_an_open_server_is_nobody() {
    within(Duration::from_secs(20), || {
        let (server, safe) = open();
        let address = server.endpoints()[0]
            .trim_start_matches("tcp://")
            .to_owned();
        let reply = impostor(&address, &call_by_name(7, "Vault.whoami", 0, &[0x90]));
        assert!(!reply.windows(4).any(|seen| seen == b"root"), "{reply:x?}");
        assert_eq!(safe.visits(), 1);
    });
}
