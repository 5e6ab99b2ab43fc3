//! Enums that have more variants, or have them in another order.

use super::row::{Entry, row};

pub(super) fn rows() -> Vec<Entry> {
    vec![
        Entry::of::<at_the_end::Row>(),
        Entry::of::<for_a_reader_of_others::Row>(),
        Entry::of::<with_fields_for_a_reader_of_others::Row>(),
        Entry::of::<in_front::Row>(),
        Entry::of::<in_the_middle::Row>(),
        Entry::of::<reordered::Row>(),
    ]
}

row! {
    at_the_end "AtTheEnd"
    old Vec<Size> { pub enum Size { Small, Large(u8), Exact { by: i32 } } }
    new Vec<Size> { pub enum Size { Small, Large(u8), Exact { by: i32 }, Huge, Apart(String) } }
    forth [Fine, Fine, Fine]
        reads {
            vec![] => vec![],
            vec![old::Size::Small, old::Size::Large(u8::MAX), old::Size::Exact { by: -1 }]
                => vec![new::Size::Small, new::Size::Large(u8::MAX), new::Size::Exact { by: -1 }],
        }
    back [Depends, Depends, Depends]
        reads {
            vec![new::Size::Small, new::Size::Large(0), new::Size::Exact { by: i32::MIN }]
                => vec![old::Size::Small, old::Size::Large(0), old::Size::Exact { by: i32::MIN }],
        }
        fails {
            vec![new::Size::Huge],
            vec![new::Size::Small, new::Size::Apart("a".into())],
        }
}

row! {
    for_a_reader_of_others "ForAReaderOfOthers"
    old Vec<Size> { pub enum Size { Small, #[serde(other)] Other } }
    new Vec<Size> { pub enum Size { Small, Other, Huge } }
    forth [Fine, Fine, Fine]
        reads { vec![old::Size::Small, old::Size::Other] => vec![new::Size::Small, new::Size::Other] }
        closes { serde_json::json!(["Small", "Enormous"]) }
    back [Fine, Fine, Fine]
        reads {
            vec![new::Size::Huge, new::Size::Small, new::Size::Other]
                => vec![old::Size::Other, old::Size::Small, old::Size::Other],
        }
}

row! {
    /// By key the content would be read as what stands behind it: here the 3 as the number of tags.
    with_fields_for_a_reader_of_others "WithFieldsForAReaderOfOthers"
    old Crate {
        pub enum Size { Small, #[serde(other)] Other }
        pub struct Crate { pub size: Size, pub tags: Vec<u8> }
    }
    new Crate {
        pub enum Size { Small, Other, Huge(u32) }
        pub struct Crate { pub size: Size, pub tags: Vec<u8> }
    }
    forth [Fine, Fine, Fine]
        reads {
            old::Crate { size: old::Size::Small, tags: vec![0] }
                => new::Crate { size: new::Size::Small, tags: vec![0] },
            old::Crate { size: old::Size::Other, tags: vec![] }
                => new::Crate { size: new::Size::Other, tags: vec![] },
        }
        closes { serde_json::json!({ "size": "Enormous", "tags": [] }) }
    back [Breaks, Depends, Depends] at ".size.Huge"
        reads {
            new::Crate { size: new::Size::Small, tags: vec![1] }
                => old::Crate { size: old::Size::Small, tags: vec![1] },
            new::Crate { size: new::Size::Other, tags: vec![] }
                => old::Crate { size: old::Size::Other, tags: vec![] },
        }
        fails { new::Crate { size: new::Size::Huge(3), tags: vec![1, 2] } }
}

row! {
    /// By key `A` would be read as `Z`.
    in_front "InFront"
    old Letter { pub enum Letter { A, B, C(u8) } }
    new Letter { pub enum Letter { Z, A, B, C(u8) } }
    forth [Breaks, Fine, Fine] at ".A"
        reads {
            old::Letter::A => new::Letter::A,
            old::Letter::B => new::Letter::B,
            old::Letter::C(u8::MAX) => new::Letter::C(u8::MAX),
        }
    back [Breaks, Depends, Depends] at ".Z"
        reads {
            new::Letter::A => old::Letter::A,
            new::Letter::B => old::Letter::B,
            new::Letter::C(0) => old::Letter::C(0),
        }
        fails { new::Letter::Z }
}

row! {
    in_the_middle "InTheMiddle"
    old Letter { pub enum Letter { A, C } }
    new Letter { pub enum Letter { A, B, C } }
    forth [Breaks, Fine, Fine] at ".C"
        reads { old::Letter::A => new::Letter::A, old::Letter::C => new::Letter::C }
    back [Breaks, Depends, Depends] at ".B"
        reads { new::Letter::A => old::Letter::A, new::Letter::C => old::Letter::C }
        fails { new::Letter::B }
}

row! {
    reordered "ReorderedVariants"
    old Option<Letter> { pub enum Letter { A, B(u16), C { by: u16 } } }
    new Option<Letter> { pub enum Letter { A, C { by: u16 }, B(u16) } }
    forth [Breaks, Fine, Fine] at ".B"
        reads {
            None => None,
            Some(old::Letter::A) => Some(new::Letter::A),
            Some(old::Letter::B(u16::MAX)) => Some(new::Letter::B(u16::MAX)),
            Some(old::Letter::C { by: 0 }) => Some(new::Letter::C { by: 0 }),
        }
    back [Breaks, Fine, Fine] at ".C"
        reads {
            None => None,
            Some(new::Letter::A) => Some(old::Letter::A),
            Some(new::Letter::B(u16::MAX)) => Some(old::Letter::B(u16::MAX)),
            Some(new::Letter::C { by: 0 }) => Some(old::Letter::C { by: 0 }),
        }
}
