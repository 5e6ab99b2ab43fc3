//! What is made from a trait is as visible as the trait.

#![deny(warnings)]

mod outer {
    use zmqrpc::zmq_service;

    struct Secret;

    #[zmq_service]
    trait Private {
        fn double(&self, number: u8) -> u8;
    }

    impl Private for Secret {
        fn double(&self, number: u8) -> u8 {
            number * 2
        }
    }

    pub(crate) fn private() -> u8 {
        PrivateClient::local(Secret).double(2).unwrap()
    }

    pub(crate) mod inner {
        #[zmqrpc::zmq_service]
        pub(in crate::outer) trait Restricted {
            fn triple(&self, number: u8) -> u8;
        }

        #[zmqrpc::zmq_service]
        pub(crate) trait Shared {
            fn four(&self) -> u8;
        }
    }

    impl inner::Restricted for Secret {
        fn triple(&self, number: u8) -> u8 {
            number * 3
        }
    }

    pub(crate) fn restricted() -> u8 {
        let command = inner::RestrictedTriple { number: 2 };
        inner::RestrictedClient::local(Secret)
            .triple(command.number)
            .unwrap()
    }
}

struct Four;

impl outer::inner::Shared for Four {
    fn four(&self) -> u8 {
        4
    }
}

fn main() {
    assert_eq!(outer::private(), 4);
    assert_eq!(outer::restricted(), 6);
    assert_eq!(outer::inner::SharedClient::local(Four).four().unwrap(), 4);
}
