//! What the options of a service and its methods say is what the runtime knows of them.

use std::time::Duration;

use zmqrpc::{Command, zmq_service};
use zmqrpc::service::Service;

/// A four-function
/// calculator.
#[zmq_service(name = "math.Calculator", version = 3)]
trait Calculator {
    /// Adds two numbers.
    ///
    ///     never fails
    #[zmq(name = "plus", command = "Sum", timeout = "500ms", idempotent)]
    fn add(&self, a: i64, b: i64) -> i64;
    #[zmq(oneway)]
    fn log(&self, line: &str);
    #[zmq(timeout = "2m", oneway)]
    #[zmq(name = "new")]
    async fn fresh(&self, bytes: Option<&[u8]>);
    fn plain(&self);
}

struct Desk;

impl Calculator for Desk {
    fn add(&self, a: i64, b: i64) -> i64 {
        a + b
    }

    fn log(&self, _: &str) {}

    async fn fresh(&self, _: Option<&[u8]>) {}

    fn plain(&self) {}
}

fn main() {
    assert_eq!(CalculatorServer::<Desk>::NAME, "math.Calculator");
    assert_eq!(
        CalculatorServer::<Desk>::DOCS,
        "A four-function\ncalculator."
    );

    let sum = Sum::METHOD;
    assert_eq!(sum.full_name(), "math.Calculator.plus");
    assert_eq!(sum.version(), 3);
    assert_eq!(sum.signature(), "(i64, i64) -> i64");
    assert_eq!(sum.argument_names(), ["a", "b"]);
    assert_eq!(sum.documentation(), "Adds two numbers.\n\n    never fails");
    assert_eq!(sum.default_timeout(), Some(Duration::from_millis(500)));
    assert!(sum.is_idempotent() && !sum.is_oneway());

    let fresh = CalculatorFresh::METHOD;
    assert_eq!(fresh.full_name(), "math.Calculator.new");
    assert_eq!(fresh.signature(), "(Option<Vec<u8>>) -> ()");
    assert_eq!(fresh.default_timeout(), Some(Duration::from_secs(120)));
    assert!(fresh.is_oneway());

    let plain = CalculatorPlain::METHOD;
    assert_eq!(plain.documentation(), "");
    assert_eq!(plain.default_timeout(), None);
    assert!(!plain.is_idempotent() && !plain.is_oneway());

    let calculator = CalculatorClient::local(Desk);
    assert_eq!(calculator.add(2, 3).unwrap(), 5);
    calculator.log("line").unwrap();
    calculator.fresh(None).unwrap();
}
