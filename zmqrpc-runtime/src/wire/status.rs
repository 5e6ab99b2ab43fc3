//! Why a call failed, and whether its handler ran.

/// Why a server sent neither a value nor an error of the service.
///
/// The bytes 0 and 1 mean that the service returned a value or an error of its own, so they are no
/// variants here: see [`Outbound`](crate::dialect::Outbound).
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
    /// The server has as many calls as it accepts.
    Overloaded,
    /// The caller cancelled the call.
    Cancelled,
    /// The server accepts no more calls.
    ShuttingDown,
    /// The handler panicked.
    Panicked,
    /// The call's deadline passed before the handler started.
    Expired,
    /// The header could not be decoded.
    Malformed,
    /// The server does not speak this version of the protocol.
    UnsupportedVersion,
    /// The server does not have this codec.
    UnsupportedCodec,
    /// The server does not know this kind of request.
    UnsupportedKind,
    /// The caller has not logged in.
    Unauthenticated,
    /// A proxy in between could not reach the service, or lost the connection before the reply
    /// came.
    Unavailable,
    /// A code of a newer peer, without a variant here. Decoding never puts a known code into it.
    Other(u8),
}

impl Status {
    /// Returns the status with this code. The caller has handled 0 and 1, which are not failures.
    pub(crate) const fn from_code(code: u8) -> Self {
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

    /// Returns the status's code in a frame.
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

    /// Returns whether the handler ran, as far as the status alone tells. A server that knows more
    /// precisely says so in the reply.
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
            // A request that is too large was not executed; a call whose reply is too large was.
            Self::TooLarge | Self::Cancelled | Self::Unavailable | Self::Other(_) => {
                Executed::Maybe
            }
            Self::Encode | Self::Panicked => Executed::Yes,
        }
    }
}

/// Whether a failed call's handler ran, which decides whether a retry is safe. The variants are
/// ordered by how much the handler may have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Executed {
    /// The handler was never started: the call can be repeated safely.
    No,
    /// It is unknown whether the handler was started.
    Maybe,
    /// The handler was started, and may have had all its effects.
    Yes,
}

impl Executed {
    /// Returns the value with this code; `Maybe` for an unknown code.
    pub(crate) const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::No,
            2 => Self::Yes,
            _ => Self::Maybe,
        }
    }

    pub(crate) const fn code(self) -> u8 {
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
