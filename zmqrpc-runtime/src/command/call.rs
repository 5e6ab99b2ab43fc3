//! One request on its way through a service.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Answer, CallContext, Command, Method, Value};
use crate::codec::{Codec, Error as CodecError};
use crate::log::{self, Throttle};
use crate::socket::{Message, PerProcess};
use crate::wire::{
    Executed, Limits, Metadata, Reply, ReplyBody, Status, WireError, is_service_error, rejection_id,
};

/// A request whose header has been read: the arguments are still encoded, the reply is still to come.
///
/// Dispatch entries turn it into a [`EncodedReply`]; they never see which dialect it came in.
#[derive(Debug)]
pub struct Call(Box<CallParts>);

/// Behind a pointer, as a call is handed on often before it is looked at.
#[derive(Debug)]
struct CallParts {
    context: CallContext,
    envelope: ReplyContext,
}

/// Blanks that a thread keeps. Calls that waited come to their ends in bunches: an allocator that keeps a few places at
/// hand is slow with so many.
const SPARES: usize = 256;

type Spares = Vec<Box<CallParts>>;

thread_local! {
    static SPARE: RefCell<Spares> = const { RefCell::new(Vec::new()) };
}

/// What a server knows of a request beside its context: what the reply has to repeat, and what it has to keep to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReplyContext {
    pub(crate) id: u64,
    /// The method's number among those of the server.
    pub(crate) entry: usize,
    pub(crate) codec: Codec,
    /// Of the frame.
    pub(crate) bytes: usize,
    /// Where the arguments begin in it.
    pub(crate) body: usize,
    /// `false` for a notification: nothing is answered.
    pub(crate) wants_reply: bool,
    /// Bytes of the largest reply frame.
    pub(crate) reply_limit: usize,
}

/// The memory of a call whose frame is still to come, or has come and is still to be read.
pub(crate) struct CallBuffer(Box<CallParts>);

impl CallBuffer {
    /// `now` need not be exact.
    pub(crate) fn new(now: Instant) -> Self {
        let spare = SPARE.try_with(|spare| spare.borrow_mut().pop());
        let parts = spare.ok().flatten().unwrap_or_else(|| {
            let envelope = ReplyContext {
                id: 0,
                entry: 0,
                codec: Codec::Postcard,
                bytes: 0,
                body: 0,
                wants_reply: false,
                reply_limit: 0,
            };
            let context = CallContext::buffer(now);
            Box::new(CallParts { context, envelope })
        });
        Self(parts)
    }

    pub(crate) fn frame(&mut self) -> &mut Message {
        self.0.context.frame_mut()
    }

    /// Hands itself on, with its frame, and leaves another one behind.
    pub(crate) fn take(&mut self, now: Instant) -> Self {
        std::mem::replace(self, Self::new(now))
    }

    /// It is not needed: keeps the memory for another call.
    pub(crate) fn recycle(self) {
        let Self(mut parts) = self;
        parts.context.clear();
        // Fails while the thread ends: then there is no other one.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < SPARES {
                spare.push(parts);
            }
        });
    }

    /// `topic` is that of an event.
    pub(crate) fn fill(
        mut self,
        method: &'static Method,
        since: Instant,
        deadline: Option<Instant>,
        topic: Option<Box<str>>,
        envelope: ReplyContext,
    ) -> Call {
        self.0.context.fill(method, since, deadline, topic);
        self.0.envelope = envelope;
        Call(self.0)
    }
}

impl Call {
    /// The method has ended: keeps the memory for another call.
    pub(crate) fn recycle(self) {
        CallBuffer(self.0).recycle();
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

    pub(crate) fn entry(&self) -> usize {
        self.0.envelope.entry
    }

    /// Of the frame.
    pub(crate) fn bytes(&self) -> usize {
        self.0.envelope.bytes
    }

    /// Decodes the arguments: the tuple of them, borrowing from the frame where the types do.
    ///
    /// # Errors
    ///
    /// A refusal that tells the caller what was wrong with them.
    pub fn arguments<'a, A: Deserialize<'a>>(&'a self) -> Result<A, CallFailure> {
        let decoded = self.codec().decode(self.body());
        decoded.map_err(|error| CallFailure::arguments(&error))
    }

    /// The arguments, encoded.
    pub(crate) fn body(&self) -> &[u8] {
        let CallParts { context, envelope } = &*self.0;
        context.frame().get(envelope.body..).unwrap_or_default()
    }

    pub(crate) fn codec(&self) -> Codec {
        self.0.envelope.codec
    }

    /// Decodes a hand-written command: its fields are the arguments.
    ///
    /// Serde writes a struct of one unnamed field as that field alone. By name the arguments are a tuple in any case.
    pub(crate) fn command<C: DeserializeOwned>(&self) -> Result<C, CallFailure> {
        let command = self.arguments::<C>();
        if command.is_err()
            && self.codec() != Codec::Postcard
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
    pub fn reply<C: Command>(&self, answer: C::Answer) -> HandlerResult {
        self.0.envelope.reply::<C>(answer)
    }

    pub(crate) fn into_parts(self) -> (CallContext, ReplyContext) {
        let CallParts { context, envelope } = *self.0;
        (context, envelope)
    }
}

/// Callers can cause as many of these lines as they like.
#[cold]
fn note_unheard(method: &'static Method) {
    static UNHEARD: PerProcess<Throttle> = PerProcess::new();
    if let Some(hidden) = UNHEARD.get().admit("unheard") {
        log::line!(
            warn,
            method = log::text(method),
            hidden;
            "a notification ended in an error of the service, which nobody waits for; `hidden` more were before this one"
        );
    }
}

impl ReplyContext {
    pub(crate) fn reply<C: Command>(&self, answer: C::Answer) -> HandlerResult {
        let answer = answer.into_result();
        if !self.wants_reply {
            if answer.is_err() {
                note_unheard(&C::METHOD);
            }
            return Ok(EncodedReply::NONE);
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
            Ok(message) => Ok(EncodedReply(Some(Box::new(message)))),
            Err(error) => Err(CallFailure::reply(&error)),
        }
    }
}

/// An encoded reply; none where none is sent.
#[derive(Debug)]
pub struct EncodedReply(Option<Box<Message>>);

impl EncodedReply {
    /// It holds an error of the service's own.
    pub(crate) fn is_error(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|message| is_service_error(message))
    }

    pub(crate) const NONE: Self = Self(None);

    pub(crate) fn into_message(self) -> Option<Box<Message>> {
        self.0
    }
}

/// Why a call got no answer of its service.
#[derive(Clone, Debug)]
pub struct CallFailure {
    pub(crate) status: Status,
    pub(crate) executed: Executed,
    pub(crate) detail: String,
}

impl CallFailure {
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
        rejection_id(frame).map(|id| refusal.surely(Executed::No).encode(id))
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

impl fmt::Display for CallFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.status, self.detail)
    }
}

/// What a dispatch entry makes of a call.
pub type HandlerResult = Result<EncodedReply, CallFailure>;

/// An `async` method that has been called and not yet run.
pub type MethodFuture = Pin<Box<dyn Future<Output = HandlerResult> + Send>>;
