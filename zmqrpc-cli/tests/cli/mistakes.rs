//! What people mistype: each text says what is wrong, where, and what to type; nothing is sent, and nothing printed.

use crate::support::{Run, Shell, command};

const ADD: &str = "\n  add(a: i64, b: i64) -> i64\n";
const SEARCH: &str = "\n  search(filter: Filter, by: {u32: string}) -> [string]\n";
const PLACE: &str = "\n  place(order: Order) -> u32 or Refusal\n";
const QUOTE: &str = "\n  quote(text: string, times: u8?) -> string\n";
const NAP: &str = "\n  nap(time: Duration) -> string\n";
const INTEGER: &str = "a whole number from -9223372036854775808 to 9223372036854775807";
const FILTER: &str = "\n  for example: {\"limit\":1,\"mode\":\"Any\"}";
const ORDER: &str = "\n  for example: {\"number\":1,\"customer\":\"text\",\"lines\":[{\"sku\":\"text\",\"count\":1}],\"note\":\"text\"}";

/// What is typed, and what is said behind `error: `.
type Row = (Vec<&'static str>, String);

fn row(words: &[&'static str], said: impl Into<String>) -> Row {
    (words.to_vec(), said.into())
}

fn names() -> Vec<Row> {
    vec![
        row(
            &["add", "2", "3"],
            "`add` is a method of 2 services: Depot.add, Lab.add\n",
        ),
        row(
            &["stok", "milk"],
            "there is no method `stok`; did you mean `Depot.stock`?\n",
        ),
        row(
            &["Stock", "milk"],
            "there is no method `Stock`; did you mean `Depot.stock`?\n",
        ),
        row(
            &["depot.add", "2", "3"],
            "there is no method `depot.add`; did you mean `Depot.add`?\n",
        ),
        row(
            &["Depot.remove"],
            "there is no method `Depot.remove`, only Depot.place, Depot.stock, Depot.add, Depot.scanned, Lab.add, \
             Lab.half, Lab.largest, Lab.nap, Lab.search, Lab.turn, Lab.metadata, Lab.quote, Lab.list\n",
        ),
        row(
            &["describe", "Ordr"],
            "there is no service, method or type `Ordr`; did you mean `Order`?\n",
        ),
        row(&["template"], "usage: zmqrpc [ENDPOINT] template METHOD\n"),
        row(
            &["call"],
            "usage: zmqrpc [ENDPOINT] call METHOD [ARGUMENTS]...\n",
        ),
        row(
            &["export", "opnrpc"],
            "there is no format `opnrpc`; did you mean `openrpc`?; there are snapshot, json-schema, openrpc and \
             python\n",
        ),
        row(
            &["check", "no-such-file"],
            "no-such-file: No such file or directory (os error 2)\n",
        ),
    ]
}

fn numbers_of_arguments() -> Vec<Row> {
    let one = format!("\n  for example: 1{ADD}");
    vec![
        row(
            &["Depot.add"],
            format!("argument `a`: it is missing, {INTEGER} is expected{one}"),
        ),
        row(
            &["Depot.add", "2"],
            format!("argument `b`: it is missing, {INTEGER} is expected{one}"),
        ),
        row(
            &["Depot.add", "2", "3", "4"],
            format!("`4` is too much: the method takes 2 arguments{ADD}"),
        ),
        row(
            &["Depot.add", "a=2", "a=3", "3", "4"],
            format!("`4` is too much: the method takes 2 arguments{ADD}"),
        ),
        row(
            &["quote", "x", "1", "tims=2"],
            format!("there is no argument `tims`; did you mean `times`?{QUOTE}"),
        ),
        row(
            &["-d", "[1,2,3]", "Depot.add"],
            format!("3 arguments are given, the method takes 2{ADD}"),
        ),
        row(
            &["-d", "{\"aa\":1,\"b\":2}", "Depot.add"],
            format!("there is no argument `aa`; did you mean `a`?{ADD}"),
        ),
    ]
}

fn types() -> Vec<Row> {
    let one = format!("\n  for example: 1{ADD}");
    vec![
        row(
            &["Depot.add", "two", "3"],
            format!("argument `a`: {INTEGER} is expected, not the text \"two\"{one}"),
        ),
        row(
            &["Depot.add", "1.5", "3"],
            format!("argument `a`: {INTEGER} is expected, not 1.5{one}"),
        ),
        row(
            &["Depot.add", "9223372036854775808", "3"],
            format!("argument `a`: {INTEGER} is expected, not 9223372036854775808{one}"),
        ),
        row(
            &["quote", "a", "256"],
            format!(
                "argument `times`: a whole number from 0 to 255 is expected, not 256\n  for example: 1{QUOTE}"
            ),
        ),
        row(
            &["quote", "a", "-1"],
            format!(
                "argument `times`: a whole number from 0 to 255 is expected, not -1\n  for example: 1{QUOTE}"
            ),
        ),
        row(
            &["half", "much"],
            "argument `number`: a number is expected, not the text \"much\"\n  for example: 1.5\n  \
             half(number: f64) -> f64\n",
        ),
        row(
            &["nap", "soon"],
            format!(
                "argument `time`: Duration is expected, not the text \"soon\"\n  for example: \
                 {{\"secs\":1,\"nanos\":1}}{NAP}"
            ),
        ),
        row(
            &["turn", "abc"],
            "argument `bytes`: bytes are expected: @file, hex:00ff, base64:AP8= or text:hello\n  \
             turn(bytes: bytes) -> bytes\n",
        ),
        row(
            &["turn", "hex:0"],
            "argument `bytes`: `0` is no even number of hexadecimal digits\n  turn(bytes: bytes) -> bytes\n",
        ),
        row(
            &["turn", "base64:!"],
            "argument `bytes`: bytes are expected, in JSON a text in base64: Invalid symbol 33, offset 0.\n  for \
             example: \"AP8=\"\n  turn(bytes: bytes) -> bytes\n",
        ),
        row(
            &["turn", "@no-such-file"],
            "argument `bytes`: no-such-file: No such file or directory (os error 2)\n  turn(bytes: bytes) -> \
             bytes\n",
        ),
    ]
}

fn structures() -> Vec<Row> {
    vec![
        row(
            &["search", "{\"limt\":3,\"mode\":\"Any\"}", "{}"],
            format!("argument `filter`: Filter has no field `limt`; did you mean `limit`?{SEARCH}"),
        ),
        row(
            &["search", "{\"limit\":3}", "{}"],
            format!(
                "argument `filter.mode`: it is missing, Mode is expected\n  for example: \"Any\"{SEARCH}"
            ),
        ),
        row(
            &[
                "search",
                "{\"limit\":3,\"mode\":{\"AtLeast\":{\"count\":300}}}",
                "{}",
            ],
            format!(
                "argument `filter.mode.AtLeast.count`: a whole number from 0 to 255 is expected, not 300\n  for \
                 example: 1{SEARCH}"
            ),
        ),
        row(
            &["search", "{\"limit\":3,\"mode\":\"atLeast\"}", "{}"],
            format!(
                "argument `filter.mode`: Mode has no variant `atLeast`; did you mean `AtLeast`?{SEARCH}"
            ),
        ),
        row(
            &["search", "{\"limit\":3,\"mode\":\"AtLeast\"}", "{}"],
            format!(
                "argument `filter.mode`: `AtLeast` has content, not nothing\n  for example: \"Any\"{SEARCH}"
            ),
        ),
        row(
            &["search", "{\"limit\":3,\"mode\":\"Some\"}", "{}"],
            format!(
                "argument `filter.mode`: Mode has no variant `Some`, only Any, AtLeast, Of{SEARCH}"
            ),
        ),
        row(
            &["search", "{\"limit\":3,\"mode\":\"Any\",}", "{}"],
            format!(
                "argument `filter`: Filter is expected, as JSON: trailing comma at line 1 column 25{FILTER}{SEARCH}"
            ),
        ),
        row(
            &["search", "{limit:3}", "{}"],
            format!(
                "argument `filter`: Filter is expected, as JSON: key must be a string at line 1 column \
                 2{FILTER}{SEARCH}"
            ),
        ),
        row(
            &["search", "[]", "{}"],
            format!("argument `filter`: Filter is expected, not the list []{FILTER}{SEARCH}"),
        ),
        row(
            &[
                "search",
                "{\"limit\":3,\"mode\":\"Any\"}",
                "{\"one\":\"x\"}",
            ],
            format!(
                "argument `by`: a whole number from 0 to 4294967295 is expected as a key, not \"one\"{SEARCH}"
            ),
        ),
    ]
}

fn paths() -> Vec<Row> {
    vec![
        row(
            &["place", "order.nmber=7"],
            format!("argument `order`: Order has no field `nmber`; did you mean `number`?{PLACE}"),
        ),
        row(
            &["place", "order.lines[1].sku=milk"],
            format!("argument `order.lines`: element 1 cannot be set before element 0{PLACE}"),
        ),
        row(
            &["place", "order.lines[x].sku=milk"],
            format!("argument `order.lines`: `[x]` is no number of an element{PLACE}"),
        ),
        row(
            &["place", "order.number.low=7"],
            format!(
                "argument `order.number`: a whole number from 0 to 18446744073709551615 has no fields{PLACE}"
            ),
        ),
        row(
            &["place", "order.number=7", "order.customer=Ada"],
            format!(
                "argument `order.lines`: it is missing, a list of Line is expected\n  for example: \
                 [{{\"sku\":\"text\",\"count\":1}}]{PLACE}"
            ),
        ),
        row(
            &["place", "Ada"],
            format!(
                "argument `order`: Order is expected, as JSON: expected value at line 1 column 1{ORDER}{PLACE}"
            ),
        ),
    ]
}

fn json() -> Vec<Row> {
    vec![
        row(
            &["-d", "[1, 2", "Depot.add"],
            format!("the arguments are no JSON: EOF while parsing a list at line 1 column 5{ADD}"),
        ),
        row(
            &["-d", "{\"a\":1,\"a\":2}", "Depot.add"],
            format!("the argument `a` is there twice{ADD}"),
        ),
        row(
            &["-d", "7", "Depot.add"],
            format!("arguments are an array or an object by their names, not 7{ADD}"),
        ),
        row(
            &["-d", "[1, 2]", "Depot.add", "3"],
            "arguments stand behind the method, or in --data, or on the lines of the standard input, not in two of \
             these\n",
        ),
        row(
            &["-j", "Depot.add", "two", "3"],
            "`two` is no JSON: expected ident at line 1 column 2\n",
        ),
    ]
}

#[test]
fn each_mistake_is_named_with_what_is_expected() {
    let shell = Shell::open();
    let groups = [
        names(),
        numbers_of_arguments(),
        types(),
        structures(),
        paths(),
        json(),
    ];
    let table = groups.concat();
    assert!(table.len() >= 40, "{}", table.len());
    let mut wrong = Vec::new();
    for (words, said) in table {
        let run = shell.run(&words);
        let expected = Run {
            code: 2,
            stdout: String::new(),
            stderr: format!("error: {said}"),
        };
        if run != expected {
            wrong.push(format!(
                "{words:?}\n  is      {run:?}\n  must be {expected:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn mistaken_options_are_named() {
    let shell = Shell::open();
    for (words, said) in [
        (
            &["--tiemout", "1s", "list"][..],
            "a similar argument exists: '--timeout'",
        ),
        (
            &["-t", "soon", "list"],
            "a time is a number and a unit: 500ms, 10s, 2min",
        ),
        (&["-H", "color", "list"], "KEY=VALUE is expected"),
        (&["-o", "jsn", "list"], "a similar value exists: 'json'"),
        (
            &["tcp:/127.0.0.1:5", "list"],
            "there is no method `tcp:/127.0.0.1:5`",
        ),
        (&["tcp://127.0.0.1", "list"], "endpoint"),
    ] {
        let run = shell.run(words);
        assert_eq!((run.code, &*run.stdout), (2, ""), "{words:?}");
        assert!(run.stderr.contains(said), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn who_names_no_server_is_told_how() {
    let run = Run::of(&command().output().unwrap());
    assert_eq!((run.code, &*run.stdout), (2, ""));
    let expected = "error: which server? Its endpoint is the first word";
    assert!(run.stderr.starts_with(expected), "{}", run.stderr);
}
