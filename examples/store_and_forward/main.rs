//! Requests that are accepted while their target is down, and arrive when it comes up.
//!
//! ```text
//! cargo run --example store_and_forward
//! ```
//!
//! One command, four processes, one after the other or at the same time: this one, which takes orders at the till, a
//! proxy with a queue on the disk, which is killed halfway and started again, and the warehouse behind it.

#[path = "../support/process.rs"]
mod process;
mod roles;

use std::error::Error;
use std::process::ExitCode;

use process::Process;
use roles::{proxy, warehouse};
use zmqrpc::{Client, zmq_service};

/// What the warehouse does.
#[zmq_service]
pub trait Warehouse {
    /// Takes an order.
    fn order(&self, number: u32, item: &str);
}

const ORDERS: u32 = 1000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        [] => till(),
        ["proxy", front, back, queue] => proxy(front, back, queue),
        ["warehouse", back, orders] => warehouse(back, orders),
        _ => Err("usage: store_and_forward".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The process that is started first, and starts the others.
fn till() -> Result<(), Box<dyn Error>> {
    let place = roles::Place::new()?;
    let (front, back) = (place.endpoint("front"), place.endpoint("back"));
    let queue = place.path("queue.db");
    let start_proxy = || Process::start(&["proxy", &front, &back, &queue]);

    let (proxy, _) = start_proxy()?;
    println!("the proxy runs, the warehouse is down");
    let shop = WarehouseClient::new(Client::connect(&front)?);
    for number in 0..ORDERS / 2 {
        shop.order(number, "lamp")?;
    }
    println!("{} orders were accepted", ORDERS / 2);

    drop(proxy);
    let (proxy, _) = start_proxy()?;
    println!("the proxy was killed and started again");
    for number in ORDERS / 2..ORDERS {
        shop.order(number, "chair")?;
    }
    println!("{} more orders were accepted", ORDERS - ORDERS / 2);

    println!("the warehouse comes up");
    let (warehouse, _) = Process::start(&["warehouse", &back, &ORDERS.to_string()])?;
    for line in warehouse.end()? {
        println!("the warehouse says: {line}");
    }
    drop(proxy);
    Ok(())
}
