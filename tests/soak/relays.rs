//! Proxies, each in a process: one that passes calls on, one that keeps requests on the disk.

use zmqrpc::proxy::{BufferedProxy, DiskQueue, Proxy, Rep, Req};

use crate::servers::STOP;
use crate::support::Role;

/// The process's own side: `pass FRONT BACK BACK` or `keep FRONT BACK FILE`.
pub(crate) fn relay() {
    let Some(role) = Role::of("relay_process") else {
        return;
    };
    let words: Vec<&str> = role.argument.split(' ').collect();
    match words[..] {
        ["pass", front, one, other] => {
            let target = Req::new().connect(one).connect(other);
            let proxy = Proxy::new(Rep::new().bind(front), target).start().unwrap();
            role.tell(&proxy.endpoints()[0]);
            while role.order() != "stop" {}
            role.tell(format!("{:?}", proxy.shutdown(STOP)));
        }
        ["keep", front, back, file] => {
            let queue = DiskQueue::open(file).unwrap();
            let proxy = BufferedProxy::new(Rep::new().bind(front), Req::new().connect(back), queue)
                .start()
                .unwrap();
            role.tell(&proxy.endpoints()[0]);
            loop {
                match &*role.order() {
                    "held" => role.tell(proxy.stats().held.to_string()),
                    "letters" => role.tell(proxy.dead_letters().unwrap().count().to_string()),
                    _ => break,
                }
            }
            role.tell(format!("{:?}", proxy.shutdown(STOP)));
        }
        _ => panic!("{}", role.argument),
    }
}
