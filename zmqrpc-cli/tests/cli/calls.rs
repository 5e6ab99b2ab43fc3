//! Calls that succeed.

use std::fs;
use std::process;

use crate::support::{Run, Shell};

#[test]
fn words_are_typed_by_the_description() {
    let shell = Shell::open();
    for (words, printed) in [
        (&["Depot.add", "2", "3"][..], "5\n"),
        (&["Lab.add", "-2", "-3"], "-5\n"),
        (&["Depot.add", "1_000", "0xff"], "1255\n"),
        (&["Depot.add", "b=3", "2"], "5\n"),
        (&["Depot.stock", "milk"], "10\n"),
        (&["stock", "milk"], "10\n"),
        (&["stock", "123"], "null\n"),
        (&["half", "3"], "1.5\n"),
        (&["half", "NaN"], "\"NaN\"\n"),
        (&["half", "1e3"], "500.0\n"),
        (
            &["largest", "340282366920938463463374607431768211455"],
            "340282366920938463463374607431768211455\n",
        ),
        (&["nap", "20ms"], "\"slept 20 ms\"\n"),
        (
            &["nap", r#"{"secs":0,"nanos":5000000}"#],
            "\"slept 5 ms\"\n",
        ),
        (&["turn", "hex:00ff"], "\"/wA=\"\n"),
        (&["turn", "base64:AP8="], "\"/wA=\"\n"),
        (&["turn", "text:abc"], "\"Y2Jh\"\n"),
        (&["-o", "raw", "turn", "text:abc"], "cba"),
        (&["-o", "raw", "quote", "ab", "2"], "abab\n"),
        (&["quote", "@@ab"], "\"@ab\"\n"),
        (&["quote", "--", "--verbose"], "\"--verbose\"\n"),
        (&["quote", "a=b"], "\"a=b\"\n"),
        (&["quote", "text=a=b", "times=2"], "\"a=ba=b\"\n"),
        (&["quote", "a", "null"], "\"a\"\n"),
        (&["scanned", "milk"], ""),
        (&["call", "list"], "[true,\"ä\"]\n"),
        (&["-H", "color=red", "metadata", "color"], "\"red\"\n"),
        (&["-o", "json", "Lab.list"], "[\n  true,\n  \"ä\"\n]\n"),
        (&["-j", "Depot.add", "2", "3"], "5\n"),
        (&["-j", "quote", "\"a\"", "2"], "\"aa\"\n"),
        (&["-d", "[2, 3]", "Depot.add"], "5\n"),
        (&["-d", r#"{"b": 3, "a": 2}"#, "Depot.add"], "5\n"),
        (
            &["--dry-run", "-o", "compact", "Depot.add", "2", "b=3"],
            "Depot.add [\n  2,\n  3\n]\n",
        ),
    ] {
        assert_eq!(shell.prints(words), printed, "{words:?}");
    }
}

#[test]
fn parts_of_structures_are_set_by_their_paths() {
    let shell = Shell::open();
    let placed = shell.prints(&[
        "place",
        "order.number=7",
        "order.customer=Ada",
        "order.lines[].sku=milk",
        "order.lines[0].count=2",
        "order.lines[]={\"sku\":\"milk\",\"count\":3}",
    ]);
    assert_eq!(placed, "5\n");
    let searched = shell.prints(&[
        "search",
        "filter.limit=3",
        "filter.mode.AtLeast.count=7",
        "by.1=x",
        "by.20=y",
    ]);
    let expected = r#"["Filter { limit: 3, mode: AtLeast { count: 7 } }","{1: \"x\", 20: \"y\"}"]"#;
    assert_eq!(searched, expected.to_owned() + "\n");
    let searched = shell.prints(&["search", "filter.limit=3", "filter.mode.Of[]=a", "by={}"]);
    assert_eq!(
        searched,
        "[\"Filter { limit: 3, mode: Of([\\\"a\\\"]) }\",\"{}\"]\n"
    );
}

#[test]
fn files_and_the_standard_input_are_arguments() {
    let shell = Shell::open();
    let path = std::env::temp_dir().join(format!("zmqrpc-cli-{}", process::id()));
    fs::write(&path, b"a\xffb").unwrap();
    let at = format!("@{}", path.display());
    assert_eq!(shell.prints(&["turn", &at]), "\"Yv9h\"\n");
    fs::write(&path, r#"{"limit": 1, "mode": "Any"}"#).unwrap();
    assert_eq!(
        shell.prints(&["search", &at, "{}"]),
        "[\"Filter { limit: 1, mode: Any }\",\"{}\"]\n"
    );
    fs::remove_file(&path).unwrap();
    let quoted = shell.run_with(&["quote", "@-"], b"from outside");
    assert_eq!(quoted.stdout, "\"from outside\"\n");
    let added = shell.run_with(&["Depot.add", "-d", "-"], b"[20, 22]");
    assert_eq!(added.stdout, "42\n");
}

#[test]
fn each_line_is_a_call_and_those_that_fail_keep_none_from_going_on() {
    let shell = Shell::open();
    let lines = b"[1, 2]\n\n{\"a\": 3, \"b\": 4}\n[1, \"x\"]\n\xff\n[5, 6]";
    let run = shell.run_with(&["--lines", "Depot.add"], lines);
    assert_eq!((run.code, &*run.stdout), (2, "3\n7\n11\n"));
    let expected = "line 4: error: argument `b`: a whole number from";
    assert!(run.stderr.starts_with(expected), "{}", run.stderr);
    assert!(
        run.stderr.ends_with("line 5: error: it is not UTF-8\n"),
        "{}",
        run.stderr
    );
    let lines = br#"[{"number":1,"customer":"a","lines":[{"sku":"tea","count":1}],"note":null}]"#;
    let run = shell.run_with(&["--lines", "place"], lines);
    let expected = "line 1: the service answered with an error: {\n  \"Unknown\": \"tea\"\n}\n";
    assert_eq!((run.code, &*run.stdout, &*run.stderr), (1, "", expected));
}

#[test]
fn an_endpoint_is_the_first_word_an_option_or_in_the_environment() {
    let shell = Shell::open();
    let other = "tcp://127.0.0.1:1";
    for words in [
        vec![&*shell.endpoint, "Depot.add", "2", "3"],
        vec!["-e", &shell.endpoint, "Depot.add", "2", "3"],
        vec!["--connect", &shell.endpoint, "Depot.add", "2", "3"],
    ] {
        let mut command = crate::support::command();
        command.env("ZMQRPC_ENDPOINT", other).args(&words);
        let run = Run::of(&command.output().unwrap());
        assert_eq!((run.code, &*run.stdout), (0, "5\n"), "{words:?}");
    }
}

#[test]
fn a_call_tells_the_time_and_the_sizes_beside_its_reply() {
    let shell = Shell::open();
    let run = shell.run(&["-v", "Depot.add", "2", "3"]);
    assert_eq!((run.code, &*run.stdout), (0, "5\n"));
    let start = format!("Depot.add at {}: ", shell.endpoint);
    let rest = run.stderr.strip_prefix(&start).unwrap();
    assert!(
        rest.ends_with(" ms, 5 bytes of arguments, 1 bytes of reply\n"),
        "{rest}"
    );
}
