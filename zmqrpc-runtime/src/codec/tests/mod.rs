//! What every codec guarantees, and what no message may do to it.

mod arguments;
mod exact;
mod hostile;
mod inverse;
mod json;
mod names;
mod nesting;
mod output;
mod text;
mod travels;

use serde::Serialize;

use super::Codec;

const CODECS: [Codec; 3] = [Codec::Postcard, Codec::Json, Codec::MessagePack];

/// Those that say what they hold.
const SELF_DESCRIBING: [Codec; 2] = [Codec::Json, Codec::MessagePack];

/// Encodes without a limit.
fn encoded<T: Serialize + ?Sized>(codec: Codec, value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    codec.encode(value, &mut bytes, usize::MAX).unwrap();
    bytes
}

#[test]
fn every_codec_is_found_by_its_number() {
    for codec in CODECS {
        assert_eq!(Codec::from_id(codec.id()), Some(codec));
    }
    let known = (0..=u8::MAX).filter_map(Codec::from_id).count();
    assert_eq!(known, CODECS.len());
}
