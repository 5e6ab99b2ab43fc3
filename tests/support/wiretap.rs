//! A wire that somebody listens on.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;

/// Passes one direction of a connection on until it ends, and keeps a copy.
pub(crate) fn listen(mut from: TcpStream, mut to: TcpStream, heard: &Mutex<Vec<u8>>) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        heard.lock().unwrap().extend(&bytes[..count]);
        if to.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
}
