//! Arguments may have the names of everything that generated code uses.

#![allow(non_snake_case)]

use zmqrpc::zmq_service;

#[zmq_service]
trait Names {
    fn ours(&self, service: u8, call: u8, a0: u8, a1: u8, argument0: u8, self_: u8) -> u8;
    fn std(&self, f: u8, other: u8, serializer: u8, target: u8, command: &str) -> usize;
    fn patterns(&self, Ok: u8, None: u8, argument1: u8, Box: &str) -> usize;
    fn hidden(&self, _unused: u8, _1: u8) -> u8;
    async fn later(&self, service: &str, call: u8, Some: u8) -> u8;
    fn types(&self, i64: i64, str: &str) -> i64;
}

struct Namer;

impl Names for Namer {
    fn ours(&self, service: u8, call: u8, a0: u8, a1: u8, argument0: u8, self_: u8) -> u8 {
        service + call * 2 + a0 * 4 + a1 * 8 + argument0 * 16 + self_ * 32
    }

    fn std(&self, f: u8, other: u8, serializer: u8, target: u8, command: &str) -> usize {
        usize::from(f + other + serializer + target) + command.len()
    }

    fn patterns(&self, ok: u8, none: u8, argument1: u8, text: &str) -> usize {
        usize::from(ok + none * 2 + argument1 * 4) + text.len() * 8
    }

    fn hidden(&self, unused: u8, one: u8) -> u8 {
        unused - one
    }

    async fn later(&self, service: &str, call: u8, some: u8) -> u8 {
        service.len() as u8 + call * 2 + some * 4
    }

    fn types(&self, number: i64, text: &str) -> i64 {
        number + text.len() as i64
    }
}

fn main() {
    let names = NamesClient::local(Namer);
    assert_eq!(names.ours(1, 1, 1, 1, 1, 1).unwrap(), 63);
    assert_eq!(names.std(1, 2, 3, 4, "abc").unwrap(), 13);
    assert_eq!(names.patterns(1, 1, 1, "x").unwrap(), 15);
    assert_eq!(names.hidden(3, 1).unwrap(), 2);
    assert_eq!(names.later("x", 1, 1).unwrap(), 7);
    assert_eq!(names.types(1, "x").unwrap(), 2);
    let command = NamesPatterns {
        Ok: 1,
        None: 2,
        argument1: 3,
        Box: "x",
    };
    assert_eq!(command.clone(), command);
}
