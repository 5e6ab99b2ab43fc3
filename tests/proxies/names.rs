//! What a proxy with a queue makes of a request: its name and its time.

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use crate::buffered::{log_client, roomy, store};
use crate::log::{Taken, log};
use crate::support::{Fake, Peer, head, ipc, key, reply, text, varint, within};
use crate::{LIMIT, eventually};

const KEY: &str = "zmqrpc-delivery";

/// How often a frame has these bytes.
fn count(frame: &[u8], bytes: &[u8]) -> usize {
    frame.windows(bytes.len()).filter(|at| *at == bytes).count()
}

#[test]
fn what_comes_out_of_another_queue_keeps_its_name() {
    within(LIMIT, || {
        let (seen, see) = channel();
        let target = Fake::start(move |frame| {
            if frame[2] != 1 {
                return vec![];
            }
            seen.send(frame.to_vec()).unwrap();
            let id = u64::from_le_bytes(frame[3..11].try_into().unwrap());
            vec![reply(id, 0, 0, &[])]
        });
        let proxy = store(&target.endpoint, roomy());
        let peer = Peer::connect(&proxy.endpoints()[0]);
        let name = "9f3c0a5512e4d701-42";
        let mut frame = head(0x01, 1);
        frame.extend([0, 0]);
        frame.extend(key("Log.take", "u32,u64,->unit", 1).to_le_bytes());
        frame.extend(varint(0));
        frame.push(1);
        frame.extend(text(KEY));
        frame.extend(text(name));
        frame.extend([1, 2]);
        assert_eq!(peer.ask(frame)[11], 0, "accepted");
        let delivered = see.recv_timeout(LIMIT).unwrap();
        assert_eq!(count(&delivered, KEY.as_bytes()), 1);
        assert_eq!(count(&delivered, name.as_bytes()), 1);
        eventually("its end", || proxy.stats().delivered == 1);
    });
}

#[test]
fn the_time_that_a_caller_waits_for_the_acceptance_is_no_limit_of_the_delivery() {
    within(LIMIT, || {
        let place = ipc("patient-delivery");
        let proxy = store(&place, roomy());
        let limit = Duration::from_millis(500);
        log_client(&proxy).with_timeout(limit).take(1, 7).unwrap();
        let over = Instant::now() + limit;
        eventually("the end of its time", || Instant::now() > over);
        let taken = Taken::default();
        let _server = log(&place, &taken);
        eventually("the delivery", || proxy.stats().delivered == 1);
        assert_eq!(taken.by_client(), [(1, vec![7])].into());
    });
}
