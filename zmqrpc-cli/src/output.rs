//! Writes results to the standard output, and failures to the standard error.

use std::io::{self, IsTerminal as _, Write as _};

use crate::bytes::from_base64;
use crate::document::{Document, Visible};
use crate::failure::Failure;
use crate::options::Output;

/// Prints a text, parts of which may be of somebody else.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    write(Visible(text).to_string().as_bytes())
}

/// Writes bytes as they are.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    written.map_err(Failure::Output)
}

/// What the text or the null of a reply stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplyKind {
    /// The method replies nothing.
    Nothing,
    /// Bytes, which are base64 in JSON.
    Bytes,
    Value,
}

/// Prints the value of a reply.
pub(crate) fn print_reply(
    output: Output,
    kind: ReplyKind,
    value: &Document,
) -> Result<(), Failure> {
    let is_terminal = io::stdout().is_terminal();
    match (output, value) {
        (Output::Raw, Document::Text(text)) if kind == ReplyKind::Bytes => {
            let bytes = from_base64(text);
            write(&bytes.unwrap_or_else(|_| text.clone().into_bytes()))
        }
        (Output::Raw, Document::Text(text)) => write(format!("{text}\n").as_bytes()),
        (Output::Auto, Document::Null) if kind == ReplyKind::Nothing => Ok(()),
        (Output::Json, value) => print(&format!("{}\n", value.pretty())),
        (Output::Auto, value) if is_terminal => print(&format!("{}\n", value.pretty())),
        (_, value) => print(&format!("{value}\n")),
    }
}

/// Says why there is no result, for people or for programs.
pub(crate) fn report(output: Output, place: &str, failure: &Failure) {
    let text = if output.is_for_programs() {
        failure.document().map(|document| document.to_string())
    } else {
        failure.text()
    };
    if let Some(text) = text {
        say(&format!("{place}{text}"));
    }
}

/// Says something beside the result.
pub(crate) fn say(text: &str) {
    // Nobody is left to be told if that fails.
    let _ = writeln!(io::stderr().lock(), "{}", Visible(text));
}
