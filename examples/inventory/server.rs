//! A stock-keeping service in a process of its own. `inventory_client` is its counterpart.
//!
//! ```text
//! cargo run --example inventory_server
//! cargo run --example inventory_server -- tcp://127.0.0.1:* --allow-close
//! ```
//!
//! It serves until ctrl-c or SIGTERM, or with `--allow-close` until a client ends it; calls that are under way are let
//! to their ends.

pub mod api;
mod warehouse;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use zmqrpc::{Error, Server};

use api::{
    Admin, AdminServer, Entry, Event, InventoryServer, Line, Order, Product, Receipt, Shipment,
    Stock, StockError, Storage,
};
use warehouse::Warehouse;

const USAGE: &str = "usage: inventory_server [ENDPOINT] [--allow-close]";
const ENDPOINT: &str = "tcp://127.0.0.1:30000";
/// For the calls that are under way at the end.
const LIMIT: Duration = Duration::from_secs(5);

/// Passes the wish on to `serve`: a handler cannot wait for its own server to end.
struct Closer(Sender<()>);

impl Admin for Closer {
    fn close(&self) {
        // Fails only where `serve` has returned already.
        let _ = self.0.send(());
    }
}

fn main() -> ExitCode {
    let (mut endpoint, mut allow_close) = (ENDPOINT.to_owned(), false);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--allow-close" => allow_close = true,
            option if option.starts_with('-') => {
                eprintln!("unknown option `{option}`\n{USAGE}");
                return ExitCode::from(2);
            }
            _ => endpoint = argument,
        }
    }
    match serve(&endpoint, allow_close) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

fn serve(endpoint: &str, allow_close: bool) -> Result<(), Error> {
    let (close, wait_for_close) = channel();
    let mut builder = Server::builder()
        .service(InventoryServer::new(Warehouse::stocked()))
        // What is written above the types in `api.rs`, for those who ask: `cargo run --example describe`.
        .document::<Product>()
        .document::<Storage>()
        .document::<Stock>()
        .document::<Order>()
        .document::<Line>()
        .document::<Receipt>()
        .document::<Shipment>()
        .document::<Entry>()
        .document::<Event>()
        .document::<StockError>()
        .bind(endpoint);
    if allow_close {
        builder = builder.service(AdminServer::new(Closer(close)));
    }
    let server = Arc::new(builder.start()?);
    let closing = Arc::clone(&server);
    thread::spawn(move || {
        // Without the admin service nothing is ever sent.
        if wait_for_close.recv().is_ok() {
            // What it comes to, `run_until_signal` tells.
            let _ = closing.shutdown(LIMIT);
        }
    });
    // With a wildcard, the port that the system chose.
    for endpoint in server.endpoints() {
        println!("serving at {endpoint}");
    }
    server.run_until_signal(LIMIT)?;
    println!("served {} requests", server.stats().requests);
    Ok(())
}
