//! Identifiers, texts in quotation marks, and docstrings.

use std::fmt::Write;

use crate::export::names::sanitized;

/// What Python reads as something else than a name.
const KEYWORDS: &str = "False None True and as assert async await break class continue def del elif else except finally for \
    from global if import in is lambda nonlocal not or pass raise return try while with yield";

/// The most characters of an identifier, which may be put together with another one.
const MAX_IDENTIFIER: usize = 100;

/// Returns `name` as an identifier that is no keyword, none of the words in `reserved`, and does not begin with `_`. Where
/// the name has none of the characters of one, it is `otherwise`.
pub(super) fn identifier(name: &str, otherwise: &str, reserved: &[&str]) -> String {
    let mut identifier = sanitized(name, &[]);
    identifier.truncate(MAX_IDENTIFIER);
    if identifier.is_empty() || identifier.starts_with(|first: char| first.is_ascii_digit()) {
        identifier.insert_str(0, otherwise);
    }
    let mut words = reserved.iter().chain([&KEYWORDS]);
    if words.any(|words| words.split(' ').any(|word| word == identifier)) {
        identifier.push('_');
    }
    identifier
}

/// Returns a text in quotation marks.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            char => escape(char, &mut out),
        }
    }
    out.push('"');
    out
}

/// Writes a docstring, unless the text is empty.
pub(super) fn write_docs(docs: &str, indent: &str, out: &mut String) {
    let docs = docs.trim();
    if docs.is_empty() {
        return;
    }
    _ = write!(out, "{indent}\"\"\"");
    let last = docs.len() - 1;
    let mut after_quote = true;
    for (index, char) in docs.char_indices() {
        match char {
            // Three in a row would end it, and so would a last one.
            '"' if after_quote || index == last => out.push_str("\\\""),
            '\n' => {
                trim_end(out);
                _ = write!(out, "\n{indent}");
            }
            char => escape(char, out),
        }
        after_quote = char == '"';
    }
    out.push_str("\"\"\"\n");
}

fn trim_end(out: &mut String) {
    out.truncate(out.trim_end_matches(' ').len());
}

/// Writes a character within quotation marks. What people do not see is written as its number.
fn escape(char: char, out: &mut String) {
    match char {
        '\\' => out.push_str("\\\\"),
        '\'' | '"' => out.push(char),
        // The standard library knows what can be printed, and what changes the look of what stands beside it.
        _ if char.escape_debug().len() == 1 => out.push(char),
        _ => _ = write!(out, "\\U{:08x}", u32::from(char)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_none_of_pythons_words() {
        for (name, expected) in [
            ("place", "place"),
            ("class", "class_"),
            ("None", "None_"),
            ("timeout", "timeout_"),
            ("__init__", "init"),
            ("_x", "x"),
            ("2d", "n2d"),
            ("", "n"),
            ("a)\nimport os#", "a_import_os"),
        ] {
            assert_eq!(identifier(name, "n", &["timeout"]), expected);
        }
    }

    #[test]
    fn texts_stay_within_their_quotation_marks() {
        for (text, expected) in [
            ("Keeps stock.", r#""Keeps stock.""#),
            (r#"a"b\"#, r#""a\"b\\""#),
            ("a\nb\r\0", r#""a\nb\U0000000d\U00000000""#),
            ("é\u{202e}\u{2028}", r#""é\U0000202e\U00002028""#),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn docstrings_end_where_they_should() {
        for (docs, expected) in [
            ("", ""),
            ("Keeps stock.", "  \"\"\"Keeps stock.\"\"\"\n"),
            ("One.\n\nTwo.", "  \"\"\"One.\n\n  Two.\"\"\"\n"),
            ("\"\"\"\"a\"", "  \"\"\"\\\"\\\"\\\"\\\"a\\\"\"\"\"\n"),
            ("it's \"so\", yes", "  \"\"\"it's \"so\", yes\"\"\"\n"),
            ("end\\", "  \"\"\"end\\\\\"\"\"\n"),
        ] {
            let mut out = String::new();
            write_docs(docs, "  ", &mut out);
            assert_eq!(out, expected);
        }
    }
}
