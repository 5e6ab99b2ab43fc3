//! Types with serde's attributes, and such as do not take any value.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Attributes {
    first_name: String,
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default)]
    maybe: u8,
    optional: Option<u8>,
    #[serde(skip)]
    #[expect(dead_code, reason = "it does not travel")]
    hidden: u8,
    #[serde(alias = "nickname", alias = "aNick")]
    nick: String,
    #[serde(alias = "zzz")]
    last: bool,
    #[serde(with = "bytes")]
    bytes: Vec<u8>,
}
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Closed {
    a: u8,
    b: Option<u8>,
}
#[derive(Serialize, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Defaults {
    a: u8,
    b: String,
}
#[derive(Serialize, Deserialize)]
pub(super) enum Renamed {
    #[serde(rename = "one", alias = "eins")]
    One,
    #[serde(alias = "Zwei", alias = "A")]
    Two(u8),
    Three {
        #[serde(default, alias = "y")]
        x: u8,
    },
}
#[derive(Serialize, Deserialize)]
pub(super) enum WithOther {
    Known(u8),
    Also,
    #[serde(other)]
    Else,
}
#[derive(Serialize, Deserialize)]
pub(super) enum Spread {
    #[serde(rename = "z")]
    A(u8),
    #[serde(rename = "a")]
    Z { b: u8, a: String },
}
#[derive(Serialize, Deserialize)]
pub(super) struct With {
    #[serde(with = "doubled")]
    half: u32,
    after: u8,
}

#[derive(Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Email(String);
#[derive(Serialize, Deserialize)]
#[serde(try_from = "u8")]
pub(super) struct Majority(u8);
#[derive(Serialize, Deserialize)]
pub(super) struct Bounds {
    start: u32,
    end: u32,
    tag: String,
}
#[derive(Serialize, Deserialize)]
#[serde(try_from = "Bounds", into = "Bounds")]
#[derive(Clone)]
pub(super) struct Span(Bounds);
#[derive(Serialize, Deserialize)]
#[serde(try_from = "Vec<u16>")]
pub(super) struct AtLeastTwo(Vec<u16>);
#[derive(Serialize, Deserialize)]
pub(super) enum Payment {
    Bank {
        to: Email,
        amount: u32,
        percent: Majority,
    },
    Cash(AtLeastTwo),
    Both(Span, Majority),
}
impl Clone for Bounds {
    fn clone(&self) -> Self {
        let tag = self.tag.clone();
        Self { tag, ..*self }
    }
}

impl From<Span> for Bounds {
    fn from(span: Span) -> Self {
        span.0
    }
}

mod bytes {
    use super::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        crate::codec::Bytes::deserialize(from).map(crate::codec::Bytes::into_vec)
    }
}

mod doubled {
    use super::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    pub(super) fn serialize<S: Serializer>(half: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        (u64::from(*half) * 2).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
        u64::deserialize(from).map(|twice| u32::try_from(twice / 2).unwrap_or(0))
    }
}

/// Types that take what is `good`, and write what they hold.
macro_rules! validated {
    ($($name:ident of $inner:ty: $value:ident => $good:expr;)*) => {$(
        impl TryFrom<$inner> for $name {
            type Error = &'static str;

            fn try_from($value: $inner) -> Result<Self, Self::Error> {
                if $good { Ok(Self($value)) } else { Err("it is none") }
            }
        }
    )*};
}

validated! {
    Email of String: text => text.contains('@');
    Majority of u8: percent => (51..=100).contains(&percent);
    Span of Bounds: bounds => bounds.start < bounds.end;
    AtLeastTwo of Vec<u16>: list => list.len() > 1;
}
