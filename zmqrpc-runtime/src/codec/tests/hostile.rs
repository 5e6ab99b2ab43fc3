//! Hostile messages: arbitrary bytes, and lengths and elements beyond what a message can hold.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroU32;

use proptest::collection::vec;
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::super::{Bytes, Codec, Error, NoArgs, Str, describe};
use super::{CODECS, SELF_DESCRIBING, encoded};

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only decoded")]
pub(super) struct Node {
    id: u8,
    children: Vec<Node>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Link(pub(super) Option<Box<Link>>);

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only decoded")]
pub(super) enum Tree {
    Leaf,
    Branch(Box<Tree>),
    List(Vec<Tree>),
    Named { map: BTreeMap<String, Tree> },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "only decoded")]
pub(super) enum Loose {
    Number(f64),
    Text(String),
    List(Vec<Loose>),
}

#[derive(Debug, Deserialize)]
pub(super) struct Known {
    #[serde(default, rename = "known")]
    _known: u8,
}

/// Decodes into many types, and ignores the results.
fn decode_all(codec: Codec, bytes: &[u8]) {
    let _ = codec.decode::<Node>(bytes);
    let _ = codec.decode::<Link>(bytes);
    let _ = codec.decode::<Tree>(bytes);
    let _ = codec.decode::<Loose>(bytes);
    let _ = codec.decode::<Known>(bytes);
    let _ = codec.decode::<IgnoredAny>(bytes);
    let _ = codec.decode::<NoArgs>(bytes);
    let _ = codec.decode::<Vec<()>>(bytes);
    let _ = codec.decode::<Vec<Vec<[(); 8]>>>(bytes);
    let _ = codec.decode::<HashMap<String, (i128, char)>>(bytes);
    let _ = codec.decode::<(Bytes<'_>, Str<'_>, Option<u16>)>(bytes);
    let _ = codec.decode_value::<Vec<u8>>(bytes);
    let _ = describe(codec, bytes);
}

proptest! {
    #[test]
    fn no_bytes_cause_a_panic(bytes in vec(any::<u8>(), 0..256)) {
        for codec in CODECS {
            decode_all(codec, &bytes);
        }
    }

    /// Small numbers are lengths, tags and short containers more often than arbitrary bytes are.
    #[test]
    fn no_nested_bytes_cause_a_panic(bytes in vec(prop_oneof![0..4_u8, 0x80..0xA4_u8], 0..256)) {
        for codec in CODECS {
            decode_all(codec, &bytes);
        }
    }
}

#[test]
fn elements_without_bytes_are_limited() {
    let ten = encoded(Codec::Postcard, &[(); 10].as_slice());
    assert_eq!(ten, [10]);
    assert_eq!(Codec::Postcard.decode::<Vec<()>>(&ten).unwrap().len(), 10);

    let limit = 10_000;
    for codec in CODECS {
        let most = encoded(codec, &vec![(); limit]);
        assert_eq!(codec.decode::<Vec<()>>(&most).unwrap().len(), limit);
        let more = encoded(codec, &vec![(); limit + 1]);
        let error = codec.decode::<Vec<()>>(&more).unwrap_err();
        assert_eq!(error, Error::TooManyEmpty { limit }, "{}", codec.name());
    }
}

#[test]
fn elements_without_bytes_add_up() {
    // Each of these lists is shorter than the message, all of them together are not.
    let limit = 10_000;
    for codec in CODECS {
        let lists = encoded(codec, &vec![vec![(); 700]; 20]);
        let error = codec.decode::<Vec<Vec<()>>>(&lists).unwrap_err();
        assert_eq!(error, Error::TooManyEmpty { limit }, "{}", codec.name());
    }
}

/// Such elements take no bytes, yet their type has a size.
#[test]
fn elements_without_bytes_that_have_a_size_are_limited() {
    #[derive(Clone, Debug, Serialize, Deserialize)]
    #[expect(dead_code, reason = "only its size counts")]
    struct Cache(#[serde(skip)] u64, ());
    let limit = 2 + 1_024;
    let most = encoded(Codec::Postcard, &vec![Cache(0, ()); limit]);
    assert_eq!(
        Codec::Postcard.decode::<Vec<Cache>>(&most).unwrap().len(),
        limit
    );
    let more = encoded(Codec::Postcard, &vec![Cache(0, ()); limit + 1]);
    let error = Codec::Postcard.decode::<Vec<Cache>>(&more).unwrap_err();
    assert_eq!(error, Error::TooManyElements { limit });
}

/// What is passed over takes no memory, and is no list of nothing for that.
#[test]
fn lists_that_are_passed_over_may_be_long() {
    for codec in SELF_DESCRIBING {
        let body = encoded(codec, &BTreeMap::from([("unknown", vec![7_u8; 20_000])]));
        assert!(codec.decode::<Known>(&body).is_ok(), "{}", codec.name());
        let body = encoded(codec, &BTreeMap::from([("list", vec![7_u8; 20_000])]));
        let (list,) = codec
            .decode_arguments::<(Vec<u8>,)>(&body, &["list"])
            .unwrap();
        assert_eq!(list.len(), 20_000);
        let more = [&encoded(codec, &vec![7_u8; 20_000])[..], b"1"].concat();
        let error = codec.decode::<Vec<u8>>(&more).unwrap_err();
        assert_eq!(error, Error::Trailing { count: 1 });
    }
}

const MIB: usize = 1024 * 1024;

fn assert_too_large<T: for<'de> Deserialize<'de>>(codec: Codec, bytes: &[u8]) {
    let error = codec.decode::<T>(bytes).map(drop).unwrap_err();
    let limit = 64 * MIB + 8 * bytes.len();
    assert_eq!(error, Error::TooMuchMemory { limit }, "{}", codec.name());
}

type Table = [u64; 32];

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only decoded")]
#[expect(clippy::large_enum_variant, reason = "that is the point")]
enum Sparse {
    Empty,
    Full(Table),
    Both(Box<Sparse>, Box<Sparse>),
}

#[test]
fn what_a_message_may_become_is_limited() {
    for codec in CODECS {
        // In JSON an empty text takes three bytes, so that it may become 24.
        if codec != Codec::Json {
            assert_too_large::<Vec<String>>(codec, &list(codec, 15 * MIB, 0xA0));
            assert_too_large::<Vec<Vec<u8>>>(codec, &list(codec, 15 * MIB, 0x90));
        }
        assert_too_large::<Vec<Option<Table>>>(codec, &list(codec, MIB / 2, 0xC0));
        let map: BTreeMap<u32, Option<u8>> = (0..1 << 19).map(|key| (key, None)).collect();
        assert_too_large::<BTreeMap<u32, Option<Table>>>(codec, &encoded(codec, &map));
    }
    // Branches in boxes, without any list.
    let mut bytes = Vec::new();
    full_tree(18, &mut bytes);
    assert_too_large::<Sparse>(Codec::Postcard, &bytes);
}

/// Returns a list of `len` empty values; `nothing` is such a value in `MessagePack`.
fn list(codec: Codec, len: usize, nothing: u8) -> Vec<u8> {
    let (mut bytes, nothing) = match codec {
        Codec::Postcard => (encoded(codec, &len), 0),
        Codec::MessagePack => (
            [&[0xDD][..], &u32::try_from(len).unwrap().to_be_bytes()].concat(),
            nothing,
        ),
        Codec::Json => return format!("[{}]", vec!["null"; len].join(",")).into_bytes(),
    };
    bytes.resize(bytes.len() + len, nothing);
    bytes
}

/// Encodes a complete binary tree of variants 2, with variants 0 as its leaves.
fn full_tree(levels: usize, bytes: &mut Vec<u8>) {
    if levels == 0 {
        return bytes.push(0);
    }
    bytes.push(2);
    full_tree(levels - 1, bytes);
    full_tree(levels - 1, bytes);
}

#[test]
fn large_honest_messages_are_decoded() {
    for codec in CODECS {
        // Without optimisation, types that are forgotten take their time.
        let size = if codec == Codec::Postcard {
            MIB
        } else {
            MIB / 8
        };
        let numbers = encoded(codec, &vec![1.5_f64; 2 * size]);
        assert_eq!(codec.decode::<Vec<f64>>(&numbers).unwrap().len(), 2 * size);
        let small = encoded(codec, &vec![1_u64; size]);
        assert_eq!(codec.decode::<Vec<u64>>(&small).unwrap().len(), size);
        let words = encoded(codec, &vec!["word"; size / 2]);
        assert_eq!(codec.decode::<Vec<String>>(&words).unwrap().len(), size / 2);
    }
}

/// The largest length in postcard, without the bytes that it announces.
const ENDLESS: [u8; 10] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01];

#[test]
fn an_endless_list_of_nothing_is_refused() {
    let expected = Error::TooManyEmpty { limit: 10_000 };
    let decode = |bytes| Codec::Postcard.decode::<Vec<()>>(bytes);
    assert_eq!(decode(&ENDLESS).unwrap_err(), expected);
    let decode = |bytes| Codec::Postcard.decode::<BTreeSet<()>>(bytes);
    assert_eq!(decode(&ENDLESS).unwrap_err(), expected);
}

/// The size hint that a type gets, for which it may allocate.
#[derive(Debug)]
struct Announced(Option<usize>);

impl<'de> Deserialize<'de> for Announced {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Announced;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a list or map")
            }
            fn visit_seq<A>(self, mut elements: A) -> Result<Announced, A::Error>
            where
                A: serde::de::SeqAccess<'de>,
            {
                let announced = elements.size_hint();
                while elements.next_element::<u8>()?.is_some() {}
                Ok(Announced(announced))
            }
            fn visit_map<A>(self, mut entries: A) -> Result<Announced, A::Error>
            where
                A: serde::de::MapAccess<'de>,
            {
                let announced = entries.size_hint();
                while entries.next_entry::<u8, u8>()?.is_some() {}
                Ok(Announced(announced))
            }
        }
        deserializer.deserialize_seq(Visitor)
    }
}

#[test]
fn an_honest_length_is_announced() {
    for codec in CODECS {
        let list = encoded(codec, &vec![7_u8; 500]);
        // JSON has none.
        let length = (codec != Codec::Json).then_some(500);
        assert_eq!(codec.decode::<Announced>(&list).unwrap().0, length);
    }
}

/// A type that trusts the size hint must not get one that the message cannot hold.
#[test]
fn a_dishonest_length_is_refused_before_it_is_announced() {
    for bytes in [&b"\xDD\xFF\xFF\xFF\xFF"[..], b"\xDF\xFF\xFF\xFF\xFF"] {
        let error = Codec::MessagePack.decode::<Announced>(bytes).unwrap_err();
        assert_eq!(error, Error::TooManyElements { limit: 5 + 1_024 });
    }
    let error = Codec::Postcard
        .decode::<HashMap<u64, u64>>(&ENDLESS)
        .unwrap_err();
    let limit = ENDLESS.len() + 1_024;
    assert_eq!(error, Error::TooManyElements { limit });
}

#[test]
fn a_length_beyond_the_end_is_an_error() {
    fn is_cut<T: std::fmt::Debug + for<'de> Deserialize<'de>>(codec: Codec, bytes: &[u8]) {
        let error = codec.decode::<T>(bytes).unwrap_err();
        let text = error.to_string();
        assert!(text.ends_with("it ends in the middle of a value"), "{text}");
    }
    is_cut::<Vec<u64>>(Codec::Postcard, &ENDLESS);
    is_cut::<String>(Codec::Postcard, &ENDLESS);
    is_cut::<String>(Codec::MessagePack, b"\xDB\xFF\xFF\xFF\xFFabc");
    is_cut::<String>(Codec::MessagePack, b"\xC6\xFF\xFF\xFF\xFFabc");
    is_cut::<String>(Codec::Json, br#""abc"#);
    is_cut::<Vec<String>>(Codec::Json, br#"["abc","#);
}

#[test]
fn a_type_that_refuses_is_quoted() {
    for codec in CODECS {
        let error = codec
            .decode::<NonZeroU32>(&encoded(codec, &0_u32))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot decode the body: invalid value: integer `0`, expected a nonzero u32"
        );
    }
}

#[test]
fn an_older_refusal_is_not_quoted_again() {
    /// Accepts any value.
    struct Lenient;
    impl<'de> Deserialize<'de> for Lenient {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let _ = NonZeroU32::deserialize(deserializer);
            Ok(Self)
        }
    }
    /// Asks what comes next, which postcard cannot tell.
    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    enum Asking {
        #[expect(dead_code, reason = "decoding fails before")]
        Number(u32),
    }
    for codec in CODECS {
        let zero = encoded(codec, &0);
        assert!(codec.decode::<Lenient>(&zero).is_ok());
        let error = Codec::Postcard.decode::<Asking>(&[0]).unwrap_err();
        assert!(
            matches!(error, Error::SelfDescribing { name } if name.ends_with("Asking")),
            "{error:?}"
        );
        assert!(codec.decode::<Lenient>(&zero).is_ok());
    }
    // An error of rmp-serde's own, created in the same way as those of types.
    let branch = encoded(Codec::MessagePack, "Branch");
    let error = Codec::MessagePack.decode::<Tree>(&branch).unwrap_err();
    let text = "Branch: invalid type: unit variant, expected newtype variant".to_owned();
    assert_eq!(error, Error::Decode(text));
}

#[test]
fn a_long_quotation_is_clipped() {
    #[derive(Debug, Deserialize)]
    enum Small {
        Only,
    }
    let name = "\u{1b}[31m".repeat(100_000);
    let bytes = encoded(Codec::MessagePack, &name);
    let error = Codec::MessagePack.decode::<Small>(&bytes).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("cannot decode the body: unknown variant `\\u{1b}[31m"));
    assert!(text.ends_with('…') && text.chars().count() < 300, "{text}");
    let bytes = encoded(Codec::MessagePack, "Only");
    assert!(matches!(Codec::MessagePack.decode(&bytes), Ok(Small::Only)));
}
