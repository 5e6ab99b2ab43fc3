//! Tests the code against the vectors under `tests/vectors`, which implementers of `PROTOCOL.md`
//! check by hand.

use std::{fs, path::Path, time::Duration};

use super::*;
use crate::dialect::*;
use crate::wire::*;

struct Vector {
    name: String,
    fields: Vec<(String, String)>,
}

impl Vector {
    /// Returns the blocks of one file, without comments.
    fn read(file: &str) -> Vec<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../tests/vectors")
            .join(file);
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut vectors = Vec::<Self>::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let line = line.split(" #").next().unwrap().trim();
            let Some((field, value)) = line.split_once(':') else {
                assert_eq!(line, "", "{file}: neither a field nor a comment");
                continue;
            };
            let value = value.trim().to_owned();
            if field == "vector" {
                vectors.push(Self {
                    name: value,
                    fields: Vec::new(),
                });
            } else {
                let vector = vectors.last_mut().expect("a vector begins with its name");
                vector.fields.push((field.to_owned(), value));
            }
        }
        assert!(!vectors.is_empty(), "{file} has no vectors");
        vectors
    }

    fn named(file: &str, name: &str) -> Self {
        let mut vectors = Self::read(file).into_iter();
        vectors
            .find(|vector| vector.name == name)
            .unwrap_or_else(|| panic!("no vector {name}"))
    }

    fn all(&self, field: &str) -> impl Iterator<Item = &str> {
        let fields = self.fields.iter().filter(move |(name, _)| name == field);
        fields.map(|(_, value)| value.as_str())
    }

    fn get(&self, field: &str) -> &str {
        self.all(field)
            .next()
            .unwrap_or_else(|| panic!("{}: no {field}", self.name))
    }

    fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(&self, field: &str) -> T {
        self.get(field)
            .parse()
            .unwrap_or_else(|e| panic!("{}: {field}: {e:?}", self.name))
    }

    fn number_or_none(&self, field: &str) -> Option<u64> {
        (self.get(field) != "none").then(|| self.number(field))
    }

    fn bytes(&self, field: &str) -> Vec<u8> {
        let digits = self.all(field).flat_map(str::split_whitespace);
        digits
            .map(|byte| u8::from_str_radix(byte, 16).unwrap())
            .collect()
    }

    fn key(digits: &str) -> MethodKey {
        MethodKey::from_bits(u64::from_str_radix(digits, 16).unwrap())
    }

    fn method(&self) -> MethodRef<'_> {
        match self.get("method").split_once(' ') {
            Some(("key", digits)) => MethodRef::Key(Self::key(digits)),
            Some(("name", name)) => MethodRef::Name(name),
            _ => panic!("{}: neither key nor name", self.name),
        }
    }

    fn remaining(&self) -> Option<Duration> {
        let milliseconds = self.get("remaining").strip_suffix(" ms")?;
        Some(Duration::from_millis(milliseconds.parse().unwrap()))
    }

    fn metadata(&self) -> MetadataBuf {
        let mut metadata = MetadataBuf::new();
        for (key, value) in self
            .all("metadata")
            .filter_map(|entry| entry.split_once('='))
        {
            metadata.push(key, value);
        }
        metadata
    }

    fn executed(&self) -> Executed {
        match self.get("executed") {
            "no" => Executed::No,
            "maybe" => Executed::Maybe,
            "yes" => Executed::Yes,
            other => panic!("{}: executed {other}", self.name),
        }
    }

    /// Returns whether an encoder writes exactly these bytes.
    fn is_written(&self) -> bool {
        self.all("only").next().is_none()
    }
}

#[test]
fn keys_are_as_the_vectors_say() {
    for vector in Vector::read("keys.txt") {
        let (service, method) = (vector.get("service"), vector.get("method"));
        let key = MethodKey::new(
            service,
            method,
            vector.get("text"),
            vector.number("version"),
        );
        assert_eq!(key, Vector::key(vector.get("key")), "{}", vector.name);
    }
}

#[test]
fn requests_are_as_the_vectors_say() {
    let limits = Limits::default();
    for vector in Vector::read("requests.txt") {
        let name = &vector.name;
        let (bytes, metadata, body) =
            (vector.bytes("hex"), vector.metadata(), vector.bytes("body"));
        let id = vector.number::<u64>("id");
        let (inbound, encoded) = match vector.get("kind") {
            "cancel" => (
                Inbound::Control(id.into(), CallControl::Cancel),
                encode_control(id, CallControl::Cancel).to_vec(),
            ),
            "ping" => (Inbound::Ping(id.into()), encode_ping(id).to_vec()),
            kind => {
                let request = Request {
                    kind: if kind == "call" {
                        RequestKind::Call
                    } else {
                        RequestKind::Notify
                    },
                    id: CallId::from(id),
                    codec: vector.number("codec"),
                    method: vector.method(),
                    remaining: vector.remaining(),
                    metadata: metadata.as_metadata(),
                    body: &body,
                };
                let mut encoded = Vec::new();
                encode_request(&request, &mut encoded, &limits).unwrap();
                (Inbound::Request(request), encoded)
            }
        };
        assert_eq!(decode_inbound(&bytes, &limits), Ok(inbound), "{name}");
        assert_eq!(
            encoded == bytes,
            vector.is_written(),
            "{name}: {encoded:x?}"
        );
    }
}

#[test]
fn events_are_as_the_vectors_say() {
    let limits = Limits::default();
    for vector in Vector::read("events.txt") {
        let name = &vector.name;
        let (bytes, metadata, body) =
            (vector.bytes("hex"), vector.metadata(), vector.bytes("body"));
        let sequence = vector.number("sequence");
        let content = match vector.get("content") {
            "heartbeat" => EventContent::Heartbeat,
            "command" => EventContent::Command(Request {
                kind: RequestKind::Notify,
                id: CallId::from(sequence),
                codec: vector.number("codec"),
                method: vector.method(),
                remaining: vector.remaining(),
                metadata: metadata.as_metadata(),
                body: &body,
            }),
            other => panic!("{name}: content {other}"),
        };
        let event = Event {
            sequence,
            publisher: u64::from_str_radix(vector.get("publisher"), 16).unwrap(),
            content,
        };
        assert_eq!(decode_event(&bytes, &limits).as_ref(), Ok(&event), "{name}");
        let mut encoded = Vec::new();
        encode_event(&event, &mut encoded, &limits).unwrap();
        assert_eq!(
            encoded == bytes,
            vector.is_written(),
            "{name}: {encoded:x?}"
        );
        let request = event_to_request(&bytes, RequestKind::Notify, sequence, &limits).unwrap();
        match event.content {
            EventContent::Heartbeat => assert_eq!(request, None, "{name}"),
            EventContent::Command(command) => assert_eq!(
                decode_inbound(&request.unwrap(), &limits),
                Ok(Inbound::Request(command)),
                "{name}"
            ),
        }
    }
}

#[test]
fn replies_are_as_the_vectors_say() {
    let limits = Limits::default();
    for vector in Vector::read("replies.txt") {
        let name = &vector.name;
        let (bytes, metadata, body) =
            (vector.bytes("hex"), vector.metadata(), vector.bytes("body"));
        let metadata = metadata.as_metadata();
        let message = match vector.get("kind") {
            "pong" => Outbound::Pong,
            "working" => Outbound::Working,
            "draining" => Outbound::Draining,
            "reply" => Outbound::Reply(match vector.number("status") {
                0 => Reply::Value {
                    codec: vector.number("codec"),
                    metadata,
                    body: &body,
                },
                1 => Reply::ServiceError {
                    codec: vector.number("codec"),
                    metadata,
                    body: &body,
                },
                code => Reply::Failure {
                    status: Status::from_code(code),
                    executed: vector.executed(),
                    metadata,
                    detail: vector.get("detail"),
                },
            }),
            other => panic!("{name}: kind {other}"),
        };
        let id = CallId::from(vector.number::<u64>("id"));
        let decoded = decode_outbound(&bytes, &limits);
        assert_eq!(decoded, Ok((id.clone(), message)), "{name}");
        let mut encoded = Vec::new();
        encode_outbound(&id, &message, &mut encoded);
        assert_eq!(
            encoded == bytes,
            vector.is_written(),
            "{name}: {encoded:x?}"
        );
    }
}

#[test]
fn workers_are_as_the_vectors_say() {
    let limits = Limits::default();
    for vector in Vector::read("workers.txt") {
        let name = &vector.name;
        let bytes = vector.bytes("hex");
        assert!(is_worker(&bytes) && is_from_server(&bytes), "{name}");
        assert_eq!(rejection_id(&bytes), None, "{name}");
        let decoded = decode_worker(&bytes, &limits);
        if let Some(error) = vector.all("error").next() {
            assert_eq!(decoded.unwrap_err().to_string(), error, "{name}");
            continue;
        }
        let services: Vec<(String, u32)> = vector
            .all("service")
            .map(|service| {
                let (service, version) = service.split_once(' ').unwrap();
                (service.to_owned(), version.parse().unwrap())
            })
            .collect();
        let offer = WorkerOfferBuf {
            name: vector.get("name").to_owned(),
            services: services.clone(),
        };
        assert_eq!(decoded, Ok(offer), "{name}");
        let services: Vec<_> = services.iter().map(|(s, v)| (s.as_str(), *v)).collect();
        let encoded = encode_worker(&WorkerOffer {
            name: vector.get("name"),
            services: &services,
        });
        assert_eq!(
            encoded == bytes,
            vector.is_written(),
            "{name}: {encoded:x?}"
        );
    }
}

#[test]
fn errors_are_as_the_vectors_say() {
    let limits = Limits::default();
    for vector in Vector::read("errors.txt") {
        let name = &vector.name;
        let bytes = vector.bytes("hex");
        let error = match vector.get("from") {
            "client" => {
                let error = decode_inbound(&bytes, &limits).unwrap_err();
                assert_eq!(
                    error.status().code(),
                    vector.number::<u8>("status"),
                    "{name}"
                );
                assert_eq!(
                    rejection_id(&bytes),
                    vector.number_or_none("answer"),
                    "{name}"
                );
                error
            }
            "server" => {
                let error = decode_outbound(&bytes, &limits).unwrap_err();
                assert_eq!(answered_id(&bytes), vector.number_or_none("call"), "{name}");
                error
            }
            "publisher" => {
                assert_eq!(rejection_id(&bytes), None, "{name}");
                decode_event(&bytes, &limits).unwrap_err()
            }
            other => panic!("{name}: from {other}"),
        };
        assert_eq!(error.to_string(), vector.get("error"), "{name}");
    }
}

#[test]
fn the_bodies_are_what_the_codecs_write() {
    let body = |file, name| Vector::named(file, name).bytes("body");
    let put = ("key", &[0x00_u8, 0x80, 0xFF][..]);
    assert_eq!(
        body("requests.txt", "add_by_key"),
        postcard::to_allocvec(&(2_i64, 3_i64)).unwrap()
    );
    assert_eq!(
        body("requests.txt", "put_by_key"),
        postcard::to_allocvec(&put).unwrap()
    );
    assert_eq!(
        body("replies.txt", "sum"),
        postcard::to_allocvec(&5_i64).unwrap()
    );
}

#[cfg(feature = "json")]
#[test]
fn the_bodies_in_json_are_what_the_codec_writes() {
    use crate::codec::{Bytes, Codec};
    let body = |file, name| Vector::named(file, name).bytes("body");
    let written = |value: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        value(&mut out);
        out
    };
    let add = written(&|out| Codec::Json.encode(&(2_i64, 3_i64), out, 100).unwrap());
    assert_eq!(body("requests.txt", "add_in_json"), add);
    let bytes = ("key", Bytes::new(&[0x00, 0x80, 0xFF]));
    let put = written(&|out| Codec::Json.encode(&bytes, out, 100).unwrap());
    assert_eq!(body("requests.txt", "put_in_json"), put);
    let sum = written(&|out| Codec::Json.encode(&5_i64, out, 100).unwrap());
    assert_eq!(body("replies.txt", "sum_in_json"), sum);
    let named = body("requests.txt", "add_by_the_names_of_arguments");
    let named = Codec::Json.decode_arguments::<(i64, i64)>(&named, &["a", "b"]);
    assert_eq!(named, Ok((2, 3)));
}

#[cfg(feature = "msgpack")]
#[test]
fn the_bodies_in_messagepack_are_what_the_codec_writes() {
    let body = |file, name| Vector::named(file, name).bytes("body");
    assert_eq!(
        body("requests.txt", "add_by_name"),
        rmp_serde::to_vec(&(2_i64, 3_i64)).unwrap()
    );
    assert_eq!(
        body("replies.txt", "sum_in_messagepack"),
        rmp_serde::to_vec(&5_i64).unwrap()
    );
}
