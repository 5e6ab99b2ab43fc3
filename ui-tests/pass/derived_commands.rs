//! Every form of a command that is written without a trait.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use zmqrpc::Command;

/// Greets somebody.
#[derive(Command, Serialize, Deserialize)]
#[command(reply = String, error = u8, name = "greet", version = 2)]
#[command(timeout = "2s", idempotent)]
struct Greet {
    name: String,
    r#type: Option<u8>,
}

#[derive(Command, Serialize, Deserialize)]
#[command(reply = Vec<(u8, String)>)]
struct Pair(u8, Vec<String>);

#[derive(Command, Serialize, Deserialize)]
struct Unit;

#[derive(Command, Serialize, Deserialize)]
#[command(oneway)]
struct Log<'a> {
    line: &'a str,
    #[serde(borrow)]
    words: Vec<&'a str>,
}

fn reply_of<C: Command<Reply = R>, R>(_: &C) {}

fn main() {
    let greet = Greet::METHOD;
    assert_eq!(
        (greet.service(), greet.name(), greet.version()),
        ("", "greet", 2)
    );
    assert_eq!(
        greet.signature(),
        "(String, Option<u8>) -> Result<String, u8>"
    );
    assert_eq!(greet.argument_names(), ["name", "type"]);
    assert_eq!(greet.documentation(), "Greets somebody.");
    assert_eq!(greet.default_timeout(), Some(Duration::from_secs(2)));
    assert!(greet.is_idempotent() && !greet.is_oneway());
    reply_of::<_, String>(&Greet {
        name: String::new(),
        r#type: None,
    });

    assert_eq!(Pair::METHOD.name(), "Pair");
    assert_eq!(
        Pair::METHOD.signature(),
        "(u8, Vec<String>) -> Vec<(u8, String)>"
    );
    assert_eq!(Pair::METHOD.argument_names(), ["0", "1"]);
    reply_of::<_, Vec<(u8, String)>>(&Pair(1, Vec::new()));

    assert_eq!(Unit::METHOD.signature(), "() -> ()");
    reply_of::<_, ()>(&Unit);

    assert_eq!(Log::METHOD.signature(), "(String, Vec<String>) -> ()");
    assert!(Log::METHOD.is_oneway());
    reply_of::<_, ()>(&Log {
        line: "",
        words: Vec::new(),
    });
}
