//! Calls by name, of methods whose types are not known here.

use std::future::poll_fn;
use std::task::{Poll, ready};

use serde::Serialize;

use super::async_client::{AsyncClient, CallProgress, Completed};
use super::call_info::{CallInfo, Callee};
use super::handle::Client;
use super::reply::{self, EncodedAnswer};
use crate::codec::describe;
use crate::command::Value;
use crate::dialect::{MethodRef, RequestKind};
use crate::error::Error;

impl Client {
    /// Calls a method by its name, such as `Calculator.add`, with the tuple of its arguments: `&(2, 3)`, `&("one",)`,
    /// `&()`; or with a struct or a map by their names. No generated code is needed; nothing is checked at compile time.
    ///
    /// The call travels in the [codec](super::ClientBuilder::codec) that the client has for this, which carries the types
    /// of its values.
    ///
    /// # Errors
    ///
    /// [`Error::Service`] with the method's own error, and all others of a call.
    pub fn invoke<R: Value>(
        &self,
        method: &str,
        arguments: &(impl Serialize + ?Sized),
    ) -> Result<R, Error> {
        let callee = Callee::Untyped(MethodRef::Name(method), self.shared.defaults.codec);
        let mut call = self.send_blocking(callee, &arguments)?;
        let frame = call.wait(callee)?;
        decode(&frame, &call.info(callee))
    }
}

impl AsyncClient {
    /// Calls a method by its name, see [`Client::invoke`].
    ///
    /// # Errors
    ///
    /// [`Error::Service`] with the method's own error, and all others of a call.
    pub async fn invoke<R: Value>(
        &self,
        method: &str,
        arguments: &(impl Serialize + ?Sized),
    ) -> Result<R, Error> {
        let callee = Callee::Untyped(MethodRef::Name(method), self.client().shared.defaults.codec);
        let mut flight =
            CallProgress::Prepared(self.client().prepare(callee, RequestKind::Call, &arguments));
        let decoded = poll_fn(|cx| {
            let Completed { call, frame } = ready!(flight.poll(callee, cx))?;
            Poll::Ready(decode(&frame, &call.info(callee)))
        });
        decoded.await
    }
}

/// The reply to a call by name, whose errors have no type here.
fn decode<R: Value>(frame: &[u8], info: &CallInfo<'_>) -> Result<R, Error> {
    match reply::read(frame, info)? {
        EncodedAnswer::Value(codec, body) => {
            R::decode(codec, body).map_err(|source| reply::undecodable(source, info))
        }
        EncodedAnswer::Accepted(codec) => reply::accepted(codec, info),
        EncodedAnswer::Error(codec, body) => Err(Error::Service {
            at: info.target(),
            codec,
            message: describe(codec, body)
                .unwrap_or_else(|| format!("{} bytes", body.len()))
                .into(),
            body: body.into(),
        }),
    }
}
