//! Sanitizes texts of peers for logs and errors.
//!
//! A name with a line feed in it would begin another log line, one with an escape sequence would move the reader's
//! cursor, and one that changes the direction of writing would show as another name.

use std::fmt::{self, Display, Write};

/// The most characters of a field.
const MAX_FIELD: usize = 200;

/// The most characters of a text in an error's message.
const MAX_MESSAGE: usize = 1024;

/// Returns a field's text: printable characters only, and at most [`MAX_FIELD`] of them.
pub(crate) fn text(value: impl Display) -> String {
    let mut sanitizer = Sanitizer::new(MAX_FIELD);
    // An error means that the text was cut.
    let _ = write!(sanitizer, "{value}");
    sanitizer.finish()
}

/// Displays a text as part of an error's message: printable characters only, and at most [`MAX_MESSAGE`] of them.
pub(crate) struct Printable<T>(pub(crate) T);

impl<T: Display> Display for Printable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sanitizer = Sanitizer::new(MAX_MESSAGE);
        let _ = write!(sanitizer, "{}", self.0);
        f.write_str(&sanitizer.finish())
    }
}

struct Sanitizer {
    text: String,
    left: usize,
    cut: bool,
}

impl Sanitizer {
    fn new(characters: usize) -> Self {
        Self {
            text: String::new(),
            left: characters,
            cut: false,
        }
    }

    fn push(&mut self, character: char) -> fmt::Result {
        if self.left == 0 {
            self.cut = true;
            return Err(fmt::Error);
        }
        self.left -= 1;
        self.text.push(character);
        Ok(())
    }

    fn finish(mut self) -> String {
        if self.cut {
            self.text.push_str("..");
        }
        self.text
    }
}

impl Write for Sanitizer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Escapes what the standard library escapes, except quotes and backslashes, which are harmless and common in
        // texts.
        let plain = ['"', '\'', '\\'];
        for piece in text.split_inclusive(plain) {
            let end = piece.chars().next_back().filter(|end| plain.contains(end));
            let rest = end.map_or(piece, |end| &piece[..piece.len() - end.len_utf8()]);
            rest.escape_debug()
                .chain(end)
                .try_for_each(|character| self.push(character))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printable_stays_as_it_is() {
        for plain in ["", "Calculator.add", "it's \"här\" \\ 40 €, 日本"] {
            assert_eq!(text(plain), plain);
            assert_eq!(Printable(plain).to_string(), plain);
        }
    }

    #[test]
    fn nothing_begins_a_line_moves_a_cursor_or_turns_the_direction() {
        let hostile = "a\nb\r\t\u{1b}[2J\0\u{7f}\u{85}\u{9b}\u{2028}\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}";
        let sanitized = text(hostile);
        assert!(
            sanitized.starts_with("a\\nb\\r\\t\\u{1b}[2J"),
            "{sanitized}"
        );
        assert!(
            sanitized.chars().all(|c| c.is_ascii_graphic()),
            "{sanitized}"
        );
        assert_eq!(Printable(hostile).to_string(), sanitized);
    }

    #[test]
    fn it_is_cut_and_says_so() {
        assert_eq!(text("x".repeat(MAX_FIELD)).len(), MAX_FIELD);
        assert_eq!(text("x".repeat(1 << 20)), "x".repeat(MAX_FIELD) + "..");
        let escapes = text("\n".repeat(1 << 20));
        assert_eq!(escapes.len(), MAX_FIELD + 2);
    }
}
