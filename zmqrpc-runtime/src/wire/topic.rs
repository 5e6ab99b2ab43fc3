//! The topics of events.

/// The topic of heartbeats: a byte that no UTF-8 text contains, so that no user's topic equals it.
///
/// Every subscriber subscribes to it, and does so last: a publisher that receives this subscription knows that the
/// subscriber's other subscriptions are in place.
pub const HEARTBEAT_TOPIC: &[u8] = &[0xFF];

/// The length of the longest topic, in bytes.
pub const MAX_TOPIC: usize = 255;
