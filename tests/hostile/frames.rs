//! Frames that are no requests, or no longer.

use super::support::{self, Random, call_by_name, head, text, varint, within};
use super::victim::{LIMIT, Victim, add_key, refusal, valid};

#[test]
fn random_bytes_are_answered_under_no_id_and_counted() {
    within(LIMIT, || {
        let victim = Victim::start();
        let mut random = Random(1);
        let count = 4_000;
        for _ in 0..count {
            let len = random.below(64);
            let mut bytes = random.bytes(len);
            if bytes.first() == Some(&0xC1) {
                bytes[0] = 0;
            }
            let answer = victim.peer.ask(bytes);
            assert_eq!(refusal(&answer, 0).0, 12);
        }
        victim.serves();
        assert_eq!(victim.counted().malformed, count);
    });
}

#[test]
fn random_frames_with_a_valid_head_never_stop_the_server() {
    within(LIMIT, || {
        let victim = Victim::start();
        let mut random = Random(2);
        for round in 0..40 {
            for _ in 0..100 {
                let kind = [1, 1, 1, 2, 3, 4, 5, 0x81, 0x85, 0x86, 0x42][random.below(11)];
                let mut frame = head(kind, random.number());
                if random.below(2) == 0 {
                    frame.extend([
                        u8::try_from(random.below(3)).unwrap(),
                        u8::try_from(random.below(3)).unwrap(),
                    ]);
                }
                if random.below(2) == 0 && frame.len() == 13 {
                    frame[12] = 0;
                    frame.extend(add_key().to_le_bytes());
                }
                let len = random.below(40);
                frame.extend(random.bytes(len));
                victim.peer.send(frame);
            }
            let mark = 1_000_000 + round;
            victim.peer.send(head(5, mark));
            while victim.peer.answer() != support::pong(mark) {}
        }
        victim.serves();
    });
}

#[test]
fn valid_frames_cut_anywhere_are_refused_or_read_as_what_they_are() {
    within(LIMIT, || {
        let victim = Victim::start();
        let named = call_by_name(9, "Probe.add", 5_000, &[0x92, 2, 3]);
        let mut with_metadata = head(1, 9);
        with_metadata.extend([2, 1]);
        with_metadata.extend(text("Probe.who"));
        with_metadata.extend(varint(5_000));
        with_metadata.extend([varint(1), text("key"), text("value")].concat());
        with_metadata.extend([0x91, 0xA3, b'k', b'e', b'y']);
        for frame in [valid(9), named, with_metadata] {
            for len in 0..frame.len() {
                let answer = victim.peer.ask(&frame[..len]);
                let id = if len < 11 { 0 } else { 9 };
                let (status, executed, _) = refusal(&answer, id);
                // The header is not complete, or only the arguments are cut.
                assert!(status == 12 || status == 4, "{len} bytes: {status}");
                assert_eq!(executed, 0);
            }
            let answer = victim.peer.ask(&frame);
            assert_eq!(answer[11], 0, "{answer:x?}");
            let longer = [&frame[..], &[0]].concat();
            assert_eq!(refusal(&victim.peer.ask(longer), 9).0, 4);
        }
        victim.serves();
    });
}

#[test]
fn what_the_protocol_names_is_refused_with_its_status() {
    within(LIMIT, || {
        let victim = Victim::start();
        let patched = |at: usize, byte: u8| {
            let mut frame = valid(9);
            frame[at] = byte;
            frame
        };
        let mut ping = head(5, 9);
        ping.push(0);
        for (what, frame, id, status) in [
            ("no version", vec![0xC1], 0, 12),
            ("version 0", patched(1, 0), 9, 13),
            ("version 2", patched(1, 2), 9, 13),
            ("version 255", patched(1, 255), 9, 13),
            ("kind 0", patched(2, 0), 9, 15),
            ("kind 6", patched(2, 6), 9, 15),
            ("kind 7F", patched(2, 0x7F), 9, 15),
            ("a body of another codec", patched(11, 1), 9, 4),
            ("codec 3", patched(11, 3), 9, 14),
            ("codec 255", patched(11, 255), 9, 14),
            ("method tag 2", patched(12, 2), 9, 12),
            ("another name", patched(17, 0xFF), 9, 2),
            ("another signature", patched(13, 0xFF), 9, 3),
            ("a ping with more", ping, 9, 12),
            (
                "an unknown name",
                call_by_name(9, "Probe.nothing", 0, &[0x90]),
                9,
                2,
            ),
            (
                "a name that is too long",
                call_by_name(9, &"x".repeat(257), 0, &[0x90]),
                9,
                6,
            ),
            (
                "too many entries",
                [head(1, 9), vec![2, 1, 1, b'x', 0, 65]].concat(),
                9,
                6,
            ),
            (
                "JSON-RPC",
                br#"{"jsonrpc":"2.0","method":"add","id":1}"#.to_vec(),
                0,
                12,
            ),
            (
                "MessagePack-RPC",
                vec![0x94, 0, 1, 0xA3, b'a', b'd', b'd', 0x92, 2, 3],
                0,
                12,
            ),
            (
                "zerorpc",
                vec![
                    0x93, 0x82, 0xA1, b'v', 3, 0xA3, b'a', b'd', b'd', 0x92, 2, 3,
                ],
                0,
                12,
            ),
            ("an empty frame", vec![], 0, 12),
        ] {
            let (got, executed, detail) = refusal(&victim.peer.ask(frame), id);
            assert_eq!((got, executed), (status, 0), "{what}: {detail}");
        }
        victim.serves();
        let stats = victim.counted();
        assert_eq!((stats.malformed, stats.refused, stats.requests), (15, 6, 3));
    });
}

#[test]
fn what_must_not_be_answered_is_not() {
    within(LIMIT, || {
        let victim = Victim::start();
        let mut bad_notify = valid(9);
        bad_notify[2] = 2;
        bad_notify[13] = 0xFF;
        let mut other_version = head(0x81, 9);
        other_version[1] = 2;
        for frame in [
            bad_notify,
            head(2, 9),
            head(3, 9),
            head(4, 9),
            [head(4, 9), vec![1, 2, 3]].concat(),
            head(0x80, 9),
            head(0x81, 9),
            support::reply(9, 0, 0, &[10]),
            support::failure(9, 12, 0, "no"),
            head(0x85, 9),
            head(0x86, 9),
            head(0xFF, 9),
            other_version,
        ] {
            victim.peer.send(frame);
        }
        assert_eq!(victim.peer.ask(head(5, 77)), support::pong(77));
        victim.serves();
    });
}
