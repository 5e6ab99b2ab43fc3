//! The collector of errors: every rule reports into it, so that one run shows all of them.
//!
//! Filled by parsing and checking; knows nothing about either.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// Every error of one expansion, in the order in which they were found.
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

    /// How many errors there are; grown since an earlier look means that a check failed.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// One `compile_error!` per error; nothing if there is none.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.0.iter().map(syn::Error::to_compile_error).collect()
    }
}
