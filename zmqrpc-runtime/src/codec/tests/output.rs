//! Encoding appends, and fails at the limit.

use serde::ser::{Error as _, Serialize, SerializeTuple, Serializer};

use super::super::{Bytes, Error};
use super::{CODECS, SELF_DESCRIBING, encoded};

const KIB: usize = 1024;
const MIB: usize = KIB * KIB;

#[test]
fn the_value_follows_what_is_there() {
    for codec in CODECS {
        let mut out = b"head".to_vec();
        codec.encode("body", &mut out, usize::MAX).unwrap();
        assert_eq!(&out[..4], b"head");
        assert_eq!(codec.decode::<String>(&out[4..]).unwrap(), "body");
    }
}

#[test]
fn the_limit_is_exact_and_counts_what_is_there() {
    let value = (1_u64 << 40, "text", vec![3_u32; 50]);
    for codec in CODECS {
        let size = encoded(codec, &value).len();
        for reserved in [0, 16, 4 * KIB] {
            let mut out = Vec::with_capacity(reserved);
            out.extend(b"head");
            codec.encode(&value, &mut out, size + 4).unwrap();
            assert_eq!(out.len(), size + 4);
            for limit in 0..size + 4 {
                out.truncate(4);
                let error = codec.encode(&value, &mut out, limit).unwrap_err();
                assert_eq!(error, Error::TooLarge { limit });
                assert_eq!(out, b"head");
            }
        }
    }
}

/// Writes its length last, since nobody knows it before.
struct Filtered(u32);

impl Serialize for Filtered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.0).filter(|number| number % 2 == 0))
    }
}

#[test]
fn the_limit_is_exact_where_the_length_comes_last_too() {
    for codec in SELF_DESCRIBING {
        for count in [0, 7, 30, 31, 32, 50, 70_000] {
            let list = (Filtered(count), vec![Filtered(count)]);
            let size = encoded(codec, &list).len();
            let mut out = Vec::new();
            codec.encode(&list, &mut out, size).unwrap();
            let numbers: Vec<u32> = (0..count).step_by(2).collect();
            assert_eq!(out, encoded(codec, &(&numbers, [&numbers])));
            let error = codec.encode(&list, &mut Vec::new(), size - 1).unwrap_err();
            assert_eq!(error, Error::TooLarge { limit: size - 1 });
        }
    }
}

#[test]
fn nothing_is_allocated_beyond_the_limit() {
    const LIMIT: usize = 1_000;
    let text = "x".repeat(10 * MIB);
    let numbers = vec![u64::MAX; MIB];
    let blob = vec![0_u8; 10 * MIB];
    for codec in CODECS {
        let mut out = Vec::new();
        codec.encode(&text, &mut out, LIMIT).unwrap_err();
        codec.encode(&numbers, &mut out, LIMIT).unwrap_err();
        codec
            .encode(&Bytes::new(&blob), &mut out, LIMIT)
            .unwrap_err();
        codec.encode_value(&blob, &mut out, LIMIT).unwrap_err();
        assert!(out.capacity() <= LIMIT, "{} allocated", out.capacity());
    }
}

/// Growth by a constant would copy a long output over and over.
#[test]
fn the_buffer_doubles_on_its_way_to_the_limit() {
    struct Steps;
    impl Serialize for Steps {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0..100_000_u32).map(u64::from))
        }
    }
    for codec in CODECS {
        let mut out = Vec::new();
        codec.encode(&Steps, &mut out, usize::MAX).unwrap();
        assert!(out.capacity() < 2 * out.len().next_power_of_two());
        assert!(out.capacity().is_power_of_two());
    }
}

#[test]
fn a_refusing_value_leaves_the_buffer_as_it_was() {
    struct Refusing;
    impl Serialize for Refusing {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("not today"))
        }
    }
    for codec in CODECS {
        let mut out = b"head".to_vec();
        let error = codec.encode(&(1, Refusing), &mut out, KIB).unwrap_err();
        assert!(matches!(error, Error::Encode(_)), "{error}");
        assert_eq!(out, b"head");
    }
}

/// An encoding with a hole in it must not leave the process.
#[test]
fn a_swallowed_overflow_is_still_an_error() {
    struct Swallowing;
    impl Serialize for Swallowing {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut tuple = serializer.serialize_tuple(2)?;
            let _ = tuple.serialize_element(&Bytes::new(&[0; 64]));
            tuple.serialize_element(&7_u8)?;
            tuple.end()
        }
    }
    for codec in CODECS {
        let mut out = Vec::new();
        let error = codec.encode(&Swallowing, &mut out, 8).unwrap_err();
        assert_eq!(error, Error::TooLarge { limit: 8 });
    }
}
