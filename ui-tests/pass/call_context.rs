//! A method that asks who calls is called like one that does not.

use zmqrpc::{CallContext, Command, zmq_service};

#[zmq_service]
trait Audit {
    fn who(&self, cx: &CallContext) -> Option<String>;
    async fn later(&self, context: &zmqrpc::CallContext, text: &str) -> String;
    fn unnamed_by_alias(&self, call: &CallContext, service: u8) -> u8;
}

struct Auditor;

impl Audit for Auditor {
    fn who(&self, cx: &CallContext) -> Option<String> {
        cx.user_id().map(str::to_owned)
    }

    async fn later(&self, context: &CallContext, text: &str) -> String {
        std::future::ready(()).await;
        format!("{text} {}", context.user_id().is_none())
    }

    fn unnamed_by_alias(&self, _: &CallContext, service: u8) -> u8 {
        service
    }
}

fn main() {
    let audit = AuditClient::local(Auditor);
    assert_eq!(audit.who().unwrap(), None);
    assert_eq!(audit.later("anonymous").unwrap(), "anonymous true");
    assert_eq!(audit.unnamed_by_alias(3).unwrap(), 3);
    assert_eq!(AuditLater::METHOD.signature(), "(String) -> String");
    assert_eq!(AuditLater::METHOD.argument_names(), ["text"]);
}
