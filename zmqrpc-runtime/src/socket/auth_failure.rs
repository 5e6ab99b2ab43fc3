//! Why a login failed.

/// Why a login failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthFailure {
    /// The server has verified the login and refused it.
    Refused,
    /// The server requires a login, and this side has none.
    Required,
    /// The server requires none, or another mechanism.
    OtherMechanism,
    /// The server breaks the handshake off: with CURVE, its key is not the expected one.
    BrokenOff,
}

impl AuthFailure {
    /// Returns the reason to report to the caller.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Refused => "the server refused the login",
            Self::Required => "the server asks for a login, and this client has none",
            Self::OtherMechanism => "the server asks for another kind of login, or for none",
            Self::BrokenOff => {
                "the server breaks the login off: its key is not the one that is expected here"
            }
        }
    }
}
