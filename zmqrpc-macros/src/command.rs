//! `impl Command`, for the commands of a service and for derived ones.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use syn::{Lifetime, LitInt};

use crate::names::Private;
use crate::options::CallOptions;
use crate::output::Output;

/// The items of a command's `impl Command`, by which the runtime knows it.
pub(crate) struct Description<'a> {
    /// The service's name on the wire; empty for a derived command.
    pub(crate) service: &'a str,
    /// The method's name on the wire.
    pub(crate) name: &'a str,
    pub(crate) version: Option<&'a LitInt>,
    pub(crate) signature: String,
    pub(crate) arguments: Vec<String>,
    /// The type that a server decodes.
    pub(crate) decoded: TokenStream,
    /// For which that type borrows from the request.
    pub(crate) lifetime: Lifetime,
    pub(crate) docs: String,
    /// Why the method should not be used any more.
    pub(crate) deprecation: Option<String>,
    pub(crate) options: &'a CallOptions,
    pub(crate) output: &'a Output,
    pub(crate) private: &'a Private,
}

impl ToTokens for Description<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let private = self.private;
        let reply = self.output.reply(private);
        let failure = self.output.failure(private);
        let answer = &self.output.answer;
        let method = self.method();
        let (lifetime, decoded) = (&self.lifetime, &self.decoded);
        tokens.extend(quote! {
            type Arguments<#lifetime> = #decoded;
            type Reply = #reply;
            type Failure = #failure;
            type Answer = #answer;
            const METHOD: #private::Method = #method;
        });
    }
}

impl Description<'_> {
    fn method(&self) -> TokenStream {
        let Self {
            service,
            name,
            signature,
            arguments,
            docs,
            private,
            ..
        } = self;
        let version = version(self.version);
        let mut method = quote!(#private::Method::new(#service, #name, #version, #signature));
        method.extend(quote!(.shaped::<Self>(&[#(#arguments),*], #private::key_cell!())));
        if !docs.is_empty() {
            method.extend(quote!(.docs(#docs)));
        }
        if let Some(reason) = &self.deprecation {
            method.extend(quote!(.deprecated(#reason)));
        }
        if self.options.idempotent.is_some() {
            method.extend(quote!(.idempotent()));
        }
        if self.options.oneway.is_some() {
            method.extend(quote!(.oneway()));
        }
        if let Some(milliseconds) = self.options.timeout_milliseconds {
            let milliseconds = Literal::u64_unsuffixed(milliseconds);
            method.extend(quote!(.timeout(::core::time::Duration::from_millis(#milliseconds))));
        }
        method
    }
}

fn version(written: Option<&LitInt>) -> TokenStream {
    written.map_or_else(|| quote!(1), ToTokens::to_token_stream)
}
