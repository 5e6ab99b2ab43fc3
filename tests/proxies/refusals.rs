//! Where a call goes that targets refuse.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use zmqrpc::proxy::{Proxy, Rep, Req};

use crate::support::{Fake, Peer, Request, call_by_key, failure, head, key, reply, within};
use crate::{ANYWHERE, LIMIT, eventually};

const DRAINING: u8 = 0x89;

/// Which of two targets was asked, in order.
type Asked = Arc<Mutex<Vec<char>>>;

/// A target that adds, until it is to refuse everything; `ending` first says that it ends.
fn target(name: char, asked: &Asked, refuses: &Arc<AtomicBool>, ending: bool) -> Fake {
    let (asked, refuses) = (Arc::clone(asked), Arc::clone(refuses));
    Fake::start(move |frame| {
        if frame[2] != 0x01 {
            return Vec::new();
        }
        asked.lock().unwrap().push(name);
        let id = Request::read(frame).id;
        match (refuses.load(Ordering::SeqCst), ending) {
            (false, _) => vec![reply(id, 0, 0, &[10])],
            (true, false) => vec![failure(id, 7, 0, "full")],
            (true, true) => vec![head(DRAINING, 7), failure(id, 9, 0, "")],
        }
    })
}

#[test]
fn a_target_that_has_refused_a_call_does_not_get_it_again_while_the_other_one_ends() {
    within(LIMIT, || {
        let (asked, refuses) = (Asked::default(), Arc::new(AtomicBool::new(false)));
        let full = target('f', &asked, &refuses, false);
        let ending = target('e', &asked, &refuses, true);
        let back = Req::new().connect(&full.endpoint).connect(&ending.endpoint);
        let proxy = Proxy::new(Rep::new().bind(ANYWHERE), back).start().unwrap();
        let peer = Peer::connect(&proxy.endpoints()[0]);
        let id = AtomicU64::new(0);
        let ask = || {
            let id = id.fetch_add(1, Ordering::SeqCst) + 1;
            let add = key("Probe.add", "i64,i64,->i64", 1);
            peer.ask(call_by_key(id, add, 0, &[4, 6]))
        };
        // Until both are connected, and the next turn is that of the one that stays.
        eventually("turns", || {
            assert_eq!(ask()[11], 0);
            asked.lock().unwrap().ends_with(&['f', 'e'])
        });
        refuses.store(true, Ordering::SeqCst);
        asked.lock().unwrap().clear();
        let before = proxy.stats().forwarded;
        let answer = ask();
        assert_eq!((answer[11], answer[14]), (9, 0), "refused, not executed");
        assert_eq!(*asked.lock().unwrap(), ['f', 'e'], "once each");
        assert_eq!(proxy.stats().forwarded - before, 2, "each try is counted");
    });
}
