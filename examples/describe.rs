//! Asks a server what it offers, and prints it; with a path, writes it down for programs in other languages too.
//!
//! ```text
//! cargo run --example inventory_server &
//! cargo run --example describe -- tcp://127.0.0.1:30000
//! cargo run --example describe -- tcp://127.0.0.1:30000 target/inventory
//! ```

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use zmqrpc::Client;
use zmqrpc::schema::Description;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let endpoint = arguments.next().unwrap_or("tcp://127.0.0.1:30000".into());
    let description = Client::connect(&endpoint)?.describe()?;
    print(&description);
    match arguments.next() {
        Some(path) => write(&description, Path::new(&path)),
        None => Ok(()),
    }
}

fn print(description: &Description) {
    for service in &description.services {
        println!(
            "{} (version {}): {}",
            service.name, service.version, service.docs
        );
        for method in &service.methods {
            let arguments = method.arguments.iter();
            let arguments: Vec<String> = arguments
                .map(|argument| format!("{}: {}", argument.name, argument.shape))
                .collect();
            let error = method.error.as_ref().map(|error| format!(" or {error}"));
            println!(
                "  {}({}) -> {}{}",
                method.name,
                arguments.join(", "),
                method.reply,
                error.unwrap_or_default()
            );
            for line in method.docs.lines() {
                println!("      {line}");
            }
        }
    }
}

/// Writes the description as JSON Schema, as OpenRPC and as a client in Python.
fn write(description: &Description, path: &Path) -> Result<(), Box<dyn Error>> {
    fs::write(
        path.with_extension("schema.json"),
        description.to_json_schema(),
    )?;
    fs::write(
        path.with_extension("openrpc.json"),
        description.to_open_rpc(),
    )?;
    fs::write(path.with_extension("py"), description.to_python())?;
    Ok(())
}
