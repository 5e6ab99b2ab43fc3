//! Keeps the documents honest: of each sentence that has one of some words something stands in `tests/promises.md`, beside
//! the tests that try to refute it. Whether that is all that the sentence promises, and whether one without these words
//! promises something, only its reader can tell.

use std::fs;
use std::path::Path;

use crate::guide::{complaint, rows, tests_of_the_project};

/// What most sentences that promise something are known by.
const WORDS: [&str; 6] = ["never", "always", "certain", "bounded", "nobody", "every"];

const DOCUMENTS: [&str; 4] = ["README.md", "SECURITY.md", "ARCHITECTURE.md", "PROTOCOL.md"];

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The text without line breaks, emphasis and code fences' contents.
fn plain(document: &str) -> String {
    let prose = document
        .split("```")
        .step_by(2)
        .collect::<Vec<_>>()
        .join(" ");
    let words = prose.replace("**", "");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The sentences that have one of the words. A cell of a table ends a sentence, too.
fn promises(document: &str) -> Vec<String> {
    let text = plain(document);
    let sentences = text
        .split_inclusive(". ")
        .flat_map(|part| part.split(" | "));
    let has_word = |sentence: &&str| {
        let mut words = sentence.split(|letter: char| !letter.is_alphabetic());
        words.any(|word| WORDS.contains(&word.to_lowercase().as_str()))
    };
    sentences
        .filter(has_word)
        .map(|sentence| sentence.trim_matches([' ', '|']).to_owned())
        .collect()
}

/// Whether a quotation and a sentence speak of the same.
fn covers(quote: &str, sentence: &str) -> bool {
    sentence.contains(quote) || quote.contains(sentence)
}

#[test]
fn every_promise_has_a_test_that_tries_to_refute_it() {
    let (list, tests) = (read("tests/promises.md"), tests_of_the_project());
    let rows = rows(&list);
    let mut complaints: Vec<String> = rows
        .iter()
        .filter_map(|row| complaint(*row, &tests))
        .collect();
    let quotes: Vec<String> = rows.iter().map(|(quote, _)| plain(quote)).collect();
    let documents = DOCUMENTS.map(|name| (name, plain(&read(name))));
    for name in DOCUMENTS {
        for sentence in promises(&read(name)) {
            if !quotes.iter().any(|quote| covers(quote, &sentence)) {
                complaints.push(format!("{name}: no row has: {sentence}"));
            }
        }
    }
    let rustdoc = sources(Path::new("zmqrpc-runtime/src"));
    for quote in &quotes {
        if !documents.iter().any(|(_, text)| text.contains(quote)) && !rustdoc.contains(quote) {
            complaints.push(format!("nowhere is it said: {quote}"));
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// What the doc comments below a directory say.
fn sources(directory: &Path) -> String {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let mut text = String::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let lines = source
                .lines()
                .filter_map(|line| line.trim().strip_prefix("//"));
            let lines: Vec<_> = lines
                .map(|line| line.trim_start_matches(['/', '!']))
                .collect();
            text += &plain(&lines.join(" "));
            text.push(' ');
        }
    }
    text
}

#[test]
fn a_sentence_that_promises_something_is_found() {
    let document = "It is quick. **Nobody\nwaits** for it. It may fail.\n\n| what | Every one |\n|---|---|\n\
                    | it | is always there |\n\n```rust\n// Never.\n```\n";
    assert_eq!(
        promises(document),
        ["Nobody waits for it.", "Every one", "is always there"]
    );
}
