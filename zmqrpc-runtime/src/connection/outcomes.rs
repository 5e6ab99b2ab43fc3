//! How the owner of calls learns what becomes of them.

use super::no_reply::CallResult;
use crate::socket::Frame;

/// Receives what becomes of calls. `O` is what the owner keeps for each.
pub(crate) trait Outcomes<O> {
    /// The socket has taken the request of a call that waited.
    fn sent(&mut self, origin: &mut O);
    /// A call has ended, once. Returns whether it is kept until its owner takes it out.
    fn ended(&mut self, id: u64, origin: &mut O, result: CallResult) -> bool;
    /// A frame has arrived that belongs to a call and does not end it. It has the call's id here.
    fn interim(&mut self, _origin: &O, _frame: Frame) {}
    /// A frame has arrived that belongs to no call.
    fn unexpected(&mut self);
}
