//! Generated code brings its own paths: nothing has to be in scope.

#![no_implicit_prelude]

#[::zmqrpc::zmq_service]
trait Store {
    fn put(
        &self,
        cx: &::zmqrpc::CallContext,
        key: &str,
        note: ::core::option::Option<&str>,
        value: ::std::vec::Vec<u8>,
    ) -> usize;
    fn get(&self, key: ::std::string::String) -> ::core::result::Result<u8, ::std::string::String>;
    async fn later(&self, key: &str) -> ::core::option::Option<u8>;
}

struct Shelf;

impl Store for Shelf {
    fn put(
        &self,
        _: &::zmqrpc::CallContext,
        key: &str,
        note: ::core::option::Option<&str>,
        value: ::std::vec::Vec<u8>,
    ) -> usize {
        key.len() + value.len() + note.map_or(0, str::len)
    }

    fn get(&self, key: ::std::string::String) -> ::core::result::Result<u8, ::std::string::String> {
        ::core::result::Result::Err(key)
    }

    async fn later(&self, key: &str) -> ::core::option::Option<u8> {
        key.as_bytes().first().copied()
    }
}

#[derive(::zmqrpc::Command, ::serde::Serialize, ::serde::Deserialize)]
#[command(reply = ::std::string::String, error = u8)]
struct Greet {
    name: ::std::string::String,
}

fn main() {
    let store = StoreClient::local(Shelf);
    let put = store.put("a", ::core::option::Option::Some("bc"), ::std::vec![4]);
    ::core::assert_eq!(put.unwrap(), 4);
    ::core::assert!(store.get(::std::string::String::new()).is_err());
    ::core::assert_eq!(store.later("a").unwrap(), ::core::option::Option::Some(97));
    let greet = Greet {
        name: ::std::string::String::new(),
    };
    ::core::assert!(greet.name.is_empty());
}
