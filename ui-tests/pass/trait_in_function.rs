//! A service may stand wherever an item may, next to types that only exist there.

#![deny(warnings)]

use zmqrpc::zmq_service;

fn main() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Local(u8);

    #[zmq_service]
    trait Inner {
        fn get(&self, value: &Local) -> Local;
        async fn later(&self, text: &str) -> usize;
    }

    struct Service;

    impl Inner for Service {
        fn get(&self, value: &Local) -> Local {
            Local(value.0 + 1)
        }

        async fn later(&self, text: &str) -> usize {
            text.len()
        }
    }

    let inner = InnerClient::local(Service);
    assert_eq!(inner.get(&Local(1)).unwrap().0, 2);
    assert_eq!(inner.later("abc").unwrap(), 3);
}
