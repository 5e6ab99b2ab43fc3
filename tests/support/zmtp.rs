//! The beginning of a connection, byte by byte: ZMTP 3.0.

use std::io::{Read, Write};
use std::net::TcpStream;

/// What a peer says first, before it says who it is.
pub(crate) fn greeting(mechanism: &[u8]) -> Vec<u8> {
    let mut greeting = vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 3, 0];
    greeting.extend(mechanism);
    greeting.resize(64, 0);
    greeting
}

/// Speaks as a socket of this kind, and of this name, until both sides know who the other one is.
pub(crate) fn greet(stream: &mut TcpStream, kind: &str, name: &[u8]) {
    let mut ready = b"\x05READY".to_vec();
    for (key, value) in [("Socket-Type", kind.as_bytes()), ("Identity", name)] {
        ready.push(u8::try_from(key.len()).unwrap());
        ready.extend(key.as_bytes());
        ready.extend(u32::try_from(value.len()).unwrap().to_be_bytes());
        ready.extend(value);
    }
    // A long command, as the name may be.
    let mut hello = greeting(b"NULL");
    hello.push(6);
    hello.extend((ready.len() as u64).to_be_bytes());
    hello.extend(ready);
    stream.write_all(&hello).unwrap();
    stream.read_exact(&mut [0; 64]).unwrap();
    let mut front = [0; 2];
    stream.read_exact(&mut front).unwrap();
    let mut answer = vec![0; front[1].into()];
    stream.read_exact(&mut answer).unwrap();
    assert!(answer.starts_with(b"\x05READY"), "{answer:?}");
}
