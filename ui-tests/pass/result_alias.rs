//! A method is fallible if its return type is called `Result`, however many arguments that shows.

use serde::{Deserialize, Serialize};
use zmqrpc::{CallError, Command, zmq_service};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Failed;

pub type Result<T, E = Failed> = std::result::Result<T, E>;

mod unit {
    pub type Result = std::result::Result<(), super::Failed>;
}

#[zmq_service]
trait Service {
    fn alias(&self, fails: bool) -> Result<u8>;
    fn alias_without_arguments(&self, fails: bool) -> unit::Result;
    fn alias_with_another_error(&self, fails: bool) -> Result<u8, String>;
    fn path(&self) -> std::result::Result<Vec<u8>, Failed>;
    async fn later(&self, fails: bool) -> self::Result<u8>;
}

struct Fails;

impl Service for Fails {
    fn alias(&self, fails: bool) -> Result<u8> {
        if fails { Err(Failed) } else { Ok(1) }
    }

    fn alias_without_arguments(&self, fails: bool) -> unit::Result {
        if fails { Err(Failed) } else { Ok(()) }
    }

    fn alias_with_another_error(&self, fails: bool) -> Result<u8, String> {
        if fails { Err("text".to_owned()) } else { Ok(1) }
    }

    fn path(&self) -> Result<Vec<u8>> {
        Ok(vec![1])
    }

    async fn later(&self, fails: bool) -> Result<u8> {
        self.alias(fails)
    }
}

fn main() {
    let client = ServiceClient::local(Fails);
    assert_eq!(client.alias(false).unwrap(), 1);
    assert!(matches!(
        client.alias(true),
        Err(CallError::Service(Failed))
    ));
    let unit: std::result::Result<(), CallError<Failed>> = client.alias_without_arguments(true);
    assert!(matches!(unit, Err(CallError::Service(Failed))));
    let other: std::result::Result<u8, CallError<String>> = client.alias_with_another_error(true);
    assert!(matches!(other, Err(CallError::Service(text)) if text == "text"));
    assert_eq!(client.path().unwrap(), [1]);
    assert!(matches!(
        client.later(true),
        Err(CallError::Service(Failed))
    ));
    assert_eq!(ServiceAlias::METHOD.signature(), "(bool) -> Result<u8>");
}
