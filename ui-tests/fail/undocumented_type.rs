//! Only what knows its documentation can be documented.

/// A comment alone is not known.
struct Order;

fn main() {
    let _ = zmqrpc::Server::builder().document::<Order>();
}
