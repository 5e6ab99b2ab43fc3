//! Services of which a version has other methods, or is another one.

use std::time::Duration;

use zmqrpc::ServerBuilder;

use super::row::Calls;

pub(super) mod old {
    #[zmqrpc::zmq_service]
    pub(in super::super) trait Till {
        fn total(&self, tax: u32) -> u64;
        fn pay(&self, amount: u32, to: String) -> String;
        fn find(&self, sku: String) -> String;
        fn rank(&self, sku: String) -> String;
    }

    #[zmqrpc::zmq_service]
    pub(in super::super) trait Respelled {
        fn place(&self, skus: Vec<String>, pause: std::time::Duration) -> Option<u32>;
    }

    #[zmqrpc::zmq_service]
    pub(in super::super) trait Replaced {
        fn celsius(&self) -> u32;
    }

    #[zmqrpc::zmq_service]
    pub(in super::super) trait Kept {
        fn celsius(&self) -> u32;
    }
}

pub(super) mod new {
    use std::string::String as Text;
    use std::time::Duration as Pause;

    pub(in super::super) type Skus = Vec<Text>;
    pub(in super::super) type Count = Option<u32>;

    #[zmqrpc::zmq_service]
    pub(in super::super) trait Till {
        /// Others have other places now.
        fn refund(&self, order: u64) -> u64;
        fn rank(&self, sku: String, near: Option<u32>) -> String;
        fn find(&self, sku: String, near: u32) -> String;
        fn pay(&self, sum: u32, to: String) -> String;
        fn total(&self, tax: u32) -> u64;
    }

    #[zmqrpc::zmq_service]
    pub(in super::super) trait Respelled {
        fn place(&self, skus: Skus, pause: Pause) -> Count;
    }

    #[zmqrpc::zmq_service(version = 2)]
    pub(in super::super) trait Replaced {
        fn celsius(&self) -> u32;
    }

    #[zmqrpc::zmq_service(version = 2)]
    pub(in super::super) trait Kept {
        fn celsius(&self) -> u32;
    }

    #[zmqrpc::zmq_service]
    pub(in super::super) trait Fresh {
        fn twice(&self, number: i32) -> i64;
    }
}

/// All services of one version.
#[derive(Clone)]
struct Old(Calls);

#[derive(Clone)]
struct New(Calls);

impl old::Till for Old {
    fn total(&self, tax: u32) -> u64 {
        self.0.add();
        u64::from(tax) + 1
    }

    fn pay(&self, amount: u32, to: String) -> String {
        self.0.add();
        format!("{amount} to {to}")
    }

    fn find(&self, sku: String) -> String {
        self.0.add();
        sku
    }

    fn rank(&self, sku: String) -> String {
        self.0.add();
        sku
    }
}

impl old::Respelled for Old {
    fn place(&self, skus: Vec<String>, pause: Duration) -> Option<u32> {
        self.0.add();
        skus.len().checked_sub(1).map(|_| pause.subsec_nanos())
    }
}

impl old::Replaced for Old {
    fn celsius(&self) -> u32 {
        self.0.add();
        21
    }
}

impl old::Kept for Old {
    fn celsius(&self) -> u32 {
        self.0.add();
        21
    }
}

impl new::Till for New {
    fn refund(&self, order: u64) -> u64 {
        self.0.add();
        order
    }

    fn rank(&self, sku: String, near: Option<u32>) -> String {
        self.0.add();
        format!("{sku} {near:?}")
    }

    fn find(&self, sku: String, near: u32) -> String {
        self.0.add();
        format!("{sku} {near}")
    }

    fn pay(&self, sum: u32, to: String) -> String {
        self.0.add();
        format!("{sum} to {to}")
    }

    fn total(&self, tax: u32) -> u64 {
        self.0.add();
        u64::from(tax) + 2
    }
}

impl new::Respelled for New {
    fn place(&self, skus: new::Skus, pause: Duration) -> new::Count {
        self.0.add();
        skus.len().checked_sub(1).map(|_| pause.subsec_nanos())
    }
}

impl new::Replaced for New {
    fn celsius(&self) -> u32 {
        self.0.add();
        22
    }
}

impl new::Kept for New {
    fn celsius(&self) -> u32 {
        self.0.add();
        22
    }
}

impl new::Fresh for New {
    fn twice(&self, number: i32) -> i64 {
        self.0.add();
        2 * i64::from(number)
    }
}

pub(super) fn serve(builder: ServerBuilder, is_old: bool, calls: &Calls) -> ServerBuilder {
    let (old, new) = (Old(calls.clone()), New(calls.clone()));
    // Of this one the new server has both versions.
    let builder = builder.service(old::KeptServer::new(old.clone()));
    if is_old {
        builder
            .service(old::TillServer::new(old.clone()))
            .service(old::RespelledServer::new(old.clone()))
            .service(old::ReplacedServer::new(old))
    } else {
        builder
            .service(new::TillServer::new(new.clone()))
            .service(new::RespelledServer::new(new.clone()))
            .service(new::ReplacedServer::new(new.clone()))
            .service(new::KeptServer::new(new.clone()))
            .service(new::FreshServer::new(new))
    }
}
