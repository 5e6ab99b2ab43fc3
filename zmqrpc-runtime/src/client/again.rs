//! Makes calls again under another key.

use std::sync::Arc;
use std::time::Instant;

use super::DIALECT;
use super::agreements::Repeats;
use super::call_info::Callee;
use super::encoded_call::EncodedCall;
use super::handle::{Client, ClientShared};
use super::pending::InFlightCall;
use super::reply;
use crate::command::Command;
use crate::dialect::RequestKind;
use crate::error::Error;
use crate::socket::Frame;

/// The most bytes of a request that is kept until its reply has come.
const MAX_KEPT: usize = 64 * 1024;

/// The request of a call whose arguments are not at hand any more.
pub(super) struct Again {
    shared: Arc<ClientShared>,
    /// `None` if the call itself keeps it, to make it elsewhere, or if it is too large to be kept.
    request: Option<Frame>,
    repeats: Repeats,
}

impl Again {
    /// Returns what the repeats of a call need; `None` for one that is not answered.
    pub(super) fn of(client: &Client, encoded: &EncodedCall) -> Option<Self> {
        let is_copied = encoded.retry.is_none() && encoded.frame.len() <= MAX_KEPT;
        (encoded.kind == RequestKind::Call).then(|| Self {
            shared: Arc::clone(&client.shared),
            request: is_copied.then(|| encoded.frame.clone()),
            repeats: Repeats::default(),
        })
    }

    /// Returns the call that follows `call`, which was refused for its key.
    ///
    /// # Errors
    ///
    /// How the types differ, if that is known and why there is none.
    #[expect(clippy::type_complexity, reason = "it is what a call begins with")]
    pub(super) fn next(
        &mut self,
        callee: Callee<'static>,
        refusal: &[u8],
        call: &InFlightCall,
    ) -> Result<(Callee<'static>, Result<EncodedCall, Error>), Option<Arc<str>>> {
        let Callee::Method(method, tried) = callee else {
            return Err(None);
        };
        let agreements = &self.shared.agreements;
        let key = agreements.agree(method, tried, refusal, &mut self.repeats)?;
        let kept = self.request.take();
        let kept = kept.or_else(|| call.retry.as_ref().map(|retry| retry.frame.clone()));
        let mut frame = kept.ok_or(None)?;
        self.request = Some(frame.clone());
        let callee = Callee::Method(method, key);
        let left = call
            .deadlines
            .deadline
            .saturating_duration_since(Instant::now());
        DIALECT.patch_key(&mut frame, key);
        DIALECT.shorten_remaining(&mut frame, left);
        let client = Client::of(Arc::clone(&self.shared));
        let encoded = client.prepare_frame(frame, callee, RequestKind::Call, left);
        Ok((callee, encoded))
    }
}

impl Client {
    /// Makes a call again that was refused for its key, if the types fit.
    #[cold]
    pub(super) fn call_again<C: Command>(
        &self,
        command: &C,
        (mut callee, mut failure, mut refusal): (Callee<'static>, C::Failure, Frame),
        deadline: Instant,
    ) -> Result<C::Reply, C::Failure> {
        let mut repeats = Repeats::default();
        loop {
            let Callee::Method(method, tried) = callee else {
                return Err(failure);
            };
            let agreements = &self.shared.agreements;
            let key = match agreements.agree(method, tried, &refusal, &mut repeats) {
                Ok(key) => key,
                Err(difference) => {
                    return Err(reply::with_difference(failure, difference.as_deref()));
                }
            };
            callee = Callee::Method(method, key);
            let left = deadline.saturating_duration_since(Instant::now());
            let mut call = self.with_timeout(left).send_blocking(callee, command)?;
            refusal = call.wait(callee)?;
            failure = match reply::decode(&refusal, &call.info(callee)) {
                Err(failure) if reply::is_mismatch::<C::Failure>(&failure) => failure,
                result => return result,
            };
        }
    }
}
