//! Whether a type arrives as it was sent: for the tests of those who write types.
//!
//! `exact` refuses what a serializer can see. The rest shows only when both halves of a type are
//! at hand, `Serialize` and `Deserialize`: samples make the journey, and a probe has each variant
//! of each enum made by its number, and looks under which number that is written.

mod probe;
mod recorder;
mod trail;

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::probe::Probe;
use self::recorder::Recorder;
use self::trail::{Script, Trail};
use super::Codec;

/// Asserts that values of a type arrive as they were sent, by key (postcard) and by name
/// (`MessagePack`): for tests of your own.
///
/// Each sample is encoded, decoded and compared. Beyond the samples, each variant of each enum in
/// `T` is made by its number, as postcard does, and written again: serde counts variants that are
/// skipped when it writes, and does not when it reads, so that a `#[serde(skip)]` in the middle
/// has another variant executed. In the same way each struct is asked whether it reads as many
/// fields as it writes. That is left out for types that refuse simple values, such as an empty
/// text: there samples of all variants show the same.
///
/// # Panics
///
/// If a value does not travel: the text says which, by which codec, and why.
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
    let journeys = samples.into_iter().find_map(|sample| {
        let by_key = journey(Codec::Postcard, "key", &sample);
        by_key.or_else(|| journey(Codec::MessagePack, "name", &sample))
    });
    if let Some(reason) = halves_that_differ::<T>().or(journeys) {
        panic!("`{}` does not travel: {reason}", std::any::type_name::<T>());
    }
}

/// Why a value does not arrive as it was sent, if it does not.
fn journey<T>(codec: Codec, by: &str, value: &T) -> Option<String>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
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

/// Where the two halves of a type count otherwise, if the probe finds such a place.
fn halves_that_differ<T: Serialize + DeserializeOwned>() -> Option<String> {
    let mut script = Script::default();
    loop {
        if let Ok(value) = T::deserialize(Probe::of(&script)) {
            let written = Trail::default();
            let recorded = value.serialize(Recorder::on(&written));
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
