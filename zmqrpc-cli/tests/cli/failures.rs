//! Calls that fail: the exit code says whether they were executed.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use zmqrpc::Server;
use zmqrpc::auth::Passwords;
use zmqrpc::schema::{Description, MethodDescription, ServiceDescription, Shape};

use crate::services::{DepotServer, NapEvent, Worker};
use crate::support::{Run, Shell, Start as _, command};

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn the_service_s_own_error_is_told_apart() {
    let shell = Shell::open();
    let words = [
        "place",
        "order.number=1",
        "order.customer=Ada",
        "order.lines[].sku=milk",
        "order.lines[0].count=11",
    ];
    let run = shell.run(&words);
    let expected = "the service answered with an error: {\n  \"TooMany\": {\n    \"wanted\": 11,\n    \
                    \"there\": 10\n  }\n}\n";
    assert_eq!((run.code, &*run.stdout, &*run.stderr), (1, "", expected));
    let run = shell.run(&[&["-o", "compact"][..], &words].concat());
    let expected = "{\"error\":{\"message\":\"the service answered with an \
                    error\",\"executed\":\"yes\",\"code\":1,\"service\":{\"TooMany\":{\"wanted\":11,\"there\":10}}}}\n";
    assert_eq!((run.code, &*run.stdout, &*run.stderr), (1, "", expected));
}

#[test]
fn without_a_server_nothing_is_done() {
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let endpoint = format!("tcp://{gone}");
    let run = Run::of(
        &command()
            .args([&*endpoint, "-t", "200ms", "list"])
            .output()
            .unwrap(),
    );
    assert_eq!((run.code, &*run.stdout), (3, ""));
    let expected = format!(
        "error: the server was asked what it offers: zmqrpc.describe at {endpoint}: no connection within 200ms, is the server running there?; the call was \
         not executed\nNothing was done: trying again is safe.\n"
    );
    assert_eq!(run.stderr, expected);
}

#[test]
fn a_call_whose_time_is_over_may_have_been_executed() {
    let shell = Shell::open();
    let run = shell.run(&["-t", "300ms", "nap", "60s"]);
    assert_eq!((run.code, &*run.stdout), (4, ""));
    let end = "It is not known whether it was done.\n";
    assert!(run.stderr.ends_with(end), "{}", run.stderr);
    // The server was told.
    assert_eq!(shell.naps.recv_timeout(LIMIT), Ok(NapEvent::Begun));
    assert_eq!(shell.naps.recv_timeout(LIMIT), Ok(NapEvent::Over));
}

#[test]
fn a_password_is_none_of_the_words() {
    let (sender, _naps) = std::sync::mpsc::channel();
    let server = Server::builder()
        .service(DepotServer::new(Worker(sender)))
        .authenticate(Passwords::new().user("ada", "secret-7"))
        .bind("tcp://127.0.0.1:*")
        .start()
        .unwrap();
    let endpoint = &server.endpoints()[0];
    let with = |password: Option<&str>| {
        let mut command = command();
        command.args([endpoint, "-u", "ada", "-t", "5s", "Depot.add", "2", "3"]);
        password.map(|password| command.env("ZMQRPC_PASSWORD", password));
        Run::of(&command.output().unwrap())
    };
    assert_eq!(
        (with(Some("secret-7")).code, &*with(Some("secret-7")).stdout),
        (0, "5\n")
    );
    let wrong = with(Some("secret-8"));
    assert_eq!((wrong.code, &*wrong.stdout), (3, ""));
    assert!(!wrong.stderr.contains("secret"), "{}", wrong.stderr);
    let none = with(None);
    assert_eq!((none.code, &*none.stdout), (2, ""));
    let expected =
        "error: a password is needed: set ZMQRPC_PASSWORD, or name a file with --password-file\n";
    assert_eq!(none.stderr, expected);
}

#[test]
fn who_interrupts_a_call_cancels_it_at_the_server() {
    let shell = Shell::open();
    let child = shell.command().args(["nap", "60s"]).start();
    assert_eq!(shell.naps.recv_timeout(LIMIT), Ok(NapEvent::Begun));
    let pid = child.id().to_string();
    let interrupted = Command::new("kill").args(["-INT", &pid]).status();
    assert!(interrupted.unwrap().success());
    let run = Run::of(&child.wait_with_output().unwrap());
    assert_eq!((run.code, &*run.stdout, &*run.stderr), (130, "", ""));
    assert_eq!(shell.naps.recv_timeout(LIMIT), Ok(NapEvent::Over));
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let shell = Shell::open();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = shell.command();
    let child = child.arg("list").stdout(writer).stderr(Stdio::piped());
    let run = Run::of(&child.spawn().unwrap().wait_with_output().unwrap());
    assert_eq!((run.code, &*run.stderr), (0, ""));
}

/// What a server says may be meant for the terminal.
#[test]
fn what_a_server_says_is_not_obeyed_by_the_terminal() {
    let describe = |name: &str, docs: &str| {
        let mut method = MethodDescription::new(name, Shape::String);
        method.docs = docs.to_owned();
        let mut service = ServiceDescription::new("Odd", vec![method]);
        service.docs = docs.to_owned();
        Description::new(vec![service])
    };
    let server = Server::builder()
        .dynamic(describe("say", "\u{1b}[2Jcleared\u{9b}"), |_| {
            Ok(b"\"\\u001b[2J\"".to_vec())
        })
        .bind("tcp://127.0.0.1:*")
        .start()
        .unwrap();
    let endpoint = &*server.endpoints()[0];
    for words in [
        &["list"][..],
        &["describe", "say"],
        &["say"],
        &["say", "\u{1b}"],
    ] {
        let run = Run::of(&command().arg(endpoint).args(words).output().unwrap());
        let said = run.stdout + &run.stderr;
        assert!(said.contains("\\u001b"), "{words:?}: {said}");
        assert!(!said.contains(['\u{1b}', '\u{9b}']), "{words:?}: {said:?}");
    }
}

/// Bytes that are no JSON, and JSON that is something else than was described.
#[test]
fn a_server_that_answers_something_else_is_told_of() {
    let deep = ["[".repeat(100_000), "]".repeat(100_000)]
        .concat()
        .into_bytes();
    let method = MethodDescription::new("say", Shape::U8);
    let description = Description::new(vec![ServiceDescription::new("Odd", vec![method])]);
    for (reply, code, said) in [
        (&b"\xff\xfe"[..], 5, "the reply of Odd.say is no JSON"),
        (b"[1", 5, "the reply of Odd.say is no JSON"),
        (b"\"text\"", 0, "\"text\"\n"),
        (b"", 0, "null\n"),
        (&deep, 5, "nested too deeply"),
    ] {
        let reply = reply.to_vec();
        let server = Server::builder()
            .dynamic(description.clone(), move |_| Ok(reply.clone()))
            .bind("tcp://127.0.0.1:*")
            .start()
            .unwrap();
        let endpoint = &*server.endpoints()[0];
        let run = Run::of(&command().args([endpoint, "say"]).output().unwrap());
        assert_eq!(run.code, code, "{run:?}");
        assert!((run.stdout + &run.stderr).contains(said), "{said}");
    }
}

/// Types that hold themselves have no end, and hostile ones no value.
#[test]
fn types_without_an_end_are_described_and_refused_in_time() {
    let text = r#"{
        "format": 1, "zmqrpc": "0.1.0",
        "services": [{"name": "Odd", "version": 1, "methods": [{
            "name": "take", "signature": "", "key": "0", "fingerprint": "",
            "arguments": [{"name": "it", "shape": {"type": "NAME"}}], "reply": "unit"
        }]}],
        "types": {
            "Tree": {"body": {"struct": {"fields": [
                {"name": "children", "shape": {"map": ["string", {"type": "Tree"}]}}]}}},
            "Term": {"body": {"enum": {"variants": [
                {"name": "Add", "body": {"tuple": [{"type": "Term"}, {"type": "Term"}]}},
                {"name": "Number", "body": {"one": "f64"}}]}}},
            "List": {"body": {"is": {"list": {"type": "List"}}}},
            "Link": {"body": {"is": {"option": {"type": "Link"}}}},
            "Itself": {"body": {"is": {"type": "Itself"}}},
            "Endless": {"body": {"struct": {"fields": [{"name": "a", "shape": {"type": "Endless"}}]}}},
            "Grid": {"body": {"is": {"array": [{"type": "Grid"}, 64]}}}
        }
    }"#;
    for name in ["Tree", "Term", "List", "Link", "Itself", "Endless", "Grid"] {
        let description: Description = serde_json::from_str(&text.replace("NAME", name)).unwrap();
        let server = Server::builder()
            .dynamic(description, |_| Ok(b"null".to_vec()))
            .bind("tcp://127.0.0.1:*")
            .start()
            .unwrap();
        let endpoint = &*server.endpoints()[0];
        for (words, codes) in [
            (&["describe", "take"][..], &[0][..]),
            (&["template", "take"], &[0]),
            (&["take"], &[2, 0]),
            (&["take", "x"], &[2, 0]),
            (&["take", "{\"a\":1}"], &[2, 0]),
        ] {
            let run = Run::of(&command().arg(endpoint).args(words).output().unwrap());
            assert!(codes.contains(&run.code), "{name} {words:?}: {run:?}");
        }
    }
}

#[test]
fn an_option_that_another_one_makes_useless_is_refused() {
    let shell = Shell::open();
    for words in [
        &["-j", "-d", "[2, 3]", "Depot.add"][..],
        &["-j", "--lines", "Depot.add"],
        &["--lines", "-d", "[]", "Depot.add"],
        &["--server-key", "x", "list"],
        &["--password-file", "x", "list"],
    ] {
        let run = shell.run(words);
        assert_eq!((run.code, &*run.stdout), (2, ""), "{words:?}: {run:?}");
    }
    let dry = shell.prints(&["-j", "--dry-run", "Depot.add", "2", "3"]);
    assert_eq!(dry, "Depot.add [\n  2,\n  3\n]\n");
}
