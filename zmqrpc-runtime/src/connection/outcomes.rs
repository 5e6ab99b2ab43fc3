//! How the owner of calls learns what becomes of them.

use super::calls::Calls;
use super::no_reply::CallResult;
use crate::socket::Frame;

/// Receives what becomes of calls. `O` is what the owner keeps for each.
pub(crate) trait Outcomes<O> {
    /// The socket has taken a call's request.
    fn sent(&mut self, _origin: &mut O) {}
    /// A call has ended, once.
    fn ended(&mut self, call: EndedCall<'_, O>, result: CallResult);
    /// A call is still being executed, says this frame, which has the call's id here.
    fn working(&mut self, _origin: &O, _frame: Frame) {}
    /// A frame has arrived that belongs to no call.
    fn unexpected(&mut self);
}

/// A call that has just ended. Unless it is [taken out](Self::take), it is kept until it is.
pub(crate) struct EndedCall<'c, O> {
    calls: &'c mut Calls<O>,
    id: u64,
}

impl<'c, O> EndedCall<'c, O> {
    pub(super) fn new(calls: &'c mut Calls<O>, id: u64) -> Self {
        Self { calls, id }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Returns what the owner keeps for it.
    #[inline]
    pub(crate) fn origin(&mut self) -> Option<&mut O> {
        self.calls.get_mut(self.id).map(|call| &mut call.origin)
    }

    /// Takes the call out.
    #[cfg(feature = "proxy")]
    pub(crate) fn take(self) -> Option<O> {
        self.calls.remove(self.id).map(|call| call.origin)
    }
}
