//! Generic types, containers, and what the standard library has.

#![expect(dead_code, reason = "their shapes are of interest, and nothing else")]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::{NonZeroI8, NonZeroU32, Wrapping};
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::Deserialize;

use super::{RootType, ShapeFinder, traced};
use crate::codec::{Bytes, Owned, Str};

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next: Option<T>,
}

#[derive(Deserialize)]
struct Generics {
    a: Page<u8>,
    b: Page<String>,
    c: Page<Page<u8>>,
}

mod v1 {
    #[derive(serde::Deserialize)]
    pub(super) struct Item {
        a: u8,
    }
}

mod v2 {
    #[derive(serde::Deserialize)]
    pub(super) struct Item {
        b: String,
    }
}

#[derive(Deserialize)]
struct Both {
    old: v1::Item,
    new: v2::Item,
}

#[derive(Deserialize)]
struct Containers {
    map: HashMap<String, i32>,
    nested: BTreeMap<u64, Vec<(u8, String)>>,
    set: BTreeSet<char>,
    tuple: (u8, i8, f32),
    array: [u16; 3],
    empty: [u8; 0],
    #[expect(clippy::option_option, reason = "it is what is traced")]
    twice: Option<Option<u8>>,
    unit: (),
    cow: Cow<'static, str>,
    boxed: Box<[u8]>,
    text: Box<str>,
    deque: VecDeque<bool>,
    result: Result<u8, String>,
    range: Range<u32>,
    size: usize,
    wide: (i128, u128),
    float: f64,
}

#[derive(Deserialize)]
struct Meters(f64);

#[derive(Deserialize)]
struct Pair(u8, String);

#[derive(Deserialize)]
struct Marker;

#[derive(Deserialize)]
#[serde(transparent)]
struct Through {
    inner: u64,
}

#[derive(Deserialize)]
struct Newtypes {
    newtype: Meters,
    pair: Pair,
    marker: Marker,
    through: Through,
    wrapping: Wrapping<u8>,
    non_zero: (NonZeroU32, NonZeroI8),
}

#[derive(Deserialize)]
struct Standard {
    duration: Duration,
    time: SystemTime,
    path: PathBuf,
    ip: IpAddr,
    socket: SocketAddr,
}

/// Two types of one name and of one path, as two versions of a crate are.
#[test]
fn two_types_of_one_name_are_told_apart() {
    #[derive(Deserialize)]
    struct Outer<A, B>(A, B);
    let first = {
        #[derive(Deserialize)]
        struct Twin {
            a: u8,
        }
        RootType::of::<Twin>()
    };
    let second = {
        #[derive(Deserialize)]
        struct Twin {
            b: u8,
        }
        RootType::of::<Twin>()
    };
    let mut finder = ShapeFinder::new();
    let shapes = (finder.find(first), finder.find(second));
    assert_ne!(shapes.0, shapes.1);
    assert_eq!(finder.into_types().len(), 2);

    assert_eq!(
        traced::<Both>(),
        [
            "Both",
            "Both = { old: v1::Item, new: v2::Item }",
            "v1::Item = { a: u8 }",
            "v2::Item = { b: string }",
        ]
    );
}

#[test]
fn each_instance_of_a_generic_type_is_one_of_its_own() {
    assert_eq!(
        traced::<Generics>(),
        [
            "Generics",
            "Generics = { a: Page<u8>, b: Page<String>, c: Page<Page<u8>> }",
            "Page<Page<u8>> = { items: [Page<u8>], next?: Page<u8>? }",
            "Page<String> = { items: [string], next?: string? }",
            "Page<u8> = { items: [u8], next?: u8? }",
        ]
    );
}

#[test]
fn containers_are_what_they_hold() {
    assert_eq!(
        traced::<Containers>(),
        [
            "Containers",
            "Containers = { map: {string: i32}, nested: {u64: [(u8, string)]}, set: [char], \
             tuple: (u8, i8, f32), array: [u16; 3], empty: [unknown; 0], twice?: u8??, unit: unit, \
             cow: string, boxed: [u8], text: string, deque: [bool], result: Result<u8, String>, \
             range: Range<u32>, size: u64, wide: (i128, u128), float: f64 }",
            "Range<u32> = closed { start: u32, end: u32 }",
            "Result<u8, String> = Ok(u8) | Err(string)",
        ]
    );
}

#[test]
fn what_wraps_a_value_has_a_name_and_the_same_bytes() {
    assert_eq!(
        traced::<Newtypes>(),
        [
            "Newtypes",
            "Marker = unit struct",
            "Meters = f64",
            "Newtypes = { newtype: Meters, pair: Pair, marker: Marker, through: Through, \
             wrapping: Wrapping<u8>, non_zero: (NonZero<u32>, NonZero<i8>) }",
            "NonZero<i8> = i8",
            "NonZero<u32> = u32",
            "Pair = (u8, string)",
            "Through = u64",
            "Wrapping<u8> = u8",
        ]
    );
}

#[test]
fn types_that_are_others_in_json_are_described_twice() {
    assert_eq!(
        traced::<Standard>(),
        [
            "Standard",
            "Duration = closed { secs: u64, nanos: u32 }",
            "IpAddr = V4([u8; 4]) | V6([u8; 16]); in JSON string; such as 127.0.0.1",
            "PathBuf = string",
            "SocketAddr = V4(([u8; 4], u16)) | V6(([u8; 16], u16)); in JSON string; \
             such as 127.0.0.1:80",
            "Standard = { duration: Duration, time: SystemTime, path: PathBuf, ip: IpAddr, \
             socket: SocketAddr }",
            "SystemTime = closed { secs_since_epoch: u64, nanos_since_epoch: u32 }",
        ]
    );
}

/// They have no name in postcard, and one in JSON.
#[test]
fn a_type_that_has_a_name_in_json_alone_is_one_type() {
    let address = "Ipv6Addr = [u8; 16]; in JSON string; such as ::1";
    assert_eq!(traced::<Ipv6Addr>(), ["Ipv6Addr", address]);
    assert_eq!(traced::<Vec<Ipv6Addr>>(), ["[Ipv6Addr]", address]);
    assert_eq!(
        traced::<Option<(Ipv6Addr, u8)>>(),
        ["(Ipv6Addr, u8)?", address]
    );
}

#[test]
fn bytes_and_text_of_arguments_are_just_that() {
    let mut finder = ShapeFinder::new();
    let mut find = |root| finder.find(root).to_string();
    assert_eq!(find(RootType::of::<Bytes<'_>>()), "bytes");
    assert_eq!(find(RootType::of::<Option<Bytes<'_>>>()), "bytes?");
    assert_eq!(find(RootType::of::<Owned<Vec<u8>>>()), "bytes");
    assert_eq!(find(RootType::of::<Owned<Option<Vec<u8>>>>()), "bytes?");
    assert_eq!(find(RootType::of::<Owned<Vec<u16>>>()), "[u16]");
    assert_eq!(find(RootType::of::<Str<'_>>()), "string");
    assert_eq!(find(RootType::of::<&str>()), "string");
    assert_eq!(find(RootType::of::<&[u8]>()), "bytes");
    assert!(finder.into_types().is_empty());
}
