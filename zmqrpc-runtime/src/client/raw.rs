//! Calls whose arguments and replies are bytes: for tools and bridges.

use std::future::poll_fn;
use std::task::{Poll, ready};

use super::async_client::{AsyncClient, CallProgress, Completed};
use super::call_info::{CallInfo, Callee};
use super::handle::Client;
use super::reply::{self, EncodedAnswer};
use crate::codec::Codec;
use crate::command::{RawArguments, RawMethod};
use crate::dialect::RequestKind;
use crate::error::Error;

/// What a service has answered to a [raw call](Client::call_raw), still encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawReply {
    codec: Codec,
    result: Result<Box<[u8]>, Box<[u8]>>,
}

impl RawReply {
    /// Returns the codec of the bytes, which is that of the arguments.
    #[must_use]
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Returns the encoded value of the method.
    ///
    /// # Errors
    ///
    /// The encoded error, if the method has returned an error of its own.
    pub fn result(&self) -> Result<&[u8], &[u8]> {
        self.result.as_deref().map_err(|error| &**error)
    }
}

impl Client {
    /// Calls a method with arguments that are encoded already, and returns its reply as it is.
    ///
    /// The arguments are the tuple of them, or a map by their names, as `PROTOCOL.md` says of the codec; nothing is
    /// checked here. Time limits and metadata are those of this handle.
    ///
    /// # Errors
    ///
    /// All errors of a call. An error of the method's own is a [result](RawReply::result).
    ///
    /// # Examples
    ///
    /// ```
    /// use zmqrpc_runtime::{Client, Error};
    /// use zmqrpc_runtime::client::Codec;
    ///
    /// # #[cfg(feature = "json")]
    /// fn sum(client: &Client) -> Result<String, Error> {
    ///     let reply = client.call_raw("Calculator.add", Codec::Json, br#"{"a": 2, "b": 3}"#)?;
    ///     Ok(match reply.result() {
    ///         Ok(sum) => String::from_utf8_lossy(sum).into_owned(),
    ///         Err(error) => format!("the service says {}", String::from_utf8_lossy(error)),
    ///     })
    /// }
    /// ```
    pub fn call_raw<'a>(
        &self,
        method: impl Into<RawMethod<'a>>,
        codec: Codec,
        arguments: &[u8],
    ) -> Result<RawReply, Error> {
        let callee = callee(method.into(), codec);
        let arguments = RawArguments(arguments);
        let mut call = self.send_blocking(callee, &arguments)?;
        let frame = call.wait(callee)?;
        raw_reply(&frame, &call.info(callee))
    }
}

impl AsyncClient {
    /// Calls a method with arguments that are encoded already, as [`Client::call_raw`] does.
    ///
    /// # Cancellation
    ///
    /// Dropping the future gives the call up, and the server is told.
    ///
    /// # Errors
    ///
    /// All errors of a call. An error of the method's own is a [result](RawReply::result).
    pub async fn call_raw<'a>(
        &self,
        method: impl Into<RawMethod<'a>>,
        codec: Codec,
        arguments: &[u8],
    ) -> Result<RawReply, Error> {
        let callee = callee(method.into(), codec);
        let arguments = RawArguments(arguments);
        let prepared = self.client().prepare(callee, RequestKind::Call, &arguments);
        let mut flight = CallProgress::Prepared(prepared);
        let replied = poll_fn(|cx| {
            let Completed { call, frame } = ready!(flight.poll(callee, cx))?;
            Poll::Ready(raw_reply(&frame, &call.info(callee)))
        });
        replied.await
    }
}

fn callee(method: RawMethod<'_>, codec: Codec) -> Callee<'_> {
    Callee::Untyped(method.into(), codec)
}

fn raw_reply(frame: &[u8], info: &CallInfo<'_>) -> Result<RawReply, Error> {
    match reply::read(frame, info)? {
        EncodedAnswer::Value(codec, body) => Ok(RawReply {
            codec,
            result: Ok(body.into()),
        }),
        EncodedAnswer::Error(codec, body) => Ok(RawReply {
            codec,
            result: Err(body.into()),
        }),
        EncodedAnswer::Accepted(_) => Err(Error::Accepted { at: info.target() }),
    }
}
