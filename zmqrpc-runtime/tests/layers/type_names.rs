//! No name stands for two types: who reads it, or searches for it, finds one thing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::rust_files;

/// Types of which a build has one or the other, by its features.
const TWINS: [&str; 3] = ["AuthSettings", "Held", "Security"];

#[test]
fn no_two_types_have_one_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in rust_files(&root) {
        let path = file.strip_prefix(&root).unwrap().display().to_string();
        // Tests are read one at a time.
        if path.ends_with("tests.rs") || path.contains("/tests/") {
            continue;
        }
        let tokens: TokenStream = fs::read_to_string(&file).unwrap().parse().unwrap();
        for name in types(tokens, true) {
            places.entry(name).or_default().push(path.clone());
        }
    }
    for twin in TWINS {
        let twins = places.remove(twin).unwrap_or_default();
        assert_eq!(twins.len(), 2, "{twin} is no twin: {twins:?}");
    }
    // Each module may have an `Error`, as modules of std have.
    places.remove("Error");
    places.retain(|_, places| places.len() > 1);
    assert_eq!(places, BTreeMap::new(), "names of more than one type");
}

#[test]
fn types_are_found_wherever_they_are_defined() {
    let source = "struct A; mod inner { pub(crate) enum B { C } type F = A; } fn f() { trait D {} } mod tests { struct E; } impl I for A { type G = A; }";
    assert_eq!(types(source.parse().unwrap(), true), ["A", "B", "F", "D"]);
}

/// Returns the names that are defined, but for those in a module of tests. Only where there are `items` is a `type` no
/// associated one.
fn types(tokens: TokenStream, items: bool) -> Vec<String> {
    let mut found = Vec::new();
    let (mut before, mut is_module, mut is_tests) = (String::new(), false, false);
    for token in tokens {
        match &token {
            TokenTree::Ident(name) => {
                let name = name.to_string();
                let is_type = name.starts_with(char::is_uppercase);
                let is_definition = ["struct", "enum", "trait", "union"].contains(&before.as_str());
                if is_type && (is_definition || items && before == "type") {
                    found.push(name.clone());
                }
                is_module = before == "mod";
                is_tests = is_module && name == "tests";
                before = name;
                continue;
            }
            TokenTree::Group(group) if !(is_tests && group.delimiter() == Delimiter::Brace) => {
                found.extend(types(group.stream(), items && is_module));
            }
            _ => {}
        }
        (before, is_module, is_tests) = (String::new(), false, false);
    }
    found
}
