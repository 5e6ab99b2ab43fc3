//! Names: of the items that are made from a trait, of their type parameters, and of the private
//! module that generated code reaches the runtime through.

use std::collections::HashSet;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::Path;
use syn::ext::IdentExt;

/// `::zmqrpc::__private`, or the same module below the path that `crate = ..` names.
pub(crate) struct Private(TokenStream);

impl Private {
    pub(crate) fn new(runtime: Option<&Path>) -> Self {
        Self(runtime.map_or_else(
            || quote!(::zmqrpc::__private),
            |path| quote!(#path::__private),
        ))
    }
}

impl Private {
    /// The same path, for code at `span`.
    pub(crate) fn at(&self, span: Span) -> Self {
        Self(placed(self.0.clone(), span))
    }
}

impl ToTokens for Private {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}

/// `Calculator` and `slow_add` make `CalculatorSlowAdd`, at the place of the method.
pub(crate) fn command(service: &Ident, method: &Ident) -> Ident {
    let method_text = method.unraw().to_string();
    let camel: String = method_text.split('_').map(capitalized).collect();
    format_ident!("{}{}", service.unraw(), camel, span = method.span())
}

/// `Calculator` and `Server` make `CalculatorServer`, at the place of the trait.
pub(crate) fn companion(service: &Ident, role: &str) -> Ident {
    format_ident!("{}{}", service.unraw(), role, span = service.span())
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Type parameters that no name in the trait can mean.
///
/// Type parameters have no hygiene: a generic `T` of ours would capture a type `T` of the user's.
pub(crate) struct TypeParameters {
    /// The type that implements the trait.
    pub(crate) service: Ident,
    /// What holds it: the type itself, an `Arc` or a `Box`.
    pub(crate) holder: Ident,
    /// The transport of the client.
    pub(crate) transport: Ident,
    /// The transport that `with` leads to.
    pub(crate) other: Ident,
}

impl TypeParameters {
    pub(crate) fn avoiding(tokens: TokenStream) -> Self {
        let mut taken = HashSet::new();
        collect_identifiers(tokens, &mut taken);
        let fresh = |name: &str| {
            let mut candidate = name.to_owned();
            let mut number = 0;
            while taken.contains(&candidate) {
                candidate = format!("{name}{number}");
                number += 1;
            }
            Ident::new(&candidate, Span::mixed_site())
        };
        Self {
            service: fresh("S"),
            holder: fresh("H"),
            transport: fresh("T"),
            other: fresh("U"),
        }
    }
}

fn collect_identifiers(tokens: TokenStream, found: &mut HashSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                found.insert(ident.unraw().to_string());
            }
            TokenTree::Group(group) => collect_identifiers(group.stream(), found),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Where generated code stands for rustc: resolved like the attribute, reported at `span`.
pub(crate) fn place(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// The tokens as if they were written at `span`, for errors that rustc finds in them.
pub(crate) fn placed(tokens: TokenStream, span: Span) -> TokenStream {
    let placed = tokens.into_iter().map(|mut token| {
        if let TokenTree::Group(group) = &token {
            let mut moved = Group::new(group.delimiter(), placed(group.stream(), span));
            moved.set_span(group.span().located_at(span));
            return TokenTree::Group(moved);
        }
        token.set_span(token.span().located_at(span));
        token
    });
    placed.collect()
}

/// An identifier of ours that cannot meet one of the user's: locals of generated functions.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}
