//! A command is a struct of types that are known.

use serde::Serialize;
use zmqrpc::Command;

#[derive(Command, Serialize)]
enum Either {
    This,
    That,
}

#[derive(Command, Serialize)]
struct Generic<T>(T);

#[derive(Command, Serialize)]
#[command(oneway, reply = String)]
struct Oneway;

#[derive(Command, Serialize)]
#[command(replies = String)]
struct Unknown;

fn main() {}
