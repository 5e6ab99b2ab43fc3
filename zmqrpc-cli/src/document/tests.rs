use super::*;

fn compact(text: &str) -> String {
    read(text).unwrap().to_string()
}

#[test]
fn digits_and_order_stay_as_they_were() {
    for text in [
        "340282366920938463463374607431768211455",
        "-0.10",
        "1e400",
        r#"{"b":1,"a":2,"b":3}"#,
        r#"[[],{},null,true,false,"a\"b\\c\n"]"#,
    ] {
        assert_eq!(compact(text), text);
    }
    assert_eq!(compact(" { \"a\" : [ 1 , 2 ] } "), r#"{"a":[1,2]}"#);
}

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    for (text, expected) in [
        ("[1,]", "trailing comma at line 1 column 4"),
        ("{\"a\":1", "EOF while parsing an object at line 1 column 6"),
        ("1 2", "trailing characters at line 1 column 3"),
    ] {
        assert_eq!(read(text).unwrap_err().to_string(), expected);
    }
    assert!(read(&"[".repeat(100_000)).is_err());
}

#[test]
fn values_are_read_down_to_as_many_levels_as_the_library_reads() {
    for (depth, is_read) in [(1, true), (128, true), (129, false), (100_000, false)] {
        let text = "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(read(&text).is_ok(), is_read, "{depth}");
    }
}

#[test]
fn a_terminal_is_told_nothing_by_a_text() {
    let document = Document::text("\u{1b}[31m\u{9b}\u{7f}\u{202e}é");
    assert_eq!(
        document.to_string(),
        "\"\\u001b[31m\\u009b\\u007f\\u202eé\""
    );
    assert_eq!(read(&document.to_string()).unwrap(), document);
}

#[test]
fn over_several_lines_each_part_has_its_own() {
    let document = read(r#"{"a":[1,{"b":[]}],"c":{}}"#).unwrap();
    let expected = "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}";
    assert_eq!(document.pretty().to_string(), expected);
}
