//! Numbers that became wider, or of another kind.

use super::row::{Entry, row};

pub(super) fn rows() -> Vec<Entry> {
    vec![
        Entry::of::<wider::Row>(),
        Entry::of::<wider_with_a_sign::Row>(),
        Entry::of::<widest::Row>(),
        Entry::of::<widest_with_a_sign::Row>(),
        Entry::of::<from_a_byte::Row>(),
        Entry::of::<from_a_byte_with_a_sign::Row>(),
        Entry::of::<signed::Row>(),
        Entry::of::<signed_alias::Row>(),
        Entry::of::<float::Row>(),
        Entry::of::<float_of_fewer_digits::Row>(),
    ]
}

row! {
    wider "Wider"
    old Line { pub struct Line { pub count: u16, pub sku: String } }
    new Line { pub struct Line { pub count: u64, pub sku: String } }
    forth [Fine, Fine, Fine]
        reads {
            old::Line { count: 0, sku: String::new() } => new::Line { count: 0, sku: String::new() },
            old::Line { count: 300, sku: "a".into() } => new::Line { count: 300, sku: "a".into() },
            old::Line { count: u16::MAX, sku: "b".into() } => new::Line { count: 65_535, sku: "b".into() },
        }
    back [Depends, Depends, Depends]
        reads {
            new::Line { count: 0, sku: String::new() } => old::Line { count: 0, sku: String::new() },
            new::Line { count: 65_535, sku: "b".into() } => old::Line { count: u16::MAX, sku: "b".into() },
        }
        fails {
            new::Line { count: 65_536, sku: "c".into() },
            new::Line { count: u64::MAX, sku: "d".into() },
        }
}

row! {
    wider_with_a_sign "WiderWithASign"
    old Line { pub struct Line { pub change: i16, pub sku: String } }
    new Line { pub struct Line { pub change: i32, pub sku: String } }
    forth [Fine, Fine, Fine]
        reads {
            old::Line { change: 0, sku: "a".into() } => new::Line { change: 0, sku: "a".into() },
            old::Line { change: -1, sku: "a".into() } => new::Line { change: -1, sku: "a".into() },
            old::Line { change: i16::MIN, sku: "b".into() } => new::Line { change: -32_768, sku: "b".into() },
            old::Line { change: i16::MAX, sku: "b".into() } => new::Line { change: 32_767, sku: "b".into() },
        }
    back [Depends, Depends, Depends]
        reads {
            new::Line { change: -32_768, sku: "b".into() } => old::Line { change: i16::MIN, sku: "b".into() },
            new::Line { change: 32_767, sku: "b".into() } => old::Line { change: i16::MAX, sku: "b".into() },
        }
        fails {
            new::Line { change: -32_769, sku: "c".into() },
            new::Line { change: 32_768, sku: "c".into() },
            new::Line { change: i32::MIN, sku: "c".into() },
        }
}

row! {
    /// In `MessagePack` 128 bits are 16 bytes, which no other width is read from.
    widest "Widest"
    old u64 {}
    new u128 {}
    forth [Fine, Fine, Fine]
        reads { 0 => 0, u64::MAX => 18_446_744_073_709_551_615 }
    back [Depends, Breaks, Depends]
        reads { 0 => 0, 18_446_744_073_709_551_615 => u64::MAX }
        fails { 18_446_744_073_709_551_616, u128::MAX }
}

row! {
    widest_with_a_sign "WidestWithASign"
    old i64 {}
    new i128 {}
    forth [Fine, Fine, Fine]
        reads { 0 => 0, -1 => -1, i64::MIN => -9_223_372_036_854_775_808, i64::MAX => 9_223_372_036_854_775_807 }
    back [Depends, Breaks, Depends]
        reads { -9_223_372_036_854_775_808 => i64::MIN, 9_223_372_036_854_775_807 => i64::MAX }
        fails { -9_223_372_036_854_775_809, i128::MAX, i128::MIN }
}

row! {
    from_a_byte "FromAByte"
    old Line { pub struct Line { pub count: u8, pub sku: String } }
    new Line { pub struct Line { pub count: u32, pub sku: String } }
    forth [Breaks, Fine, Fine] at ".count"
        reads {
            old::Line { count: 0, sku: "a".into() } => new::Line { count: 0, sku: "a".into() },
            old::Line { count: 128, sku: "a".into() } => new::Line { count: 128, sku: "a".into() },
            old::Line { count: u8::MAX, sku: "b".into() } => new::Line { count: 255, sku: "b".into() },
        }
    back [Breaks, Depends, Depends] at ".count"
        reads {
            new::Line { count: 0, sku: "a".into() } => old::Line { count: 0, sku: "a".into() },
            new::Line { count: 255, sku: "b".into() } => old::Line { count: u8::MAX, sku: "b".into() },
        }
        fails {
            new::Line { count: 256, sku: "c".into() },
            new::Line { count: u32::MAX, sku: "c".into() },
        }
}

row! {
    from_a_byte_with_a_sign "FromAByteWithASign"
    old i8 {}
    new i64 {}
    forth [Breaks, Fine, Fine]
        reads { 0 => 0, -1 => -1, i8::MIN => -128, i8::MAX => 127 }
    back [Breaks, Depends, Depends]
        reads { -128 => i8::MIN, 127 => i8::MAX }
        fails { -129, 128, i64::MIN }
}

row! {
    /// By key 70000 would be read as 35000.
    signed "Signed"
    old Vec<Line> { pub struct Line { pub sku: String, pub count: u32 } }
    new Vec<Line> { pub struct Line { pub sku: String, pub count: i64 } }
    forth [Breaks, Fine, Fine] at "[].count"
        reads {
            vec![old::Line { sku: "a".into(), count: 0 }] => vec![new::Line { sku: "a".into(), count: 0 }],
            vec![old::Line { sku: "a".into(), count: 70_000 }, old::Line { sku: "b".into(), count: u32::MAX }]
                => vec![
                    new::Line { sku: "a".into(), count: 70_000 },
                    new::Line { sku: "b".into(), count: 4_294_967_295 },
                ],
            vec![] => vec![],
        }
    back [Breaks, Depends, Depends] at "[].count"
        reads {
            vec![new::Line { sku: "a".into(), count: 0 }] => vec![old::Line { sku: "a".into(), count: 0 }],
            vec![new::Line { sku: "b".into(), count: 4_294_967_295 }]
                => vec![old::Line { sku: "b".into(), count: u32::MAX }],
        }
        fails {
            vec![new::Line { sku: "c".into(), count: -1 }],
            vec![new::Line { sku: "c".into(), count: 4_294_967_296 }],
            vec![new::Line { sku: "c".into(), count: i64::MIN }],
        }
}

row! {
    /// By key 7 would be read as -4, and the texts of both signatures are the same.
    signed_alias "SignedAlias"
    old Number { pub type Number = u64; }
    new Number { pub type Number = i64; }
    forth [Breaks, Depends, Depends]
        reads { 0 => 0, 7 => 7, 9_223_372_036_854_775_807 => i64::MAX }
        fails { 9_223_372_036_854_775_808, u64::MAX }
    back [Breaks, Depends, Depends]
        reads { 0 => 0, i64::MAX => 9_223_372_036_854_775_807 }
        fails { -4, i64::MIN }
}

row! {
    float "Float"
    old Reading { pub struct Reading { pub degrees: u32, pub place: String } }
    new Reading { pub struct Reading { pub degrees: f64, pub place: String } }
    forth [Breaks, Fine, Fine] at ".degrees"
        reads {
            old::Reading { degrees: 0, place: "a".into() } => new::Reading { degrees: 0.0, place: "a".into() },
            old::Reading { degrees: u32::MAX, place: "b".into() }
                => new::Reading { degrees: 4_294_967_295.0, place: "b".into() },
        }
    back [Breaks, Breaks, Breaks] at ".degrees"
        fails {
            new::Reading { degrees: 0.0, place: "a".into() },
            new::Reading { degrees: 7.0, place: "a".into() },
            new::Reading { degrees: -0.5, place: "b".into() },
        }
}

row! {
    /// By name the nearest float is read, without a word.
    float_of_fewer_digits "FloatOfFewerDigits"
    old u64 {}
    new f64 {}
    forth [Breaks, Breaks, Breaks]
        misreads { 9_007_199_254_740_993 => 9_007_199_254_740_992.0, u64::MAX => 18_446_744_073_709_551_616.0 }
    back [Breaks, Breaks, Breaks]
        fails { 0.0, 7.0, 1e300 }
}
