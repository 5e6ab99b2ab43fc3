//! What answers for methods that no service has.

use super::RawHandler;
use crate::command::{ANY_METHOD, Call, Describer, DynService, Method, Started};

/// Answers for methods that no service has.
pub(in crate::server) struct FallbackService(RawHandler);

impl FallbackService {
    pub(in crate::server) fn new(handler: RawHandler) -> Self {
        Self(handler)
    }

    /// Returns the method that all of them are to the server.
    pub(in crate::server) fn method() -> &'static Method {
        &ANY_METHOD
    }
}

impl DynService for FallbackService {
    fn methods(&self) -> Vec<&'static Method> {
        vec![&ANY_METHOD]
    }

    fn describe(&self, _: &mut Describer) {}

    fn start(&self, _: usize, call: Call) -> Started {
        self.0.start(call)
    }
}
