//! Compares expansions with the files in `snapshots`, which are reviewed like code.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test -p zmqrpc-macros` rewrites them.

use std::path::Path;
use std::{env, fs};

use quote::quote;
use syn::File;

use super::expansion::{derive, documented, errors, pretty, service};

/// Compares an expansion with the snapshot `name`, and returns it.
fn snapshot(name: &str, expansion: &File) -> String {
    assert_eq!(errors(expansion), Vec::<String>::new());
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("snapshots")
        .join(name)
        .with_extension("rs");
    let text = pretty(expansion);
    if env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, &text).expect("the snapshot cannot be written");
    }
    let expected = fs::read_to_string(&path).expect("there is no such snapshot");
    let difference = text
        .lines()
        .zip(expected.lines())
        .find(|(new, old)| new != old);
    assert!(
        text == expected,
        "{} differs: {difference:?}",
        path.display()
    );
    // Serde's derives would be most of an expansion's cost; nothing may bring them back.
    assert!(!text.contains("derive("));
    assert!(!text.contains("Deserialize"));
    text
}

#[test]
fn plain_method() {
    let item = quote! {
        /// A four-function calculator.
        pub trait Calculator {
            /// Adds two numbers.
            fn add(&self, a: i64, b: i64) -> i64;
        }
    };
    let text = snapshot("plain_method", &service(quote!(), &item));
    // A new option of the runtime never changes the macro: server and client have one field each.
    assert!(
        text.contains(
            "pub struct CalculatorServer<S: ?::core::marker::Sized>(::std::sync::Arc<S>);"
        )
    );
    assert!(text.contains("pub struct CalculatorClient<T = ::zmqrpc::__private::Client>(T);"));
}

#[test]
fn fallible_method() {
    let item = quote! {
        pub(crate) trait Calculator {
            fn divide(&self, a: i64, b: i64) -> Result<i64, DivideError>;
            fn load(&self) -> std::io::Result<Vec<u8>>;
        }
    };
    let text = snapshot("fallible_method", &service(quote!(), &item));
    assert!(text.contains("CallError<DivideError>"));
    assert!(text.contains("<std::io::Result<Vec<u8>> as ::zmqrpc::__private::Fallible>::Ok"));
}

#[test]
fn async_method() {
    let item = quote! {
        pub trait Calculator {
            async fn slow_add(&self, a: i64, b: i64) -> i64;
            async fn rest(&self, name: &str) {
                self.slow_add(1, 2).await;
            }
        }
    };
    let text = snapshot("async_method", &service(quote!(), &item));
    assert!(!text.contains("async fn"));
}

#[test]
fn every_kind_of_argument() {
    let item = quote! {
        pub trait Store {
            fn text(&self, borrowed: &str, optional: Option<&str>, owned: String);
            fn bytes(&self, borrowed: &[u8], owned: Vec<u8>, reference: &Vec<u8>);
            fn optional_bytes(
                &self,
                borrowed: Option<&[u8]>,
                owned: Option<Vec<u8>>,
                reference: Option<&Vec<u8>>,
            );
            fn items(&self, slice: &[Item], optional: Option<&[Item]>, owned: Vec<Item>);
            fn item(&self, borrowed: &Item, optional: Option<&Item>, owned: Option<Item>);
            fn array(&self, bytes: [u8; 4]);
        }
    };
    let text = snapshot("every_kind_of_argument", &service(quote!(), &item));
    assert!(text.contains("(Vec<u8>, Vec<u8>, Vec<u8>) -> ()"));
    assert!(text.contains("([u8; 4]) -> ()"));
}

#[test]
fn call_context() {
    let item = quote! {
        trait Audit {
            fn who(&self, cx: &CallContext) -> String;
            async fn note(&self, cx: &zmqrpc::CallContext, text: &str);
        }
    };
    let text = snapshot("call_context", &service(quote!(), &item));
    assert!(text.contains("Audit::note(&*service, call.context(), &a0)"));
    assert!(!text.contains("pub cx"));
}

#[test]
fn options() {
    let item = quote! {
        pub trait Calculator {
            #[zmq(name = "plus", command = "Sum", timeout = "500ms", idempotent)]
            fn add(&self, a: i64, b: i64) -> i64;
            #[zmq(oneway)]
            fn log(&self, line: String);
        }
    };
    let options = quote!(name = "math.Calculator", version = 2, crate = crate::rpc);
    let text = snapshot("options", &service(options, &item));
    assert!(!text.contains("::zmqrpc"));
}

#[test]
fn attributes_that_travel() {
    let item = quote! {
        #[cfg(unix)]
        #[allow(non_camel_case_types)]
        pub trait Calculator {
            /// Adds two numbers.
            #[cfg(feature = "add")]
            #[deprecated(note = "use `sum`")]
            #[must_use]
            #[inline]
            fn add(&self, a: i64, b: i64) -> i64;
            #[expect(clippy::too_many_arguments)]
            fn eight(&self, _a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8);
            #[cfg_attr(unix, deprecated)]
            #[doc(hidden)]
            fn old(&self);
        }
    };
    let text = snapshot("attributes_that_travel", &service(quote!(), &item));
    assert_eq!(text.matches("#[inline]").count(), 1);
    assert_eq!(text.matches("#[expect").count(), 1);
}

#[test]
fn names_that_could_meet_ours() {
    let item = quote! {
        pub trait S {
            fn r#match(&self, r#type: T, S: U, Ok: u8, service: u8, call: u8, a0: u8) -> S0;
        }
    };
    let text = snapshot("names_that_could_meet_ours", &service(quote!(), &item));
    assert!(text.contains(r#""match""#));
    assert!(text.contains("pub struct SMatch"));
    assert!(text.contains("pub struct SServer<S1: ?::core::marker::Sized>"));
}

#[test]
fn no_arguments() {
    let item = quote! {
        pub trait Pinger {
            fn ping(&self);
        }
    };
    let text = snapshot("no_arguments", &service(quote!(), &item));
    assert!(text.contains("pub struct PingerPing;"));
}

#[test]
fn derived_commands() {
    let greet = derive(quote! {
        /// Greets somebody.
        #[command(reply = String, error = GreetError, name = "greet", version = 2, timeout = "2s")]
        struct Greet<'a> {
            name: &'a str,
            r#type: Option<&'a [u8]>,
        }
    });
    let pair = derive(quote! {
        #[command(oneway, crate = other::zmqrpc)]
        struct Pair(u8, Vec<Item>);
    });
    let unit = derive(quote!(
        struct Unit;
    ));
    snapshot("derived_with_names", &greet);
    snapshot("derived_without_names", &pair);
    snapshot("derived_without_fields", &unit);
}

#[test]
fn documented_types() {
    let order = documented(quote! {
        /// What a customer orders.
        ///
        /// Once.
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Order<'a, T: Clone, const N: usize> where T: Copy {
            /// Counted up by the shop.
            order_number: u64,
            undocumented: &'a str,
            /// Said by the customer.
            #[serde(rename(serialize = "out", deserialize = "in"), default)]
            r#type: [T; N],
            /// Nobody sees it.
            #[serde(skip)]
            hidden: u8,
            /// Neither this.
            #[serde(flatten)]
            rest: Option<Box<Rest<T>>>,
        }
    });
    let text = snapshot("documented_struct", &order);
    assert!(!text.contains("Nobody") && !text.contains("Neither"));
    let event = documented(quote! {
        #[serde(rename_all = "snake_case", rename_all_fields = "kebab-case")]
        #[documented(crate = other::zmqrpc)]
        enum Event {
            /// It has begun.
            HasBegun,
            Undocumented(
                /// No place for this.
                u8,
            ),
            /// A pair.
            #[serde(rename = "two")]
            Pair(u8, u8),
            Moved {
                /// From there.
                old_place: u8,
            },
            #[serde(rename_all = "UPPERCASE")]
            Loud {
                /// That much.
                by_far: u8,
            },
            /// Never.
            #[serde(skip_deserializing)]
            Gone,
        }
    });
    snapshot("documented_enum", &event);
    let unit = documented(quote!(
        struct Unit;
    ));
    snapshot("documented_unit", &unit);
}
