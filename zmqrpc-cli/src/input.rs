//! Files, and the standard input.

use std::io::{self, BufRead as _, Read as _};
use std::sync::OnceLock;
use std::{fs, thread};

use tokio::sync::mpsc::{Receiver, channel};

use crate::options::Options;

/// What the standard input holds: it can be read once, and may be named by several words.
static CONTENT: OnceLock<Vec<u8>> = OnceLock::new();

/// Reads the standard input where a word or `--data` names it, before anything else is done: so ctrl-c ends the program as
/// it does any other meanwhile.
pub(crate) fn read_if_named(options: &Options) -> io::Result<()> {
    let is_data = matches!(options.data.as_deref(), Some("-" | "@-"));
    let mut words = options.words.iter();
    if is_data || words.any(|word| word == "@-" || word.ends_with("=@-")) {
        read("-")?;
    }
    Ok(())
}

/// Returns the content of a file; `-` is the standard input.
pub(crate) fn read(path: &str) -> io::Result<Vec<u8>> {
    if path != "-" {
        return fs::read(path);
    }
    if let Some(content) = CONTENT.get() {
        return Ok(content.clone());
    }
    let mut content = Vec::new();
    io::stdin().lock().read_to_end(&mut content)?;
    Ok(CONTENT.get_or_init(|| content).clone())
}

/// Returns the lines of the standard input, which a thread of its own reads.
pub(crate) fn lines() -> io::Result<Receiver<io::Result<Vec<u8>>>> {
    let (sender, lines) = channel(16);
    thread::Builder::new().spawn(move || {
        for line in io::stdin().lock().split(b'\n') {
            // Nobody takes them any more.
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    })?;
    Ok(lines)
}
