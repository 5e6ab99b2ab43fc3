//! Types that are others in JSON.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::subjects::Meters;

/// Types that are made of the first one in postcard and `MessagePack`, and of the second one in JSON.
macro_rules! chameleons {
    ($($(#[$docs:meta])* $name:ident: $binary:ty, $text:ty, $to:expr, $from:expr;)*) => {$(
        $(#[$docs])*
        pub(super) struct $name($binary);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    let to: fn(&$binary) -> $text = $to;
                    to(&self.0).serialize(serializer)
                } else {
                    self.0.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                if from.is_human_readable() {
                    let back: fn($text) -> $binary = $from;
                    <$text>::deserialize(from).map(|text| Self(back(text)))
                } else {
                    <$binary>::deserialize(from).map(Self)
                }
            }
        }
    )*};
}

chameleons! {
    /// Without a name in either form.
    Unnamed: (u8, u16), Vec<u16>, |pair| vec![pair.0.into(), pair.1], |list| (0, list[0]);
    NamedInBinary: Meters, (f64,), |meters| (meters.0,), |parts| Meters(parts.0);
    NamedTwice: Meters, Celsius, |meters| Celsius { degrees: meters.0 }, |celsius| Meters(celsius.degrees);
}

#[derive(Serialize, Deserialize)]
pub(super) struct Celsius {
    degrees: f64,
}
