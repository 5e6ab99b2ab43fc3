//! Why a call failed, and whether its handler ran.

/// Why a server did not return a value.
///
/// The bytes 0 and 1 mean that a service returned a value, so they are no variants here:
/// [`ReplyBody::Ok`](super::ReplyBody::Ok) and [`ReplyBody::Service`](super::ReplyBody::Service)
/// are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// No service has this method.
    UnknownMethod,
    /// The method exists, with another signature or service version. The detail is the server's
    /// signature.
    SignatureMismatch,
    /// The arguments could not be decoded.
    Decode,
    /// The reply could not be encoded.
    Encode,
    /// The request, or the reply to it, exceeds a limit.
    TooLarge,
    /// The server has as much work as it accepts.
    Overloaded,
    /// The caller cancelled the call.
    Cancelled,
    /// The server accepts no more calls.
    ShuttingDown,
    /// The handler panicked.
    Panicked,
    /// The time that the caller gave was over before the handler started.
    Expired,
    /// The header could not be decoded.
    Malformed,
    /// The server does not speak this version of the protocol.
    UnsupportedVersion,
    /// The server does not have this codec.
    UnsupportedCodec,
    /// The server does not know this kind of request.
    UnsupportedKind,
    /// The caller has not shown who it is.
    Unauthenticated,
    /// A proxy on the way could not reach the service, or lost it before the answer came.
    Unavailable,
    /// A code of a newer peer, without a variant here. Decoding never puts a known code into it.
    Other(u8),
}

impl Status {
    /// The status with this code. 0 and 1 are not failures and must have been handled before.
    pub(super) const fn from_code(code: u8) -> Self {
        match code {
            2 => Self::UnknownMethod,
            3 => Self::SignatureMismatch,
            4 => Self::Decode,
            5 => Self::Encode,
            6 => Self::TooLarge,
            7 => Self::Overloaded,
            8 => Self::Cancelled,
            9 => Self::ShuttingDown,
            10 => Self::Panicked,
            11 => Self::Expired,
            12 => Self::Malformed,
            13 => Self::UnsupportedVersion,
            14 => Self::UnsupportedCodec,
            15 => Self::UnsupportedKind,
            16 => Self::Unauthenticated,
            17 => Self::Unavailable,
            other => Self::Other(other),
        }
    }

    /// The code that stands for this status in a frame.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::UnknownMethod => 2,
            Self::SignatureMismatch => 3,
            Self::Decode => 4,
            Self::Encode => 5,
            Self::TooLarge => 6,
            Self::Overloaded => 7,
            Self::Cancelled => 8,
            Self::ShuttingDown => 9,
            Self::Panicked => 10,
            Self::Expired => 11,
            Self::Malformed => 12,
            Self::UnsupportedVersion => 13,
            Self::UnsupportedCodec => 14,
            Self::UnsupportedKind => 15,
            Self::Unauthenticated => 16,
            Self::Unavailable => 17,
            Self::Other(code) => code,
        }
    }

    /// Whether the handler ran, as far as the status alone tells. A server that knows better says
    /// so in the reply.
    #[must_use]
    pub const fn executed(self) -> Executed {
        match self {
            Self::UnknownMethod
            | Self::SignatureMismatch
            | Self::Decode
            | Self::Overloaded
            | Self::ShuttingDown
            | Self::Expired
            | Self::Malformed
            | Self::UnsupportedVersion
            | Self::UnsupportedCodec
            | Self::UnsupportedKind
            | Self::Unauthenticated => Executed::No,
            // A request that is too large was not executed, one with a reply that is too large was.
            Self::TooLarge | Self::Cancelled | Self::Unavailable | Self::Other(_) => {
                Executed::Maybe
            }
            Self::Encode | Self::Panicked => Executed::Yes,
        }
    }
}

/// Whether a failed call's handler ran, which is what a retry has to know. In the order of what it may have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Executed {
    /// It was never started: the call can be repeated safely.
    No,
    /// Nobody knows.
    Maybe,
    /// It was started, and may have had all its effects.
    Yes,
}

impl Executed {
    /// A code that is not known says nothing, so it means `Maybe`.
    pub(super) const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::No,
            2 => Self::Yes,
            _ => Self::Maybe,
        }
    }

    pub(super) const fn code(self) -> u8 {
        match self {
            Self::No => 0,
            Self::Maybe => 1,
            Self::Yes => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives() {
        for code in 2..=u8::MAX {
            assert_eq!(Status::from_code(code).code(), code);
        }
    }

    #[test]
    fn codes_of_a_newer_peer_stay_inspectable() {
        assert_eq!(Status::from_code(16), Status::Unauthenticated);
        assert_eq!(Status::from_code(18), Status::Other(18));
        assert_eq!(Status::Other(18).executed(), Executed::Maybe);
    }

    #[test]
    fn an_unknown_executed_code_means_maybe() {
        for executed in [Executed::No, Executed::Maybe, Executed::Yes] {
            assert_eq!(Executed::from_code(executed.code()), executed);
        }
        assert_eq!(Executed::from_code(3), Executed::Maybe);
    }
}
