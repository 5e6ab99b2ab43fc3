#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

/// # Examples
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use zmqrpc::{Documented, Server, schema, zmq_service};
///
/// /// What a customer orders.
/// #[derive(Serialize, Deserialize, Documented)]
/// #[serde(rename_all = "camelCase")]
/// struct Order {
///     /// Counted up by the shop.
///     order_number: u64,
///     /// How it is paid.
///     payment: Payment,
/// }
///
/// /// How an order is paid.
/// #[derive(Serialize, Deserialize, Documented)]
/// enum Payment {
///     /// At the door.
///     Cash,
///     /// Within a month.
///     Invoice {
///         /// Where the invoice goes.
///         address: String,
///     },
/// }
///
/// #[zmq_service]
/// trait Shop {
///     fn place(&self, order: Order);
/// }
///
/// // What the client expects of its server, with what is known of these types.
/// let description = schema::of::<ShopClient>()
///     .document::<Order>()
///     .document::<Payment>();
/// assert_eq!(description.types["Order"].docs, "What a customer orders.");
/// assert!(description.to_json_schema().contains("Counted up by the shop."));
/// assert!(description.to_python().contains("Where the invoice goes."));
///
/// // The same for those who ask the server.
/// let server = Server::builder()
///     .document::<Order>()
///     .document::<Payment>();
/// # let _ = server;
/// ```
pub use zmqrpc_macros::Documented;
pub use zmqrpc_macros::{Command, zmq_service};
pub use zmqrpc_runtime::*;

#[doc(hidden)]
pub use zmqrpc_runtime::__private;

/// Compiles and runs what the guide shows.
#[cfg(doctest)]
#[doc = include_str!("../MIGRATING.md")]
mod migrating {}
