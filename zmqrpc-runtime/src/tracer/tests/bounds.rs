//! Types that have no end, or take none.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{RootType, ShapeFinder, traced};
use crate::description::Shape;

/// Each level holds the one below it twice.
macro_rules! doubled {
    ($($name:ident $inner:ident,)*) => {$(
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "its shape is of interest, and nothing else")]
        struct $name {
            a: Box<$inner>,
            b: Box<$inner>,
        }
    )*};
}

doubled! {
    D1 u8, D2 D1, D3 D2, D4 D3, D5 D4, D6 D5, D7 D6, D8 D7, D9 D8, D10 D9, D11 D10, D12 D11, D13 D12,
    D14 D13, D15 D14, D16 D15, D17 D16,
}

/// Asks for one more element, whatever it is told.
struct Stubborn;

impl<'de> Deserialize<'de> for Stubborn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Asks;

        impl<'de> Visitor<'de> for Asks {
            type Value = Stubborn;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("more")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Stubborn, A::Error> {
                loop {
                    let _ = list.next_element::<u8>();
                }
            }
        }

        deserializer.deserialize_seq(Asks)
    }
}

/// Asks for something else each time.
struct Fickle;

impl<'de> Deserialize<'de> for Fickle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static TURN: AtomicUsize = AtomicUsize::new(0);
        match TURN.fetch_add(1, Ordering::Relaxed) % 3 {
            0 => <Vec<Self>>::deserialize(deserializer).map(|_| Self),
            1 => <Option<(Box<Self>, u8)>>::deserialize(deserializer).map(|_| Self),
            _ => <[u8; 3]>::deserialize(deserializer).map(|_| Self),
        }
    }
}

/// A value of it has 131,072 leaves.
#[test]
fn a_type_that_doubles_at_each_level_ends() {
    let types = traced::<D17>();
    assert_eq!(types[0], "D17");
    assert!(
        types.contains(&"D9 = { a: D8, b: D8 }".to_owned()),
        "{types:?}"
    );
}

#[test]
fn a_type_that_does_not_stop_asking_is_stopped() {
    assert_eq!(traced::<Stubborn>(), ["[u8]"]);
}

#[test]
fn a_type_that_changes_its_mind_ends() {
    let _ = traced::<Fickle>();
}

#[test]
fn what_was_traced_before_changes_nothing() {
    let first = |finder: &mut ShapeFinder| finder.find(RootType::of::<D3>());
    let mut alone = ShapeFinder::new();
    let alone = (first(&mut alone), alone.into_types());
    let mut after = ShapeFinder::new();
    after.find(RootType::of::<Stubborn>());
    let after = (first(&mut after), after.into_types());
    assert_eq!(alone, after);
    assert_eq!(alone.0, Shape::Type(std::any::type_name::<D3>().to_owned()));
}
