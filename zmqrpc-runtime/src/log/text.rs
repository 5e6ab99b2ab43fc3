//! What peers have sent, fit to be printed.
//!
//! A name with a line feed in it would begin a line of its own in a log, one with an escape would move the cursor of who
//! looks at it, one that turns the direction of writing would show another name.

use std::fmt::{self, Display, Write};

/// Characters of a field that are written.
const FIELD: usize = 200;

/// Characters of a text in an error's message.
const MESSAGE: usize = 1024;

/// A field's text: with nothing but printable characters, and not long.
pub(crate) fn text(value: impl Display) -> String {
    let mut clean = Clean::new(FIELD);
    // Too long is no reason to say nothing.
    let _ = write!(clean, "{value}");
    clean.finish()
}

/// A text that shows in an error's message.
pub(crate) struct Printable<T>(pub(crate) T);

impl<T: Display> Display for Printable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut clean = Clean::new(MESSAGE);
        let _ = write!(clean, "{}", self.0);
        f.write_str(&clean.finish())
    }
}

struct Clean {
    text: String,
    left: usize,
    cut: bool,
}

impl Clean {
    fn new(characters: usize) -> Self {
        Self {
            text: String::new(),
            left: characters,
            cut: false,
        }
    }

    fn put(&mut self, character: char) -> fmt::Result {
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

impl Write for Clean {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // What the standard library escapes, but for what is harmless and common in a text: quotes and backslashes.
        let plain = ['"', '\'', '\\'];
        for piece in text.split_inclusive(plain) {
            let end = piece.chars().next_back().filter(|end| plain.contains(end));
            let rest = end.map_or(piece, |end| &piece[..piece.len() - end.len_utf8()]);
            rest.escape_debug()
                .chain(end)
                .try_for_each(|character| self.put(character))?;
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
        let wild = "a\nb\r\t\u{1b}[2J\0\u{7f}\u{85}\u{9b}\u{2028}\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}";
        let clean = text(wild);
        assert!(clean.starts_with("a\\nb\\r\\t\\u{1b}[2J"), "{clean}");
        assert!(clean.chars().all(|c| c.is_ascii_graphic()), "{clean}");
        assert_eq!(Printable(wild).to_string(), clean);
    }

    #[test]
    fn it_is_cut_and_says_so() {
        assert_eq!(text("x".repeat(FIELD)).len(), FIELD);
        assert_eq!(text("x".repeat(1 << 20)), "x".repeat(FIELD) + "..");
        let escapes = text("\n".repeat(1 << 20));
        assert_eq!(escapes.len(), FIELD + 2);
    }
}
