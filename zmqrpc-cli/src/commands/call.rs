//! Calls.

use std::io::{self, BufRead as _};
use std::time::{Duration, Instant};

use zmqrpc::schema::{Description, Shape};

use super::find::{Found, find};
use crate::arguments::{from_json, from_words, read_file};
use crate::connection::Connection;
use crate::document::{self, Document};
use crate::failure::Failure;
use crate::options::Options;
use crate::output;

/// Calls a method with the arguments that the words behind it say, and prints the reply.
pub(super) async fn call(
    options: &Options,
    connection: &Connection,
    name: &str,
    words: &[String],
) -> Result<(), Failure> {
    if options.json {
        return call_unchecked(options, connection, name, words).await;
    }
    let description = connection.description().await?;
    let found = find(&description, name)?;
    let call = CheckedCall {
        options,
        connection,
        description: &description,
        found,
    };
    if (options.lines || options.data.is_some()) && !words.is_empty() {
        return Err(Failure::usage(
            "arguments stand behind the method, or in --data, or on the lines of the standard input, not in two of these",
        ));
    }
    if options.lines {
        return call.for_each_line().await;
    }
    let arguments = match &options.data {
        Some(data) => from_json(&description, found.1, &text_of(data)?)?,
        None => from_words(&description, found.1, words)?,
    };
    call.make(&arguments).await
}

/// Calls with one JSON value in each word, without a look at the types.
async fn call_unchecked(
    options: &Options,
    connection: &Connection,
    name: &str,
    words: &[String],
) -> Result<(), Failure> {
    let arguments = words.iter().map(|word| {
        let read = document::read(word);
        read.map_err(|error| Failure::usage(format!("`{word}` is no JSON: {error}")))
    });
    let arguments = Document::List(arguments.collect::<Result<_, _>>()?);
    let name = if name.contains('.') {
        name.to_owned()
    } else {
        // Where the server tells, as it does without --json.
        let description = connection.description().await;
        match description.and_then(|description| {
            let (service, method) = find(&description, name)?;
            Ok(service.full_name(method))
        }) {
            Ok(full_name) => full_name,
            Err(Failure::Usage(_)) => name.to_owned(),
            Err(failure) => return Err(failure),
        }
    };
    exchange(options, connection, &name, &arguments, &Shape::Any).await
}

/// A call of a method that the server has described.
struct CheckedCall<'a> {
    options: &'a Options,
    connection: &'a Connection,
    description: &'a Description,
    found: Found<'a>,
}

impl CheckedCall<'_> {
    async fn make(&self, arguments: &Document) -> Result<(), Failure> {
        let (service, method) = self.found;
        let name = service.full_name(method);
        if self.options.dry_run {
            return output::print(&format!("{name} {}\n", arguments.pretty()));
        }
        exchange(
            self.options,
            self.connection,
            &name,
            arguments,
            &method.reply,
        )
        .await
    }

    /// Calls once for each line of the standard input, and goes on behind those that fail.
    async fn for_each_line(&self) -> Result<(), Failure> {
        let mut worst = 0;
        for (index, line) in io::stdin().lock().lines().enumerate() {
            let line = line?;
            if line.trim().is_empty() {
                continue;
            }
            let called = match from_json(self.description, self.found.1, &line) {
                Ok(arguments) => self.make(&arguments).await,
                Err(failure) => Err(failure),
            };
            match called {
                Ok(()) => {}
                Err(failure @ (Failure::Interrupted | Failure::Output(_))) => return Err(failure),
                Err(failure) => {
                    let place = format!("line {}: ", index + 1);
                    output::report(self.options.output, &place, &failure);
                    worst = worst.max(failure.code());
                }
            }
        }
        if worst == 0 {
            return Ok(());
        }
        Err(Failure::Reported(worst))
    }
}

/// Calls, and prints the reply.
async fn exchange(
    options: &Options,
    connection: &Connection,
    name: &str,
    arguments: &Document,
    reply: &Shape,
) -> Result<(), Failure> {
    let arguments = arguments.to_string();
    let start = Instant::now();
    let replied = connection.call(name, &arguments).await?;
    let took = start.elapsed();
    let (body, is_error) = match replied.result() {
        Ok(body) => (body, false),
        Err(body) => (body, true),
    };
    if options.verbose {
        let (sent, came) = (arguments.len(), body.len());
        let endpoints = connection.endpoints();
        eprintln!(
            "{name} at {endpoints}: {}, {sent} bytes of arguments, {came} bytes of reply",
            milliseconds(took)
        );
    }
    // Nothing stands for null.
    let text = if body.is_empty() { b"null" } else { body };
    let text = String::from_utf8_lossy(text);
    let value = document::read(&text)
        .map_err(|error| Failure::NoReply(format!("the reply of {name} is no JSON: {error}")))?;
    if is_error {
        return Err(Failure::Service(value));
    }
    output::print_reply(options.output, reply, &value)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1e3)
}

/// Returns a text of JSON that is typed, in a file, or on the standard input.
fn text_of(data: &str) -> Result<String, Failure> {
    let path = match data.strip_prefix('@') {
        Some(path) => path,
        None if data == "-" => data,
        None => return Ok(data.to_owned()),
    };
    let bytes = read_file(path).map_err(|error| Failure::usage(format!("{path}: {error}")))?;
    String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{path} is not UTF-8")))
}
