//! Two versions of a service: an argument became wider, and an enum has one more variant.

use zmqrpc::schema;

/// The version that a process was built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Old,
    New,
}

impl Version {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::New => "new",
        }
    }

    pub(super) fn named(name: &str) -> Self {
        match name {
            "old" => Self::Old,
            "new" => Self::New,
            name => panic!("there is no version {name}"),
        }
    }
}

/// What `assert_compatible` wrote of the old version.
pub(super) fn snapshot() -> String {
    serde_json::to_string(&schema::of::<old::StockClient>()).unwrap()
}

pub(super) mod old {
    use serde::{Deserialize, Serialize};

    pub(in super::super) type Number = u32;

    #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
    pub(in super::super) enum Size {
        Small,
        Large,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(in super::super) struct Order {
        pub(in super::super) number: Number,
        pub(in super::super) size: Size,
    }

    #[zmqrpc::zmq_service(name = "Stock")]
    pub(in super::super) trait Stock {
        /// Returns twice the number.
        fn place(&self, order: Order) -> u64;
        /// Told by events, jobs and notifications.
        #[zmq(oneway)]
        fn note(&self, order: Order, way: String);
    }
}

pub(super) mod new {
    use serde::{Deserialize, Serialize};

    pub(in super::super) type Number = u64;

    #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
    pub(in super::super) enum Size {
        Small,
        Large,
        /// It is sent when nothing of the old version is left.
        Huge,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(in super::super) struct Order {
        pub(in super::super) number: Number,
        pub(in super::super) size: Size,
    }

    #[zmqrpc::zmq_service(name = "Stock")]
    pub(in super::super) trait Stock {
        fn place(&self, order: Order) -> u64;
        #[zmq(oneway)]
        fn note(&self, order: Order, way: String);
    }
}
