//! Every way in which an argument may borrow or own, plain and `async`.

#![allow(unused_parens)]

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use zmqrpc::zmq_service;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Item(u32);

#[zmq_service]
trait Store {
    fn text(&self, owned: String, borrowed: &str, some: Option<&str>, reference: &String)
    -> String;
    fn bytes(
        &self,
        owned: Vec<u8>,
        borrowed: &[u8],
        reference: &Vec<u8>,
        array: [u8; 2],
    ) -> Vec<u8>;
    fn optional_bytes(
        &self,
        owned: Option<Vec<u8>>,
        borrowed: Option<&[u8]>,
        reference: std::option::Option<&std::vec::Vec<u8>>,
    ) -> Option<Vec<u8>>;
    fn items(&self, owned: Vec<Item>, borrowed: &[Item], some: Option<&[Item]>) -> Vec<Item>;
    fn item(&self, owned: Item, borrowed: &Item, some: Option<&Item>, none: Option<Item>) -> Item;
    fn elided(&self, text: &'_ str, parenthesised: (&str), tuple: (u8, String)) -> usize;
    fn map(&self, counts: HashMap<String, u64>, by_reference: &HashMap<String, u64>) -> u64;
    async fn later(&self, text: &str, bytes: &[u8], item: Option<&Item>, owned: Vec<u8>) -> usize;
}

struct Shelf;

impl Store for Shelf {
    fn text(
        &self,
        owned: String,
        borrowed: &str,
        some: Option<&str>,
        reference: &String,
    ) -> String {
        format!("{owned}{borrowed}{}{reference}", some.unwrap_or("-"))
    }

    fn bytes(
        &self,
        owned: Vec<u8>,
        borrowed: &[u8],
        reference: &Vec<u8>,
        array: [u8; 2],
    ) -> Vec<u8> {
        [&owned, borrowed, reference, &array].concat()
    }

    fn optional_bytes(
        &self,
        owned: Option<Vec<u8>>,
        borrowed: Option<&[u8]>,
        reference: Option<&Vec<u8>>,
    ) -> Option<Vec<u8>> {
        Some([owned?.as_slice(), borrowed?, reference?].concat())
    }

    fn items(&self, owned: Vec<Item>, borrowed: &[Item], some: Option<&[Item]>) -> Vec<Item> {
        [&owned, borrowed, some.unwrap_or_default()].concat()
    }

    fn item(&self, owned: Item, borrowed: &Item, some: Option<&Item>, none: Option<Item>) -> Item {
        let optional = [some, none.as_ref()].into_iter().flatten();
        Item(owned.0 + borrowed.0 + optional.map(|item| item.0).sum::<u32>())
    }

    fn elided(&self, text: &str, parenthesised: &str, tuple: (u8, String)) -> usize {
        text.len() + parenthesised.len() + tuple.1.len()
    }

    fn map(&self, counts: HashMap<String, u64>, by_reference: &HashMap<String, u64>) -> u64 {
        counts.values().chain(by_reference.values()).sum()
    }

    async fn later(&self, text: &str, bytes: &[u8], item: Option<&Item>, owned: Vec<u8>) -> usize {
        std::future::ready(()).await;
        text.len() + bytes.len() + owned.len() + usize::from(item.is_some())
    }
}

fn main() {
    let store = StoreClient::local(Shelf);
    let text = store.text("a".to_owned(), "b", None, &"c".to_owned());
    assert_eq!(text.unwrap(), "ab-c");
    let bytes = store.bytes(vec![1], &[2], &vec![3], [4, 5]);
    assert_eq!(bytes.unwrap(), [1, 2, 3, 4, 5]);
    let some = store.optional_bytes(Some(vec![1]), Some(&[]), Some(&vec![2]));
    assert_eq!(some.unwrap(), Some(vec![1, 2]));
    assert_eq!(store.optional_bytes(None, None, None).unwrap(), None);
    let items = store.items(vec![Item(1)], &[Item(2)], Some(&[Item(3)]));
    assert_eq!(items.unwrap(), [Item(1), Item(2), Item(3)]);
    let item = store.item(Item(1), &Item(2), Some(&Item(3)), None);
    assert_eq!(item.unwrap(), Item(6));
    assert_eq!(store.elided("ab", "c", (1, "d".to_owned())).unwrap(), 4);
    let counts = HashMap::from([("a".to_owned(), 2)]);
    assert_eq!(store.map(counts.clone(), &counts).unwrap(), 4);
    assert_eq!(store.later("ab", b"c", Some(&Item(1)), vec![4]).unwrap(), 5);
}
