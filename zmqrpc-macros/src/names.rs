//! Names: those of generated items and of their type parameters, and the path of the private module
//! through which generated code uses the runtime.

use std::collections::HashSet;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::Path;
use syn::ext::IdentExt;

/// `::zmqrpc::__private`, or the same module in the crate that `crate = ..` names.
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
    /// Returns the same path, with `span` as its location.
    pub(crate) fn at(&self, span: Span) -> Self {
        Self(placed(self.0.clone(), span))
    }
}

impl ToTokens for Private {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}

/// Returns the name of a command, located at the method: `Calculator` and `slow_add` make
/// `CalculatorSlowAdd`.
pub(crate) fn command(service: &Ident, method: &Ident) -> Ident {
    let method_text = method.unraw().to_string();
    let camel: String = method_text.split('_').map(capitalized).collect();
    format_ident!("{}{}", service.unraw(), camel, span = method.span())
}

/// Returns the name of a generated type, located at the trait: `Calculator` and `Server` make
/// `CalculatorServer`.
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

/// Type parameters whose names do not occur in the trait.
///
/// Type parameters are not hygienic: a generated `T` would shadow a user's type `T`.
pub(crate) struct TypeParameters {
    /// The type that implements the trait.
    pub(crate) service: Ident,
    /// The value that a server is made of: the type itself, an `Arc` or a `Box`.
    pub(crate) holder: Ident,
    /// The transport of the client.
    pub(crate) transport: Ident,
    /// The transport of the client that `with` returns.
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

/// Returns the span of generated code: resolved at the macro's call site, located at `span`.
pub(crate) fn place(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// Returns the tokens located at `span`, which rustc shows for errors in them.
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

/// Returns an identifier of a generated function's local, which cannot clash with a user's.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}
