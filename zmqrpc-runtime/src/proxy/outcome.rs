//! What a target's reply means for a delivery.

use super::DIALECT;
use crate::dialect::Reply;
use crate::wire::{Executed, Limits, Status};

/// Why an attempt did not deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DeliveryFault {
    /// A later attempt may succeed.
    Transient {
        reason: String,
        /// Whether the reason may lie in the request: it may have been executed, or the target has rejected its sender. A
        /// target that is overloaded, draining or unavailable says nothing about the request.
        counts: bool,
    },
    /// The target has not replied in time. It is alive, and may still be executing the request.
    TimedOut,
    /// No later attempt can succeed.
    Permanent(String),
}

/// Returns whether a reply means that the request was delivered.
pub(super) fn delivery_result(reply: &[u8]) -> Result<(), DeliveryFault> {
    match DIALECT.decode_reply(reply, &Limits::NONE) {
        Ok(Reply::Value { .. }) => Ok(()),
        Ok(Reply::ServiceError { .. }) => Err(DeliveryFault::Permanent(
            "the service answered with an error".into(),
        )),
        Ok(Reply::Failure {
            status,
            executed,
            detail,
            ..
        }) => Err(DeliveryFault::from_status(status, executed, detail)),
        Err(_) => Err(DeliveryFault::Permanent(
            "the target's reply cannot be read".into(),
        )),
    }
}

impl DeliveryFault {
    /// Returns a transient fault that counts as an attempt.
    fn counted(reason: String) -> Self {
        Self::Transient {
            reason,
            counts: true,
        }
    }

    /// Returns the fault that a failure of this status means.
    pub(super) fn from_status(status: Status, executed: Executed, detail: &str) -> Self {
        let text = match detail {
            "" => format!("{status:?}"),
            detail => format!("{status:?}: {detail}"),
        };
        match status {
            Status::Overloaded | Status::ShuttingDown | Status::Expired | Status::Unavailable => {
                let counts = executed != Executed::No;
                Self::Transient {
                    reason: text,
                    counts,
                }
            }
            // The target's operator may allow it later.
            Status::Unauthenticated => Self::counted(text),
            Status::Cancelled if executed != Executed::Yes => Self::counted(text),
            // A status of a newer peer: repeating what was not executed is safe.
            Status::Other(_) if executed == Executed::No => Self::counted(text),
            Status::UnknownMethod
            | Status::SignatureMismatch
            | Status::Decode
            | Status::Encode
            | Status::TooLarge
            | Status::Cancelled
            | Status::Panicked
            | Status::Malformed
            | Status::UnsupportedVersion
            | Status::UnsupportedCodec
            | Status::UnsupportedKind
            | Status::Other(_) => Self::Permanent(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transient_failures_are_retried() {
        for (status, executed, transient) in [
            (Status::Overloaded, Executed::No, true),
            (Status::ShuttingDown, Executed::No, true),
            (Status::Unavailable, Executed::Maybe, true),
            (Status::Expired, Executed::Maybe, true),
            (Status::Cancelled, Executed::Maybe, true),
            (Status::Cancelled, Executed::Yes, false),
            (Status::UnknownMethod, Executed::No, false),
            (Status::SignatureMismatch, Executed::No, false),
            (Status::Decode, Executed::No, false),
            (Status::TooLarge, Executed::No, false),
            (Status::Panicked, Executed::Yes, false),
            (Status::Other(99), Executed::No, true),
            (Status::Other(99), Executed::Maybe, false),
        ] {
            let failure = DeliveryFault::from_status(status, executed, "");
            assert_eq!(
                matches!(failure, DeliveryFault::Transient { .. }),
                transient,
                "{failure:?}"
            );
        }
    }

    #[test]
    fn failures_unrelated_to_the_request_do_not_count() {
        for (status, executed, expected) in [
            (Status::Overloaded, Executed::No, false),
            (Status::Overloaded, Executed::Maybe, true),
            (Status::ShuttingDown, Executed::No, false),
            (Status::Unavailable, Executed::No, false),
            (Status::Unavailable, Executed::Maybe, true),
            (Status::Expired, Executed::No, false),
            (Status::Unauthenticated, Executed::No, true),
            (Status::Cancelled, Executed::Maybe, true),
        ] {
            let failure = DeliveryFault::from_status(status, executed, "");
            assert!(
                matches!(failure, DeliveryFault::Transient { counts, .. } if counts == expected),
                "{status:?}"
            );
        }
    }

    #[test]
    fn an_unreadable_reply_is_a_permanent_failure() {
        assert!(matches!(
            delivery_result(b""),
            Err(DeliveryFault::Permanent(_))
        ));
        assert!(matches!(
            delivery_result(&[0xC1, 1, 0x81]),
            Err(DeliveryFault::Permanent(_))
        ));
    }
}
