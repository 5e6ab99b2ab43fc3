//! What a target's answer means for a delivery.

use crate::wire::{Executed, Limits, Reply, ReplyBody, Status};

/// Why a try did not deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DeliveryFault {
    /// It may get better.
    Passing {
        reason: String,
        /// Whether the request may be the reason: it may have been executed, or it was looked at and not allowed. A
        /// target that is overloaded, on its way down or away says nothing of the request.
        counts: bool,
    },
    /// The target has not answered in time. It lives, and may still be at it.
    Unanswered,
    /// It does not get better.
    Final(String),
}

/// Judges a reply.
pub(super) fn judge(reply: &[u8]) -> Result<(), DeliveryFault> {
    match Reply::decode(reply, &Limits::NONE).map(|reply| reply.body) {
        Ok(ReplyBody::Ok { .. }) => Ok(()),
        Ok(ReplyBody::Service { .. }) => Err(DeliveryFault::Final(
            "the service answered with an error".into(),
        )),
        Ok(ReplyBody::Failure {
            status,
            executed,
            detail,
            ..
        }) => Err(DeliveryFault::of(status, executed, detail)),
        Ok(ReplyBody::Pong | ReplyBody::Working | ReplyBody::Draining) | Err(_) => Err(
            DeliveryFault::Final("the target's answer cannot be read".into()),
        ),
    }
}

impl DeliveryFault {
    fn counted(reason: String) -> Self {
        Self::Passing {
            reason,
            counts: true,
        }
    }

    pub(super) fn of(status: Status, executed: Executed, detail: &str) -> Self {
        let text = match detail {
            "" => format!("{status:?}"),
            detail => format!("{status:?}: {detail}"),
        };
        match status {
            Status::Overloaded | Status::ShuttingDown | Status::Expired | Status::Unavailable => {
                let counts = executed != Executed::No;
                Self::Passing {
                    reason: text,
                    counts,
                }
            }
            // Somebody may allow it.
            Status::Unauthenticated => Self::counted(text),
            Status::Cancelled if executed != Executed::Yes => Self::counted(text),
            // Of a newer peer: repeating what was not executed is safe.
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
            | Status::Other(_) => Self::Final(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_get_better_is_tried_again() {
        for (status, executed, passing) in [
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
            let failure = DeliveryFault::of(status, executed, "");
            assert_eq!(
                matches!(failure, DeliveryFault::Passing { .. }),
                passing,
                "{failure:?}"
            );
        }
    }

    #[test]
    fn what_says_nothing_of_the_request_does_not_count() {
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
            let failure = DeliveryFault::of(status, executed, "");
            assert!(
                matches!(failure, DeliveryFault::Passing { counts, .. } if counts == expected),
                "{status:?}"
            );
        }
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_final() {
        assert!(matches!(judge(b""), Err(DeliveryFault::Final(_))));
        assert!(matches!(
            judge(&[0xC1, 1, 0x81]),
            Err(DeliveryFault::Final(_))
        ));
    }
}
