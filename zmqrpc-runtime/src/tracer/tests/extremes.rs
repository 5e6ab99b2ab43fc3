//! Types that are deep or wide.

#![expect(dead_code, reason = "their shapes are of interest, and nothing else")]

use std::fmt;
use std::sync::LazyLock;
use std::thread;

use serde::de::{EnumAccess, MapAccess, VariantAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::traced;

#[derive(Deserialize)]
enum Layer<T> {
    Around(Box<T>),
    Within { first: Option<T>, all: Vec<T> },
}

type Layers<T> = Layer<Layer<Layer<Layer<Layer<Layer<Layer<Layer<T>>>>>>>>;

/// As many names, which serde wants to live for ever.
fn names(count: usize) -> &'static [&'static str] {
    let names = (0..count).map(|number| &*format!("n{number}").leak());
    names.collect::<Vec<_>>().leak()
}

struct Wide;

impl<'de> Deserialize<'de> for Wide {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ManyFields;

        impl<'de> Visitor<'de> for ManyFields {
            type Value = Wide;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("many fields")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Wide, A::Error> {
                while map.next_entry::<String, u32>()?.is_some() {}
                Ok(Wide)
            }
        }

        static NAMES: LazyLock<&[&str]> = LazyLock::new(|| names(500));
        from.deserialize_struct("Wide", *NAMES, ManyFields)
    }
}

struct Diverse;

impl<'de> Deserialize<'de> for Diverse {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ManyVariants;

        impl<'de> Visitor<'de> for ManyVariants {
            type Value = Diverse;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one of many variants")
            }

            fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<Diverse, A::Error> {
                let (_, variant) = variant.variant::<String>()?;
                variant.newtype_variant::<u8>()?;
                Ok(Diverse)
            }
        }

        static NAMES: LazyLock<&[&str]> = LazyLock::new(|| names(1_000));
        from.deserialize_enum("Diverse", *NAMES, ManyVariants)
    }
}

#[test]
fn deep_types_are_complete_on_a_small_stack() {
    let small = thread::Builder::new().stack_size(1 << 20);
    let types = small.spawn(traced::<Layers<Layers<Layers<u8>>>>).unwrap();
    let types = types.join().unwrap();
    assert_eq!(types.len(), 1 + 24);
    assert!(
        !types.iter().any(|line| line.contains("unknown")),
        "{types:?}"
    );
}

#[test]
fn wide_types_are_complete() {
    let wide = &traced::<Wide>()[1];
    assert!(wide.ends_with("n498?: u32, n499?: u32 }"), "{wide}");
    let diverse = &traced::<Diverse>()[1];
    assert!(diverse.contains("n998(u8) | n999(u8)"), "{diverse}");
}
