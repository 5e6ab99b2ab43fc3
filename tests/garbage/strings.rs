//! What strangers send.

use crate::recording::{GREETING, Recording};
use crate::support::Random;

/// Bytes of one connection.
pub(crate) struct Text {
    pub(crate) first: Vec<u8>,
    /// What is sent when the other side has said who it is; nothing if that is not waited for.
    pub(crate) then: Vec<u8>,
}

impl Text {
    /// Any string for a port.
    pub(crate) fn draw(port: &Recording, random: &mut Random) -> Self {
        let hello = &port.hello;
        match random.below(14) {
            0 => at_once(random_bytes(random, 300)),
            1 => at_once([&hello[..GREETING], &random_bytes(random, 300)].concat()),
            2 => after(hello, random_bytes(random, 300)),
            3 => cut(port, random),
            4 => harmed(port, random),
            5 => changed(port, random),
            6 => at_once(zmtp_1(port, random)),
            7 => at_once(zmtp_2(port, random)),
            8 => at_once(http(random)),
            9 => at_once(tls(random)),
            10 => {
                // 2^40 and its like, as a message or as a command.
                let flags = [2, 3, 6][random.below(3)];
                let length = 1_u64 << (24 + random.below(40));
                after(hello, long(flags, length, random))
            }
            11 => {
                // Allowed, and never sent.
                let length = 1 + random.number() % (32 << 20);
                after(hello, long(2, length, random))
            }
            // A message without an end.
            12 => after(hello, [1, 3, 7, 7, 7].repeat(1 + random.below(100))),
            _ => after(hello, command(random)),
        }
    }
}

fn at_once(first: Vec<u8>) -> Text {
    let then = Vec::new();
    Text { first, then }
}

fn after(hello: &[u8], then: Vec<u8>) -> Text {
    let first = hello.to_vec();
    Text { first, then }
}

fn random_bytes(random: &mut Random, below: usize) -> Vec<u8> {
    let len = random.below(below);
    random.bytes(len)
}

/// A recording without its end.
fn cut(port: &Recording, random: &mut Random) -> Text {
    let len = random.below(port.hello.len() + port.harmed.len());
    match len.checked_sub(port.hello.len()) {
        None => at_once(port.hello[..len].to_vec()),
        Some(len) => after(&port.hello, port.harmed[..len].to_vec()),
    }
}

/// A recording with changes where they matter.
fn harmed(port: &Recording, random: &mut Random) -> Text {
    if port.vital.is_empty() {
        return changed(port, random);
    }
    let mut then = port.harmed.clone();
    // One bit each: a reader may take two changes of one byte for something else that is right.
    let mut left = port.vital.clone();
    for _ in 0..=random.below(4) {
        let at = left.swap_remove(random.below(left.len()));
        then[at] ^= 1 << random.below(8);
    }
    after(&port.hello, then)
}

/// A recording with changes anywhere.
fn changed(port: &Recording, random: &mut Random) -> Text {
    let mut text = after(&port.hello, port.harmless.clone());
    let total = text.first.len() + text.then.len();
    let mut in_hello = text.then.is_empty();
    for _ in 0..=random.below(8) {
        let at = random.below(total);
        let bit = 1 << random.below(8);
        match at.checked_sub(text.first.len()) {
            None => {
                text.first[at] ^= bit;
                in_hello = true;
            }
            Some(at) => text.then[at] ^= bit,
        }
    }
    if in_hello {
        // Who is greeted like that may never answer.
        let rest = std::mem::take(&mut text.then);
        text.first.extend(rest);
    }
    text
}

/// Without a greeting: an anonymous peer, and a message.
fn zmtp_1(port: &Recording, random: &mut Random) -> Vec<u8> {
    let frame = port.frame();
    let mut bytes = vec![1, 0];
    if random.below(4) == 0 {
        // A length of eight bytes.
        bytes.push(0xFF);
        bytes.extend((1_u64 << 40).to_be_bytes());
        bytes.push(0);
        return bytes;
    }
    for part in [&b""[..], frame] {
        bytes.push(u8::try_from(part.len() + 1).unwrap());
        bytes.push(u8::from(part.is_empty()));
        bytes.extend(part);
    }
    bytes
}

/// An older greeting: signature, revision, kind of socket, an identity, and a message.
fn zmtp_2(port: &Recording, random: &mut Random) -> Vec<u8> {
    let kind = u8::try_from(random.below(12)).unwrap();
    let mut bytes = [&[0xFF][..], &[0; 7], &[1, 0x7F, 1, kind, 0, 0]].concat();
    let frame = port.frame();
    bytes.extend([0, u8::try_from(frame.len()).unwrap()]);
    bytes.extend(frame);
    bytes
}

fn http(random: &mut Random) -> Vec<u8> {
    let verb = ["GET", "POST", "OPTIONS", "PRI"][random.below(4)];
    let path = "/a".repeat(random.below(500));
    let version = ["HTTP/1.1", "HTTP/2.0"][random.below(2)];
    format!("{verb} /{path} {version}\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n")
        .into_bytes()
}

/// The beginning of a `ClientHello`.
fn tls(random: &mut Random) -> Vec<u8> {
    let rest = random.bytes(250);
    let front = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3];
    [&front[..], &rest].concat()
}

/// A long frame, or its beginning.
fn long(flags: u8, length: u64, random: &mut Random) -> Vec<u8> {
    let rest = random_bytes(random, 3_000);
    [&[flags][..], &length.to_be_bytes(), &rest].concat()
}

/// What sockets say to each other beside messages, well or badly made.
fn command(random: &mut Random) -> Vec<u8> {
    let names = [
        "PING",
        "PONG",
        "READY",
        "ERROR",
        "SUBSCRIBE",
        "CANCEL",
        "HELLO",
        "JOIN",
        "",
    ];
    let name = names[random.below(names.len())];
    let mut bytes = Vec::new();
    for _ in 0..=random.below(5) {
        let rest = random_bytes(random, 100);
        let len = [name.len(), random.below(256)][random.below(2)];
        let len = u8::try_from(len).unwrap();
        let body = [&[len][..], name.as_bytes(), &rest].concat();
        bytes.extend([4, u8::try_from(body.len()).unwrap()]);
        bytes.extend(body);
    }
    bytes
}
