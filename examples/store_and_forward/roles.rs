//! What the other processes do: the proxy, and the warehouse.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use zmqrpc::Server;
use zmqrpc::proxy::{BufferedProxy, DiskQueue, Rep, Req};

use super::{Warehouse, WarehouseServer};

/// Accepts orders into a file and delivers them, until the process is killed.
pub(crate) fn proxy(front: &str, back: &str, queue: &str) -> Result<(), Box<dyn Error>> {
    let queue = DiskQueue::open(queue)?;
    let proxy =
        BufferedProxy::new(Rep::new().bind(front), Req::new().connect(back), queue).start()?;
    println!("ready");
    proxy.wait();
    Ok(())
}

/// Counts what arrives, until everything has.
pub(crate) fn warehouse(back: &str, orders: &str) -> Result<(), Box<dyn Error>> {
    let expected: u32 = orders.parse()?;
    let (arrived, arrivals) = channel();
    let shelf = Shelf(Mutex::new(arrived));
    let server = Server::builder()
        .service(WarehouseServer::new(shelf))
        .bind(back)
        .start()?;
    println!("ready");
    for next in 0..expected {
        let number = arrivals.recv_timeout(Duration::from_secs(30))?;
        if number != next {
            return Err(format!("order {number} arrived instead of {next}").into());
        }
    }
    println!("{expected} orders arrived, each once and in order");
    server.shutdown(Duration::from_secs(5))?;
    Ok(())
}

struct Shelf(Mutex<Sender<u32>>);

impl Warehouse for Shelf {
    fn order(&self, number: u32, _item: &str) {
        if let Ok(arrived) = self.0.lock() {
            // Fails only when everything has arrived and nobody counts any more.
            let _ = arrived.send(number);
        }
    }
}

/// A directory for endpoints and the queue, removed at the end.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let name = format!("store_and_forward-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    pub(crate) fn endpoint(&self, name: &str) -> String {
        format!("ipc://{}", self.path(name))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
