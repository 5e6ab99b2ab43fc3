//! What answers for methods that no service has.

use super::RawHandler;
use crate::command::{Call, Describer, DynService, Method, Started};

/// The method that stands for all others.
static ANY: Method = Method::new("", "*", 1, "");

/// Answers for methods that no service has.
pub(in crate::server) struct FallbackService(RawHandler);

impl FallbackService {
    pub(in crate::server) fn new(handler: RawHandler) -> Self {
        Self(handler)
    }

    #[expect(clippy::unused_self, reason = "it is that of each")]
    pub(in crate::server) fn method(&self) -> &'static Method {
        &ANY
    }
}

impl DynService for FallbackService {
    fn methods(&self) -> Vec<&'static Method> {
        vec![&ANY]
    }

    fn describe(&self, _: &mut Describer) {}

    fn start(&self, _: usize, call: Call) -> Started {
        self.0.start(call)
    }
}
