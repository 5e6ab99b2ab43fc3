//! The command line of zmqrpc: lists and describes the services of a server, and calls them.
//!
//! ```text
//! options -> connection -> commands: call, tell, check
//!                             arguments: words and JSON made to fit the shapes of a description
//!                             render: descriptions for people
//!                          -> output, failure: what is written, and the exit code
//! ```

mod arguments;
mod bytes;
mod commands;
mod connection;
mod document;
mod failure;
mod input;
mod options;
mod output;
mod render;

use std::io;
use std::process::ExitCode;

use crate::failure::Failure;
use crate::options::Options;

fn main() -> ExitCode {
    let options = Options::read();
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has read enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(failure) => {
            output::report(options.output, "", &failure);
            failure.into()
        }
    }
}

fn run(options: &Options) -> Result<(), Failure> {
    let unreadable = |error| Failure::usage(format!("the standard input cannot be read: {error}"));
    input::read_if_named(options).map_err(unreadable)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Failure::usage(format!("no call can be made: {error}")));
    runtime?.block_on(commands::run(options))
}
