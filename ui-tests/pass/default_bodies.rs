//! Methods may have a body, plain and `async`, that implementors replace or not.

use zmqrpc::zmq_service;

#[zmq_service]
trait Calculator {
    fn add(&self, a: i64, b: i64) -> i64;

    fn double(&self, a: i64) -> i64 {
        self.add(a, a)
    }

    async fn parse(&self, text: &str) -> Result<i64, String> {
        #![allow(clippy::needless_question_mark)]
        let number = text.parse::<i64>().map_err(|error| error.to_string())?;
        if number == 0 {
            return Err("zero".to_owned());
        }
        Ok(self.later(number).await?)
    }

    async fn later(&self, number: i64) -> Result<i64, String> {
        Ok(self.double(number))
    }

    async fn nothing(&self) {}
}

struct Desk;

impl Calculator for Desk {
    fn add(&self, a: i64, b: i64) -> i64 {
        a + b
    }

    async fn nothing(&self) {
        std::future::ready(()).await;
    }
}

fn main() {
    let calculator = CalculatorClient::local(Desk);
    assert_eq!(calculator.double(4).unwrap(), 8);
    assert_eq!(calculator.parse("21").unwrap(), 42);
    assert!(calculator.parse("0").is_err());
    assert!(calculator.parse("x").is_err());
    calculator.nothing().unwrap();
}
