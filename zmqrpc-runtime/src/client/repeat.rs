//! Repeats calls where they were refused: for their key, or by a server that ends although the connection takes calls. Then
//! something in between passes them on, and another server may be next: a `ROUTER` with a `DEALER` tells of nobody who
//! leaves.

use std::time::Instant;

use super::DIALECT;
use super::call_info::Callee;
use super::encoded_call::{Destination, EncodedCall, overloaded};
use super::pending::{InFlightCall, ReplySource};
use super::reply;
use crate::command::{Failure, Value};
use crate::dialect::RequestKind;
use crate::error::Error;
use crate::socket::Frame;
use crate::spares::Spares;

/// The most bytes of a request that is kept until its reply has come.
const MAX_KEPT: usize = 64 * 1024;

/// The request of a call whose arguments are not at hand any more.
///
/// Empty if the call cannot be repeated, if it keeps the request to retry it, or if that is too large to be kept.
pub(super) struct KeptRequest(Option<Box<Kept>>);

enum Kept {
    /// So many of these bytes.
    Short(u8, [u8; SHORT]),
    Long(Box<[u8]>),
}

/// With its length and the discriminant it takes the space that the allocator gives.
const SHORT: usize = 54;

thread_local! {
    /// Of short requests. As many as are often under way at a time.
    static SPARES: Spares<Kept> = const { Spares::new(1024) };
}

impl KeptRequest {
    /// Keeps nothing: the arguments stay at hand.
    pub(super) fn none(_: &EncodedCall, _: Callee<'_>) -> Self {
        Self(None)
    }

    pub(super) fn of(encoded: &EncodedCall, callee: Callee<'_>) -> Self {
        let is_kept = encoded.kind == RequestKind::Call
            && encoded.retry.is_none()
            && encoded.frame.len() <= MAX_KEPT
            && matches!(callee, Callee::Method(..))
            && matches!(encoded.to, Destination::Connection(_));
        if is_kept {
            Self::copy_of(&encoded.frame)
        } else {
            Self(None)
        }
    }

    fn copy_of(request: &[u8]) -> Self {
        let length = match u8::try_from(request.len()) {
            Ok(length) if request.len() <= SHORT => length,
            _ => return Self(Some(Box::new(Kept::Long(request.into())))),
        };
        let spare = SPARES.try_with(Spares::take).ok().flatten();
        let mut kept = spare.unwrap_or_else(|| Box::new(Kept::Short(0, [0; SHORT])));
        if let Kept::Short(place, bytes) = &mut *kept {
            *place = length;
            bytes[..request.len()].copy_from_slice(request);
        }
        Self(Some(kept))
    }

    pub(super) fn frame(&self) -> Option<Frame> {
        let bytes: &[u8] = match self.0.as_deref()? {
            Kept::Short(length, bytes) => &bytes[..usize::from(*length)],
            Kept::Long(bytes) => bytes,
        };
        Some(Frame::copy_of(bytes))
    }
}

impl Drop for KeptRequest {
    fn drop(&mut self) {
        if let Some(kept) = self.0.take_if(|kept| matches!(**kept, Kept::Short(..))) {
            // Fails while the thread ends: then the memory is freed.
            let _ = SPARES.try_with(|spares| spares.keep(kept));
        }
    }
}

impl InFlightCall {
    /// Waits for the result, and repeats the call where it is refused. Where the call does not keep its request,
    /// `request` makes it.
    ///
    /// # Errors
    ///
    /// What the call ends with.
    pub(super) fn outcome<R: Value, F: Failure>(
        &mut self,
        mut callee: Callee<'static>,
        request: &dyn Fn() -> Option<Frame>,
    ) -> Result<R, F> {
        let frame = self.wait_for_last(&mut callee, request)?;
        reply::decode(&frame, &self.info(callee))
    }

    /// Waits for the reply that the call ends with.
    #[inline]
    fn wait_for_last(
        &mut self,
        callee: &mut Callee<'static>,
        request: &dyn Fn() -> Option<Frame>,
    ) -> Result<Frame, Error> {
        loop {
            let frame = self.wait(*callee)?;
            if self.settles(callee, &frame, request)? {
                return Ok(frame);
            }
        }
    }

    /// Returns whether the call ends with a reply frame. If that refuses the call, it is repeated.
    ///
    /// # Errors
    ///
    /// What the call ends with, if it cannot be repeated.
    #[inline]
    pub(super) fn settles(
        &mut self,
        callee: &mut Callee<'static>,
        frame: &[u8],
        request: &dyn Fn() -> Option<Frame>,
    ) -> Result<bool, Error> {
        if !DIALECT.is_failure(frame) {
            return Ok(true);
        }
        self.settles_failed(callee, frame, request)
    }

    #[cold]
    fn settles_failed(
        &mut self,
        callee: &mut Callee<'static>,
        frame: &[u8],
        request: &dyn Fn() -> Option<Frame>,
    ) -> Result<bool, Error> {
        let Some(error) = reply::refusal(frame, &self.info(*callee)) else {
            return Ok(true);
        };
        *callee = self.repeat(*callee, error, frame, request)?;
        Ok(false)
    }

    /// Repeats the call, which has ended with `error`, where it was refused with the frame `refusal`: under the server's
    /// key, if that stands for types that fit. Returns what is called now.
    ///
    /// # Errors
    ///
    /// What the call ends with.
    fn repeat(
        &mut self,
        callee: Callee<'static>,
        error: Error,
        refusal: &[u8],
        request: &dyn Fn() -> Option<Frame>,
    ) -> Result<Callee<'static>, Error> {
        let (Callee::Method(method, tried), ReplySource::Connection(connection, _)) =
            (callee, &self.source)
        else {
            return Err(error);
        };
        let connection = connection.clone();
        let agreed = if let Error::ShuttingDown { .. } = error {
            let is_repeated = connection.takes_calls() && self.repeats.take();
            is_repeated.then_some(tried).ok_or(None)
        } else {
            let agreements = connection.agreements();
            agreements.agree(method, tried, refusal, &mut self.repeats)
        };
        let kept = self.retry.as_ref().map(|retry| retry.frame.clone());
        let kept = kept.or_else(|| self.request.frame());
        let (key, mut frame) = match agreed.map(|key| (key, kept.or_else(request))) {
            Ok((key, Some(frame))) => (key, frame),
            Ok((_, None)) => return Err(self.info(callee).in_all(error)),
            Err(difference) => {
                let error = reply::with_difference(error, difference.as_deref());
                return Err(self.info(callee).in_all(error));
            }
        };
        DIALECT.patch_key(&mut frame, key);
        if let Some(retry) = &mut self.retry {
            DIALECT.patch_key(&mut retry.frame, key);
        }
        let callee = Callee::Method(method, key);
        let now = Instant::now();
        self.restart_connecting(now);
        match self.attempt(connection, frame, now) {
            Ok(()) => Ok(callee),
            Err(overflow) => {
                let info = self.info(callee);
                Err(info.in_all(overloaded(overflow, &info)))
            }
        }
    }
}
