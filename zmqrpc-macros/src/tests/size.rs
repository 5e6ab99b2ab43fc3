//! The lines of code that rustc has to compile for a method and for a service.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::expansion::{pretty, service};

const MAX_LINES_PER_METHOD: usize = 60;
/// The entry of an `async` method boxes its future.
const MAX_LINES_PER_ASYNC_METHOD: usize = 62;
const MAX_FIXED_LINES: usize = 150;

fn lines(methods: usize, qualifier: &TokenStream) -> usize {
    let methods = (0..methods).map(|number| {
        let name = format_ident!("add{number}");
        quote!(#qualifier fn #name(&self, a: i64, b: i64) -> i64;)
    });
    let item = quote!(pub trait Calculator { #(#methods)* });
    pretty(&service(TokenStream::new(), &item)).lines().count()
}

fn lines_per_method(qualifier: &TokenStream) -> usize {
    lines(9, qualifier) - lines(8, qualifier)
}

#[test]
fn a_plain_method_with_two_arguments_stays_small() {
    let lines = lines_per_method(&quote!());
    assert!(lines <= MAX_LINES_PER_METHOD, "{lines} lines");
}

#[test]
fn an_async_method_with_two_arguments_stays_small() {
    let lines = lines_per_method(&quote!(async));
    assert!(lines <= MAX_LINES_PER_ASYNC_METHOD, "{lines} lines");
}

#[test]
fn what_every_service_has_stays_small() {
    let lines = lines(0, &quote!());
    assert!(lines <= MAX_FIXED_LINES, "{lines} lines");
}
