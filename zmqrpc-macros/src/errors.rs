//! Collects errors: every rule reports into the collector, so that one run shows all of them.
//!
//! Parsing and checking fill it; it must not know either.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The errors of one expansion, in the order in which they were found.
#[derive(Default)]
pub(crate) struct Errors(Vec<syn::Error>);

impl Errors {
    /// Reports `message` at the tokens that caused it.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    /// Reports an error that a parser returned.
    pub(crate) fn add(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    /// Returns the number of errors. A check has failed if the number has grown.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns one `compile_error!` per error.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.0.iter().map(syn::Error::to_compile_error).collect()
    }
}
