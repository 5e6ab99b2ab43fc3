//! ZAP requests, which libzmq sends to the handler, and the replies to them: <https://rfc.zeromq.org/spec/27/>.

use zeroize::{Zeroize, Zeroizing};

use super::frame::Frame;
use super::login_property::LOGIN_PROPERTY;
use crate::socket::login::{KEY, LoginAttempt};
use crate::socket::mechanism::PLAIN;

/// Frames before the credentials: routing id, delimiter, version, request id, domain, address, identity, mechanism.
const BEFORE_CREDENTIALS: usize = 8;

/// A ZAP request.
pub(super) struct ZapRequest {
    pub(super) reply_to: ZapReplyTo,
    pub(super) domain: String,
    /// The peer's IP address; without meaning for other transports.
    pub(super) address: String,
    pub(super) mechanism: Mechanism,
}

/// The destination of the reply.
#[derive(Clone)]
pub(super) struct ZapReplyTo {
    route: Frame,
    number: Frame,
}

pub(super) enum Mechanism {
    Null,
    Login(LoginAttempt),
    /// An unknown mechanism, or malformed credentials.
    Other,
}

impl ZapRequest {
    /// Parses a request. `None` if it is malformed: libzmq's are well-formed, so it came from elsewhere in the process.
    pub(super) fn parse(mut frames: Vec<Frame>) -> Option<Self> {
        if frames.len() < BEFORE_CREDENTIALS || &*frames[2] != b"1.0" {
            return None;
        }
        let mut credentials = frames.split_off(BEFORE_CREDENTIALS);
        let mechanism = match (&*frames[7], &mut *credentials) {
            (b"NULL", []) => Mechanism::Null,
            (b"PLAIN", [user, password]) => plain(user, password),
            (b"CURVE", [key]) => <[u8; KEY]>::try_from(&**key).map_or(Mechanism::Other, |key| {
                Mechanism::Login(LoginAttempt::Curve { key })
            }),
            _ => Mechanism::Other,
        };
        let text = |frame: &Frame| String::from_utf8_lossy(frame).into_owned();
        let (domain, address) = (text(&frames[4]), text(&frames[5]));
        let number = frames.swap_remove(3);
        let route = frames.swap_remove(0);
        Some(Self {
            reply_to: ZapReplyTo { route, number },
            domain,
            address,
            mechanism,
        })
    }
}

fn plain(user: &mut Frame, password: &mut Frame) -> Mechanism {
    let attempt = match (str::from_utf8(user), str::from_utf8(password)) {
        (Ok(user), Ok(password)) => Mechanism::Login(LoginAttempt::Plain {
            user: user.to_owned(),
            password: Zeroizing::new(password.to_owned()),
        }),
        _ => Mechanism::Other,
    };
    password.zeroize();
    attempt
}

type Frames = Vec<Vec<u8>>;

/// Parses a request, and returns its user with both replies: to admit and to refuse the login. For fuzz targets.
#[must_use]
pub fn reread_login(frames: &[&[u8]]) -> Option<(Option<String>, [Frames; 2])> {
    let parse = || {
        let frames = frames.iter().map(|frame| Frame::copy_of(frame));
        ZapRequest::parse(frames.collect())
    };
    let bytes = |reply: Vec<Frame>| reply.iter().map(|frame| frame.to_vec()).collect();
    let user = match parse()?.mechanism {
        Mechanism::Login(LoginAttempt::Plain { user, .. }) => Some(user),
        Mechanism::Login(LoginAttempt::Curve { key }) => Some(format!("{key:02x?}")),
        Mechanism::Null | Mechanism::Other => None,
    };
    let admitted = parse()?.reply_to.admit("ada", PLAIN);
    let refused = parse()?.reply_to.refuse();
    Some((user, [bytes(admitted), bytes(refused)]))
}

impl ZapReplyTo {
    /// Returns the reply that admits a peer, with its user name if it has one.
    pub(super) fn admit(self, user: &str, mechanism: &str) -> Vec<Frame> {
        let mut properties = Vec::new();
        if !user.is_empty() {
            let name = LOGIN_PROPERTY.as_bytes();
            properties.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
            properties.extend_from_slice(name);
            let len = u32::try_from(mechanism.len()).unwrap_or(u32::MAX);
            properties.extend_from_slice(&len.to_be_bytes());
            properties.extend_from_slice(mechanism.as_bytes());
        }
        self.reply("200", user, properties)
    }

    /// Returns the reply that refuses a login.
    pub(super) fn refuse(self) -> Vec<Frame> {
        self.reply("400", "", Vec::new())
    }

    /// Returns the reply that ends the connection without a decision. The peer may reconnect.
    ///
    /// ZAP's status for this is 300, but then libzmq leaves the connection alone until the handshake times out. An
    /// undefined status ends it at once.
    pub(super) fn break_off(self) -> Vec<Frame> {
        self.reply("000", "", Vec::new())
    }

    fn reply(self, status: &str, user: &str, properties: Vec<u8>) -> Vec<Frame> {
        vec![
            self.route,
            Frame::new(),
            Frame::copy_of(b"1.0"),
            self.number,
            Frame::copy_of(status.as_bytes()),
            Frame::new(),
            Frame::copy_of(user.as_bytes()),
            Frame::from(properties),
        ]
    }
}
