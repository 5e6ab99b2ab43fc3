//! Types of which values are read by their shapes.

#![expect(clippy::option_option, reason = "all that is written")]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::{NonZeroI8, NonZeroU32, Wrapping};
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

mod v1 {
    #[derive(serde::Serialize, serde::Deserialize)]
    pub(in super::super) struct Item {
        a: u8,
    }
}

mod v2 {
    #[derive(serde::Serialize, serde::Deserialize)]
    pub(in super::super) struct Item {
        b: String,
        a: i64,
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Page<T> {
    items: Vec<T>,
    next: Option<T>,
}
#[derive(Serialize, Deserialize)]
pub(super) struct Generics {
    a: Page<u8>,
    b: Page<String>,
    c: Page<Page<i8>>,
}
#[derive(Serialize, Deserialize)]
pub(super) struct SameNames {
    old: v1::Item,
    new: v2::Item,
    all: Vec<(v1::Item, v2::Item)>,
}
#[derive(Serialize, Deserialize)]
pub(super) struct Containers {
    map: HashMap<String, i32>,
    nested: BTreeMap<u64, Vec<(u8, String)>>,
    set: BTreeSet<char>,
    tuple: (u8, i8, f32),
    array: [u16; 3],
    empty: [u8; 0],
    twice: Option<Option<u8>>,
    unit: (),
    cow: Cow<'static, str>,
    boxed: Box<[u8]>,
    text: Box<str>,
    deque: VecDeque<bool>,
    result: Result<u8, String>,
    range: Range<u32>,
    inclusive: RangeInclusive<i16>,
    size: usize,
    signed_size: isize,
    wide: (i128, u128),
    float: f64,
}
#[derive(Serialize, Deserialize)]
pub(super) struct Keys {
    numbers: BTreeMap<i8, u8>,
    flags: BTreeMap<bool, u8>,
    chars: BTreeMap<char, u8>,
    wide: BTreeMap<u128, u8>,
    names: BTreeMap<Unit, u8>,
    newtypes: BTreeMap<Wrapping<u16>, u8>,
}
#[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    One,
    Two,
    Three,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Tree {
    value: u32,
    left: Option<Box<Tree>>,
    children: Vec<Tree>,
}
#[derive(Serialize, Deserialize)]
pub(super) struct Forest {
    by_name: BTreeMap<String, Forest>,
    pair: Option<Box<(Forest, Forest)>>,
    tree: Option<Tree>,
}
#[derive(Serialize, Deserialize)]
pub(super) enum Expr {
    Add(Box<Expr>, Box<Expr>),
    Neg(Box<Expr>),
    Number(f64),
    Named { name: String, args: Vec<Expr> },
    Nothing,
}
#[derive(Serialize, Deserialize)]
pub(super) enum Statement {
    If {
        condition: Box<Condition>,
        then: Block,
        otherwise: Option<Box<Statement>>,
    },
    Loop(Block),
    Let(String, Condition),
}
#[derive(Serialize, Deserialize)]
pub(super) struct Block {
    statements: Vec<Statement>,
    last: Option<Box<Condition>>,
}
#[derive(Serialize, Deserialize)]
pub(super) enum Condition {
    Not(Box<Condition>),
    Both(Box<(Condition, Condition)>),
    Of(Box<Statement>),
    Literal(bool),
}

#[derive(Serialize, Deserialize)]
pub(super) struct Meters(pub(super) f64);
#[derive(Serialize, Deserialize)]
pub(super) struct Pair(u8, String);
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Through {
    inner: u64,
}
#[derive(Serialize, Deserialize)]
pub(super) struct Newtypes {
    newtype: Meters,
    pair: Pair,
    marker: Marker,
    through: Through,
    wrapping: Wrapping<u8>,
    non_zero: (NonZeroU32, NonZeroI8),
}
#[derive(Serialize, Deserialize)]
pub(super) enum Payloads {
    Unit,
    Nothing(()),
    Marked(Marker),
    None(Option<u8>),
    Pair((u8, u8)),
    Pairs(u8, u8),
    Empty {},
    NoParts(),
    List(Vec<u16>),
    Inner(Unit),
    Struct(Through),
    Fields { r#type: i16 },
}

#[derive(Serialize, Deserialize)]
pub(super) struct Standard {
    duration: Duration,
    time: SystemTime,
    path: PathBuf,
    ip: IpAddr,
    v4: Ipv4Addr,
    socket: SocketAddr,
    non_zero: Option<NonZeroU32>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Marker;
