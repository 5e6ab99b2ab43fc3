//! The macro sees names: a `Result` under another one would be a reply.

use serde::{Deserialize, Serialize};
use zmqrpc::{Command, zmq_service};

#[derive(Debug, Serialize, Deserialize)]
struct Bad;

type Outcome<T> = Result<T, Bad>;

#[zmq_service]
trait Divider {
    fn divide(&self, a: i64, b: i64) -> Outcome<i64>;
    async fn later(&self) -> Outcome<()>;
    fn plain(&self) -> Bad;
}

#[derive(Command, Serialize, Deserialize)]
#[command(reply = Outcome<u8>)]
struct Halve(u8);

fn main() {}
