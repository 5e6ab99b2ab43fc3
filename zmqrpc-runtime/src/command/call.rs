//! A request on its way through a service, and the reply to it.

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::time::Instant;

use serde::de::DeserializeOwned;

use super::{Answer, CallContext, Command, Method, Value, ValueRole};
use crate::codec::{Codec, Error as CodecError, NoArgs};
use crate::dialect::{CallFailure, CallId, ReplyTo};
use crate::log::{self, Throttle};
use crate::socket::{Frame, PerProcess};
use crate::spares::Spares;

/// A request whose header has been decoded. Its arguments are still encoded, and its reply is pending.
///
/// A dispatch entry turns the call into an [`EncodedReply`], and never sees the dialect of the request.
#[derive(Debug)]
pub struct Call(Box<CallParts>);

/// Boxed, as a call moves through several queues before a thread looks at it.
#[derive(Debug)]
struct CallParts {
    context: CallContext,
    reply_context: ReplyContext,
}

thread_local! {
    static SPARES: Spares<CallParts> = const { Spares::new(256) };
}

/// What a server needs of a request beside the context: the fields that the reply repeats, and the limits that it must
/// keep.
#[derive(Debug)]
pub(crate) struct ReplyContext {
    pub(crate) to: ReplyTo,
    /// The method's index in the server's table.
    pub(crate) entry: usize,
    pub(crate) codec: Codec,
    /// Where the arguments are in the frame.
    pub(crate) body: Range<usize>,
    /// `false` for a notification, which gets no reply.
    pub(crate) wants_reply: bool,
    /// The most bytes of the reply's frame.
    pub(crate) reply_limit: usize,
}

/// The memory of a call whose frame is yet to be received, or to be decoded.
pub(crate) struct CallBuffer(Box<CallParts>);

impl CallBuffer {
    /// Returns a buffer, from the thread's unused ones if there are any. `now` need not be exact.
    pub(crate) fn new(now: Instant) -> Self {
        let parts = SPARES
            .try_with(Spares::take)
            .ok()
            .flatten()
            .unwrap_or_else(|| {
                let reply_context = ReplyContext {
                    to: ReplyTo::nobody(),
                    entry: 0,
                    codec: Codec::Postcard,
                    body: 0..0,
                    wants_reply: false,
                    reply_limit: 0,
                };
                let context = CallContext::buffer(now);
                Box::new(CallParts {
                    context,
                    reply_context,
                })
            });
        Self(parts)
    }

    pub(crate) fn frame(&mut self) -> &mut Frame {
        self.0.context.frame_mut()
    }

    /// Sets whether the metadata of the request to be received may say who calls.
    #[inline]
    pub(crate) fn trust_user(&mut self, trusts_user: bool) {
        self.0.context.trust_user(trusts_user);
    }

    /// Returns this buffer with its frame, and leaves a new one in its place.
    pub(crate) fn take(&mut self, now: Instant) -> Self {
        std::mem::replace(self, Self::new(now))
    }

    /// Keeps the memory for another call.
    pub(crate) fn recycle(self) {
        let Self(mut parts) = self;
        parts.context.clear();
        // Fails while the thread exits: then the memory is freed.
        let _ = SPARES.try_with(|spares| spares.keep(parts));
    }

    /// Turns the buffer into a call. `topic` is that of an event.
    pub(crate) fn fill(
        mut self,
        method: &'static Method,
        received_at: Instant,
        deadline: Option<Instant>,
        topic: Option<Box<str>>,
        reply_context: ReplyContext,
    ) -> Call {
        self.0.context.fill(method, received_at, deadline, topic);
        self.0.reply_context = reply_context;
        Call(self.0)
    }
}

impl Call {
    /// Keeps the memory for another call, now that the method has returned.
    pub(crate) fn recycle(self) {
        CallBuffer(self.0).recycle();
    }

    /// Returns the context that the handler may see.
    #[must_use]
    pub fn context(&self) -> &CallContext {
        &self.0.context
    }

    pub(crate) fn id(&self) -> &CallId {
        self.reply_to().id()
    }

    pub(crate) fn reply_to(&self) -> &ReplyTo {
        &self.0.reply_context.to
    }

    pub(crate) fn wants_reply(&self) -> bool {
        self.0.reply_context.wants_reply
    }

    pub(crate) fn entry(&self) -> usize {
        self.0.reply_context.entry
    }

    /// Returns the length of the request's frame.
    pub(crate) fn bytes(&self) -> usize {
        self.0.context.frame().len()
    }

    /// Decodes the tuple of arguments, which borrows from the frame where its types do.
    ///
    /// # Errors
    ///
    /// A failure that tells the caller what is wrong with the arguments.
    pub fn arguments<C: Command>(&self) -> Result<C::Arguments<'_>, CallFailure> {
        let names = self.context().method().argument_names();
        let decoded = self.codec().decode_arguments(self.body(), names);
        decoded.map_err(|error| self.undecodable(error))
    }

    /// Returns the encoded arguments.
    pub(crate) fn body(&self) -> &[u8] {
        let CallParts {
            context,
            reply_context,
        } = &*self.0;
        context
            .frame()
            .get(reply_context.body.clone())
            .unwrap_or_default()
    }

    pub(crate) fn codec(&self) -> Codec {
        self.0.reply_context.codec
    }

    /// Decodes a hand-written command, whose fields are the arguments and have names of their own.
    ///
    /// A caller by name sends the tuple of them in any case, of a single unnamed field too, which serde takes for the
    /// command itself; and of none whatever its library makes of nothing.
    pub(crate) fn command<C: DeserializeOwned>(&self) -> Result<C, CallFailure> {
        let (codec, body) = (self.codec(), self.body());
        let decoded = match self.context().method().argument_names() {
            ["0"] if codec.is_self_describing() => codec
                .decode(body)
                .map(|(command,)| command)
                .or_else(|error| codec.decode(body).map_err(|_| error)),
            [] if codec.is_self_describing() => codec
                .decode::<NoArgs>(body)
                .and_then(|NoArgs| codec.decode_nothing())
                .or_else(|error| codec.decode(body).map_err(|_| error)),
            _ => codec.decode(body),
        };
        decoded.map_err(|error| self.undecodable(error))
    }

    #[cold]
    fn undecodable(&self, error: CodecError) -> CallFailure {
        let method = self.context().method();
        CallFailure::arguments(&match self.codec() {
            Codec::Postcard => method.locate(error, ValueRole::Arguments, self.body()),
            #[cfg(any(feature = "json", feature = "msgpack"))]
            _ => error,
        })
    }

    /// Encodes the service's return value.
    ///
    /// # Errors
    ///
    /// A failure that tells the caller why the value cannot be sent.
    pub fn reply<C: Command>(&self, answer: C::Answer) -> HandlerResult {
        self.0.reply_context.reply::<C>(answer)
    }

    /// Replies with a value that is encoded already, in the codec of the call.
    ///
    /// # Errors
    ///
    /// A failure that tells the caller that it is too large.
    pub(crate) fn reply_encoded(&self, value: &[u8]) -> HandlerResult {
        self.0.reply_context.reply_encoded(false, value)
    }

    pub(crate) fn into_parts(self) -> (CallContext, ReplyContext) {
        let CallParts {
            context,
            reply_context,
        } = *self.0;
        (context, reply_context)
    }
}

/// Logs that a notification failed. Throttled, as callers can cause any number of these lines.
#[cold]
fn log_failed_notification(method: &'static Method) {
    static THROTTLE: PerProcess<Throttle> = PerProcess::new();
    if let Some(hidden) = THROTTLE.get().admit("failed notification") {
        log::line!(
            warn,
            method = log::text(method),
            hidden;
            "a notification ended in an error of the service, which no caller sees; `hidden` more did so before it"
        );
    }
}

impl ReplyContext {
    pub(crate) fn reply<C: Command>(&self, answer: C::Answer) -> HandlerResult {
        let answer = answer.into_result();
        if !self.wants_reply {
            if answer.is_err() {
                log_failed_notification(&C::METHOD);
            }
            return Ok(EncodedReply::NONE);
        }
        let is_error = answer.is_err();
        let encoded = self
            .to
            .encode_with(is_error, self.codec, |out| match answer {
                Ok(value) => value.encode(self.codec, out, self.reply_limit),
                Err(error) => error.encode(self.codec, out, self.reply_limit),
            });
        match encoded {
            Ok(frame) => Ok(EncodedReply {
                frame: Some(frame),
                is_error,
            }),
            Err(error) => Err(CallFailure::reply(&error)),
        }
    }
}

impl ReplyContext {
    /// Replies with a value, or an error of the service, that is encoded already.
    pub(crate) fn reply_encoded(&self, is_error: bool, bytes: &[u8]) -> HandlerResult {
        if !self.wants_reply {
            return Ok(EncodedReply::NONE);
        }
        let limit = self.reply_limit;
        let encoded = self.to.encode_with(is_error, self.codec, |out| {
            if out.len() + bytes.len() > limit {
                return Err(CodecError::TooLarge { limit });
            }
            out.extend_from_slice(bytes);
            Ok(())
        });
        match encoded {
            Ok(frame) => Ok(EncodedReply {
                frame: Some(frame),
                is_error,
            }),
            Err(error) => Err(CallFailure::reply(&error)),
        }
    }
}

/// An encoded reply, or none for a notification.
#[derive(Debug)]
pub struct EncodedReply {
    frame: Option<Frame>,
    is_error: bool,
}

impl EncodedReply {
    pub(crate) const NONE: Self = Self {
        frame: None,
        is_error: false,
    };

    /// Returns whether the reply holds an error of the service.
    pub(crate) fn is_error(&self) -> bool {
        self.is_error
    }

    pub(crate) fn into_frame(self) -> Option<Frame> {
        self.frame
    }
}

/// The result of a dispatch entry.
pub type HandlerResult = Result<EncodedReply, CallFailure>;

/// The future of an `async` method, not polled yet.
pub type MethodFuture = Pin<Box<dyn Future<Output = HandlerResult> + Send>>;
