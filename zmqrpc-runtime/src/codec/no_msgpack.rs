//! Stands in for `msgpack` in a build without it. Nothing gets here: no number names that codec then.

use std::marker::PhantomData;

use serde::de::DeserializeSeed;
use serde::{Deserialize, Serialize};

use super::Error;

const LEFT_OUT: &str = "this build has no MessagePack: it takes the feature `msgpack`";

pub(super) fn encode<T>(_value: &T, _out: &mut Vec<u8>, _limit: usize) -> Result<(), Error>
where
    T: Serialize + ?Sized,
{
    Err(Error::Encode(LEFT_OUT.into()))
}

pub(super) fn decode<'de, T>(bytes: &'de [u8]) -> Result<T, Error>
where
    T: Deserialize<'de>,
{
    decode_seed(bytes, PhantomData)
}

pub(super) fn decode_seed<'de, S>(_bytes: &'de [u8], _seed: S) -> Result<S::Value, Error>
where
    S: DeserializeSeed<'de>,
{
    Err(Error::Decode(LEFT_OUT.into()))
}

#[cfg(test)]
mod tests {
    use crate::codec::Codec;

    #[test]
    fn no_number_names_what_is_left_out() {
        let known: Vec<Codec> = (0..=u8::MAX).filter_map(Codec::from_id).collect();
        assert_eq!(known, [Codec::Postcard]);
        assert_eq!(Codec::MessagePack.id(), 2);
    }
}
