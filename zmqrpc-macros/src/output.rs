//! What a command gives back: the reply, the failure and the answer that holds both.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::token::Paren;
use syn::{ReturnType, Type, TypeTuple};

use crate::names::{self, Private};
use crate::signature::Normalised;
use crate::types;

/// The output of a method, or of a command that is written without one.
pub(crate) struct Output {
    /// What the service returns.
    pub(crate) answer: TokenStream,
    /// The same as a part of the signature.
    pub(crate) signature: String,
    kind: Kind,
}

enum Kind {
    /// `T`
    Infallible,
    /// `Result<T, E>`, with its `T` and `E`
    Fallible(Box<Sides>),
    /// `Result<T>` or `Result`: an alias whose sides only rustc knows
    Alias,
}

impl Output {
    /// The output of a method that is declared with `output`.
    pub(crate) fn of_method(output: &ReturnType) -> Self {
        match output {
            ReturnType::Default => Self::returned(&unit(), Kind::Infallible),
            ReturnType::Type(_, ty) => Self::returned(ty, Kind::of(ty)),
        }
    }

    /// The output of a command with this reply, by default none, that may fail with `error`.
    pub(crate) fn of_command(reply: Option<Type>, error: Option<Type>) -> Self {
        let reply = reply.unwrap_or_else(unit);
        let Some(error) = error else {
            return Self::returned(&reply, Kind::Infallible);
        };
        Self {
            answer: quote!(::core::result::Result<#reply, #error>),
            signature: format!("Result<{}, {}>", Normalised(&reply), Normalised(&error)),
            kind: Kind::Fallible(Box::new(Sides { reply, error })),
        }
    }

    fn returned(ty: &Type, kind: Kind) -> Self {
        Self {
            answer: ty.to_token_stream(),
            signature: Normalised(ty).to_string(),
            kind,
        }
    }

    /// The type that a caller gets if all goes well.
    pub(crate) fn reply(&self, private: &Private) -> TokenStream {
        let answer = &self.answer;
        match &self.kind {
            Kind::Infallible => answer.clone(),
            Kind::Fallible(sides) => sides.reply.to_token_stream(),
            Kind::Alias => quote!(<#answer as #private::Fallible>::Ok),
        }
    }

    /// The type that a caller gets otherwise.
    pub(crate) fn failure(&self, private: &Private) -> TokenStream {
        let answer = &self.answer;
        match &self.kind {
            Kind::Infallible => quote!(#private::Error),
            Kind::Fallible(sides) => {
                let error = &sides.error;
                names::placed(quote!(#private::CallError<#error>), error.span())
            }
            Kind::Alias => quote!(#private::CallError<<#answer as #private::Fallible>::Err>),
        }
    }

    /// Whether there is nothing to wait for: no value and no error.
    pub(crate) fn is_unit(&self) -> bool {
        matches!(self.kind, Kind::Infallible) && self.signature == "()"
    }
}

struct Sides {
    reply: Type,
    error: Type,
}

impl Kind {
    fn of(ty: &Type) -> Self {
        let Some(segment) = types::last_segment(ty).filter(|segment| segment.ident == "Result")
        else {
            return Self::Infallible;
        };
        match types::type_arguments(segment)[..] {
            [reply, error] => Self::Fallible(Box::new(Sides {
                reply: reply.clone(),
                error: error.clone(),
            })),
            _ => Self::Alias,
        }
    }
}

fn unit() -> Type {
    Type::Tuple(TypeTuple {
        attrs: Vec::new(),
        paren_token: Paren::default(),
        elems: Punctuated::new(),
    })
}
