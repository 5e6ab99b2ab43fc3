//! Writes JSON.

use std::fmt::{self, Write as _};

use super::Document;

/// On one line.
impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_value(f, self, None)
    }
}

/// A document over several lines.
pub(crate) struct Pretty<'d>(&'d Document);

impl Document {
    pub(crate) fn pretty(&self) -> Pretty<'_> {
        Pretty(self)
    }
}

impl fmt::Display for Pretty<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_value(f, self.0, Some(0))
    }
}

/// With a level of indentation, each part has a line of its own.
fn write_value(
    f: &mut fmt::Formatter<'_>,
    document: &Document,
    level: Option<usize>,
) -> fmt::Result {
    match document {
        Document::Null => f.write_str("null"),
        Document::Bool(value) => write!(f, "{value}"),
        Document::Number(digits) => f.write_str(digits),
        Document::Text(text) => write_text(f, text),
        Document::List(elements) => write_parts(f, ['[', ']'], level, elements, write_value),
        Document::Object(entries) => {
            write_parts(f, ['{', '}'], level, entries, |f, (name, value), level| {
                write_text(f, name)?;
                f.write_str(if level.is_some() { ": " } else { ":" })?;
                write_value(f, value, level)
            })
        }
    }
}

fn write_parts<P>(
    f: &mut fmt::Formatter<'_>,
    [open, close]: [char; 2],
    level: Option<usize>,
    parts: &[P],
    write: impl Fn(&mut fmt::Formatter<'_>, &P, Option<usize>) -> fmt::Result,
) -> fmt::Result {
    f.write_char(open)?;
    let inner = level.map(|level| level + 1);
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_char(',')?;
        }
        write_line(f, inner)?;
        write(f, part, inner)?;
    }
    if !parts.is_empty() {
        write_line(f, level)?;
    }
    f.write_char(close)
}

fn write_line(f: &mut fmt::Formatter<'_>, level: Option<usize>) -> fmt::Result {
    match level {
        Some(level) => write!(f, "\n{:width$}", "", width = level * 2),
        None => Ok(()),
    }
}

/// Control characters are escaped, also those that JSON allows: a terminal obeys them.
fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for char in text.chars() {
        match char {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            char => write_visible(f, char)?,
        }
    }
    f.write_char('"')
}

/// A text for a terminal: what that would obey is escaped, but for the ends of lines.
pub(crate) struct Visible<'t>(pub(crate) &'t str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match char {
                '\n' => f.write_char(char)?,
                char => write_visible(f, char)?,
            }
        }
        Ok(())
    }
}

fn write_visible(f: &mut fmt::Formatter<'_>, char: char) -> fmt::Result {
    if is_obeyed(char) {
        write!(f, "\\u{:04x}", u32::from(char))
    } else {
        f.write_char(char)
    }
}

/// Returns whether a terminal does something else than show it, or shows what follows in another order.
fn is_obeyed(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
