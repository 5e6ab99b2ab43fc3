//! `assert_travels`, which checks in users' tests that values of a type arrive as they were sent.
//!
//! What a serializer can see is rejected where it is written, by `postcard/exact` and
//! `self_describing/exact`. The rest shows only with both halves of a type at hand, `Serialize` and
//! `Deserialize`: samples make a round trip; and a probe decodes each variant of each enum by its
//! number, and a recorder compares the number under which it is encoded.

mod probe;
mod recorder;
mod trace;

use std::fmt::Debug;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::probe::Probe;
use self::recorder::Recorder;
use self::trace::{Script, Trace};
use super::Codec;
use super::erased::{ErasedSeed, ErasedSerialize, ErasedSlot};

/// Asserts that values of a type arrive as they were sent, by key (postcard) and by name
/// (JSON, `MessagePack`): for your own tests.
///
/// Each sample is encoded, decoded and compared. In addition, each variant of each enum in `T` is
/// decoded by its number, as postcard does, and encoded again: serde counts skipped variants when
/// it encodes but not when it decodes, so that a `#[serde(skip)]` in the middle makes the receiver
/// read another variant. In the same way, each struct is checked to read as many fields as it
/// writes. Types that reject simple values, such as an empty text, are not probed: for those, pass
/// samples of all variants.
///
/// # Panics
///
/// If a value does not arrive as it was sent. The message names the value, the codec and the
/// reason.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// enum Shape { Point, Circle { radius: f64 } }
///
/// zmqrpc_runtime::service::assert_travels::<Shape>([Shape::Point, Shape::Circle { radius: 1.5 }]);
/// ```
#[track_caller]
pub fn assert_travels<T>(samples: impl IntoIterator<Item = T>)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let failure = samples.into_iter().find_map(|sample| {
        Codec::ALL
            .iter()
            .find_map(|codec| round_trip(*codec, &sample))
    });
    if let Some(reason) = find_asymmetry::<T>().or(failure) {
        panic!("`{}` does not travel: {reason}", std::any::type_name::<T>());
    }
}

/// Returns why a value does not arrive as it was sent; `None` if it does.
fn round_trip<T>(codec: Codec, value: &T) -> Option<String>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let by = if codec.is_self_describing() {
        format!("name (in {})", codec.name())
    } else {
        "key".to_owned()
    };
    let mut bytes = Vec::new();
    if let Err(error) = codec.encode(value, &mut bytes, usize::MAX) {
        return Some(format!("{value:?} is not sent by {by}: {error}"));
    }
    match codec.decode::<T>(&bytes) {
        Ok(arrived) if arrived == *value => None,
        Ok(arrived) => Some(format!(
            "{value:?} arrives by {by} as {arrived:?}: is something of it skipped, or renamed, on one side alone?"
        )),
        Err(error) => Some(format!(
            "{value:?} does not arrive by {by}: {error}; is something of it skipped, or renamed, on one side alone?"
        )),
    }
}

/// Returns how `Serialize` and `Deserialize` of a type disagree about numbers; `None` if the probe
/// finds no disagreement.
fn find_asymmetry<T: Serialize + DeserializeOwned>() -> Option<String> {
    let mut script = Script::default();
    loop {
        let mut slot = ErasedSlot::new(PhantomData::<T>);
        let probed = slot.deserialize(&mut Probe::of(&script));
        if let Ok(value) = probed.and_then(|()| slot.into_made()) {
            let written = Trace::default();
            let recorded = ErasedSerialize::serialize(&value, &mut Recorder::on(&written));
            let difference = recorded
                .ok()
                .and_then(|()| script.read.difference(&written));
            if difference.is_some() {
                return difference;
            }
        }
        if !script.advance() {
            return None;
        }
    }
}
