//! Services that are known at run time only, and what answers for methods that there are not.

mod failure;
mod fallback;
mod handler;
mod raw_call;
mod service;

pub use self::failure::RawFailure;
pub(super) use self::fallback::FallbackService;
pub(super) use self::handler::RawHandler;
pub use self::raw_call::RawCall;
pub(super) use self::service::DynamicService;
