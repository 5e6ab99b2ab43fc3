//! Lint levels of a method hold for all that is made from it, expectations without being expected twice.

#![deny(warnings, unfulfilled_lint_expectations)]

use zmqrpc::zmq_service;

#[allow(dead_code)]
#[deprecated]
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Old(u8);

#[zmq_service]
#[expect(non_camel_case_types)]
trait calculator {
    #[allow(non_snake_case)]
    fn Add(&self, Left: i64, Right: i64) -> i64;
    #[expect(deprecated)]
    fn old(&self, old: Old, lent: &Old) -> Old;
}

struct Desk;

#[allow(non_snake_case)]
impl calculator for Desk {
    fn Add(&self, left: i64, right: i64) -> i64 {
        left + right
    }

    #[expect(deprecated)]
    fn old(&self, old: Old, _: &Old) -> Old {
        old
    }
}

fn main() {
    assert_eq!(calculatorClient::local(Desk).Add(2, 3).unwrap(), 5);
}
