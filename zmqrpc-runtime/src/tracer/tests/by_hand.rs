//! `Deserialize` written by hand, and by others than serde's derive.

#![expect(dead_code, reason = "their shapes are of interest, and nothing else")]

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess};
use serde::de::{IgnoredAny, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::{RootType, ShapeFinder};
use super::traced;

/// Implements `Deserialize` by the one method of a visitor.
macro_rules! visited {
    ($name:ident by $ask:ident($($asked:expr),*) $visit:ident $trait:ident: |$access:ident| $body:expr) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct ByHand;

                impl<'de> Visitor<'de> for ByHand {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("something else")
                    }

                    fn $visit<A: $trait<'de>>(
                        self,
                        #[allow(unused_mut, reason = "an enum is read at once")] mut $access: A,
                    ) -> Result<$name, A::Error> {
                        $body
                    }
                }

                from.$ask($($asked,)* ByHand)
            }
        }
    };
}

fn next<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(list: &mut A) -> Result<T, A::Error> {
    list.next_element()?
        .ok_or_else(|| A::Error::custom("too short"))
}

struct InOrder(u8, String);
visited!(InOrder by deserialize_struct("InOrder", &["a", "b"]) visit_seq SeqAccess: |list| {
    Ok(InOrder(next(&mut list)?, next(&mut list)?))
});

/// It asks for a list, and takes none.
struct Contrary(u8);
visited!(Contrary by deserialize_struct("Contrary", &["a"]) visit_enum EnumAccess: |_variant| {
    Ok(Contrary(0))
});

struct Headers(Vec<(String, u8)>);
visited!(Headers by deserialize_map() visit_map MapAccess: |map| {
    let mut headers = Vec::new();
    while let Some(header) = map.next_entry()? {
        headers.push(header);
    }
    Ok(Headers(headers))
});

struct Whatever(u8);
visited!(Whatever by deserialize_any() visit_seq SeqAccess: |list| next(&mut list).map(Whatever));

struct Page(Box<[u8; 100_000]>);

/// As crates for large arrays do it: the visitor makes the array.
impl<'de> Deserialize<'de> for Page {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Array;

        impl<'de> Visitor<'de> for Array {
            type Value = [u8; 100_000];

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                #[expect(clippy::large_stack_arrays, reason = "so are such types")]
                let mut bytes = [0; 100_000];
                for byte in &mut bytes {
                    *byte = next(&mut list)?;
                }
                Ok(bytes)
            }
        }

        let array = from.deserialize_tuple(100_000, Array)?;
        Ok(Self(Box::new(array)))
    }
}

/// Enums that read the names of their variants as something else than an enum.
macro_rules! identified {
    ($($name:ident: $identifier:ty;)*) => {$(
        enum $name {
            A(u8),
            B(String),
            C,
        }

        visited!($name by deserialize_enum("It", &["A", "B", "C"]) visit_enum EnumAccess: |variant| {
            let (name, variant) = variant.variant::<$identifier>()?;
            match &*name.to_string() {
                "A" | "0" => variant.newtype_variant().map($name::A),
                "B" | "1" => variant.newtype_variant().map($name::B),
                "C" | "2" => variant.unit_variant().map(|()| $name::C),
                _ => Err(A::Error::custom("no variant")),
            }
        });
    )*};
}

identified! {
    ByName: String;
    ByNumber: u32;
}

#[derive(Deserialize)]
struct Beside<T> {
    before: u8,
    it: T,
    after: u16,
}

#[derive(Deserialize)]
struct Point {
    x: u8,
}

#[derive(Deserialize)]
enum Flattened {
    A {
        y: u8,
        #[serde(flatten)]
        point: Point,
    },
    B(Point),
}

/// As `serde_with` has them: the second type says how the first one is read.
struct As<T, U>(T, PhantomData<U>);

struct FromText;

impl<'de, T: std::str::FromStr> Deserialize<'de> for As<T, FromText> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(from)?;
        let parsed = text.parse().map_err(|_| D::Error::custom("no number"))?;
        Ok(Self(parsed, PhantomData))
    }
}

mod remote {
    pub(super) struct Span {
        pub(super) secs: i64,
    }
}

#[derive(Deserialize)]
#[serde(remote = "remote::Span")]
struct SpanDef {
    secs: i64,
}

#[derive(Deserialize)]
struct Remote {
    #[serde(with = "SpanDef")]
    span: remote::Span,
    after: u8,
}

#[derive(Deserialize)]
struct Borrowed<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(borrow)]
    bytes: Cow<'a, [u8]>,
    maybe: Option<&'a [u8]>,
    owned: Cow<'a, [u8]>,
}

/// Returns the line of a struct between two fields, which nothing may hide.
fn beside<T: DeserializeOwned>() -> String {
    let types = traced::<Beside<T>>();
    let lines = types.iter().filter(|line| line.starts_with("Beside"));
    let mut bodies = lines.filter_map(|line| line.split_once(" = "));
    let (_, body) = bodies.next().unwrap_or_else(|| panic!("{types:?}"));
    body.to_owned()
}

#[test]
fn a_struct_that_knows_no_names_is_read_in_order() {
    assert_eq!(traced::<InOrder>()[1], "InOrder = { a: u8, b: string }");
    let whole = "{ before: u8, it: InOrder, after: u16 }";
    assert_eq!(beside::<InOrder>(), whole);
}

#[test]
fn a_type_that_takes_nothing_of_what_it_asks_for_hides_nothing() {
    let whole = "{ before: u8, it: Contrary, after: u16 }";
    assert_eq!(beside::<Contrary>(), whole);
    let error = &traced::<Contrary>()[1];
    assert!(error.contains("refuses: invalid type: sequence"), "{error}");
}

#[test]
fn a_map_is_one_whatever_its_name() {
    assert_eq!(traced::<Headers>(), ["{string: u8}"]);
    let found = traced::<Flattened>();
    let flattened = "Flattened' = { y: u8, x: any } and others";
    assert!(found.contains(&flattened.to_owned()), "{found:?}");
}

#[test]
fn variants_are_told_apart_however_their_names_are_read() {
    assert_eq!(traced::<ByName>()[1], "ByName = A(u8) | B(string) | C");
    assert_eq!(traced::<ByNumber>()[1], "ByNumber = A(u8) | B(string) | C");
}

#[test]
fn what_takes_anything_hides_nothing() {
    let whole = |it| format!("{{ before: u8, it: {it}, after: u16 }}");
    assert_eq!(beside::<IgnoredAny>(), whole("IgnoredAny"));
    assert_eq!(beside::<Whatever>(), whole("Whatever"));
    #[cfg(feature = "json")]
    {
        use serde_json::value::RawValue;
        assert_eq!(beside::<Box<RawValue>>(), whole("RawValue"));
        assert_eq!(traced::<Box<RawValue>>(), ["RawValue", "RawValue = any"]);
    }
}

#[test]
fn types_that_are_read_as_others_are_those() {
    assert_eq!(traced::<Remote>()[1], "Remote = { span: Span, after: u8 }");
    assert_eq!(
        traced::<Vec<As<u64, FromText>>>()[1],
        "As<u64, FromText> = string; such as 1"
    );
}

#[test]
fn a_large_array_hides_nothing() {
    let whole = "{ before: u8, it: [u8; 100000], after: u16 }";
    assert_eq!(beside::<Page>(), whole);
}

#[test]
fn borrowed_bytes_are_bytes_and_owned_ones_a_list() {
    let mut finder = ShapeFinder::new();
    let shape = finder.find(RootType::of::<Borrowed<'static>>());
    let description = super::described(shape, finder);
    let found = description.types.values().next().unwrap();
    assert_eq!(
        super::rendering::Rendered(found).to_string(),
        "{ text: string, bytes: bytes, maybe?: bytes?, owned: [u8] }"
    );
}
