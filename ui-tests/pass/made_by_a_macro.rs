//! A service that another macro writes, with types, names and bodies from its arguments.

use zmqrpc::{Command, zmq_service};

macro_rules! service {
    ($service:ident { $($method:ident($($argument:ident: $ty:ty),*) -> $reply:ty = $body:expr;)* }) => {
        #[zmq_service]
        trait $service {
            $(fn $method(&self, $($argument: $ty),*) -> $reply;)*
            fn inherited(&self, own: &str) -> usize {
                own.len()
            }
        }

        struct Implementor;

        impl $service for Implementor {
            $(fn $method(&self, $($argument: $ty),*) -> $reply {
                $body
            })*
        }
    };
}

service!(Macro {
    text(borrowed: &str, some: Option<&[u8]>) -> usize = borrowed.len() + some.map_or(0, <[u8]>::len);
    bytes(owned: Vec<u8>) -> Vec<u8> = owned;
    fallible(a: u8) -> Result<u8, String> = a.checked_add(1).ok_or_else(String::new);
});

fn main() {
    let client = MacroClient::local(Implementor);
    assert_eq!(client.text("a", Some(b"bc")).unwrap(), 3);
    assert_eq!(client.bytes(vec![1]).unwrap(), [1]);
    assert_eq!(client.fallible(1).unwrap(), 2);
    assert_eq!(client.inherited("abc").unwrap(), 3);
    assert_eq!(
        MacroText::METHOD.signature(),
        "(String, Option<Vec<u8>>) -> usize"
    );
}
