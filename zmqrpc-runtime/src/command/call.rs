//! One request on its way through a service.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Answer, CallContext, Command, Wire};
use crate::codec::{Codec, Error as CodecError};
use crate::socket::Message;
use crate::wire::{
    Executed, Limits, Metadata, Reply, ReplyBody, Status, WireError, is_service_error, refusal_id,
};

/// A request whose header has been read: the arguments are still encoded, the reply is still to come.
///
/// Dispatch entries turn it into a [`Frame`]; they never see which dialect it came in.
#[derive(Debug)]
pub struct Call(Box<Parts>);

/// Behind a pointer, as a call is handed on often before it is looked at.
#[derive(Debug)]
struct Parts {
    context: CallContext,
    envelope: Envelope,
}

/// What the reply has to repeat, and what it has to keep to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    pub(crate) id: u64,
    pub(crate) codec: Codec,
    /// Where the arguments begin in the frame.
    pub(crate) body: usize,
    /// `false` for a notification: nothing is answered.
    pub(crate) wants_reply: bool,
    /// Bytes of the largest reply frame.
    pub(crate) reply_limit: usize,
}

impl Call {
    pub(crate) fn new(context: CallContext, envelope: Envelope) -> Self {
        Self(Box::new(Parts { context, envelope }))
    }

    /// What the handler may know of the call.
    #[must_use]
    pub fn context(&self) -> &CallContext {
        &self.0.context
    }

    pub(crate) fn id(&self) -> u64 {
        self.0.envelope.id
    }

    pub(crate) fn wants_reply(&self) -> bool {
        self.0.envelope.wants_reply
    }

    /// Decodes the arguments: the tuple of them, borrowing from the frame where the types do.
    ///
    /// # Errors
    ///
    /// A refusal that tells the caller what was wrong with them.
    pub fn arguments<'a, A: Deserialize<'a>>(&'a self) -> Result<A, Refusal> {
        let Parts { context, envelope } = &*self.0;
        let body = context.frame().get(envelope.body..).unwrap_or_default();
        envelope
            .codec
            .decode(body)
            .map_err(|error| Refusal::arguments(&error))
    }

    /// Decodes a hand-written command: its fields are the arguments.
    ///
    /// Serde writes a struct of one unnamed field as that field alone. By name the arguments are a tuple in any case.
    pub(crate) fn command<C: DeserializeOwned>(&self) -> Result<C, Refusal> {
        let command = self.arguments::<C>();
        if command.is_err()
            && self.0.envelope.codec != Codec::Postcard
            && let Ok((command,)) = self.arguments::<(C,)>()
        {
            return Ok(command);
        }
        command
    }

    /// Encodes what the service returned.
    ///
    /// # Errors
    ///
    /// A refusal that tells the caller why the answer cannot travel.
    pub fn reply<C: Command>(&self, answer: C::Answer) -> Handled {
        self.0.envelope.reply::<C>(answer)
    }

    pub(crate) fn into_parts(self) -> (CallContext, Envelope) {
        let Parts { context, envelope } = *self.0;
        (context, envelope)
    }
}

impl Envelope {
    pub(crate) fn reply<C: Command>(&self, answer: C::Answer) -> Handled {
        let answer = answer.into_result();
        if !self.wants_reply {
            if answer.is_err() {
                tracing::warn!(
                    method = %C::METHOD,
                    "a notification ended in an error of the service, which nobody waits for"
                );
            }
            return Ok(Frame::NONE);
        }
        let (codec, metadata, body) = (self.codec.id(), Metadata::EMPTY, &[][..]);
        let encoded = Message::build(|out| match answer {
            Ok(reply) => {
                Reply {
                    id: self.id,
                    body: ReplyBody::Ok {
                        codec,
                        metadata,
                        body,
                    },
                }
                .encode(out);
                reply.encode(self.codec, out, self.reply_limit)
            }
            Err(error) => {
                Reply {
                    id: self.id,
                    body: ReplyBody::Service {
                        codec,
                        metadata,
                        body,
                    },
                }
                .encode(out);
                error.encode(self.codec, out, self.reply_limit)
            }
        });
        match encoded {
            Ok(message) => Ok(Frame(Some(message))),
            Err(error) => Err(Refusal::reply(&error)),
        }
    }
}

/// An encoded reply; none where none is sent.
#[derive(Debug)]
pub struct Frame(Option<Message>);

impl Frame {
    /// It holds an error of the service's own.
    pub(crate) fn is_error(&self) -> bool {
        self.0.as_deref().is_some_and(is_service_error)
    }

    pub(crate) const NONE: Self = Self(None);

    pub(crate) fn into_message(self) -> Option<Message> {
        self.0
    }
}

/// Why a call got no answer of its service.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub(crate) status: Status,
    pub(crate) executed: Executed,
    pub(crate) detail: String,
}

impl Refusal {
    pub(crate) fn new(status: Status, detail: impl Into<String>) -> Self {
        Self {
            status,
            executed: status.executed(),
            detail: detail.into(),
        }
    }

    /// The same refusal, where more is known than the status tells.
    pub(crate) fn surely(mut self, executed: Executed) -> Self {
        self.executed = executed;
        self
    }

    /// The refusal of a frame that is no request; nothing where it must not be answered.
    pub(crate) fn of_unreadable(
        frame: &[u8],
        error: &WireError,
        limits: &Limits,
    ) -> Option<Message> {
        let refusal = if frame.len() > limits.message {
            Self::new(Status::TooLarge, limits.message.to_string())
        } else {
            Self::new(error.status(), error.to_string())
        };
        refusal_id(frame).map(|id| refusal.surely(Executed::No).encode(id))
    }

    fn arguments(error: &CodecError) -> Self {
        Self::new(Status::Decode, error.reason())
    }

    fn reply(error: &CodecError) -> Self {
        let (status, detail) = match error {
            CodecError::TooLarge { limit } => (Status::TooLarge, limit.to_string()),
            other => (Status::Encode, other.reason()),
        };
        Self::new(status, detail).surely(Executed::Yes)
    }

    /// Turns the refusal into the reply that tells of it.
    pub(crate) fn encode(&self, id: u64) -> Message {
        let body = ReplyBody::Failure {
            status: self.status,
            executed: self.executed,
            metadata: Metadata::EMPTY,
            detail: &self.detail,
        };
        reply_frame(id, body)
    }
}

/// The frame of a reply that is encoded already, or has nothing to encode.
pub(crate) fn reply_frame(id: u64, body: ReplyBody<'_>) -> Message {
    let built = Message::build(|out| {
        Reply { id, body }.encode(out);
        Ok::<_, Infallible>(())
    });
    match built {
        Ok(message) => message,
        Err(never) => match never {},
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.status, self.detail)
    }
}

/// What a dispatch entry makes of a call.
pub type Handled = Result<Frame, Refusal>;

/// An `async` method that has been called and not yet run.
pub type Task = Pin<Box<dyn Future<Output = Handled> + Send>>;
