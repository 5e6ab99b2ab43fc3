//! Places the orders of a CSV file with `inventory_server` and prints a report.
//!
//! ```text
//! cargo run --example inventory_client
//! cargo run --example inventory_client -- tcp://127.0.0.1:30000 my-orders.csv --close
//! ```
//!
//! With `--close` it ends the server afterwards.

pub mod api;
mod orders;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use zmqrpc::{CallError, Client};

use api::{AdminClient, InventoryClient, Order, Product, StockError, Storage};

const USAGE: &str = "usage: inventory_client [ENDPOINT [ORDERS.csv]] [--close]";
const ENDPOINT: &str = "tcp://127.0.0.1:30000";
const ORDERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/inventory/orders.csv");

fn main() -> ExitCode {
    let (options, words): (Vec<_>, Vec<_>) = std::env::args()
        .skip(1)
        .partition(|argument| argument.starts_with('-'));
    if words.len() > 2 || options.iter().any(|option| option != "--close") {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    let mut words = words.into_iter();
    let endpoint = words.next().unwrap_or_else(|| ENDPOINT.into());
    let path = PathBuf::from(words.next().unwrap_or_else(|| ORDERS.into()));
    match run(&endpoint, &path, !options.is_empty()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            if let Some(zmqrpc::Error::Unavailable { .. }) = error.downcast_ref() {
                eprintln!("start the server: cargo run --example inventory_server -- {endpoint}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(endpoint: &str, path: &std::path::Path, close: bool) -> Result<(), Box<dyn Error>> {
    // The whole file first: a bad line must not leave half of the orders placed.
    let orders = orders::read(path)?;
    let client = Client::builder()
        .connect(endpoint)
        .connect_timeout(Duration::from_secs(2))
        .timeout(Duration::from_secs(10))
        .build()?;
    // Travels beside the arguments of every call made through this handle.
    let user = std::env::var("USER").unwrap_or_else(|_| "somebody".into());
    let inventory = InventoryClient::new(client.with_metadata("user", user));

    println!("in stock: {:?}", inventory.levels()?);
    introduce_cable(&inventory)?;
    label(&inventory, "cable-2m")?;
    for order in &orders {
        place(&inventory, order)?;
    }

    println!("in stock: {:?}", inventory.levels()?);
    for (sku, count) in inventory.levels()? {
        if count < 10 {
            let count = inventory.restock(&sku, 20)?;
            println!("{sku}: restocked, {count} now");
        }
    }
    for entry in inventory.journal()? {
        let peer = entry.peer.as_deref().unwrap_or("this machine");
        println!("{} at {peer} {}", entry.user, entry.event);
    }

    if close {
        // Another stub over the same connection.
        AdminClient::new(client).close()?;
        println!("the server was told to end");
    }
    Ok(())
}

/// The client may run twice against one server, hence the second arm.
fn introduce_cable(inventory: &InventoryClient) -> Result<(), CallError<StockError>> {
    let cable = Product {
        sku: "cable-2m".into(),
        name: "cable, two metres".into(),
        price: 799,
        storage: Storage::Shelf,
        size: Some((120, 120, 30)),
    };
    match inventory.introduce(cable, 12) {
        Err(CallError::Service(StockError::AlreadyCarried(sku))) => {
            println!("{sku}: carried already");
            Ok(())
        }
        other => other,
    }
}

/// Stores a picture and compares what comes back.
fn label(inventory: &InventoryClient, sku: &str) -> Result<(), Box<dyn Error>> {
    let image = barcode(sku);
    inventory.set_label(sku, &image)?;
    let stored = inventory.label(sku)?;
    if stored.as_deref() != Some(&image) {
        return Err(format!("the label of {sku} came back different").into());
    }
    if let Some(stock) = inventory.stock(sku)? {
        println!(
            "{}: label of {} bytes stored",
            stock.product.name,
            image.len()
        );
    }
    inventory.scanned(sku)?;
    Ok(())
}

/// A portable bitmap (PBM) that shows the text's bits as bars.
fn barcode(text: &str) -> Vec<u8> {
    let (width, height) = (8 * text.len(), 32);
    let mut image = format!("P4\n{width} {height}\n").into_bytes();
    for _ in 0..height {
        image.extend_from_slice(text.as_bytes());
    }
    image
}

/// What the house refuses is reported; what goes wrong with a call ends the program.
fn place(inventory: &InventoryClient, order: &Order) -> Result<(), Box<dyn Error>> {
    print!("order {} of {}: ", order.number, order.customer);
    match inventory.place(order) {
        Ok(receipt) => {
            let shipment = inventory.ship(receipt.order)?;
            let (euros, cents) = (receipt.total / 100, receipt.total % 100);
            let note = order.note.as_deref().filter(|note| !note.is_empty());
            println!(
                "{euros}.{cents:02}, {} brings it in {} day(s){}",
                shipment.carrier,
                shipment.days,
                note.map_or_else(String::new, |note| format!(" ({note})")),
            );
        }
        Err(CallError::Service(error)) => println!("refused, {error}"),
        Err(CallError::Rpc(error)) => return Err(error.into()),
    }
    Ok(())
}
