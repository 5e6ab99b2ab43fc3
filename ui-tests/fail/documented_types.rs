//! Each mistake in a documented type is told where it is.

use zmqrpc::Documented;

/// Bytes or a number.
#[derive(Documented)]
union Either {
    number: u32,
    bytes: [u8; 4],
}

#[derive(Documented)]
#[documented(name = "order")]
struct Order {
    /// Counted up by the shop.
    number: u64,
    #[documented(skip)]
    lines: Vec<u8>,
}

#[derive(Documented)]
#[documented]
enum Event {
    #[documented(crate = zmqrpc)]
    Placed(u64),
}

fn main() {
    let _ = zmqrpc::Server::builder()
        .document::<Either>()
        .document::<Order>()
        .document::<Event>();
}
