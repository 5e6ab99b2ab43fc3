//! Generated code is documented and free of warnings, used or not.

#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    single_use_lifetimes
)]
#![deny(
    missing_debug_implementations,
    unused_results,
    rust_2018_idioms,
    let_underscore_drop
)]

use zmqrpc::{CallContext, Command, zmq_service};

/// A service that nobody serves or calls.
#[zmq_service]
trait Unused {
    fn text(&self, cx: &CallContext, borrowed: &str, owned: String) -> Option<String>;
    fn many(&self, a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8) -> Result<(), u8>;
    async fn later(&self, bytes: &[u8], items: Vec<Option<u8>>);
    fn nothing(&self);
    async fn with_body(&self, a: u8) -> u8 {
        a
    }
    #[deprecated]
    fn old(&self, a: f64, b: f64);
}

/// A public one.
#[zmq_service]
pub trait Public {
    /// A public method.
    fn text(&self, borrowed: &str, owned: String) -> Option<String>;
}

/// A command that nobody calls.
#[derive(Command, Debug, serde::Serialize, serde::Deserialize)]
struct Greet {
    name: String,
}

fn main() {
    assert_eq!(Greet::METHOD.argument_names(), ["name"]);
}
