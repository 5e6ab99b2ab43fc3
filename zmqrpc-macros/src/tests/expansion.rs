//! Expansions for the other tests.

use proc_macro2::TokenStream;
use syn::{File, Item};

/// Expands a service.
pub(super) fn service(options: TokenStream, item: &TokenStream) -> File {
    file(crate::service::zmq_service(options, item))
}

/// Expands a derive.
pub(super) fn derive(item: TokenStream) -> File {
    file(crate::derive::derive_command(item))
}

/// Expands the derive of documentation.
pub(super) fn documented(item: TokenStream) -> File {
    file(crate::documented::derive_documented(item))
}

/// Formats an expansion.
pub(super) fn pretty(file: &File) -> String {
    prettyplease::unparse(file)
}

/// Returns the errors in an expansion.
pub(super) fn errors(file: &File) -> Vec<String> {
    let messages = file.items.iter().filter_map(|item| match item {
        Item::Macro(call) => call.mac.parse_body::<syn::LitStr>().ok(),
        _ => None,
    });
    messages.map(|message| message.value()).collect()
}

fn file(tokens: TokenStream) -> File {
    let text = tokens.to_string();
    syn::parse2(tokens).unwrap_or_else(|error| panic!("not Rust, {error}: {text}"))
}
