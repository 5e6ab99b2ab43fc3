//! Types of one name that are not the same: of two versions of a crate, or of two blocks of a function.

#![expect(dead_code, reason = "their shapes are of interest, and nothing else")]

use serde::Deserialize;

use super::rendering::Rendered;
use super::{RootType, ShapeFinder};

/// Returns what is found out of the types, the one after the other.
fn traced_together(roots: &[RootType<'static>]) -> Vec<String> {
    let mut finder = ShapeFinder::new();
    for root in roots {
        finder.find(*root);
    }
    let types = finder.into_types().into_values();
    types.map(|found| Rendered(&found).to_string()).collect()
}

#[test]
fn twins_of_different_sizes_are_two_types() {
    let narrow = {
        #[derive(Deserialize)]
        struct Twin(u32);
        RootType::of::<Twin>()
    };
    let wide = {
        #[derive(Deserialize)]
        struct Twin(String);
        RootType::of::<Twin>()
    };
    assert_eq!(traced_together(&[narrow, wide]), ["u32", "string"]);
}

/// One of the two shapes would be wrong.
#[test]
fn twins_of_one_size_are_unknown() {
    let unsigned = {
        #[derive(Deserialize)]
        struct Twin {
            x: u32,
            y: u8,
        }
        RootType::of::<Twin>()
    };
    let signed = {
        #[derive(Deserialize)]
        struct Twin {
            x: i32,
            y: u8,
        }
        RootType::of::<Twin>()
    };
    let unknown = "{ x: unknown (it asks for different things at different times), y: u8 }";
    assert_eq!(traced_together(&[unsigned, signed]), [unknown]);
    assert_eq!(traced_together(&[signed, unsigned]), [unknown]);
    assert_eq!(traced_together(&[signed, signed]), ["{ x: i32, y: u8 }"]);
}

#[test]
fn variants_of_one_name_that_hold_different_things_are_unknown() {
    let tuple = {
        #[derive(Deserialize)]
        enum Twin {
            A(u8, u8),
        }
        RootType::of::<Twin>()
    };
    let fields = {
        #[derive(Deserialize)]
        enum Twin {
            A { x: u8, y: u8 },
        }
        RootType::of::<Twin>()
    };
    let found = traced_together(&[tuple, fields]);
    assert_eq!(found, ["A(unknown)"]);
}
