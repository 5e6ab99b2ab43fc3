//! What the first words ask for.

mod call;
mod check;
mod find;
mod tell;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::options::Options;

/// Does what is asked for.
pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let words: Vec<&str> = options.words.iter().map(String::as_str).collect();
    let usage = |usage: &str| Err(Failure::usage(format!("usage: zmqrpc [ENDPOINT] {usage}")));
    let connection = || Connection::open(options);
    match &words[..] {
        [] | ["list" | "describe"] => tell::list(&connection()?).await,
        ["list", ..] => usage("list"),
        ["describe", name] => tell::describe(&connection()?, name).await,
        ["describe", ..] => usage("describe [SERVICE, METHOD or TYPE]"),
        ["template", method] => tell::template(&connection()?, method).await,
        ["template", ..] => usage("template METHOD"),
        ["export", format] => tell::export(&connection()?, format).await,
        ["export", ..] => usage("export snapshot|json-schema|openrpc|python"),
        ["check", old] => check::check(&connection()?, old, options.all).await,
        ["check", ..] => usage("check OLD, a file that `export snapshot` has written"),
        ["call"] => usage("call METHOD [ARGUMENTS]..."),
        ["call", method, ..] => {
            call::call(options, &connection()?, method, &options.words[2..]).await
        }
        [method, ..] => call::call(options, &connection()?, method, &options.words[1..]).await,
    }
}
