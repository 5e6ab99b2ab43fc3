//! What a server offers, for people and for programs.

use std::{fs, process};

use crate::support::Shell;

const LIST: &str = "\
Depot: Keeps what is sold.
  place(order: Order) -> u32 or Refusal
      Takes an order.
  stock(sku: string) -> u32?  [idempotent]
      What there is of a product.
  add(a: i64, b: i64) -> i64
  scanned(sku: string)  [oneway]
Lab (version 3): Odd types.
  add(a: i64, b: i64) -> i64
  half(number: f64) -> f64
  largest(number: u128) -> u128
  nap(time: Duration) -> string
  search(filter: Filter, by: {u32: string}) -> [string]
  turn(bytes: bytes) -> bytes
  metadata(key: string) -> string?
  quote(text: string, times: u8?) -> string
  list() -> (bool, char)
";

const PLACE: &str = "\
Depot.place(order: Order) -> u32 or Refusal

    Takes an order.

    All of its lines, or none.

Types:
  Line = { sku: string, count: u32 }
  Order = { number: u64, customer: string, lines: [Line], note: string? }
  Refusal = Unknown(string) | TooMany { wanted: u32, there: u32 }

For example:
  zmqrpc ENDPOINT Depot.place '{\"number\":1,\"customer\":\"text\",\"lines\":[{\"sku\":\"text\",\"count\":1}],\"note\":\"text\"}'
";

const SEARCH: &str = "\
{
  \"filter\": {
    \"limit\": 1,
    \"mode\": \"Any\"
  },
  \"by\": {
    \"1\": \"text\"
  }
}
";

#[test]
fn services_and_methods_are_listed_with_their_documentation() {
    let shell = Shell::open();
    for words in [&[][..], &["list"], &["describe"]] {
        assert_eq!(shell.prints(words), LIST);
    }
    let (depot, lab) = LIST.split_at(LIST.find("Lab").unwrap());
    assert_eq!(shell.prints(&["describe", "Depot"]), depot);
    assert_eq!(shell.prints(&["describe", "Lab"]), lab);
}

#[test]
fn a_method_is_described_with_all_types_that_it_uses() {
    let shell = Shell::open();
    for name in ["Depot.place", "place"] {
        assert_eq!(shell.prints(&["describe", name]), PLACE);
    }
    let filter = "  Filter = { limit: u32, mode: Mode }\n  \
                  Mode = Any | AtLeast { count: u8 } | Of([string])\n";
    assert_eq!(shell.prints(&["describe", "Filter"]), filter);
}

#[test]
fn a_template_is_what_the_method_takes() {
    let shell = Shell::open();
    let template = shell.prints(&["template", "search"]);
    assert_eq!(template, SEARCH);
    let called = shell.prints(&["search", "-d", &template]);
    let expected = "[\"Filter { limit: 1, mode: Any }\",\"{1: \\\"text\\\"}\"]\n";
    assert_eq!(called, expected);
}

#[test]
fn the_example_of_each_method_is_taken_by_it() {
    let shell = Shell::open();
    for method in [
        "Depot.add",
        "stock",
        "half",
        "largest",
        "search",
        "quote",
        "Lab.list",
    ] {
        let described = shell.prints(&["describe", method]);
        let example = described.lines().last().unwrap().trim();
        let example = example.strip_prefix("zmqrpc ENDPOINT ").unwrap();
        // As a shell would read it.
        let words = example
            .split_whitespace()
            .map(|word| word.trim_matches('\''));
        shell.prints(&words.collect::<Vec<_>>());
    }
}

#[test]
fn programs_get_the_description_in_their_formats() {
    let shell = Shell::open();
    let schema: serde_json::Value =
        serde_json::from_str(&shell.prints(&["export", "json-schema"])).unwrap();
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    let openrpc: serde_json::Value =
        serde_json::from_str(&shell.prints(&["export", "openrpc"])).unwrap();
    assert!(openrpc["methods"].as_array().unwrap().len() >= 13);
    assert!(
        shell
            .prints(&["export", "python"])
            .contains("class Refusal")
    );
}

#[test]
fn a_server_is_compared_with_an_earlier_snapshot() {
    let shell = Shell::open();
    let path = std::env::temp_dir().join(format!("zmqrpc-cli-snapshot-{}", process::id()));
    let snapshot = shell.prints(&["export", "snapshot"]);
    fs::write(&path, &snapshot).unwrap();
    let path_text = path.to_str().unwrap();
    assert_eq!(shell.prints(&["check", path_text]), "nothing has changed\n");
    let mut old: serde_json::Value = serde_json::from_str(&snapshot).unwrap();
    old["types"]["Line"]["body"]["struct"]["fields"][1]["shape"] = "string".into();
    fs::write(&path, old.to_string()).unwrap();
    let run = shell.run(&["check", path_text]);
    assert_eq!((run.code, &*run.stderr), (1, ""));
    assert!(run.stdout.starts_with("`Line.count`: "), "{}", run.stdout);
    assert!(run.stdout.contains("BREAKS"), "{}", run.stdout);
    fs::write(&path, "{}").unwrap();
    let run = shell.run(&["check", path_text]);
    assert_eq!((run.code, &*run.stdout), (2, ""));
    assert!(
        run.stderr.contains("is no snapshot: missing field"),
        "{}",
        run.stderr
    );
    fs::remove_file(path).unwrap();
}
