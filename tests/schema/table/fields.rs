//! Structs that became others, and types that were put around others.

use super::row::{Entry, row};

pub(super) fn rows() -> Vec<Entry> {
    vec![
        Entry::of::<optional_is_new::Row>(),
        Entry::of::<with_default_is_new::Row>(),
        Entry::of::<required_is_new::Row>(),
        Entry::of::<new_to_a_closed_one::Row>(),
        Entry::of::<renamed::Row>(),
        Entry::of::<renamed_with_alias::Row>(),
        Entry::of::<optional_renamed::Row>(),
        Entry::of::<reordered::Row>(),
        Entry::of::<may_be_absent::Row>(),
        Entry::of::<newtype::Row>(),
        Entry::of::<pause::Row>(),
        Entry::of::<pauses_in_fields::Row>(),
    ]
}

row! {
    optional_is_new "OptionalIsNew"
    old Vec<Line> { pub struct Line { pub count: u32 } }
    new Vec<Line> { pub struct Line { pub count: u32, pub note: Option<String> } }
    forth [Breaks, Fine, Fine] at "[].note"
        reads {
            vec![old::Line { count: 0 }, old::Line { count: u32::MAX }]
                => vec![new::Line { count: 0, note: None }, new::Line { count: u32::MAX, note: None }],
        }
    back [Breaks, Fine, Fine] at "[].note"
        reads {
            vec![new::Line { count: 0, note: None }, new::Line { count: u32::MAX, note: Some("b".into()) }]
                => vec![old::Line { count: 0 }, old::Line { count: u32::MAX }],
        }
}

row! {
    with_default_is_new "WithDefaultIsNew"
    old Query { pub struct Query { pub text: String } }
    new Query { pub struct Query { pub text: String, #[serde(default)] pub limit: u8 } }
    forth [Breaks, Fine, Fine] at ".limit"
        reads {
            old::Query { text: String::new() } => new::Query { text: String::new(), limit: 0 },
            old::Query { text: "a".into() } => new::Query { text: "a".into(), limit: 0 },
        }
    back [Breaks, Fine, Fine] at ".limit"
        reads { new::Query { text: "a".into(), limit: u8::MAX } => old::Query { text: "a".into() } }
}

row! {
    required_is_new "RequiredIsNew"
    old Line { pub struct Line { pub count: u32 } }
    new Line { pub struct Line { pub count: u32, pub price: i64 } }
    forth [Breaks, Breaks, Breaks] at ".price"
        fails { old::Line { count: 0 }, old::Line { count: u32::MAX } }
    back [Breaks, Fine, Fine] at ".price"
        reads {
            new::Line { count: 0, price: 0 } => old::Line { count: 0 },
            new::Line { count: u32::MAX, price: i64::MIN } => old::Line { count: u32::MAX },
        }
}

row! {
    new_to_a_closed_one "NewToAClosedOne"
    old Line { #[serde(deny_unknown_fields)] pub struct Line { pub count: u32 } }
    new Line { pub struct Line { pub count: u32, pub note: Option<String> } }
    forth [Breaks, Fine, Fine] at ".note"
        reads { old::Line { count: u32::MAX } => new::Line { count: u32::MAX, note: None } }
    back [Breaks, Breaks, Breaks] at ".note"
        fails {
            new::Line { count: 0, note: None },
            new::Line { count: 0, note: Some("a".into()) },
        }
}

row! {
    renamed "Renamed"
    old Line { pub struct Line { pub count: u32, pub sku: String } }
    new Line { pub struct Line { pub count: u32, pub code: String } }
    forth [Fine, Breaks, Breaks]
        reads {
            old::Line { count: 0, sku: String::new() } => new::Line { count: 0, code: String::new() },
            old::Line { count: u32::MAX, sku: "a".into() } => new::Line { count: u32::MAX, code: "a".into() },
        }
    back [Fine, Breaks, Breaks]
        reads { new::Line { count: u32::MAX, code: "a".into() } => old::Line { count: u32::MAX, sku: "a".into() } }
}

row! {
    renamed_with_alias "RenamedWithAlias"
    old Line { pub struct Line { pub count: u32, pub sku: String } }
    new Line { pub struct Line { pub count: u32, #[serde(alias = "sku")] pub code: String } }
    forth [Fine, Fine, Fine]
        reads {
            old::Line { count: 0, sku: String::new() } => new::Line { count: 0, code: String::new() },
            old::Line { count: u32::MAX, sku: "a".into() } => new::Line { count: u32::MAX, code: "a".into() },
        }
    back [Fine, Breaks, Breaks]
        reads { new::Line { count: u32::MAX, code: "a".into() } => old::Line { count: u32::MAX, sku: "a".into() } }
}

row! {
    /// By name the reader can do without, and what the writer has said is lost.
    optional_renamed "OptionalRenamed"
    old Line { pub struct Line { pub count: u32, pub note: Option<String> } }
    new Line { pub struct Line { pub count: u32, pub remark: Option<String> } }
    forth [Fine, Breaks, Breaks]
        reads {
            old::Line { count: 0, note: Some("a".into()) } => new::Line { count: 0, remark: Some("a".into()) },
            old::Line { count: 1, note: None } => new::Line { count: 1, remark: None },
        }
        misreads { old::Line { count: 0, note: Some("a".into()) } => new::Line { count: 0, remark: None } }
    back [Fine, Breaks, Breaks]
        reads { new::Line { count: 0, remark: Some("a".into()) } => old::Line { count: 0, note: Some("a".into()) } }
        misreads { new::Line { count: 0, remark: Some("a".into()) } => old::Line { count: 0, note: None } }
}

row! {
    /// By key the two would be read as each other.
    reordered "Reordered"
    old Size { pub struct Size { pub width: u32, pub height: u32 } }
    new Size { pub struct Size { pub height: u32, pub width: u32 } }
    forth [Breaks, Fine, Fine] at ".width"
        reads {
            old::Size { width: 1, height: 2 } => new::Size { height: 2, width: 1 },
            old::Size { width: 0, height: u32::MAX } => new::Size { height: u32::MAX, width: 0 },
        }
    back [Breaks, Fine, Fine] at ".height"
        reads {
            new::Size { height: 2, width: 1 } => old::Size { width: 1, height: 2 },
            new::Size { height: u32::MAX, width: 0 } => old::Size { width: 0, height: u32::MAX },
        }
}

row! {
    may_be_absent "MayBeAbsent"
    old Line { pub struct Line { pub count: u32, pub sku: String } }
    new Line { pub struct Line { pub count: Option<u32>, pub sku: String } }
    forth [Breaks, Fine, Fine] at ".count"
        reads {
            old::Line { count: 0, sku: "a".into() } => new::Line { count: Some(0), sku: "a".into() },
            old::Line { count: 1, sku: "a".into() } => new::Line { count: Some(1), sku: "a".into() },
            old::Line { count: u32::MAX, sku: "b".into() } => new::Line { count: Some(u32::MAX), sku: "b".into() },
        }
    back [Breaks, Depends, Depends] at ".count"
        reads {
            new::Line { count: Some(0), sku: "a".into() } => old::Line { count: 0, sku: "a".into() },
            new::Line { count: Some(u32::MAX), sku: "b".into() } => old::Line { count: u32::MAX, sku: "b".into() },
        }
        fails { new::Line { count: None, sku: "a".into() } }
}

row! {
    newtype "Newtype"
    old Line { pub struct Line { pub sku: String, pub count: u32, pub sizes: Vec<i16> } }
    new Article {
        pub struct Sku(pub String);
        #[serde(transparent)]
        pub struct Pieces { pub number: u32 }
        pub struct Sizes(pub Vec<Size>);
        pub struct Size(pub i16);
        pub struct Article { pub sku: Sku, pub count: Pieces, pub sizes: Sizes }
    }
    forth [Fine, Fine, Fine]
        reads {
            old::Line { sku: String::new(), count: 0, sizes: vec![] }
                => new::Article {
                    sku: new::Sku(String::new()),
                    count: new::Pieces { number: 0 },
                    sizes: new::Sizes(vec![]),
                },
            old::Line { sku: "a".into(), count: u32::MAX, sizes: vec![-1, i16::MAX] }
                => new::Article {
                    sku: new::Sku("a".into()),
                    count: new::Pieces { number: u32::MAX },
                    sizes: new::Sizes(vec![new::Size(-1), new::Size(i16::MAX)]),
                },
        }
    back [Fine, Fine, Fine]
        reads {
            new::Article {
                sku: new::Sku("a".into()),
                count: new::Pieces { number: u32::MAX },
                sizes: new::Sizes(vec![new::Size(-1), new::Size(i16::MIN)]),
            } => old::Line { sku: "a".into(), count: u32::MAX, sizes: vec![-1, i16::MIN] },
        }
}

row! {
    pause "Pause"
    old std::time::Duration {}
    new Pause { pub struct Pause { pub secs: u64, pub nanos: u32 } }
    forth [Fine, Fine, Fine]
        reads {
            std::time::Duration::ZERO => new::Pause { secs: 0, nanos: 0 },
            std::time::Duration::new(1, 5) => new::Pause { secs: 1, nanos: 5 },
            std::time::Duration::MAX => new::Pause { secs: u64::MAX, nanos: 999_999_999 },
        }
    back [Fine, Fine, Fine]
        reads {
            new::Pause { secs: 0, nanos: 0 } => std::time::Duration::ZERO,
            new::Pause { secs: 1, nanos: 5 } => std::time::Duration::new(1, 5),
            new::Pause { secs: u64::MAX, nanos: 999_999_999 } => std::time::Duration::MAX,
        }
        closes { serde_json::json!({ "secs": 1, "nanos": 5, "zone": "UTC" }) }
}

row! {
    pauses_in_fields "PausesInFields"
    old Plan {
        pub struct Plan { pub pause: Pause, pub limits: Vec<Option<std::time::Duration>> }
        pub struct Pause { pub secs: u64, pub nanos: u32 }
    }
    new Plan {
        pub struct Plan { pub pause: std::time::Duration, pub limits: Vec<Option<Pause>> }
        pub struct Pause { pub secs: u64, pub nanos: u32 }
    }
    forth [Fine, Fine, Fine]
        reads {
            old::Plan {
                pause: old::Pause { secs: u64::MAX, nanos: 1 },
                limits: vec![None, Some(std::time::Duration::new(7, 999_999_999))],
            } => new::Plan {
                pause: std::time::Duration::new(u64::MAX, 1),
                limits: vec![None, Some(new::Pause { secs: 7, nanos: 999_999_999 })],
            },
        }
        closes { serde_json::json!({ "pause": { "secs": 1, "nanos": 5, "zone": "UTC" }, "limits": [] }) }
    back [Fine, Fine, Fine]
        reads {
            new::Plan { pause: std::time::Duration::ZERO, limits: vec![Some(new::Pause { secs: 1, nanos: 2 }), None] }
                => old::Plan {
                    pause: old::Pause { secs: 0, nanos: 0 },
                    limits: vec![Some(std::time::Duration::new(1, 2)), None],
                },
        }
        closes {
            serde_json::json!({
                "pause": { "secs": 0, "nanos": 0 },
                "limits": [{ "secs": 1, "nanos": 5, "zone": "UTC" }],
            }),
        }
}
