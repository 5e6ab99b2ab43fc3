//! The client for tasks.

use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::balancer::Member;
use super::builder::ClientBuilder;
use super::call_info::Callee;
use super::encoded_call::{Destination, EncodedCall};
use super::handle::Client;
use super::pending::InFlightCall;
use super::reply;
use super::stats::ClientStats;
use super::worker_info::WorkerInfo;
use crate::command::{Command, Failure, Transport, Value, WithTimeout};
use crate::dialect::RequestKind;
use crate::error::Error;
use crate::socket::Frame;

/// Calls services from tasks, whatever executor they run on, with the settings and the semantics of [`Client`].
///
/// It takes no runtime: one thread of the process, `zmqrpc-calls`, waits for the replies of all tasks, keeps their time
/// limits and wakes them. It is there while tasks call. So calls end in time although another runtime, or their own, is
/// idle or busy; a task goes on when its own executor gets to it.
///
/// Like a [`Client`] it is a handle. [`From`] makes one of the other: both then share their connections, and blocking
/// and waiting calls may be under way at once.
///
/// # Cancellation
///
/// A call is sent when its future is first polled, or by [`begin`](Self::begin) at once. Dropping the future gives the
/// call up, at any time: the server is told, other calls are not disturbed, and a reply that comes nevertheless is
/// dropped.
///
/// # Examples
///
/// ```no_run
/// # async fn example() -> Result<(), zmqrpc_runtime::Error> {
/// use zmqrpc_runtime::AsyncClient;
///
/// let client = AsyncClient::connect("tcp://127.0.0.1:30000")?;
/// # #[cfg(feature = "msgpack")]
/// let sum: i64 = client.invoke("Calculator.add", &(2, 3)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AsyncClient {
    client: Client,
}

impl AsyncClient {
    /// Starts the settings of a client; end them with [`ClientBuilder::build_async`].
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A client of one endpoint, with the default settings of [`ClientBuilder`].
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is wrong.
    pub fn connect(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Client::connect(endpoint).map(Self::from)
    }

    /// A handle whose calls take at most `timeout`, whatever their methods say.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        self.client.with_timeout(timeout).into()
    }

    /// A handle whose calls carry `value` under `key`, see [`Client::with_metadata`].
    #[must_use]
    pub fn with_metadata(&self, key: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.client.with_metadata(key, value).into()
    }

    /// Calls; the future is ready with the reply. It owns its bytes: the command may be dropped.
    ///
    /// # Errors
    ///
    /// What the command's method fails with: [`Error`], or [`CallError`](crate::CallError) where it returns a
    /// `Result`.
    pub fn call<C: Command>(&self, command: &C) -> AsyncCall<C::Reply, C::Failure> {
        let method = const { &C::METHOD };
        let (callee, encoded) = match self.prepare(command) {
            Ok((callee, encoded)) => (callee, Ok(encoded)),
            Err(error) => (Callee::of(method), Err(error)),
        };
        AsyncCall::prepared(callee, encoded)
    }

    /// Sends a command at once, so that it is under way before its future is polled: many calls may be begun and awaited
    /// later.
    ///
    /// # Cancellation
    ///
    /// Dropping the call gives it up, as for [`call`](Self::call).
    ///
    /// # Errors
    ///
    /// [`Error::Encode`], [`Error::TooLarge`], [`Error::Overloaded`] when too many calls have begun, [`Error::Unavailable`]
    /// without any endpoint, and [`Error::Forked`]. Everything else is told by the call.
    ///
    /// A call that has been begun counts among [`max_calls`](ClientBuilder::max_calls) until it is awaited or dropped. An
    /// `async` method of a service within the process runs only while the call is polled.
    pub fn begin<C: Command>(&self, command: &C) -> Result<AsyncCall<C::Reply, C::Failure>, Error> {
        let (callee, encoded) = self.prepare(command)?;
        Ok(AsyncCall {
            callee,
            flight: CallProgress::Begun(encoded.begin_unpolled(callee)?),
            outcome: PhantomData,
        })
    }

    /// Sends one command to every endpoint, and returns one result per endpoint in the order in which they were added.
    /// One that fails or does not connect does not keep the others from answering.
    ///
    /// # Cancellation
    ///
    /// Dropping the future gives all of its calls up.
    #[expect(clippy::type_complexity, reason = "a pair per endpoint is what it is")]
    pub async fn fan_out<C: Command>(
        &self,
        command: &C,
    ) -> Vec<(String, Result<C::Reply, C::Failure>)> {
        let method = const { &C::METHOD };
        if self.client.is_local() {
            return vec![("local".into(), self.call(command).await)];
        }
        let call = |connection: &Member| {
            let to = Destination::Connection(connection.clone());
            let callee = Callee::of(method);
            let encoded = self.client.check_process().and_then(|()| {
                self.client
                    .prepare_for(to, callee, RequestKind::Call, command)
            });
            AsyncCall::prepared(callee, encoded)
        };
        let mut calls: Vec<(String, AsyncCall<C::Reply, C::Failure>, Option<_>)> = self
            .client
            .connections()
            .iter()
            .map(|connection| (connection.endpoint().to_string(), call(connection), None))
            .collect();
        // All at each poll: a call is sent when it is first polled, and those behind one that waits must not wait for it.
        poll_fn(|cx| {
            let mut ready = true;
            for (_, call, result) in &mut calls {
                if result.is_none() {
                    match Pin::new(call).poll(cx) {
                        Poll::Ready(answer) => *result = Some(answer),
                        Poll::Pending => ready = false,
                    }
                }
            }
            if ready {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        let answered = calls.into_iter();
        answered
            .filter_map(|(endpoint, _, result)| Some((endpoint, result?)))
            .collect()
    }

    /// Sends a command whose result is not wanted; the future is ready when it has been handed over to a connection.
    /// [`flush`](Self::flush) waits until it has arrived.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`], [`Error::TooLarge`], [`Error::Overloaded`], [`Error::Unavailable`] when there is no connection in
    /// time, and [`Error::SignatureMismatch`] if the [earlier version](ClientBuilder::earlier) would read it as something
    /// else.
    pub async fn notify<C: Command>(&self, command: &C) -> Result<(), Error> {
        let (callee, encoded) = self
            .client
            .prepare_notification(const { &C::METHOD }, command)?;
        let mut flight = CallProgress::Prepared(Ok(encoded));
        poll_fn(|cx| flight.poll(callee, cx).map(|completed| completed.map(drop))).await
    }

    #[inline]
    fn prepare<C: Command>(&self, command: &C) -> Result<(Callee<'static>, EncodedCall), Error> {
        let method = const { &C::METHOD };
        if method.is_oneway() {
            return self.client.prepare_notification(method, command);
        }
        let callee = self.client.callee(method);
        let encoded = self.client.prepare(callee, RequestKind::Call, command)?;
        Ok((callee, encoded))
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Counters since the client was built.
    #[must_use]
    pub fn stats(&self) -> ClientStats {
        self.client.stats()
    }

    /// Returns the endpoints, as [`Client::endpoints`] does.
    #[must_use]
    pub fn endpoints(&self) -> Vec<String> {
        self.client.endpoints()
    }

    /// Connects to one more endpoint, as [`Client::add_connect`] does.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn add_connect(&self, endpoint: impl AsRef<str>) -> Result<(), Error> {
        self.client.add_connect(endpoint)
    }

    /// Listens at one more endpoint for servers that work for this client, as [`Client::add_bind`] does.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn add_bind(&self, endpoint: impl AsRef<str>) -> Result<String, Error> {
        self.client.add_bind(endpoint)
    }

    /// Returns the servers that have connected to what this client binds, as [`Client::workers`] does.
    #[must_use]
    pub fn workers(&self) -> Vec<WorkerInfo> {
        self.client.workers()
    }

    /// Leaves an endpoint, as [`Client::remove_endpoint`] does.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn remove_endpoint(&self, endpoint: impl AsRef<str>) -> Result<(), Error> {
        self.client.remove_endpoint(endpoint)
    }
}

impl From<Client> for AsyncClient {
    fn from(client: Client) -> Self {
        Self { client }
    }
}

impl From<AsyncClient> for Client {
    fn from(client: AsyncClient) -> Self {
        client.client
    }
}

impl Transport for AsyncClient {
    type Call<R, F> = AsyncCall<R, F>;

    fn call<C: Command>(&self, command: &C) -> AsyncCall<C::Reply, C::Failure> {
        Self::call(self, command)
    }
}

impl WithTimeout for AsyncClient {
    fn with_timeout(&self, timeout: Duration) -> Self {
        Self::with_timeout(self, timeout)
    }
}

/// A call over an [`AsyncClient`]: ready with the reply `R` or the failure `F`.
///
/// It is sent when it is first polled, or was when it was [begun](AsyncClient::begin). Dropping it gives the call up.
#[must_use = "a call that is dropped is given up"]
pub struct AsyncCall<R, F> {
    callee: Callee<'static>,
    flight: CallProgress,
    outcome: PhantomData<fn() -> (R, F)>,
}

impl<R, F> AsyncCall<R, F> {
    fn prepared(callee: Callee<'static>, encoded: Result<EncodedCall, Error>) -> Self {
        Self {
            callee,
            flight: CallProgress::Prepared(encoded),
            outcome: PhantomData,
        }
    }
}

impl<R: Value, F: Failure> Future for AsyncCall<R, F> {
    type Output = Result<R, F>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<R, F>> {
        let this = &mut *self;
        let outcome = match ready!(this.flight.poll_last(&mut this.callee, cx)) {
            Err(error) => Err(error.into()),
            Ok(Completed { call, frame }) => match this.callee {
                Callee::Method(method, _) if method.is_oneway() => {
                    reply::nothing(method).map_err(F::from)
                }
                callee => reply::decode(&frame, &call.info(callee)),
            },
        };
        this.flight = CallProgress::Over;
        Poll::Ready(outcome)
    }
}

impl<R, F> fmt::Debug for AsyncCall<R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncCall")
            .field("method", &format_args!("{}", self.callee))
            .finish_non_exhaustive()
    }
}

/// How far a call has come.
pub(super) enum CallProgress {
    /// It is sent when it is first polled.
    Prepared(Result<EncodedCall, Error>),
    Begun(InFlightCall),
    Over,
}

/// A call that has ended, and its reply frame; empty where none is sent.
pub(super) struct Completed<'a> {
    pub(super) call: &'a mut InFlightCall,
    pub(super) frame: Frame,
}

impl CallProgress {
    pub(super) fn poll(
        &mut self,
        callee: Callee<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Completed<'_>, Error>> {
        if let Self::Prepared(_) = self
            && let Self::Prepared(encoded) = std::mem::replace(self, Self::Over)
        {
            *self = Self::Begun(encoded?.begin_as_task(callee)?);
        }
        let Self::Begun(call) = self else {
            // As futures do that are polled after they were ready.
            return Poll::Pending;
        };
        let frame = ready!(call.poll(callee, cx))?.unwrap_or_default();
        Poll::Ready(Ok(Completed { call, frame }))
    }

    /// Polls for the reply that the call of a command ends with, and repeats the call where it is refused.
    fn poll_last(
        &mut self,
        callee: &mut Callee<'static>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Completed<'_>, Error>> {
        loop {
            let Completed { call, frame } = ready!(self.poll(*callee, cx))?;
            if call.settles(callee, &frame, &|| None)? {
                // Borrowed once more: the borrow of a loop's turn cannot be returned.
                let Self::Begun(call) = self else {
                    return Poll::Pending;
                };
                return Poll::Ready(Ok(Completed { call, frame }));
            }
        }
    }
}
