//! Events and jobs as they come, without their types: for tools and bridges.
//!
//! ```text
//! accessors        what events and jobs have in common
//! event            RawEvent, and what comes of a subscription
//! job              RawJob, and what comes of a puller
//! receiver         the methods that a subscriber and a puller have in common
//! subscriber       RawSubscriber
//! puller           RawPuller
//! async_receivers  AsyncRawSubscriber, AsyncRawPuller: the same for tasks
//! builders         the settings of both
//! ```

mod accessors;
mod async_receivers;
mod builders;
mod event;
mod job;
mod puller;
mod receiver;
mod subscriber;

pub use async_receivers::{AsyncRawPuller, AsyncRawSubscriber};
pub use builders::{RawPullerBuilder, RawSubscriberBuilder};
pub use event::{RawArrival, RawEvent};
pub use job::{RawJob, RawJobArrival};
pub use puller::{RawPuller, RawPullerIter};
pub use subscriber::{RawSubscriber, RawSubscriberIter};
