//! Jobs.

use std::sync::Arc;
use std::time::Instant;

use super::command::{CommandHead, EncodedCommand};
use super::job_socket::JobSocket;
use super::pull_stats::PullStats;
use super::puller::Puller;
use super::source::EncodedSource;
use super::undecoded::UndecodedMessage;
use crate::dialect::{CallId, Dialect, Inbound, Request, RequestKind};
use crate::error::Error;
use crate::logins::AuthSettings;
use crate::options::ConnectionOptions;
use crate::socket::{Endpoint, Security, SocketError, SocketOptions};
use crate::subscription::SourceSocket;
use crate::wire::Limits;

/// A socket whose jobs are left encoded.
pub(crate) struct JobReception {
    socket: JobSocket,
    endpoint: Arc<str>,
}

/// What comes of a pull socket, in its order.
#[derive(Debug)]
pub(crate) enum JobArrival {
    Job(EncodedCommand),
    Undecoded(UndecodedMessage),
}

impl EncodedCommand {
    /// Returns it as a message that is no job, since whoever got it cannot read it.
    pub(crate) fn into_undecoded(self, reason: String) -> UndecodedMessage {
        let (job, received_at, endpoint) = self.into_frame();
        UndecodedMessage::new(vec![job], 0, reason, received_at, &endpoint)
    }
}

impl JobReception {
    /// Checks pullers, and opens their sockets.
    pub(crate) fn open_all(
        pullers: &[Puller],
        options: &ConnectionOptions,
        auth: &AuthSettings,
    ) -> Result<Vec<Self>, Error> {
        options.check()?;
        let endpoints = pullers.iter().map(Puller::check);
        let endpoints: Vec<Endpoint> = endpoints.collect::<Result<_, _>>()?;
        let logins = auth.for_endpoints(endpoints.iter().map(Endpoint::direction))?;
        auth.warn_if_exposed(endpoints.iter());
        let options = options.socket(1000, 1000, Security::Open);
        let open = |endpoint: &Endpoint| {
            let options = SocketOptions {
                security: logins.of(endpoint.direction()),
                ..options.clone()
            };
            let socket = JobSocket::open(endpoint, &options)?;
            let endpoint = socket.endpoint().into();
            Ok(Self { socket, endpoint })
        };
        endpoints.iter().map(open).collect()
    }
}

/// Returns what a job's header says; `None` for the ping with which a pusher finds out whether its jobs have left.
fn read(job: &[u8], limits: &Limits) -> Result<Option<CommandHead>, String> {
    match Dialect::of_request(job).decode_inbound(job, limits) {
        Ok(Inbound::Request(
            request @ Request {
                kind: RequestKind::Notify,
                ..
            },
        )) => Ok(Some(CommandHead::of(&request))),
        Ok(Inbound::Ping(CallId::NONE)) => Ok(None),
        Ok(_) => Err("it wants a reply, which a job has not".into()),
        Err(error) => Err(error.to_string()),
    }
}

impl EncodedSource for JobReception {
    type Item = JobArrival;
    type Socket = JobSocket;
    type Stats = PullStats;

    fn socket(&self) -> &JobSocket {
        &self.socket
    }

    fn socket_mut(&mut self) -> &mut JobSocket {
        &mut self.socket
    }

    fn receive(
        &mut self,
        limits: &Limits,
        now: Instant,
        mut take: impl FnMut(JobArrival, usize),
    ) -> Result<bool, SocketError> {
        let max_bytes = limits.message.saturating_mul(2);
        let Some((mut frames, left_out)) = self.socket.receive_whole(max_bytes)? else {
            return Ok(false);
        };
        let bytes = frames.iter().map(|frame| frame.len()).sum();
        let read = match &*frames {
            [job] if left_out == 0 => read(job, limits),
            _ => Err(format!(
                "a message of {} frames, where a job has one",
                frames.len() + left_out
            )),
        };
        match read {
            Ok(None) => {}
            Ok(Some(head)) => {
                self.socket.record_job();
                let job = frames.pop().unwrap_or_default();
                let job = EncodedCommand::new(job, head, now, &self.endpoint);
                take(JobArrival::Job(job), bytes);
            }
            Err(reason) => {
                self.socket.record_malformed();
                let message = UndecodedMessage::new(frames, left_out, reason, now, &self.endpoint);
                take(JobArrival::Undecoded(message), bytes);
            }
        }
        Ok(true)
    }

    fn stats(&self) -> PullStats {
        self.socket.stats()
    }

    fn close_and_release(self) {
        self.socket.close_and_release();
    }
}
