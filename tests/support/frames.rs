//! Frames built by hand from `PROTOCOL.md`, without any code of the library.

/// The 11 bytes that every frame begins with.
pub(crate) fn head(kind: u8, id: u64) -> Vec<u8> {
    let mut frame = vec![0xC1, 1, kind];
    frame.extend(id.to_le_bytes());
    frame
}

pub(crate) fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = number.to_le_bytes()[0] & 0x7F;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    [varint(text.len() as u64), text.as_bytes().to_vec()].concat()
}

/// A method key, worked out of the canonical text of the shapes as section 9 says.
pub(crate) fn key(name: &str, shapes: &str, version: u32) -> u64 {
    let hash32 = |bytes: &[u8]| {
        let hash = bytes.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
        });
        (hash >> 32) ^ (hash & 0xFFFF_FFFF)
    };
    let shapes = [shapes.as_bytes(), &[0], &version.to_le_bytes()].concat();
    hash32(name.as_bytes()) << 32 | hash32(&shapes)
}

pub(crate) fn call_by_key(id: u64, key: u64, remaining: u64, postcard: &[u8]) -> Vec<u8> {
    let mut frame = head(0x01, id);
    frame.extend([0, 0]);
    frame.extend(key.to_le_bytes());
    frame.extend(varint(remaining));
    frame.push(0);
    frame.extend(postcard);
    frame
}

pub(crate) fn call_by_name(id: u64, name: &str, remaining: u64, message_pack: &[u8]) -> Vec<u8> {
    call_in_codec(2, id, name, remaining, message_pack)
}

pub(crate) fn call_in_json(id: u64, name: &str, remaining: u64, json: &str) -> Vec<u8> {
    call_in_codec(1, id, name, remaining, json.as_bytes())
}

fn call_in_codec(codec: u8, id: u64, name: &str, remaining: u64, body: &[u8]) -> Vec<u8> {
    let mut frame = head(0x01, id);
    frame.extend([codec, 1]);
    frame.extend(text(name));
    frame.extend(varint(remaining));
    frame.push(0);
    frame.extend(body);
    frame
}

/// A reply with a value under `status` 0 or 1.
pub(crate) fn reply(id: u64, status: u8, codec: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = head(0x81, id);
    frame.extend([status, codec, 0]);
    frame.extend(body);
    frame
}

pub(crate) fn failure(id: u64, status: u8, executed: u8, detail: &str) -> Vec<u8> {
    let mut frame = head(0x81, id);
    frame.extend([status, 0, 0, executed]);
    frame.extend(detail.as_bytes());
    frame
}

pub(crate) fn pong(id: u64) -> Vec<u8> {
    head(0x85, id)
}

/// A request by key and without metadata, as a client sent it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) kind: u8,
    pub(crate) id: u64,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn read(frame: &[u8]) -> Self {
        let id = u64::from_le_bytes(frame[3..11].try_into().unwrap());
        let body = if frame[2] == 0x01 || frame[2] == 0x02 {
            assert_eq!(frame[11..13], [0, 0], "postcard, by key");
            let remaining = frame[21..].iter().position(|byte| *byte < 0x80).unwrap() + 1;
            assert_eq!(frame[21 + remaining], 0, "no metadata");
            frame[22 + remaining..].to_vec()
        } else {
            Vec::new()
        };
        Self {
            kind: frame[2],
            id,
            body,
        }
    }
}

/// A command by key and without metadata, as a publisher sent it; or a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) sequence: u64,
    pub(crate) publisher: u64,
    /// None for a heartbeat.
    pub(crate) body: Option<Vec<u8>>,
}

impl Event {
    pub(crate) fn read(frame: &[u8]) -> Self {
        let number = |at: usize| u64::from_le_bytes(frame[at..at + 8].try_into().unwrap());
        assert_eq!(frame[..3], [0xC1, 1, 3], "an event");
        let body = if frame[19] == 0 {
            assert_eq!(frame.len(), 20, "a heartbeat and nothing more");
            None
        } else {
            assert_eq!(frame[19..22], [1, 0, 0], "a command, postcard, by key");
            assert_eq!(frame[30..32], [0, 0], "no deadline, no metadata");
            Some(frame[32..].to_vec())
        };
        Self {
            sequence: number(3),
            publisher: number(11),
            body,
        }
    }

    /// The body of one unsigned argument.
    pub(crate) fn number(&self) -> u64 {
        let body = self.body.as_ref().expect("a command");
        let bits = body.iter().enumerate();
        bits.fold(0, |number, (at, byte)| {
            number | u64::from(byte & 0x7F) << (7 * at)
        })
    }
}
