//! How a call is expected to end.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use zmqrpc::error::CodecError;
use zmqrpc::schema::Verdict;
use zmqrpc::{CallError, Error, Executed};

use super::row::{Direction, Outcome};

/// How a call is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    Key,
    MessagePack,
    Json,
}

impl Way {
    pub(super) const ALL: [Self; 3] = [Self::Key, Self::MessagePack, Self::Json];
}

/// Where in a call a value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    Argument,
    Reply,
    Error,
}

impl Part {
    /// Returns the method that has its value there.
    pub(super) fn method(self) -> &'static str {
        match self {
            Self::Argument => "show",
            Self::Reply => "give",
            Self::Error => "fail",
        }
    }

    /// Returns what paths into the value begin with.
    pub(super) fn root(self) -> &'static str {
        match self {
            Self::Argument => "value",
            Self::Reply => "reply",
            Self::Error => "error",
        }
    }
}

pub(super) struct Expected {
    way: Way,
    part: Part,
    verdict: Verdict,
    /// The text of the value; `None` for an error.
    read: Option<String>,
    /// Where the difference is: `Service.show value.count`.
    place: String,
}

/// What there is instead of a value.
#[derive(Debug)]
pub(super) enum Failed {
    Call(Error),
    /// The service's own error, as its bytes, is none that this side knows.
    Own(CodecError),
}

impl Expected {
    /// Returns what is expected of a value; `None` if it is there for other ways.
    pub(super) fn of<W, R: Debug>(
        service: &str,
        (way, part): (Way, Part),
        direction: &Direction<W, R>,
        outcome: &Outcome<R>,
    ) -> Option<Self> {
        let verdict = direction.verdicts[way as usize];
        let is_broken = verdict == Verdict::Breaks;
        let is_misread = way != Way::Key && direction.has_misreads();
        let read = match outcome {
            Outcome::Reads(_) if is_broken && is_misread => return None,
            Outcome::Misreads(_) if !is_broken => return None,
            Outcome::Reads(_) if is_broken => None,
            Outcome::Reads(value) | Outcome::Misreads(value) => Some(format!("{value:?}")),
            Outcome::Fails => None,
        };
        let (method, root) = (part.method(), part.root());
        Some(Self {
            way,
            part,
            verdict,
            read,
            place: format!("{service}.{method} {root}{}", direction.place),
        })
    }

    /// Returns how a call has ended otherwise, which the server has executed so many times.
    pub(super) fn deviation(
        &self,
        result: &Result<String, Failed>,
        executed: u64,
    ) -> Option<String> {
        let is_refused = self.way == Way::Key && self.verdict == Verdict::Breaks;
        let is_answer = self.part != Part::Argument;
        let is_right = match (result, &self.read) {
            (Ok(value), Some(read)) => !is_refused && value == read && executed == 1,
            (Err(failed), _) if is_refused => self.is_mismatch(failed) && executed == 0,
            (Err(failed), None) if is_answer => self.is_no_answer(failed) && executed == 1,
            (Err(failed), None) => Self::is_no_argument(failed) && executed == 0,
            _ => false,
        };
        (!is_right).then(|| format!("{result:?}; executed {executed} times"))
    }

    fn is_mismatch(&self, failed: &Failed) -> bool {
        let Failed::Call(error @ Error::SignatureMismatch { difference, .. }) = failed else {
            return false;
        };
        let said = difference.as_deref().unwrap_or_default();
        let said = said.strip_prefix(&*self.place).unwrap_or_default();
        let is_placed = said.starts_with(": ") && said.ends_with(" there");
        error.executed() == Executed::No && is_placed
    }

    fn is_no_argument(failed: &Failed) -> bool {
        let Failed::Call(error @ Error::Decode { what, source, .. }) = failed else {
            return false;
        };
        let is_placed = source.to_string().contains(": value");
        *what == "the arguments" && error.executed() == Executed::No && is_placed
    }

    fn is_no_answer(&self, failed: &Failed) -> bool {
        match failed {
            Failed::Own(error) => {
                let is_unreadable = matches!(error, CodecError::Decode(_));
                is_unreadable && self.part == Part::Error && self.way != Way::Key
            }
            Failed::Call(error @ Error::Decode { what, source, .. }) => {
                let source = source.to_string();
                // The whole value may be what is wrong, but it is said what that is.
                let is_named = source.contains(" is no `") || source.contains("` has no variant ");
                let is_named = is_named || self.way != Way::Key;
                *what == "the reply" && error.executed() == Executed::Yes && is_named
            }
            Failed::Call(_) => false,
        }
    }
}

impl Failed {
    /// Returns the reply, or the text of an argument that the server has read.
    pub(super) fn or_reply(result: Result<impl Debug, Error>) -> Result<String, Self> {
        let text = result.map(|value| format!("{value:?}"));
        text.map_err(Self::Call)
    }

    /// Returns the error of a service that was called by key.
    pub(super) fn or_error<V: Debug>(result: Result<(), CallError<V>>) -> Result<String, Self> {
        match result {
            Err(CallError::Service(error)) => Ok(format!("{error:?}")),
            Err(CallError::Rpc(error)) => Err(Self::Call(error)),
            Ok(()) => panic!("it always fails"),
        }
    }

    /// Returns the error of a service that was called by name.
    pub(super) fn or_decoded_error<V>(result: Result<(), Error>) -> Result<String, Self>
    where
        V: Debug + DeserializeOwned + 'static,
    {
        match result {
            Err(Error::Service { body, codec, .. }) => {
                let error = codec.decode_value::<V>(&body).map_err(Self::Own)?;
                Ok(format!("{error:?}"))
            }
            Err(error) => Err(Self::Call(error)),
            Ok(()) => panic!("it always fails"),
        }
    }
}
