//! Calls in bytes, and the bytes of their answers.

use crate::LIMIT;
use crate::desk::desk;
use crate::support::{call_by_key, call_by_name, key, reply, within};

#[test]
fn calls_by_key_are_answered_in_postcard() {
    within(LIMIT, || {
        let (_server, peer) = desk();
        let divide = "i64,i64,->i64|[ByZero{dividend:i64,}|]";
        for (method, shapes, body, status, value) in [
            ("divide", divide, vec![14, 4], 0, vec![6]),
            ("divide", divide, vec![14, 0], 1, vec![0, 14]),
            ("nothing", "->unit", vec![], 0, vec![]),
            (
                "put",
                "string,bytes,->bool",
                vec![3, b'k', b'e', b'y', 3, 0, 0x80, 0xFF],
                0,
                vec![1],
            ),
            ("type", "option<bytes,>,->bytes", vec![0], 0, vec![1, 9]),
            (
                "type",
                "option<bytes,>,->bytes",
                vec![1, 2, 5, 6],
                0,
                vec![2, 5, 6],
            ),
            (
                "point",
                "[Leaf|Node=#0|],(f32,u16,array<u8,>2,),->char",
                vec![1, 0, 0, 0, 0xC0, 0x3F, 0xAC, 2, 1, 2],
                0,
                vec![2, 0xC3, 0xBC],
            ),
            (
                "mirror",
                concat!(
                    "{name:string,price:option<i64,>,tags:list<[Plain|Sized=u8|Pair(u8,i16,)|Named{a:bool,}|],>,},->",
                    "{name:string,price:option<i64,>,tags:list<[Plain|Sized=u8|Pair(u8,i16,)|Named{a:bool,}|],>,}"
                ),
                vec![1, b'x', 1, 1, 4, 0, 1, 7, 2, 8, 3, 3, 1],
                0,
                vec![1, b'x', 1, 1, 4, 0, 1, 7, 2, 8, 3, 3, 1],
            ),
        ] {
            let key = key(&format!("Calculator.{method}"), shapes, 1);
            let answer = peer.ask(call_by_key(5, key, 0, &body));
            assert_eq!(answer, reply(5, status, 0, &value), "{method}: {shapes}");
        }
    });
}

#[test]
fn calls_by_name_are_answered_in_message_pack() {
    within(LIMIT, || {
        let (_server, peer) = desk();
        let item_map = [
            &[0x91, 0x83, 0xA4][..],
            b"name",
            &[0xA1, b'x', 0xA5],
            b"price",
            &[0xFF, 0xA4],
            b"tags",
            &[0x94, 0xA5],
            b"Plain",
            &[0x81, 0xA5],
            b"Sized",
            &[7, 0x81, 0xA4],
            b"Pair",
            &[0x92, 8, 0xFE, 0x81, 0xA5],
            b"Named",
            &[0x81, 0xA1, b'a', 0xC3],
        ]
        .concat();
        let item_array = [
            &[0x91, 0x93, 0xA1, b'x', 0xD0, 0xFF, 0x94, 0xA5][..],
            b"Plain",
            &[0x81, 0xA5],
            b"Sized",
            &[0xCC, 7, 0x81, 0xA4],
            b"Pair",
            &[0x92, 8, 0xD1, 0xFF, 0xFE, 0x81, 0xA5],
            b"Named",
            &[0x91, 0xC3],
        ]
        .concat();
        let by_zero = [
            &[0x81, 0xA6][..],
            b"ByZero",
            &[0x81, 0xA8],
            b"dividend",
            &[7],
        ]
        .concat();
        for (method, body, status, value) in [
            ("add", vec![0x92, 2, 3], 0, vec![5]),
            (
                "add",
                vec![0x92, 0xCC, 2, 0xD3, 0, 0, 0, 0, 0, 0, 0, 3],
                0,
                vec![5],
            ),
            ("add", vec![0xDC, 0, 2, 0xFE, 3], 0, vec![1]),
            ("divide", vec![0x92, 7, 0], 1, by_zero),
            ("nothing", vec![0x90], 0, vec![0xC0]),
            ("nothing", vec![0x80], 0, vec![0xC0]),
            ("nothing", vec![0xC0], 0, vec![0xC0]),
            ("nothing", vec![], 0, vec![0xC0]),
            (
                "put",
                vec![0x92, 0xA3, b'k', b'e', b'y', 0xC4, 3, 0, 0x80, 0xFF],
                0,
                vec![0xC3],
            ),
            (
                "put",
                vec![
                    0x92, 0xA3, b'k', b'e', b'y', 0x93, 0, 0xCC, 0x80, 0xCC, 0xFF,
                ],
                0,
                vec![0xC3],
            ),
            ("type", vec![0x91, 0xC0], 0, vec![0xC4, 1, 9]),
            ("type", vec![0x91, 0xC4, 2, 5, 6], 0, vec![0xC4, 2, 5, 6]),
            ("mirror", item_array, 0, item_map[1..].to_vec()),
            ("mirror", item_map.clone(), 0, item_map[1..].to_vec()),
        ] {
            let answer = peer.ask(call_by_name(6, &format!("Calculator.{method}"), 0, &body));
            assert_eq!(answer, reply(6, status, 2, &value), "{method} {body:x?}");
        }
    });
}
