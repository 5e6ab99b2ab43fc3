//! How a connection that this side makes comes about: whether it has to be made again, and whether it is let in.

use std::sync::Arc;
use std::time::Instant;

use super::monitor::Connection;
use super::raw::RawSocket;
use super::revival::Revival;
use super::security::Inquiry;
use super::{Denial, Denied, Direction, Endpoint, Security, Waiter};
use crate::log;

#[derive(Debug)]
pub(super) struct Approach {
    endpoint: Endpoint,
    revival: Revival,
    inquiry: Inquiry,
    logs_in: bool,
    up: bool,
    /// Why the last try was refused, until the next.
    denial: Option<Denial>,
    refused: Denied,
}

impl Approach {
    /// `refused` counts the logins that are, of this connection and others.
    pub(super) fn new(endpoint: &Endpoint, security: &Security, refused: Denied) -> Self {
        Self {
            endpoint: endpoint.clone(),
            revival: Revival::default(),
            inquiry: security.inquiry(),
            logs_in: matches!(security, Security::Login(_)),
            up: false,
            denial: None,
            refused,
        }
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Takes an event in. Answers why the login was refused, if it was. `waiter` is told of what is found out later.
    pub(super) fn note(&mut self, event: Connection, waiter: &Arc<Waiter>) -> Option<Denial> {
        self.revival.note(event);
        match event {
            Connection::Established => {
                self.inquiry.forget();
                (self.up, self.denial) = (true, None);
                None
            }
            Connection::Lost => {
                self.up = false;
                None
            }
            Connection::Denied => Some(self.refuse(Denial::Refused)),
            Connection::Mismatched => Some(self.refuse(self.inquiry.mismatch())),
            Connection::Failed => {
                self.inquiry.note_failure(&self.endpoint, waiter);
                None
            }
            Connection::Foreign | Connection::Retried | Connection::ListenerClosed => None,
        }
    }

    /// Why the login is refused, if that was found out meanwhile. The connection is given up then.
    pub(super) fn found(&mut self, socket: &mut RawSocket) -> Option<Denial> {
        let denial = self.inquiry.denial()?;
        // libzmq would go on trying, some twenty times a second.
        let _ = socket.close(self.endpoint.as_str(), Direction::Connect);
        Some(self.refuse(denial))
    }

    fn refuse(&mut self, denial: Denial) -> Denial {
        self.revival.refuse();
        self.denial = Some(denial);
        self.refused.count();
        denial
    }

    /// Why the last login was refused, if it was and no other is under way.
    pub(super) fn denial(&self) -> Option<Denial> {
        self.denial
    }

    /// A login was refused, or not answered yet. It may take longer than a peer may be silent.
    pub(super) fn awaits_login(&self) -> bool {
        self.denial.is_some() || self.logs_in && !self.up
    }

    /// How often the login was refused.
    pub(super) fn refused(&self) -> Denied {
        self.refused.clone()
    }

    /// Somebody waits for the connection: a login that was refused is tried again soon.
    pub(super) fn hurry(&mut self) {
        self.revival.hurry();
    }

    /// When to make the connection again, if nothing happens until then.
    pub(super) fn due(&self) -> Option<Instant> {
        self.revival.due()
    }

    /// Whether to make the connection again now. If that fails, it is due once more.
    pub(super) fn begin(&mut self) -> bool {
        let begins = self.revival.begin();
        if begins {
            self.denial = None;
        }
        begins
    }

    /// It is tried now, and not again at once.
    pub(super) fn postpone(&mut self) {
        self.revival.postpone();
        self.denial = None;
    }

    /// Another connection takes the place of this one.
    pub(super) fn renew(&mut self) {
        self.revival = self.revival.heir();
        (self.up, self.denial) = (false, None);
    }
}

/// Where an event of a socket with several endpoints has happened.
pub(super) struct Scene<'a> {
    place: &'a str,
    exact: bool,
    bound: bool,
}

impl<'a> Scene<'a> {
    /// `place` is what the monitor says, `endpoints` all that the socket has.
    pub(super) fn new(place: &'a [u8], endpoints: &[(String, Direction)]) -> Option<Self> {
        let place = str::from_utf8(place).ok()?;
        let port = |text: &str| Some(text.rsplit_once(':')?.1.to_owned());
        let any = |way, is_it: &dyn Fn(&str) -> bool| {
            let mut all = endpoints.iter();
            all.any(|(endpoint, direction)| *direction == way && is_it(endpoint))
        };
        Some(Self {
            exact: any(Direction::Connect, &|endpoint| endpoint == place),
            // Those who come to a bound endpoint are reported under an address of it.
            bound: any(Direction::Bind, &|endpoint| port(endpoint) == port(place)),
            place,
        })
    }

    /// Whether it is about the connection to this endpoint. Two names with one port cannot be told apart; then one that
    /// lives may be made again as well.
    pub(super) fn concerns(&self, endpoint: &Endpoint) -> bool {
        if self.exact {
            endpoint.as_str() == self.place
        } else {
            !self.bound && endpoint.may_be(self.place)
        }
    }
}

/// Tells of it where nobody waits who could be told.
pub(super) fn complain(endpoint: &Endpoint, denial: Denial) {
    let (endpoint, reason) = (endpoint.as_str().to_owned(), denial.reason());
    log::line!(
        warn,
        endpoint,
        reason;
        "the login was refused, and is tried again later"
    );
}
