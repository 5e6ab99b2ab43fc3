//! Chooses the way of calls and encodes them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::balancer::Channel;
use super::call_info::{CallInfo, Callee};
use super::encoded_call::{Destination, EncodedCall};
use super::handle::Client;
use super::pending::InFlightCall;
use super::request;
use super::retry::{Attempts, RetryContext};
use crate::clock::FOREVER;
use crate::command::{CheckedArguments, EncodeArguments, Method, inherited_deadline};
use crate::dialect::RequestKind;
use crate::error::{Error, UnavailableCause};
use crate::socket::Frame;
use crate::wire::Executed;

impl Client {
    pub(super) fn send(
        &self,
        callee: Callee<'_>,
        kind: RequestKind,
        arguments: &dyn EncodeArguments,
    ) -> Result<InFlightCall, Error> {
        self.prepare(callee, kind, arguments)?.begin(callee)
    }

    /// Sends a call that its caller is about to block for.
    pub(super) fn send_blocking(
        &self,
        callee: Callee<'_>,
        arguments: &dyn EncodeArguments,
    ) -> Result<InFlightCall, Error> {
        let marked = self.blocking();
        let client = marked.as_ref().unwrap_or(self);
        client.send(callee, RequestKind::Call, arguments)
    }

    /// Sends a call whose arguments will not be at hand any more, and returns when it has been handed over to a connection.
    pub(super) fn send_kept(
        &self,
        callee: Callee<'_>,
        arguments: &dyn EncodeArguments,
    ) -> Result<InFlightCall, Error> {
        let encoded = self.prepare(callee, RequestKind::Call, arguments)?;
        let mut call = encoded.begin_kept(callee)?;
        call.depart(callee)?;
        Ok(call)
    }

    /// Sends a notification, and returns when it has been handed over to a connection.
    pub(super) fn send_notification(
        &self,
        method: &'static Method,
        arguments: &dyn EncodeArguments,
    ) -> Result<(), Error> {
        let (callee, encoded) = self.prepare_notification(method, arguments)?;
        encoded.begin(callee)?.hand_over(callee)
    }

    /// Chooses the way of a call and encodes it.
    #[inline]
    pub(super) fn prepare(
        &self,
        callee: Callee<'_>,
        kind: RequestKind,
        arguments: &dyn EncodeArguments,
    ) -> Result<EncodedCall, Error> {
        let (to, several) = self.destination(callee)?;
        let (frame, timeout) = self.encode(to.endpoint(), callee, kind, arguments)?;
        Ok(self.with_way((to, several), frame, callee, kind, timeout))
    }

    /// Chooses the way of a notification and encodes it, under the key that its receiver has.
    pub(super) fn prepare_notification(
        &self,
        method: &'static Method,
        arguments: &dyn EncodeArguments,
    ) -> Result<(Callee<'static>, EncodedCall), Error> {
        let told = self.shared.agreements.told(method)?;
        let callee = Callee::Method(method, told.key);
        let encoded = match told.check {
            None => self.prepare(callee, RequestKind::Notify, arguments),
            Some(check) => {
                let arguments = CheckedArguments(arguments, check);
                self.prepare(callee, RequestKind::Notify, &arguments)
            }
        };
        Ok((callee, encoded?))
    }

    /// Returns where a call goes, and whether there are other endpoints.
    #[inline]
    fn destination(&self, callee: Callee<'_>) -> Result<(Destination, bool), Error> {
        match &self.shared.channel {
            Channel::Connections(connections) => {
                self.check_process()?;
                let (connection, several) =
                    connections.pick().ok_or_else(|| self.no_endpoint(callee))?;
                Ok((Destination::Connection(connection), several))
            }
            Channel::Local(service) => Ok((Destination::Local(Arc::clone(service)), false)),
        }
    }

    #[inline]
    fn with_way(
        &self,
        (to, several): (Destination, bool),
        frame: Frame,
        callee: Callee<'_>,
        kind: RequestKind,
        timeout: Duration,
    ) -> EncodedCall {
        let idempotent = matches!(callee, Callee::Method(method, _) if method.is_idempotent());
        let retry = match &self.shared.channel {
            Channel::Connections(connections) if idempotent || several => {
                Some(Box::new(RetryContext {
                    connections: Arc::clone(connections),
                    frame: frame.clone(),
                    attempts: Attempts::new(idempotent, several),
                }))
            }
            Channel::Connections(_) | Channel::Local(_) => None,
        };
        EncodedCall {
            to,
            frame,
            kind,
            timeout: timeout.into(),
            connect_timeout: self.shared.defaults.connect_timeout.into(),
            retry,
        }
    }

    #[cold]
    fn no_endpoint(&self, callee: Callee<'_>) -> Error {
        let info = CallInfo {
            callee,
            endpoint: None,
            limits: &self.shared.defaults.limits,
            timeout: self.time_limit(callee),
            tried: false,
        };
        info.unavailable(UnavailableCause::NoEndpoint, Executed::No)
    }

    /// Encodes a call that is made there and nowhere else.
    pub(super) fn prepare_for(
        &self,
        to: Destination,
        callee: Callee<'_>,
        kind: RequestKind,
        arguments: &dyn EncodeArguments,
    ) -> Result<EncodedCall, Error> {
        let (frame, timeout) = self.encode(to.endpoint(), callee, kind, arguments)?;
        Ok(EncodedCall {
            to,
            frame,
            kind,
            timeout: timeout.into(),
            connect_timeout: self.shared.defaults.connect_timeout.into(),
            retry: None,
        })
    }

    /// Returns the request, and how much time the call has.
    #[inline]
    fn encode(
        &self,
        endpoint: Option<&Arc<str>>,
        callee: Callee<'_>,
        kind: RequestKind,
        arguments: &dyn EncodeArguments,
    ) -> Result<(Frame, Duration), Error> {
        let timeout = self.time_limit(callee);
        let info = CallInfo {
            callee,
            endpoint,
            limits: &self.shared.defaults.limits,
            timeout,
            tried: false,
        };
        let metadata = self.metadata.as_metadata();
        let frame = request::encode(&info, kind, timeout, metadata, arguments)?;
        Ok((frame, timeout))
    }

    /// Returns the request of a call once more that its caller blocks for; `None` if it cannot be encoded any more.
    pub(super) fn encode_again(
        &self,
        callee: Callee<'_>,
        arguments: &dyn EncodeArguments,
    ) -> Option<Frame> {
        let marked = self.blocking();
        let client = marked.as_ref().unwrap_or(self);
        let encoded = client.encode(None, callee, RequestKind::Call, arguments);
        Some(encoded.ok()?.0)
    }

    /// The time that a call has: this handle's, the method's or the client's; and never more than what remains of the
    /// call that this thread is serving.
    fn time_limit(&self, callee: Callee<'_>) -> Duration {
        let own = match callee {
            Callee::Method(method, _) => method.default_timeout(),
            Callee::Untyped(..) => None,
        };
        let limit = self
            .timeout
            .or(own)
            .unwrap_or(self.shared.defaults.timeout)
            .min(FOREVER);
        match inherited_deadline() {
            Some(deadline) => limit.min(deadline.saturating_duration_since(Instant::now())),
            None => limit,
        }
    }
}
