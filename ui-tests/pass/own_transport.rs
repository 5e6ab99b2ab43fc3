//! A client works over a transport of the user's.

use std::cell::RefCell;
use std::time::Duration;

use zmqrpc::{Client, Command, zmq_service};
use zmqrpc::service::{Transport, WithTimeout};

#[zmq_service]
trait Calculator {
    fn add(&self, a: i64, b: i64) -> i64;
    fn divide(&self, a: i64, b: i64) -> Result<i64, String>;
    async fn note(&self, text: &str);
}

/// Writes down what is called, and calls nobody.
#[derive(Default)]
struct Recorder(RefCell<Vec<String>>);

impl Transport for Recorder {
    type Call<R, F> = usize;

    fn call<C: Command>(&self, _: &C) -> usize {
        let mut calls = self.0.borrow_mut();
        calls.push(C::METHOD.full_name().into_owned());
        calls.len()
    }
}

/// Writes down the limit that was set.
#[derive(Clone, Default)]
struct Limited(Option<Duration>);

impl Transport for Limited {
    type Call<R, F> = Option<Duration>;

    fn call<C: Command>(&self, _: &C) -> Option<Duration> {
        self.0
    }
}

impl WithTimeout for Limited {
    fn with_timeout(&self, limit: Duration) -> Self {
        Self(Some(limit))
    }
}

struct Desk;

impl Calculator for Desk {
    fn add(&self, a: i64, b: i64) -> i64 {
        a + b
    }

    fn divide(&self, a: i64, b: i64) -> Result<i64, String> {
        a.checked_div(b)
            .ok_or_else(|| "division by zero".to_owned())
    }

    async fn note(&self, _: &str) {}
}

/// Services are shared and clients are passed on by name: both have to be said by their types.
fn pass_on(client: &CalculatorClient) -> CalculatorClient<Client> {
    client.clone()
}

fn main() {
    let calculator = CalculatorClient::new(Recorder::default());
    assert_eq!(calculator.add(1, 2), 1);
    assert_eq!(calculator.divide(1, 2), 2);
    assert_eq!(calculator.note("text"), 3);
    let calls = calculator.transport().0.borrow();
    assert_eq!(
        *calls,
        ["Calculator.add", "Calculator.divide", "Calculator.note"]
    );

    let limit = Duration::from_millis(5);
    let limited = calculator.with(|_| Limited::default());
    assert_eq!(limited.add(1, 2), None);
    assert_eq!(limited.with_timeout(limit).clone().add(1, 2), Some(limit));

    let local = CalculatorClient::local(Desk);
    assert_eq!(
        pass_on(&local)
            .with_timeout(Duration::from_secs(5))
            .add(1, 2)
            .unwrap(),
        3
    );
    assert_eq!(format!("{local:?}"), "CalculatorClient { .. }");
}
