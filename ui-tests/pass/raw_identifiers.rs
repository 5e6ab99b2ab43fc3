//! Keywords as names, of methods, arguments and the service; they travel without `r#`.

#![allow(non_camel_case_types)]

use zmqrpc::{Command, zmq_service};

#[zmq_service]
trait r#use {
    fn r#match(&self, r#type: &str, r#fn: u8) -> String;
    async fn r#loop(&self, r#async: u8) -> u8;
}

struct Keywords;

impl r#use for Keywords {
    fn r#match(&self, r#type: &str, r#fn: u8) -> String {
        format!("{type} {fn}", r#type = r#type, r#fn = r#fn)
    }

    async fn r#loop(&self, r#async: u8) -> u8 {
        r#async
    }
}

fn main() {
    let client = useClient::local(Keywords);
    assert_eq!(client.r#match("a", 1).unwrap(), "a 1");
    assert_eq!(client.r#loop(2).unwrap(), 2);

    let command = useMatch {
        r#type: "a",
        r#fn: 1,
    };
    assert_eq!(format!("{command:?}"), r#"useMatch { type: "a", fn: 1 }"#);
    assert_eq!(useMatch::METHOD.full_name(), "use.match");
    assert_eq!(useMatch::METHOD.argument_names(), ["type", "fn"]);
}
