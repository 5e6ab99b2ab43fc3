//! A condition takes a method out together with everything that is made from it.

#![allow(unexpected_cfgs)]

use zmqrpc::zmq_service;

#[zmq_service]
trait Platform {
    #[cfg(not(any()))]
    fn name(&self) -> String;
    #[cfg(any())]
    fn name(&self, unknown: DoesNotExist) -> AlsoNot;
    #[cfg(any())]
    async fn gone(&self, unknown: &DoesNotExist);
    fn last(&self) -> u8;
}

#[zmq_service]
#[cfg(any())]
trait Gone {
    fn gone(&self, unknown: &DoesNotExist);
}

struct Here;

impl Platform for Here {
    fn name(&self) -> String {
        "here".to_owned()
    }

    fn last(&self) -> u8 {
        9
    }
}

fn main() {
    let client = PlatformClient::local(Here);
    assert_eq!(client.name().unwrap(), "here");
    assert_eq!(client.last().unwrap(), 9);
}
