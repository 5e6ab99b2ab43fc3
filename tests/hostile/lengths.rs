//! Lengths that are too large, announced or there.

use zmqrpc::{Error, Executed};

use super::support::{Tree, call_by_key, call_by_name, key, varint, within};
use super::victim::{LIMIT, MAX_MESSAGE, Victim, refusal, valid};

#[test]
fn an_oversized_frame_is_refused_up_to_twice_the_limit_and_cut_off_beyond() {
    within(LIMIT, || {
        let victim = Victim::start();
        let of_size = |size: usize| {
            let mut frame = valid(9);
            frame.resize(size, 0);
            frame
        };
        for size in [MAX_MESSAGE + 1, 2 * MAX_MESSAGE] {
            let answer = victim.peer.ask(of_size(size));
            assert_eq!(refusal(&answer, 9), (6, 0, MAX_MESSAGE.to_string()));
        }
        assert_eq!(victim.peer.ask(valid(9))[11], 0, "the connection stays");
        let error = victim.client.len(&vec![0; 3 * MAX_MESSAGE]).unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert_eq!(error.executed(), Executed::Maybe);
        victim.serves();
    });
}

#[test]
fn announced_lengths_are_compared_with_what_is_there() {
    within(LIMIT, || {
        let victim = Victim::start();
        let huge = varint(u64::MAX);
        let deep = |depth: usize| [vec![1; depth], vec![0]].concat();
        let sum = key("Probe.sum", "list<u64,>,->u64", 1);
        let echo = key("Probe.echo", "bytes,->bytes", 1);
        let who = key("Probe.who", "string,->option<string,>", 1);
        let depth = key("Probe.depth", "[Leaf|Node=#0|],->u32", 1);
        for (what, key, body) in [
            ("a sequence", sum, huge.clone()),
            ("a sequence of 2^40", sum, varint(1 << 40)),
            (
                "a sequence of 2^20",
                sum,
                [varint(1 << 20), vec![0; 100]].concat(),
            ),
            ("bytes", echo, huge.clone()),
            ("bytes of 2^40", echo, varint(1 << 40)),
            ("text", who, huge.clone()),
            ("text of 2^40", who, varint(1 << 40)),
            ("no utf-8", who, vec![1, 0xFF]),
            ("recursion", depth, deep(50_000)),
            ("a recursion too deep", depth, deep(200)),
            ("an unknown variant", depth, varint(9)),
        ] {
            let (status, executed, detail) =
                refusal(&victim.peer.ask(call_by_key(9, key, 0, &body)), 9);
            assert_eq!((status, executed), (4, 0), "{what}: {detail}");
        }
        for (what, name, body) in [
            (
                "an array",
                "Probe.sum",
                vec![0x91, 0xDD, 0xFF, 0xFF, 0xFF, 0xFF],
            ),
            (
                "a map",
                "Probe.sum",
                vec![0x91, 0xDF, 0xFF, 0xFF, 0xFF, 0xFF],
            ),
            (
                "bin",
                "Probe.echo",
                vec![0x91, 0xC6, 0xFF, 0xFF, 0xFF, 0xFF],
            ),
            ("str", "Probe.who", vec![0x91, 0xDB, 0xFF, 0xFF, 0xFF, 0xFF]),
            ("nested arrays", "Probe.sum", vec![0x91; 50_000]),
            ("nested maps", "Probe.depth", {
                let node = [&[0x81, 0xA4][..], b"Node"].concat();
                [vec![0x91], node.repeat(8_000)].concat()
            }),
            ("ext", "Probe.add", vec![0xC9, 0xFF, 0xFF, 0xFF, 0xFF, 0]),
            ("reserved", "Probe.add", vec![0xC1]),
        ] {
            let (status, executed, detail) =
                refusal(&victim.peer.ask(call_by_name(9, name, 0, &body)), 9);
            assert_eq!((status, executed), (4, 0), "{what}: {detail}");
        }
        let tree = (0..100).fold(Tree::Leaf, |tree, _| Tree::Node(Box::new(tree)));
        assert_eq!(victim.client.depth(tree), Ok(100));
        victim.serves();
    });
}
