//! Random types that become others, with random values: whatever is said of them holds.

mod chance;
mod item;
mod read;
mod types;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{Body, Change, Description, Shape, Type, Verdict, changes};
use super::Outcome;
use crate::codec::Codec;
use chance::Chance;
use item::{Item, Written, alike};
use read::{Read, reading};
use types::Pairs;

/// The types of one side, and the shape that is written or read.
struct Side {
    description: Description,
    shape: Shape,
}

impl Side {
    fn new(shape: Shape, types: BTreeMap<String, Type>) -> Self {
        let mut description =
            super::description(&serde_json::json!("unit"), &serde_json::json!({}));
        description.types = types;
        description.services[0].methods[0].arguments[0].shape = shape.clone();
        Self { description, shape }
    }

    /// Returns the body of a shape's type, or what it is itself.
    fn body(&self, shape: &Shape) -> Body {
        match self.description.type_of(shape) {
            Some(found) => found.body.clone(),
            None => Body::Is(shape.clone()),
        }
    }
}

fn outcome(codec: Codec, old: &'static Side, new: &'static Side, item: &Item) -> Option<Outcome> {
    let written = Written {
        side: old,
        shape: &old.shape,
        item,
    };
    let mut bytes = Vec::new();
    // What cannot be sent is not read.
    codec
        .encode(&(written, 70_000_u32, "text"), &mut bytes, usize::MAX)
        .ok()?;
    let read = reading(new, || codec.decode::<(Read, u32, String)>(&bytes));
    Some(match read {
        Ok((Read(read), 70_000, text)) if text == "text" && alike(item, &read) => Outcome::Same,
        Ok(_) => Outcome::Wrong,
        Err(_) => Outcome::Refused,
    })
}

fn worst(changes: &[Change], verdict: fn(&Change) -> Verdict) -> Verdict {
    changes.iter().map(verdict).max().unwrap_or_default()
}

/// Returns how often verdicts were fine, by key and by name, with a value that was read.
fn hold(seed: u64) -> Result<[usize; 2], TestCaseError> {
    let mut chance = Chance(seed);
    let mut pairs = Pairs::default();
    let (old, new) = pairs.shapes(&mut chance, 3);
    // Serde's visitors take names that live as long as the program.
    let old: &'static Side = Box::leak(Box::new(Side::new(old, pairs.old)));
    let new: &'static Side = Box::leak(Box::new(Side::new(new, pairs.new)));
    let found = changes(&old.description, &new.description);
    let verdicts = [
        (Codec::Postcard, worst(&found, |change| change.by_key)),
        (Codec::MessagePack, worst(&found, |change| change.by_name)),
        (Codec::Json, worst(&found, |change| change.by_name)),
    ];
    let mut fine = [0, 0];
    for _ in 0..8 {
        let item = Item::random(&mut chance, old, &old.shape);
        for (codec, verdict) in verdicts {
            let Some(outcome) = outcome(codec, old, new, &item) else {
                continue;
            };
            let holds = match verdict {
                Verdict::Fine => outcome == Outcome::Same,
                Verdict::Depends => outcome != Outcome::Wrong,
                Verdict::Breaks => true,
            };
            prop_assert!(
                holds,
                "{codec:?}: {verdict}, yet {outcome:?}: {item:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{found:?}",
                old.shape,
                old.description.types,
                new.shape,
                new.description.types
            );
            fine[usize::from(codec != Codec::Postcard)] += usize::from(verdict == Verdict::Fine);
        }
    }
    Ok(fine)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_fine_is_always_read_as_it_was_meant(seed: u64) {
        hold(seed)?;
    }
}

#[test]
fn many_random_types_are_fine() {
    let mut all = [0, 0];
    for seed in 0..300 {
        let fine = hold(seed).unwrap();
        all = [all[0] + fine[0], all[1] + fine[1]];
    }
    // Or the test above would say little.
    assert!(all[0] > 300 && all[1] > 300, "{all:?}");
}
