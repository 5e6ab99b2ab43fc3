//! Plain, fallible and `async` methods, called the same way.

use serde::{Deserialize, Serialize};
use zmqrpc::{CallError, zmq_service};

#[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
enum DivideError {
    #[error("division by zero")]
    ByZero,
}

/// A four-function calculator.
#[zmq_service]
trait Calculator {
    /// Adds two numbers.
    fn add(&self, a: i64, b: i64) -> i64;
    fn divide(&self, a: i64, b: i64) -> Result<i64, DivideError>;
    async fn slow_add(&self, a: i64, b: i64) -> i64;
    async fn slow_divide(&self, a: i64, b: i64) -> Result<i64, DivideError>;
    fn ping(&self);
}

struct Desk;

impl Calculator for Desk {
    fn add(&self, a: i64, b: i64) -> i64 {
        a + b
    }

    fn divide(&self, a: i64, b: i64) -> Result<i64, DivideError> {
        a.checked_div(b).ok_or(DivideError::ByZero)
    }

    async fn slow_add(&self, a: i64, b: i64) -> i64 {
        std::future::ready(a + b).await
    }

    async fn slow_divide(&self, a: i64, b: i64) -> Result<i64, DivideError> {
        self.divide(a, b)
    }

    fn ping(&self) {}
}

fn main() {
    let calculator = CalculatorClient::local(Desk);
    assert_eq!(calculator.add(2, 3).unwrap(), 5);
    assert_eq!(calculator.divide(7, 2).unwrap(), 3);
    assert!(matches!(
        calculator.divide(1, 0),
        Err(CallError::Service(DivideError::ByZero))
    ));
    assert_eq!(calculator.slow_add(2, 3).unwrap(), 5);
    assert!(matches!(
        calculator.slow_divide(1, 0),
        Err(CallError::Service(DivideError::ByZero))
    ));
    calculator.ping().unwrap();
}
