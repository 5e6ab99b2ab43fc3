//! Errors that turn out to say too little: what they stand for does not imply that nothing was executed.

use std::fmt;

use super::{Error, Signatures, UnavailableCause};
use crate::wire::Executed;

impl Error {
    /// The same failure of a call that may have been executed, or was. Variants that mean by themselves that it was not
    /// become [`Error::Unavailable`], with their words as the reason.
    pub(crate) fn with_executed(self, now: Executed) -> Self {
        let (at, cause) = match self {
            Self::Timeout { at, timeout, .. } => {
                return Self::Timeout {
                    at,
                    timeout,
                    executed: now,
                };
            }
            Self::Cancelled { at, .. } => return Self::Cancelled { at, executed: now },
            Self::TooLarge {
                at, what, limit, ..
            } => {
                return Self::TooLarge {
                    at,
                    what,
                    limit,
                    executed: now,
                };
            }
            Self::Encode {
                at, what, source, ..
            } => {
                return Self::Encode {
                    at,
                    what,
                    source,
                    executed: now,
                };
            }
            Self::Decode {
                at, what, source, ..
            } => {
                return Self::Decode {
                    at,
                    what,
                    source,
                    executed: now,
                };
            }
            Self::Remote {
                at, code, message, ..
            } => {
                return Self::Remote {
                    at,
                    code,
                    message,
                    executed: now,
                };
            }
            Self::Unavailable { at, cause, .. } => (at, cause),
            Self::Overloaded { at, cause } => (at, words(&cause)),
            Self::Unauthenticated { at, cause } => {
                (at, words(&format_args!("access denied: {cause}")))
            }
            Self::UnknownMethod { at } => (at, words(&"the server has no such method")),
            Self::SignatureMismatch {
                at,
                ours,
                theirs,
                difference,
            } => (
                at,
                words(&Signatures(&ours, &theirs, difference.as_deref())),
            ),
            Self::ShuttingDown { at } => (at, UnavailableCause::ShuttingDown),
            // They say so already, or are no failures of calls.
            other => return other,
        };
        Self::Unavailable {
            at,
            cause,
            executed: now,
        }
    }
}

fn words(text: &dyn fmt::Display) -> UnavailableCause {
    UnavailableCause::Remote(text.to_string().into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{AuthCause, CallTarget, OverloadCause};
    use super::*;
    use crate::codec::Error as CodecError;

    fn errors() -> Vec<Error> {
        let at = || CallTarget::new("Store.put", None);
        let executed = Executed::No;
        let source = CodecError::Decode("no".into());
        vec![
            Error::Timeout {
                at: at(),
                timeout: Duration::from_secs(1),
                executed,
            },
            Error::Unavailable {
                at: at(),
                cause: UnavailableCause::Disconnected,
                executed,
            },
            Error::Unauthenticated {
                at: at(),
                cause: AuthCause::Refused,
            },
            Error::UnknownMethod { at: at() },
            Error::SignatureMismatch {
                at: at(),
                ours: "()".into(),
                theirs: "(u8)".into(),
                difference: None,
            },
            Error::Overloaded {
                at: at(),
                cause: OverloadCause::Calls(1),
            },
            Error::Cancelled { at: at(), executed },
            Error::ShuttingDown { at: at() },
            Error::TooLarge {
                at: at(),
                what: "the request",
                limit: 1,
                executed,
            },
            Error::Encode {
                at: at(),
                what: "the arguments",
                source: source.clone(),
                executed,
            },
            Error::Decode {
                at: at(),
                what: "the request",
                source,
                executed,
            },
            Error::Remote {
                at: at(),
                code: 99,
                message: "new".into(),
                executed,
            },
        ]
    }

    #[test]
    fn every_failure_of_a_call_can_tell_of_more_than_itself() {
        for error in errors() {
            assert_eq!(error.executed(), Executed::No, "{error:?}");
            for executed in [Executed::Maybe, Executed::Yes] {
                let error = error.clone().with_executed(executed);
                assert_eq!(error.executed(), executed, "{error:?}");
                let text = error.to_string();
                assert!(text.ends_with(&executed.to_string()), "{text}");
                assert_eq!(text.matches("executed").count(), 1, "{text}");
                assert_eq!(error.method(), Some("Store.put"));
            }
        }
    }
}
