//! What a caller is told where there is no reply.

use super::call_info::CallInfo;
use super::connection::BlockedBy;
use super::deadlines::Deadlines;
use crate::connection::NoReply;
use crate::error::{Error, UnavailableCause};

/// Returns the error of a call without a reply. `blocked_by` is why its request could not be sent, if that is known.
pub(super) fn failure(
    reason: NoReply,
    info: &CallInfo<'_>,
    deadlines: Deadlines,
    blocked_by: Option<BlockedBy>,
) -> Error {
    let executed = reason.executed();
    match reason {
        NoReply::TimedOut { written: true } => info.timed_out(executed),
        NoReply::TimedOut { written: false } | NoReply::NotConnected => {
            let waited = deadlines.connect_timeout.get().min(info.timeout);
            let cause = match blocked_by {
                Some(BlockedBy::Name(why)) => UnavailableCause::NotConnected {
                    waited,
                    lookup: Some(why.into()),
                },
                Some(BlockedBy::Full) => UnavailableCause::NoRoom { waited },
                Some(BlockedBy::NoWorker) => UnavailableCause::NoWorker { waited },
                Some(BlockedBy::Ending) => UnavailableCause::Draining { waited },
                None => UnavailableCause::NotConnected {
                    waited,
                    lookup: None,
                },
            };
            info.unavailable(cause, executed)
        }
        NoReply::Silent(silence) => {
            info.unavailable(UnavailableCause::Silent { silence }, executed)
        }
        NoReply::Disconnected => info.unavailable(UnavailableCause::Disconnected, executed),
        NoReply::Drained => info.unavailable(UnavailableCause::ShuttingDown, executed),
        NoReply::Foreign => info.unavailable(UnavailableCause::ForeignProtocol, executed),
        NoReply::NoServer { .. } => info.unavailable(UnavailableCause::NotAServer, executed),
        NoReply::Denied(denial) => Error::Unauthenticated {
            at: info.target(),
            cause: denial.into(),
        },
        NoReply::Broken(error) => info.unavailable(UnavailableCause::Socket(error), executed),
    }
}
