//! Calls.

use std::time::{Duration, Instant};

use zmqrpc::schema::{Description, Shape};

use super::find::{Found, find};
use crate::arguments::{Form, Shapes, from_json, from_words};
use crate::connection::Connection;
use crate::document::{self, Document};
use crate::failure::Failure;
use crate::input;
use crate::options::Options;
use crate::output::{self, ReplyKind};

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
    let call = Exchange {
        options,
        connection,
        name: &name,
        reply: ReplyKind::Value,
    };
    call.make(&arguments).await
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
        let shapes = Shapes(self.description);
        let reply = match shapes.form(shapes.within_options(&method.reply)) {
            Form::Shape(Shape::Bytes) => ReplyKind::Bytes,
            _ if method.reply == Shape::Unit => ReplyKind::Nothing,
            _ => ReplyKind::Value,
        };
        let call = Exchange {
            options: self.options,
            connection: self.connection,
            name: &service.full_name(method),
            reply,
        };
        call.make(arguments).await
    }

    /// Calls once for each line of the standard input, and goes on behind those that fail.
    async fn for_each_line(&self) -> Result<(), Failure> {
        let lines = input::lines();
        let mut lines = lines.map_err(|error| unreadable(&error))?;
        let (mut worst, mut number) = (0, 0);
        while let Some(line) = self.connection.unless_interrupted(lines.recv()).await? {
            number += 1;
            let line = line.map_err(|error| unreadable(&error))?;
            match self.make_of(&line).await {
                Ok(()) => {}
                Err(failure @ (Failure::Interrupted | Failure::Output(_))) => return Err(failure),
                Err(failure) => {
                    output::report(self.options.output, &format!("line {number}: "), &failure);
                    worst = worst.max(failure.code());
                }
            }
        }
        if worst == 0 {
            return Ok(());
        }
        Err(Failure::Reported(worst))
    }

    /// Calls with the arguments on a line; an empty one is none.
    async fn make_of(&self, line: &[u8]) -> Result<(), Failure> {
        let line = str::from_utf8(line).map_err(|_| Failure::usage("it is not UTF-8"))?;
        if line.trim().is_empty() {
            return Ok(());
        }
        let arguments = from_json(self.description, self.found.1, line)?;
        self.make(&arguments).await
    }
}

fn unreadable(error: &std::io::Error) -> Failure {
    Failure::usage(format!("the standard input cannot be read: {error}"))
}

/// A request and its reply.
struct Exchange<'a> {
    options: &'a Options,
    connection: &'a Connection,
    name: &'a str,
    reply: ReplyKind,
}

impl Exchange<'_> {
    /// Calls, and prints the reply; or prints what would be called.
    async fn make(&self, arguments: &Document) -> Result<(), Failure> {
        let Self { options, name, .. } = self;
        if options.dry_run {
            return output::print(&format!("{name} {}\n", arguments.pretty()));
        }
        let arguments = arguments.to_string();
        let start = Instant::now();
        let replied = self.connection.call(name, &arguments).await?;
        let took = start.elapsed();
        let (body, is_error) = match replied.result() {
            Ok(body) => (body, false),
            Err(body) => (body, true),
        };
        if options.verbose {
            let (sent, came) = (arguments.len(), body.len());
            let endpoints = self.connection.endpoints();
            output::say(&format!(
                "{name} at {endpoints}: {}, {sent} bytes of arguments, {came} bytes of reply",
                milliseconds(took)
            ));
        }
        // Nothing stands for null.
        let text = if body.is_empty() { b"null" } else { body };
        let value = document::read(&String::from_utf8_lossy(text)).map_err(|error| {
            Failure::NoReply(format!("the reply of {name} is no JSON: {error}"))
        })?;
        if is_error {
            return Err(Failure::Service(value));
        }
        output::print_reply(options.output, self.reply, &value)
    }
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
    let bytes = input::read(path).map_err(|error| Failure::usage(format!("{path}: {error}")))?;
    String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{path} is not UTF-8")))
}
