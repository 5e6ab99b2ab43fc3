//! A shop, in two versions.

pub(super) mod old {
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
    pub(in super::super) enum Size {
        Small,
        Large,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(in super::super) struct Order {
        pub(in super::super) number: u32,
        pub(in super::super) sizes: Vec<Size>,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(in super::super) enum ShopError {
        Closed,
    }

    #[zmqrpc::zmq_service(name = "Shop")]
    pub(in super::super) trait Shop {
        /// Its arguments are read by a wider type, and by an enum that has more variants.
        fn place(&self, order: Order) -> u64;
        /// It has more errors of its own.
        fn open(&self, door: u8) -> Result<u8, ShopError>;
        /// Its reply is of another kind.
        fn total(&self) -> u64;
        #[zmq(idempotent)]
        fn label(&self, order: Order) -> String;
    }

    pub(in super::super) struct Store;

    impl Shop for Store {
        fn place(&self, order: Order) -> u64 {
            order.number.into()
        }

        fn open(&self, door: u8) -> Result<u8, ShopError> {
            Ok(door)
        }

        fn total(&self) -> u64 {
            7
        }

        fn label(&self, order: Order) -> String {
            format!("old {}", order.number)
        }
    }
}

pub(super) mod new {
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, Sender};

    use serde::{Deserialize, Serialize};

    #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
    pub(in super::super) enum Size {
        Small,
        Large,
        Huge,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(in super::super) struct Order {
        pub(in super::super) number: u64,
        pub(in super::super) sizes: Vec<Size>,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(in super::super) enum ShopError {
        Closed,
        Jammed(u8),
    }

    #[zmqrpc::zmq_service(name = "Shop")]
    pub(in super::super) trait Shop {
        fn place(&self, order: Order) -> u64;
        fn open(&self, door: u8) -> Result<u8, ShopError>;
        fn total(&self) -> i64;
        fn label(&self, order: Order) -> String;
    }

    pub(in super::super) struct Store;

    impl Shop for Store {
        fn place(&self, order: Order) -> u64 {
            order.number + order.sizes.len() as u64
        }

        fn open(&self, door: u8) -> Result<u8, ShopError> {
            match door {
                0 => Err(ShopError::Closed),
                1 => Err(ShopError::Jammed(1)),
                door => Ok(door),
            }
        }

        fn total(&self) -> i64 {
            -7
        }

        fn label(&self, order: Order) -> String {
            format!("new {}", order.number)
        }
    }

    /// Answers nothing until it may.
    pub(in super::super) struct Waiting {
        pub(in super::super) enter: Sender<()>,
        pub(in super::super) left: Mutex<Receiver<()>>,
    }

    impl Shop for Waiting {
        fn place(&self, order: Order) -> u64 {
            self.enter.send(()).unwrap();
            let _ = self.left.lock().unwrap().recv();
            order.number
        }

        fn open(&self, door: u8) -> Result<u8, ShopError> {
            Ok(door)
        }

        fn total(&self) -> i64 {
            0
        }

        fn label(&self, order: Order) -> String {
            order.number.to_string()
        }
    }
}
