//! Keeps `MIGRATING.md` honest: each row of its tables names tests that exist, or says why there is none.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The first cell of a row, and the one that names tests.
pub(crate) type Row<'a> = (&'a str, &'a str);

/// The rows of all tables whose last column is headed `test`.
pub(crate) fn rows(guide: &str) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut within = false;
    for line in guide.lines() {
        let Some(cells) = line
            .strip_prefix('|')
            .and_then(|line| line.strip_suffix('|'))
        else {
            within = false;
            continue;
        };
        let first = cells.split('|').next().unwrap().trim();
        let last = cells.rsplit('|').next().unwrap().trim();
        if within && !last.starts_with('-') {
            rows.push((first, last));
        }
        within |= last == "test";
    }
    rows
}

/// What is wrong with a row, if anything.
pub(crate) fn complaint((feature, cell): Row<'_>, tests: &BTreeSet<String>) -> Option<String> {
    let quoted: Vec<_> = cell.split('`').skip(1).step_by(2).collect();
    if let Some(unknown) = quoted.iter().find(|name| !tests.contains(**name)) {
        return Some(format!("{feature}: there is no test `{unknown}`"));
    }
    let reason = cell.strip_prefix("none: ").unwrap_or_default();
    if quoted.is_empty() && reason.split(' ').count() < 4 {
        return Some(format!("{feature}: neither a test nor a reason"));
    }
    None
}

/// The functions of a source file that are tests.
fn tests_in(source: &str) -> impl Iterator<Item = String> {
    let behind = source.split("#[test]").skip(1);
    let behind = behind.chain(source.split("#[tokio::test").skip(1));
    behind.filter_map(|text| {
        let name = text.split_once("fn ")?.1.split_once('(')?.0;
        Some(name.to_owned())
    })
}

/// All tests of the project; a program that must compile, or must not, has its file's name.
fn collect(directory: &Path, tests: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("target") {
                collect(&path, tests);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            tests.extend(tests_in(&fs::read_to_string(&path).unwrap()));
            if directory.ends_with("ui-tests/fail") || directory.ends_with("ui-tests/pass") {
                tests.insert(path.file_stem().unwrap().to_str().unwrap().to_owned());
            }
        }
    }
}

pub(crate) fn tests_of_the_project() -> BTreeSet<String> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeSet::new();
    for directory in [
        "tests",
        "ui-tests",
        "zmqrpc-runtime",
        "zmqrpc-macros",
        "zmqrpc-cli",
    ] {
        collect(&top.join(directory), &mut tests);
    }
    tests
}

#[test]
fn every_test_that_the_guide_names_exists() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("MIGRATING.md");
    let guide = fs::read_to_string(guide).unwrap();
    let tests = tests_of_the_project();
    let rows = rows(&guide);
    // All features of the three, not a table that was not recognised.
    assert!(rows.len() >= 60, "{} rows", rows.len());
    let complaints: Vec<_> = rows
        .into_iter()
        .filter_map(|row| complaint(row, &tests))
        .collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn a_test_that_does_not_exist_is_found_out() {
    let tests = BTreeSet::from(["it_works".to_owned()]);
    let guide = "| there | test |\n|---|---|\n\
                 | a | `it_works` |\n| b | `it_works`, `it_fails` |\n| c | later |\n| d | none: we do not do it |\n\
                 \n| x | here |\n|---|---|\n| e | nothing |\n";
    let complaints: Vec<_> = rows(guide)
        .into_iter()
        .map(|row| complaint(row, &tests))
        .collect();
    assert_eq!(
        complaints,
        [
            None,
            Some("b: there is no test `it_fails`".into()),
            Some("c: neither a test nor a reason".into()),
            None
        ]
    );
}

#[test]
fn tests_are_told_from_other_functions() {
    let source = "fn helper() {}\n#[test]\n// Why.\nfn first() {}\n\
                  #[tokio::test(flavor = \"current_thread\")]\nasync fn second() {}\nfn third() {}\n";
    assert_eq!(tests_in(source).collect::<Vec<_>>(), ["first", "second"]);
}
