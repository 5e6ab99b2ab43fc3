//! Arguments, replies and errors in `MessagePack`.
#![no_main]

mod bodies;

use libfuzzer_sys::fuzz_target;
use zmqrpc_runtime::__fuzz::Codec;

fuzz_target!(|body: &[u8]| bodies::decode(Codec::MessagePack, body));
