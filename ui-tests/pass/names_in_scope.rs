//! Types, traits and modules in scope may have the names of those that generated code uses.

#![allow(dead_code, non_camel_case_types, unused_macros)]

use zmqrpc::zmq_service;

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Error;
struct Client;
struct Service;
struct Command;
struct Call;
struct Entry;
struct Method;
struct Box;
struct Arc;
struct Duration;
enum Option {}
enum Some {}
enum Never {}
trait Send {}
trait Sync {}
trait Clone {}
trait Debug {}
trait Future {}
trait Transport {}
trait From {}
trait Into {}
mod core {}
mod std {}
mod zmqrpc_runtime {}
fn drop() {}

macro_rules! panic {
    () => {};
}

#[zmq_service]
trait Calculator {
    fn add(&self, a: i64, text: &str, bytes: &[u8]) -> i64;
    fn divide(&self, a: i64) -> Result<i64, Error>;
    async fn slow_add(&self, a: i64, text: &str) -> i64;
    fn r#box(&self);
}

struct Desk;

impl Calculator for Desk {
    fn add(&self, a: i64, text: &str, bytes: &[u8]) -> i64 {
        a + (text.len() + bytes.len()) as i64
    }

    fn divide(&self, _: i64) -> Result<i64, Error> {
        Err(Error)
    }

    async fn slow_add(&self, a: i64, text: &str) -> i64 {
        a + text.len() as i64
    }

    fn r#box(&self) {}
}

fn main() {
    let calculator = CalculatorClient::local(Desk);
    assert_eq!(calculator.add(1, "a", b"b").unwrap(), 3);
    assert!(calculator.divide(1).is_err());
    assert_eq!(calculator.slow_add(1, "a").unwrap(), 2);
    calculator.r#box().unwrap();
}
