//! A command is `Debug`, `Clone` and `PartialEq` if its fields are, and no error otherwise.

use serde::{Deserialize, Serialize};
use zmqrpc::zmq_service;

#[derive(Serialize, Deserialize)]
struct Bare(u8);

#[derive(Clone, Serialize, Deserialize)]
struct OnlyClone(u8);

#[zmq_service]
trait Service {
    fn all(&self, number: u8, text: &str, list: Vec<Option<String>>) -> u8;
    fn bare(&self, bare: Bare, lent: &Bare) -> u8;
    fn only_clone(&self, value: OnlyClone, more: Vec<OnlyClone>) -> u8;
    fn none(&self);
}

struct Implementor;

impl Service for Implementor {
    fn all(&self, number: u8, text: &str, list: Vec<Option<String>>) -> u8 {
        number + (text.len() + list.len()) as u8
    }

    fn bare(&self, bare: Bare, lent: &Bare) -> u8 {
        bare.0 + lent.0
    }

    fn only_clone(&self, value: OnlyClone, more: Vec<OnlyClone>) -> u8 {
        value.0 + more.len() as u8
    }

    fn none(&self) {}
}

fn main() {
    let all = ServiceAll {
        number: 1,
        text: "a",
        list: vec![None],
    };
    assert_eq!(all, all.clone());
    assert_ne!(
        all,
        ServiceAll {
            text: "b",
            ..all.clone()
        }
    );
    assert_eq!(
        format!("{all:?}"),
        r#"ServiceAll { number: 1, text: "a", list: [None] }"#
    );

    let cloned = ServiceOnlyClone {
        value: OnlyClone(1),
        more: Vec::new(),
    }
    .clone();
    assert_eq!(cloned.value.0, 1);

    assert_eq!(ServiceNone, ServiceNone.clone());
    assert_eq!(format!("{ServiceNone:?}"), "ServiceNone");

    let client = ServiceClient::local(Implementor);
    assert_eq!(client.bare(Bare(1), &Bare(2)).unwrap(), 3);
    assert_eq!(client.all(1, "a", vec![None]).unwrap(), 3);
}
