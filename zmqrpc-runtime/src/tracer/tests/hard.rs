use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroI8, NonZeroU32, Wrapping};
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::Deserialize;

use super::traced;

#[derive(Deserialize)]
struct Tree {
    value: u32,
    left: Option<Box<Tree>>,
    children: Vec<Tree>,
}
#[derive(Deserialize)]
enum Expr {
    Add(Box<Expr>, Box<Expr>),
    Neg(Box<Expr>),
    Number(f64),
    Named { name: String, args: Vec<Expr> },
    Nothing,
}
#[derive(Deserialize)]
enum Endless {
    Only(Box<Endless>),
}
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
#[derive(Deserialize)]
struct Containers {
    map: HashMap<String, i32>,
    nested: BTreeMap<u64, Vec<(u8, String)>>,
    set: BTreeSet<char>,
    tuple: (u8, i8, f32),
    array: [u16; 3],
    empty: [u8; 0],
    oo: Option<Option<u8>>,
    unit: (),
    cow: Cow<'static, str>,
    boxed: Box<[u8]>,
    res: Result<u8, String>,
    bound: Range<u32>,
    deque: VecDeque<bool>,
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
struct Std {
    duration: Duration,
    time: SystemTime,
    ip: IpAddr,
    socket: SocketAddr,
    nz: NonZeroU32,
    nzi: NonZeroI8,
    path: PathBuf,
    wrapping: Wrapping<u8>,
    big: u128,
    ibig: i128,
    size: usize,
    newtype: Meters,
    pair: Pair,
    marker: Marker,
    through: Through,
    c: char,
}
fn seven() -> u8 {
    7
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    first_name: String,
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default)]
    maybe: u8,
    #[serde(default = "seven")]
    seven: u8,
    opt: Option<u8>,
    #[serde(skip)]
    hidden: u8,
    #[serde(alias = "nickname", alias = "a_nick")]
    nick: String,
    last: bool,
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Closed {
    a: u8,
}
#[derive(Deserialize)]
struct Inner {
    x: u8,
    y: Option<u8>,
}
#[derive(Deserialize)]
struct Flattened {
    id: u8,
    #[serde(flatten)]
    inner: Inner,
    #[serde(flatten)]
    rest: HashMap<String, u8>,
}
#[derive(Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u8),
    Text(String),
}
#[derive(Deserialize)]
#[serde(tag = "t")]
enum Internal {
    A { x: u8 },
    B { y: String },
}
#[derive(Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    A(u8),
    B { x: String },
    C,
}
#[derive(Deserialize)]
enum WithOther {
    Known(u8),
    #[serde(other)]
    Else,
}
#[derive(Deserialize)]
enum Renamed {
    #[serde(rename = "one", alias = "eins")]
    One,
    Two(u8),
}
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Email(String);
impl TryFrom<String> for Email {
    type Error = String;
    fn try_from(s: String) -> Result<Self, String> {
        if s.contains('@') {
            Ok(Self(s))
        } else {
            Err("no e-mail".into())
        }
    }
}
#[derive(Deserialize)]
#[serde(try_from = "u8")]
struct Percent(u8);
impl TryFrom<u8> for Percent {
    type Error = String;
    fn try_from(s: u8) -> Result<Self, String> {
        if (51..=100).contains(&s) {
            Ok(Self(s))
        } else {
            Err("no majority".into())
        }
    }
}
#[derive(Deserialize)]
struct RawSpan {
    start: u32,
    end: u32,
    tag: String,
}
#[derive(Deserialize)]
#[serde(try_from = "RawSpan")]
struct Span(RawSpan);
impl TryFrom<RawSpan> for Span {
    type Error = String;
    fn try_from(s: RawSpan) -> Result<Self, String> {
        if s.start < s.end {
            Ok(Self(s))
        } else {
            Err("empty".into())
        }
    }
}
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Iban(String);
impl TryFrom<String> for Iban {
    type Error = String;
    fn try_from(s: String) -> Result<Self, String> {
        if s.len() == 22 {
            Ok(Self(s))
        } else {
            Err("no IBAN".into())
        }
    }
}
#[derive(Deserialize)]
enum Payment {
    Bank { iban: Iban, amount: u32, note: Tree },
    Cash,
}
struct Panics;
impl<'de> Deserialize<'de> for Panics {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("no")
    }
}
struct Fails;
impl<'de> Deserialize<'de> for Fails {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("never"))
    }
}
#[derive(Deserialize)]
struct Bad {
    a: Panics,
    b: Fails,
    c: Meters,
}

macro_rules! dag { ($($name:ident $inner:ident;)*) => {$( #[derive(Deserialize)] struct $name { a: Box<$inner>, b: Box<$inner> } )*}; }
dag! { D1 Meters; D2 D1; D3 D2; D4 D3; D5 D4; D6 D5; D7 D6; D8 D7; D9 D8; D10 D9; D11 D10; D12 D11; D13 D12; D14 D13; D15 D14; D16 D15; D17 D16; }

struct Stubborn;
impl<'de> Deserialize<'de> for Stubborn {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> serde::de::Visitor<'de> for V {
            type Value = Stubborn;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("x")
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut seq: A,
            ) -> Result<Stubborn, A::Error> {
                loop {
                    let _ = seq.next_element::<u8>();
                }
            }
        }
        d.deserialize_seq(V)
    }
}

#[test]
fn show() {
    macro_rules! all { ($($t:ty)*) => {$( let at = std::time::Instant::now(); let (shape, types) = traced::<$t>(); println!("== {} {shape} {:?}", stringify!($t), at.elapsed()); for t in types { println!("    {t}"); } )*}; }
    all! { Tree Expr Endless Generics Containers Std Attributes Closed Flattened Untagged Internal Adjacent WithOther Renamed Email Percent Span Iban Payment Bad D17 Stubborn serde_json::Value Vec<u8> u8 }
}
