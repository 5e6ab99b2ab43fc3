//! What can be typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::arguments::duration;

const USAGE: &str = "zmqrpc [OPTIONS] [ENDPOINT] METHOD [ARGUMENTS]...
       zmqrpc [OPTIONS] [ENDPOINT] [COMMAND [ARGUMENTS]...]";

/// No line is longer than 78 characters, so that none is broken.
const MANUAL: &str = "\
Commands:
  list                   services and methods; also without any command
  describe [NAME]        a service, a method or a type, with all types in it
  template METHOD        its arguments, to be filled in, as JSON
  export FORMAT          snapshot, json-schema, openrpc or python
  check OLD              compares the server with an earlier snapshot; the
                         exit code is 1 where clients of then break
  call METHOD ..         a method whose name is a command's, too

Arguments:
  2 3                    in order, each as its type wants it: texts without
                         quotes, -5, 1_000, 0xff, NaN, 50ms
  a=2 b=3                by name, in any order, beside those in order
  order.lines[0].sku=x   a part of an argument; [] is a new element
  '{\"sku\":\"x\"}'          JSON for structures, lists and maps
  @file  @-              what a file or the standard input holds: as it is
                         for bytes and texts, else JSON; @@x is the text @x
  hex:00ff  base64:AP8=  text:hello      bytes
  --                     what follows is no option

Exit codes:
  0  a reply                       3  not executed, safe to try again
  1  the service's own error       4  not known whether executed
  2  a mistake here, nothing sent  5  executed, but there is no reply

Examples:
  zmqrpc tcp://127.0.0.1:30000
  zmqrpc tcp://127.0.0.1:30000 describe Inventory.place
  zmqrpc tcp://127.0.0.1:30000 Inventory.stock lamp-60w";

/// Calls zmqrpc services from a shell.
#[derive(Debug, Parser)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that can be typed"
)]
#[expect(clippy::doc_markdown, reason = "people see the texts as they are")]
#[command(name = "zmqrpc", version, override_usage = USAGE, after_help = MANUAL)]
pub(crate) struct Options {
    /// Where the server is; also as the first word. With several, a call goes to one of them.
    #[arg(
        short,
        long = "endpoint",
        visible_alias = "connect",
        env = "ZMQRPC_ENDPOINT",
        value_name = "URL",
        value_delimiter = ' '
    )]
    pub(crate) endpoints: Vec<String>,
    /// How long to wait: 500ms, 10s, 2min.
    #[arg(short, long, env = "ZMQRPC_TIMEOUT", default_value = "10s", value_parser = time)]
    pub(crate) timeout: Duration,
    /// How replies are written. With json and compact, errors are JSON, too.
    #[arg(short, long, value_enum, default_value_t = Output::Auto)]
    pub(crate) output: Output,
    /// Each word is one JSON value; types are not asked for.
    #[arg(short, long, conflicts_with_all = ["data", "lines"])]
    pub(crate) json: bool,
    /// All arguments as JSON, an array or an object by their names; @FILE and - are read.
    #[arg(short, long, value_name = "JSON", conflicts_with = "lines")]
    pub(crate) data: Option<String>,
    /// One call for each line of the standard input, as for --data.
    #[arg(long)]
    pub(crate) lines: bool,
    /// Something that travels beside the arguments; may be repeated.
    #[arg(short = 'H', long, value_name = "KEY=VALUE", value_parser = entry)]
    pub(crate) metadata: Vec<(String, String)>,
    /// Checks the arguments, and prints them instead of calling.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// check: tells also what breaks nobody.
    #[arg(long)]
    pub(crate) all: bool,
    /// Tells the time, the endpoint and the sizes, on the standard error.
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Who to log in as; the password is ZMQRPC_PASSWORD's, that of --password-file, or is asked for.
    #[arg(short, long, env = "ZMQRPC_USER", value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// A file whose first line is the password.
    #[arg(
        long,
        env = "ZMQRPC_PASSWORD_FILE",
        value_name = "FILE",
        requires = "user"
    )]
    pub(crate) password_file: Option<PathBuf>,
    /// The file of a key pair to log in with, over CURVE.
    #[arg(
        long,
        env = "ZMQRPC_KEY",
        value_name = "FILE",
        requires = "server_key",
        conflicts_with = "user"
    )]
    pub(crate) key: Option<PathBuf>,
    /// The public key of the server, for --key.
    #[arg(long, env = "ZMQRPC_SERVER_KEY", value_name = "KEY", requires = "key")]
    pub(crate) server_key: Option<String>,
    #[arg(value_name = "WORDS", allow_negative_numbers = true, hide = true)]
    pub(crate) words: Vec<String>,
}

/// How replies are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Over several lines on a terminal, on one elsewhere; nothing where there is no value.
    Auto,
    /// Over several lines.
    Json,
    /// On one line.
    Compact,
    /// Texts and bytes as they are.
    Raw,
}

impl Output {
    /// Returns whether programs read what is written.
    pub(crate) fn is_for_programs(self) -> bool {
        matches!(self, Self::Json | Self::Compact)
    }
}

impl Options {
    /// Takes the endpoint out of the words, where the first one is.
    pub(crate) fn read() -> Self {
        let mut options = Self::parse();
        if options
            .words
            .first()
            .is_some_and(|word| word.contains("://"))
        {
            options.endpoints = vec![options.words.remove(0)];
        }
        options
    }
}

fn time(text: &str) -> Result<Duration, String> {
    duration(text).ok_or_else(|| "a time is a number and a unit: 500ms, 10s, 2min".to_owned())
}

fn entry(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("KEY=VALUE is expected".to_owned()),
    }
}
