//! Serde's rules for names, against a table of what serde makes of them.

use crate::serde_names::{RenameRule, SerdeNames};

/// A rule, and what becomes of the variants `Outcome`, `VeryTasty`, `A`, `Z42` and of the fields `outcome`, `very_tasty`, `a`,
/// `z42`.
#[rustfmt::skip]
const RULES: &[(&str, [&str; 4], [&str; 4])] = &[
    ("lowercase", ["outcome", "verytasty", "a", "z42"], ["outcome", "very_tasty", "a", "z42"]),
    ("UPPERCASE", ["OUTCOME", "VERYTASTY", "A", "Z42"], ["OUTCOME", "VERY_TASTY", "A", "Z42"]),
    ("PascalCase", ["Outcome", "VeryTasty", "A", "Z42"], ["Outcome", "VeryTasty", "A", "Z42"]),
    ("camelCase", ["outcome", "veryTasty", "a", "z42"], ["outcome", "veryTasty", "a", "z42"]),
    ("snake_case", ["outcome", "very_tasty", "a", "z42"], ["outcome", "very_tasty", "a", "z42"]),
    ("SCREAMING_SNAKE_CASE", ["OUTCOME", "VERY_TASTY", "A", "Z42"], ["OUTCOME", "VERY_TASTY", "A", "Z42"]),
    ("kebab-case", ["outcome", "very-tasty", "a", "z42"], ["outcome", "very-tasty", "a", "z42"]),
    ("SCREAMING-KEBAB-CASE", ["OUTCOME", "VERY-TASTY", "A", "Z42"], ["OUTCOME", "VERY-TASTY", "A", "Z42"]),
];

#[test]
fn rules_are_those_of_serde() {
    for (name, variants, fields) in RULES {
        let rule = RenameRule::named(name).expect("a rule");
        let renamed = ["Outcome", "VeryTasty", "A", "Z42"].map(|variant| rule.of_variant(variant));
        assert_eq!(renamed, *variants, "{name}");
        let renamed = ["outcome", "very_tasty", "a", "z42"].map(|field| rule.of_field(field));
        assert_eq!(renamed, *fields, "{name}");
    }
    assert_eq!(RenameRule::named("None"), None);
}

#[test]
fn odd_names_are_taken_as_they_are() {
    assert_eq!(RenameRule::Snake.of_variant("IOError"), "i_o_error");
    assert_eq!(RenameRule::Camel.of_field("_type__name_"), "typeName");
    assert_eq!(RenameRule::Camel.of_variant("\u{c9}tat"), "\u{c9}tat");
    assert_eq!(RenameRule::Camel.of_field("__"), "");
}

#[test]
fn what_is_deserialized_counts() {
    let names = |attributes: &str| {
        let item = syn::parse_str(&format!("{attributes} struct X;"));
        let item: syn::DeriveInput = item.expect("an item");
        SerdeNames::of(&item.attrs)
    };
    for (attributes, renamed) in [
        ("#[serde(rename = \"a\")]", Some("a")),
        (
            "#[serde(default, rename(deserialize = \"a\", serialize = \"b\"))]",
            Some("a"),
        ),
        ("#[serde(rename(serialize = \"b\"))]", None),
        (
            "#[serde(rename(deserialize = \"a\"))] #[serde(rename(serialize = \"b\"))]",
            Some("a"),
        ),
        ("#[serde(alias = \"a\")] #[other(rename = \"b\")]", None),
    ] {
        assert_eq!(names(attributes).rename.as_deref(), renamed, "{attributes}");
    }
    let all = names(
        "#[serde(rename_all(serialize = \"lowercase\", deserialize = \"UPPERCASE\"), rename_all_fields = \"kebab-case\")]",
    );
    assert_eq!(all.rename_all, Some(RenameRule::Upper));
    assert_eq!(all.rename_all_fields, Some(RenameRule::Kebab));
    assert!(names("#[serde(skip)]").is_skipped && names("#[serde(skip_deserializing)]").is_skipped);
    assert!(!names("#[serde(skip_serializing, skip_serializing_if = \"f\")]").is_skipped);
    assert!(names("#[serde(flatten, default)]").is_flattened);
}
