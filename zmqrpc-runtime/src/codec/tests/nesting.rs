//! Messages that nest: as deep as allowed, and deeper.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::{Codec, DEEPEST_STACK, Error, describe};
use super::hostile::{Known, Link, Loose, Node, Tree};

fn assert_too_deep<T: for<'de> Deserialize<'de>>(codec: Codec, bytes: &[u8]) {
    let error = codec.decode::<T>(bytes).map(drop).unwrap_err();
    assert_eq!(error, Error::TooDeep { limit: 128 }, "{}", codec.name());
}

/// Without the limit each of these overflows the stack, which aborts the process.
#[test]
fn endless_nesting_is_refused() {
    const MIB: usize = 1024 * 1024;
    let postcard = Codec::Postcard;
    assert_too_deep::<Node>(postcard, &[7, 1].repeat(MIB / 2));
    assert_too_deep::<Link>(postcard, &vec![1; MIB]);
    assert_too_deep::<Tree>(postcard, &vec![1; MIB]);
    assert_too_deep::<Tree>(postcard, &[2, 1].repeat(MIB / 2));
    assert_too_deep::<Tree>(postcard, &[3, 1, 0].repeat(MIB / 3));

    let msgpack = Codec::MessagePack;
    assert_too_deep::<Node>(msgpack, &b"\x92\x07\x91".repeat(MIB / 3));
    assert_too_deep::<Tree>(msgpack, &b"\x81\xA6Branch".repeat(MIB / 8));
    assert_too_deep::<Tree>(msgpack, &b"\x81\xA4List\x91".repeat(MIB / 7));
    assert_too_deep::<Loose>(msgpack, &vec![0x91; MIB]);
    assert_too_deep::<IgnoredAny>(msgpack, &vec![0x91; MIB]);
    assert_too_deep::<Known>(msgpack, &[&b"\x81\xA1?"[..], &vec![0x91; MIB]].concat());
    assert_eq!(describe(msgpack, &vec![0x81; MIB]), None);

    let json = Codec::Json;
    assert_too_deep::<Node>(json, &br#"{"id":7,"children":["#.repeat(MIB / 20));
    assert_too_deep::<Tree>(json, &br#"{"Branch":"#.repeat(MIB / 10));
    assert_too_deep::<Tree>(json, &br#"{"List":["#.repeat(MIB / 9));
    assert_too_deep::<Loose>(json, &vec![b'['; MIB]);
}

/// A type whose recursion ends in code of its own, and which contains no list and no option that a codec could count.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only decoded")]
struct Chain {
    #[serde(default, deserialize_with = "some_chain")]
    n: Option<Box<Chain>>,
}

fn some_chain<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<Chain>>, D::Error> {
    Ok(Some(Box::new(Chain::deserialize(deserializer)?)))
}

#[test]
fn structs_nest_no_deeper_than_allowed_either() {
    let too_deep = Error::TooDeep { limit: 256 };
    for (codec, body) in [
        (Codec::Postcard, Vec::new()),
        (Codec::Json, br#"{"n":"#.repeat(100_000)),
        (Codec::MessagePack, b"\x81\xA1n".repeat(100_000)),
    ] {
        let error = codec.decode::<Chain>(&body).unwrap_err();
        assert_eq!(error, too_deep, "{}", codec.name());
    }
    let deep = [&br#"{"n":"#.repeat(200)[..], b"{}", &b"}".repeat(200)].concat();
    assert!(Codec::Json.decode::<Chain>(&deep).is_ok());
}

/// A value of 1 KiB, in two structs for each option: as many levels of both as allowed.
#[derive(Deserialize)]
#[expect(dead_code, reason = "only decoded")]
struct Outer {
    inner: Inner,
    room: Room,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only decoded")]
struct Inner {
    next: Option<Box<Outer>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Room {
    #[serde(skip)]
    bytes: [[u64; 16]; 8],
}

/// An overflow aborts the process.
#[test]
fn the_deepest_value_fits_a_thread_of_a_server() {
    let json = [
        &br#"{"room":{},"inner":{"next":"#.repeat(127)[..],
        br#"{"room":{},"inner":{"next":null}}"#,
        &b"}}".repeat(127),
    ]
    .concat();
    let msgpack = [
        &b"\x82\xA4room\x80\xA5inner\x81\xA4next".repeat(127)[..],
        b"\x82\xA4room\x80\xA5inner\x81\xA4next\xC0",
    ]
    .concat();
    let mut postcard = vec![1; 127];
    postcard.push(0);
    for (codec, body) in [
        (Codec::Postcard, postcard),
        (Codec::Json, json),
        (Codec::MessagePack, msgpack),
    ] {
        let decode = move || codec.decode::<Outer>(&body).map(drop);
        let thread = std::thread::Builder::new().stack_size(DEEPEST_STACK);
        let decoded = thread.spawn(decode).unwrap().join().unwrap();
        assert_eq!(decoded, Ok(()), "{}", codec.name());
    }
}

/// rmp-serde does not consume the byte until the innermost type, which never comes.
#[test]
fn one_byte_does_not_nest_for_ever() {
    assert_too_deep::<Link>(Codec::MessagePack, &[1]);
    assert_too_deep::<Link>(Codec::Json, b"1");
}

#[test]
fn as_many_levels_as_allowed_are_decoded() {
    let mut bytes = vec![1; 128];
    bytes.push(0);
    let mut link = Codec::Postcard.decode::<Link>(&bytes).unwrap();
    let mut levels = 0;
    while let Link(Some(next)) = link {
        link = *next;
        levels += 1;
    }
    assert_eq!(levels, 128);
    bytes.insert(0, 1);
    assert_too_deep::<Link>(Codec::Postcard, &bytes);
}
