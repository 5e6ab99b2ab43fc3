//! How a run fails: what is said, and the exit code.

use std::io;
use std::process::ExitCode;

use zmqrpc::{Error, Executed};

use crate::document::Document;

/// Why the command line ends without a result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A mistake in the command line, or in what it names: nothing was sent.
    Usage(String),
    /// The server has not said what it offers, so that nothing was called.
    NotDescribed(Box<Error>),
    /// A call has failed.
    Call(Box<Error>),
    /// The method has answered with an error of its own.
    Service(Document),
    /// What has come in the place of a reply is none.
    NoReply(String),
    /// Clients of an earlier version would fail; it has been said where.
    Incompatible,
    /// Some of several calls have failed, each of which has been reported; the worst code of them.
    Reported(u8),
    /// The user does not want to wait any more.
    Interrupted,
    /// The result cannot be written.
    Output(io::Error),
}

/// As the manual lists them.
mod code {
    pub(super) const REFUSED: u8 = 1;
    pub(super) const USAGE: u8 = 2;
    pub(super) const NOT_EXECUTED: u8 = 3;
    pub(super) const MAYBE_EXECUTED: u8 = 4;
    pub(super) const EXECUTED: u8 = 5;
    /// As of a program that a signal has ended: 128 and its number.
    pub(super) const INTERRUPTED: u8 = 130;
}

impl Failure {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Service(_) | Self::Incompatible => code::REFUSED,
            Self::Usage(_) => code::USAGE,
            Self::NoReply(_) | Self::Output(_) => code::EXECUTED,
            Self::NotDescribed(_) => code::NOT_EXECUTED,
            Self::Reported(worst) => *worst,
            Self::Interrupted => code::INTERRUPTED,
            Self::Call(error) => match error.executed() {
                _ if is_usage(error) => code::USAGE,
                Executed::No => code::NOT_EXECUTED,
                Executed::Maybe => code::MAYBE_EXECUTED,
                Executed::Yes => code::EXECUTED,
            },
        }
    }

    /// Returns what is said on the standard error; `None` if all has been said.
    pub(crate) fn text(&self) -> Option<String> {
        Some(match self {
            Self::Usage(text) | Self::NoReply(text) => format!("error: {text}"),
            Self::Service(error) => {
                format!("the service answered with an error: {}", error.pretty())
            }
            Self::NotDescribed(error) => format!(
                "error: the server was asked what it offers: {error}\nNothing was done: trying again is safe."
            ),
            Self::Call(error) if is_usage(error) => format!("error: {error}"),
            Self::Call(error) => {
                let hint = match error.executed() {
                    Executed::No => "Nothing was done: trying again is safe.",
                    Executed::Maybe => "It is not known whether it was done.",
                    Executed::Yes => "It was done, and only the reply is missing.",
                };
                format!("error: {error}\n{hint}")
            }
            Self::Output(error) => format!("error: the output cannot be written: {error}"),
            Self::Incompatible | Self::Reported(_) | Self::Interrupted => return None,
        })
    }

    /// Returns the same as an object, for programs.
    pub(crate) fn document(&self) -> Option<Document> {
        let (message, executed, service) = match self {
            Self::Usage(text) => (text.clone(), Executed::No, None),
            Self::NoReply(text) => (text.clone(), Executed::Yes, None),
            Self::NotDescribed(error) => {
                let message = format!("the server was asked what it offers: {error}");
                (message, Executed::No, None)
            }
            Self::Call(error) => (error.to_string(), error.executed(), None),
            Self::Service(error) => {
                let message = "the service answered with an error".to_owned();
                (message, Executed::Yes, Some(error.clone()))
            }
            Self::Output(error) => (error.to_string(), Executed::Yes, None),
            Self::Incompatible | Self::Reported(_) | Self::Interrupted => return None,
        };
        let executed = match executed {
            Executed::No => "no",
            Executed::Maybe => "maybe",
            Executed::Yes => "yes",
        };
        let mut entries = vec![
            ("message".to_owned(), Document::Text(message)),
            ("executed".to_owned(), Document::text(executed)),
            ("code".to_owned(), Document::number(self.code())),
        ];
        entries.extend(service.map(|error| ("service".to_owned(), error)));
        let error = Document::Object(entries);
        Some(Document::Object(vec![("error".to_owned(), error)]))
    }
}

/// Returns whether an error is about what was typed, and not about a call.
fn is_usage(error: &Error) -> bool {
    matches!(error, Error::Endpoint { .. } | Error::Config { .. })
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Call(Box::new(error))
    }
}

impl From<Failure> for ExitCode {
    fn from(failure: Failure) -> Self {
        failure.code().into()
    }
}
