//! One program that serves and calls: a trait, a server on a TCP port, and calls of every kind.
//!
//! ```text
//! cargo run --example quickstart
//! cargo run --example quickstart -- "some text of yours" 84 2
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use zmqrpc::{CallContext, CallError, Client, Command, Server, zmq_service};

/// Counts words and calculates.
#[zmq_service]
pub trait Desk {
    /// Divides `a` by `b`.
    ///
    /// # Errors
    ///
    /// [`DivideError::ByZero`].
    fn divide(&self, a: i64, b: i64) -> Result<i64, DivideError>;

    /// Counts the words of a text. The text is borrowed on both sides: it is written once, into the frame, and read
    /// in place out of the received one.
    fn count_words(&self, text: &str) -> BTreeMap<String, u32>;

    /// Adds two numbers, slowly.
    async fn slow_add(&self, a: i64, b: i64) -> i64;

    /// Remembers a line; nobody waits for it.
    #[zmq(oneway)]
    fn note(&self, cx: &CallContext, line: &str);

    /// The lines that were noted.
    fn notes(&self) -> Vec<String>;
}

/// Why there is no quotient.
#[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum DivideError {
    /// The divisor was zero.
    #[error("{dividend} cannot be divided by zero")]
    ByZero {
        /// What was to be divided.
        dividend: i64,
    },
}

#[derive(Default)]
struct Clerk {
    notes: Mutex<Vec<String>>,
}

impl Desk for Clerk {
    fn divide(&self, a: i64, b: i64) -> Result<i64, DivideError> {
        a.checked_div(b).ok_or(DivideError::ByZero { dividend: a })
    }

    fn count_words(&self, text: &str) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for word in text.split_whitespace() {
            *counts.entry(word.to_lowercase()).or_default() += 1;
        }
        counts
    }

    async fn slow_add(&self, a: i64, b: i64) -> i64 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        a + b
    }

    fn note(&self, cx: &CallContext, line: &str) {
        let from = cx.metadata("user").unwrap_or("somebody");
        self.notes.lock().unwrap().push(format!("{from}: {line}"));
    }

    fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap().clone()
    }
}

/// A command written by hand: no trait, just a struct and a function.
#[derive(Serialize, Deserialize, Command)]
#[command(reply = String)]
struct Greet {
    name: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let input: Vec<String> = std::env::args().skip(1).collect();
    let text = input.first().map_or(
        "the quick brown fox jumps over the lazy dog",
        String::as_str,
    );
    let a: i64 = input.get(1).map_or(Ok(84), |a| a.parse())?;
    let b: i64 = input.get(2).map_or(Ok(2), |b| b.parse())?;

    let server = Server::builder()
        .service(DeskServer::new(Clerk::default()))
        .handler(|greet: Greet| format!("hello {}", greet.name))
        .bind("tcp://127.0.0.1:*")
        .start()?;
    let endpoint = server.endpoints().remove(0);
    println!("serving at {endpoint}");

    let client = Client::connect(&endpoint)?;
    let desk = DeskClient::new(client.clone());

    // A borrowed argument.
    println!("words: {:?}", desk.count_words(text)?);

    // The service's own error comes back as the value that it returned.
    println!("{a} / {b} = {}", desk.divide(a, b)?);
    match desk.divide(a, 0) {
        Err(CallError::Service(DivideError::ByZero { dividend })) => {
            println!("{dividend} / 0: refused, typed");
        }
        Err(CallError::Rpc(error)) => return Err(error.into()),
        Ok(quotient) => return Err(format!("{a} / 0 = {quotient}?").into()),
    }

    // An `async` method, called like the others; and one whose time is too short.
    println!("{a} + {b} = {}, after a while", desk.slow_add(a, b)?);
    if let Err(error) = desk.with_timeout(Duration::from_millis(10)).slow_add(a, b) {
        println!("impatient: {error}");
    }

    // A oneway method returns when it is handed over; metadata travels beside the arguments.
    let ada = desk.with(|client| client.with_metadata("user", "ada"));
    ada.note("back in five minutes")?;
    println!("notes: {:?}", desk.notes()?);

    // A command written by hand, and a call by name without any generated code.
    println!("{}", client.call(&Greet { name: "Ada".into() })?);
    let words: BTreeMap<String, u32> = client.invoke("Desk.count_words", &("by name by name",))?;
    println!("by name: {words:?}");

    // Pipelining: a thousand calls on their way at once.
    let start = Instant::now();
    let pending: Vec<_> = (1..=1000)
        .map(|i| client.begin(&DeskDivide { a: a * i, b: i }))
        .collect::<Result<_, _>>()?;
    for call in pending {
        assert_eq!(call.wait()?, a);
    }
    println!("1000 calls at once: {:?}", start.elapsed());

    server.shutdown(Duration::from_secs(5))?;
    println!("served {} requests", server.stats().requests);
    Ok(())
}
