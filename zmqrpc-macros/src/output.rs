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
    /// The reply, where only rustc knows whether its name stands for a `Result`.
    unknown: Option<Type>,
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
            unknown: None,
        }
    }

    fn returned(ty: &Type, kind: Kind) -> Self {
        let infallible = matches!(kind, Kind::Infallible);
        Self {
            answer: ty.to_token_stream(),
            signature: Normalised(ty).to_string(),
            kind,
            unknown: (infallible && types::may_be_alias(ty)).then(|| ty.clone()),
        }
    }

    /// An item that rustc refuses with `message` where a reply that looks plain is a `Result`.
    ///
    /// The type is known to rustc alone, after all code is written: too late to take it apart.
    pub(crate) fn check(&self, message: &str, private: &Private) -> Option<TokenStream> {
        let ty = self.unknown.as_ref()?;
        let check = quote! {
            const _: () = {
                use #private::MaybeResult as _;
                ::core::assert!(!#private::Returned::<#ty>::IS_RESULT, #message);
            };
        };
        Some(names::placed(check, ty.span()))
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
