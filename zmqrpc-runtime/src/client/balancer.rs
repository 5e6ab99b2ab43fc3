//! The connections of a client, and how one is chosen for a call.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::agreements::Agreements;
use super::connection::Connection;
use super::state::CallLimits;
use super::stats::ClientStats;
use crate::command::InProcess;
use crate::connection::Liveness;
use crate::error::{EndpointCause, Error};
use crate::logins::SecurityByDirection;
use crate::options::Ping;
use crate::socket::{Direction, Endpoint, Registration, SocketOptions};
use crate::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, rank};
use crate::wire::Limits;

/// Where calls go.
pub(super) enum Channel {
    Connections(Arc<Balancer>),
    /// To a service within the process, on the caller's thread.
    Local(Arc<dyn InProcess>),
}

/// What it takes to open a connection.
pub(super) struct Opener {
    /// Those of each socket except for its login, which `logins` has.
    pub(super) options: SocketOptions,
    pub(super) logins: SecurityByDirection,
    pub(super) limits: Limits,
    pub(super) bounds: CallLimits,
    pub(super) ping: Ping,
    pub(super) agreements: Arc<Agreements>,
}

/// One connection per endpoint.
pub(super) struct Balancer {
    opener: Opener,
    connections: RwLock<Arc<[Member]>>,
    /// Taken by whoever adds or removes, beside the lock above: callers do not wait while a socket is opened. Holds what
    /// was counted at endpoints that have been removed.
    removed: Mutex<ClientStats, { rank::ENDPOINTS }>,
    next: AtomicUsize,
    last_number: AtomicU64,
}

/// A connection that is looked after while nobody uses it, for as long as it is in the balancer or a call is under way
/// there.
#[derive(Clone)]
pub(super) struct Member(Arc<Numbered>);

struct Numbered {
    connection: Registration<Connection>,
    number: u64,
    agreements: Arc<Agreements>,
}

/// With other connections to turn to, a call does not wait longer for one that has not been made.
const TURN: Duration = Duration::from_millis(250);

impl Member {
    /// Returns a number that no other connection of the client has or had.
    pub(super) fn number(&self) -> u64 {
        self.0.number
    }

    /// Returns the agreements of the client.
    pub(super) fn agreements(&self) -> &Agreements {
        &self.0.agreements
    }
}

impl Deref for Member {
    type Target = Arc<Connection>;

    #[inline]
    fn deref(&self) -> &Arc<Connection> {
        &self.0.connection
    }
}

impl Balancer {
    /// Opens a connection to each endpoint.
    pub(super) fn open(opener: Opener, endpoints: &[Endpoint]) -> Result<Self, Error> {
        let balancer = Self {
            opener,
            connections: RwLock::new(Arc::new([])),
            removed: Mutex::default(),
            next: AtomicUsize::new(0),
            last_number: AtomicU64::new(0),
        };
        let initial: Result<Arc<[Member]>, Error> = endpoints
            .iter()
            .map(|endpoint| balancer.open_one(endpoint))
            .collect();
        balancer.replace(initial?);
        Ok(balancer)
    }

    fn open_one(&self, endpoint: &Endpoint) -> Result<Member, Error> {
        let Opener {
            options,
            logins,
            limits,
            bounds,
            ping,
            agreements,
        } = &self.opener;
        let options = SocketOptions {
            security: logins.of(endpoint.direction()),
            ..options.clone()
        };
        let liveness = Liveness::new(*ping, Instant::now());
        let connection = Connection::open(endpoint, &options, *limits, *bounds, liveness)
            .map_err(|error| Error::endpoint_error(endpoint.as_str(), error))?;
        Ok(Member(Arc::new(Numbered {
            connection: Registration::new(Arc::new(connection)),
            number: self.last_number.fetch_add(1, Ordering::Relaxed),
            agreements: Arc::clone(agreements),
        })))
    }

    /// Returns the connections as they are now.
    pub(super) fn all(&self) -> Arc<[Member]> {
        Arc::clone(&self.read())
    }

    /// Returns whether there are other connections to turn to.
    pub(super) fn has_several(&self) -> bool {
        self.read().len() > 1
    }

    /// Returns the next connection in turn that takes calls, or the next one in turn if none does, and whether there are
    /// others to turn to; `None` if there is none at all.
    pub(super) fn pick(&self) -> Option<(Member, bool)> {
        let connections = {
            let connections = self.read();
            if let [only] = &**connections {
                return Some((only.clone(), false));
            }
            Arc::clone(&connections)
        };
        self.in_turn(&connections)
            .find(|connection| connection.refresh())
            .or_else(|| self.in_turn(&connections).next())
            .map(|connection| (connection.clone(), true))
    }

    /// Returns the next connection in turn that takes calls and has none of these [numbers](Member::number).
    pub(super) fn pick_another(&self, refused: &[u64]) -> Option<Member> {
        let connections = self.all();
        self.in_turn(&connections)
            .find(|connection| !refused.contains(&connection.number()) && connection.refresh())
            .cloned()
    }

    fn in_turn<'c>(&self, connections: &'c [Member]) -> impl Iterator<Item = &'c Member> {
        let start = self.next.fetch_add(1, Ordering::Relaxed) % connections.len().max(1);
        let (behind, first) = connections.split_at(start);
        first.iter().chain(behind)
    }

    /// Returns until when a call waits for a connection that begins an attempt at `now`.
    pub(super) fn turn(&self, connect_timeout: Duration, now: Instant) -> Instant {
        let timeout = if self.has_several() {
            connect_timeout.min(TURN)
        } else {
            connect_timeout
        };
        now + timeout
    }

    /// Adds an endpoint: calls go there from now on, too. Returns it with its wildcards resolved.
    pub(super) fn add(&self, text: &str, direction: Direction) -> Result<Arc<str>, Error> {
        let endpoint = Endpoint::parse(text, direction).map_err(|reason| {
            Error::endpoint_error(text, EndpointCause::Malformed(reason.into()))
        })?;
        let changing = self.changing();
        let mut connections = self.all().to_vec();
        if find(&connections, endpoint.as_str()).is_some() {
            return Err(Error::endpoint_error(text, EndpointCause::Duplicate));
        }
        let added = self.open_one(&endpoint)?;
        let resolved = Arc::clone(added.endpoint());
        connections.push(added);
        self.replace(connections.into());
        drop(changing);
        Ok(resolved)
    }

    /// Removes an endpoint: no call begins there from now on. Those that are under way keep the connection to their end.
    pub(super) fn remove(&self, text: &str) -> Result<(), Error> {
        let mut changing = self.changing();
        let mut connections = self.all().to_vec();
        let at = find(&connections, text);
        let at = at.ok_or_else(|| Error::endpoint_error(text, EndpointCause::Unknown))?;
        let removed = connections.remove(at);
        changing.late_replies += removed.late();
        changing.renewals += removed.renewals();
        self.replace(connections.into());
        drop(changing);
        // Behind the locks: this may be the last owner, and closing a socket takes its time.
        drop(removed);
        Ok(())
    }

    /// Returns counters: in flight where there is an endpoint, everything else since the client was built.
    pub(super) fn stats(&self) -> ClientStats {
        let mut stats = self.changing().clone();
        for connection in &*self.all() {
            stats.in_flight += connection.in_flight();
            stats.late_replies += connection.late();
            stats.renewals += connection.renewals();
        }
        stats
    }

    fn replace(&self, connections: Arc<[Member]>) {
        let mut current = self.connections.write();
        let before = std::mem::replace(&mut *current, connections);
        drop(current);
        drop(before);
    }

    fn read(&self) -> RwLockReadGuard<'_, Arc<[Member]>> {
        self.connections.read()
    }

    fn changing(&self) -> MutexGuard<'_, ClientStats> {
        self.removed.lock()
    }
}

fn find(connections: &[Member], endpoint: &str) -> Option<usize> {
    connections
        .iter()
        .position(|connection| &**connection.endpoint() == endpoint)
}
