//! Types that know their documentation: of every kind, with any generics, free of warnings.

#![no_implicit_prelude]
#![deny(
    warnings,
    unused_qualifications,
    single_use_lifetimes,
    missing_debug_implementations,
    rust_2018_idioms
)]

mod rpc {
    pub(crate) mod reexported {
        pub(crate) use ::zmqrpc::*;
    }
}

use ::zmqrpc::Documented;

/// A struct.
#[derive(Documented, Debug, ::serde::Serialize, ::serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Named {
    /// A raw name.
    r#type: u8,
    #[serde(flatten)]
    rest: ::std::collections::HashMap<::std::string::String, u8>,
}

fn named() -> Named {
    Named {
        r#type: 0,
        rest: ::std::collections::HashMap::new(),
    }
}

/// A generic one, whose parameter needs nothing.
#[derive(Debug, Documented)]
struct Page<'a, T: ?::std::marker::Sized, const N: usize = 2>
where
    T: ::std::fmt::Debug,
{
    /// Those on it.
    items: [&'a T; N],
}

/// It needs no name, and its name is `Option`.
#[derive(Debug, Documented)]
enum Option<T> {
    /// Nothing.
    None,
    /// Something.
    Some(/** Not a place. */ T),
    Other {
        /// One.
        one: T,
    },
}

#[derive(Debug, Documented)]
struct Unit;

#[derive(Debug, Documented)]
enum Never {}

#[derive(Debug, Documented)]
struct Unsized(#[allow(dead_code)] [u8]);

/// A recursion.
#[derive(Debug, Documented, ::serde::Deserialize)]
struct Recursive {
    #[serde(flatten)]
    next: ::std::option::Option<::std::boxed::Box<Recursive>>,
}

#[deprecated]
#[derive(Debug, Documented)]
struct Old;

#[derive(Debug, rpc::reexported::Documented, ::serde::Deserialize)]
#[documented(crate = rpc::reexported)]
struct Elsewhere {
    #[serde(flatten)]
    inner: Named,
}

macro_rules! documented {
    ($docs:literal, $name:literal) => {
        #[doc = $docs]
        #[derive(Debug, Documented, ::serde::Deserialize)]
        struct FromMacro {
            #[doc = $docs]
            #[serde(rename = $name)]
            field: u8,
        }
    };
}

documented!("By a macro.", "other");

fn documented<T: Documented + ?::std::marker::Sized>() {}

#[allow(deprecated)]
fn main() {
    documented::<Named>();
    documented::<Page<'_, str, 3>>();
    documented::<Option<Never>>();
    documented::<Unit>();
    documented::<Unsized>();
    documented::<Recursive>();
    documented::<Old>();
    documented::<Elsewhere>();
    documented::<FromMacro>();
    let server = ::zmqrpc::Server::builder()
        .document::<Named>()
        .document::<Page<'_, str>>();
    ::std::mem::drop(server);
    let _ = [
        ::std::format!("{:?}", named()),
        ::std::format!("{:?}", Page { items: ["a", "b"] }),
        ::std::format!("{:?}{:?}", Option::Some(1), Option::<u8>::None),
        ::std::format!(
            "{:?}{:?}",
            Option::Other { one: Unit },
            Elsewhere { inner: named() }
        ),
        ::std::format!(
            "{:?}",
            Recursive {
                next: ::std::option::Option::None
            }
        ),
        ::std::format!("{:?}", FromMacro { field: 1 }),
    ];
}
