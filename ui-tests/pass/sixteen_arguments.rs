//! As many arguments as there may be, owned and borrowed.

#![allow(clippy::too_many_arguments)]

use zmqrpc::zmq_service;

#[rustfmt::skip]
#[zmq_service]
trait Wide {
    fn sum(&self, a0: u64, a1: u64, a2: u64, a3: u64, a4: u64, a5: u64, a6: u64, a7: u64, a8: u64, a9: u64, a10: u64, a11: u64, a12: u64, a13: u64, a14: u64, a15: u64) -> u64;
    async fn length(&self, a0: &str, a1: &str, a2: &str, a3: &str, a4: &str, a5: &str, a6: &str, a7: &str, a8: &str, a9: &str, a10: &str, a11: &str, a12: &str, a13: &str, a14: &str, a15: &str) -> usize;
}

struct Adder;

#[rustfmt::skip]
impl Wide for Adder {
    fn sum(&self, a0: u64, a1: u64, a2: u64, a3: u64, a4: u64, a5: u64, a6: u64, a7: u64, a8: u64, a9: u64, a10: u64, a11: u64, a12: u64, a13: u64, a14: u64, a15: u64) -> u64 {
        [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15].iter().sum()
    }

    async fn length(&self, a0: &str, a1: &str, a2: &str, a3: &str, a4: &str, a5: &str, a6: &str, a7: &str, a8: &str, a9: &str, a10: &str, a11: &str, a12: &str, a13: &str, a14: &str, a15: &str) -> usize {
        [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15].concat().len()
    }
}

#[rustfmt::skip]
fn main() {
    let wide = WideClient::local(Adder);
    assert_eq!(wide.sum(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15).unwrap(), 120);
    assert_eq!(wide.length("ab", "ab", "ab", "ab", "ab", "ab", "ab", "ab", "ab", "ab", "ab", "ab", "ab", "ab", "ab", "ab").unwrap(), 32);
    let command = WideSum { a0: 0, a1: 1, a2: 2, a3: 3, a4: 4, a5: 5, a6: 6, a7: 7, a8: 8, a9: 9, a10: 10, a11: 11, a12: 12, a13: 13, a14: 14, a15: 15 };
    assert_eq!(command.clone(), command);
}
