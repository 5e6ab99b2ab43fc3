//! The output of a command: the reply, the failure, and the service's return type, which holds
//! both.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::token::Paren;
use syn::{ReturnType, Type, TypeTuple};

use crate::names::{self, Private};
use crate::signature::Normalised;
use crate::types;

/// The output of a method, or of a derived command.
pub(crate) struct Output {
    /// The service's return type.
    pub(crate) answer: TokenStream,
    /// The return type as a part of the signature.
    pub(crate) signature: String,
    kind: Kind,
    /// The reply's type, if only rustc knows whether it is an alias of a `Result`.
    possible_alias: Option<Type>,
}

enum Kind {
    /// `T`
    Infallible,
    /// `Result<T, E>`, with `T` and `E`
    Fallible(Box<ResultTypes>),
    /// `Result<T>` or `Result`: an alias whose types only rustc knows
    Alias,
}

impl Output {
    /// Returns the output of a method that is declared with `output`.
    pub(crate) fn of_method(output: &ReturnType) -> Self {
        match output {
            ReturnType::Default => Self::returned(&unit(), Kind::Infallible),
            ReturnType::Type(_, ty) => Self::returned(ty, Kind::of(ty)),
        }
    }

    /// Returns the output of a command with this reply, by default `()`, that may fail with
    /// `error`.
    pub(crate) fn of_command(reply: Option<Type>, error: Option<Type>) -> Self {
        let reply = reply.unwrap_or_else(unit);
        let Some(error) = error else {
            return Self::returned(&reply, Kind::Infallible);
        };
        Self {
            answer: quote!(::core::result::Result<#reply, #error>),
            signature: format!("Result<{}, {}>", Normalised(&reply), Normalised(&error)),
            kind: Kind::Fallible(Box::new(ResultTypes { reply, error })),
            possible_alias: None,
        }
    }

    fn returned(ty: &Type, kind: Kind) -> Self {
        let infallible = matches!(kind, Kind::Infallible);
        Self {
            answer: ty.to_token_stream(),
            signature: Normalised(ty).to_string(),
            kind,
            possible_alias: (infallible && types::may_be_alias(ty)).then(|| ty.clone()),
        }
    }

    /// Returns an item that rustc rejects with `message` if a reply that looks plain is a `Result`.
    ///
    /// Only rustc knows the type, after all code is generated: too late to split it into its types.
    pub(crate) fn check(&self, message: &str, private: &Private) -> Option<TokenStream> {
        let ty = self.possible_alias.as_ref()?;
        let check = quote! {
            const _: () = {
                use #private::MaybeResult as _;
                ::core::assert!(!#private::Returned::<#ty>::IS_RESULT, #message);
            };
        };
        Some(names::placed(check, ty.span()))
    }

    /// Returns the type of the reply.
    pub(crate) fn reply(&self, private: &Private) -> TokenStream {
        let answer = &self.answer;
        match &self.kind {
            Kind::Infallible => answer.clone(),
            Kind::Fallible(types) => types.reply.to_token_stream(),
            Kind::Alias => quote!(<#answer as #private::Fallible>::Ok),
        }
    }

    /// Returns the type of the error that a caller gets.
    pub(crate) fn failure(&self, private: &Private) -> TokenStream {
        let answer = &self.answer;
        match &self.kind {
            Kind::Infallible => quote!(#private::Error),
            Kind::Fallible(types) => {
                let error = &types.error;
                names::placed(quote!(#private::CallError<#error>), error.span())
            }
            Kind::Alias => quote!(#private::CallError<<#answer as #private::Fallible>::Err>),
        }
    }

    /// Returns whether there is neither a value nor an error to wait for.
    pub(crate) fn is_unit(&self) -> bool {
        matches!(self.kind, Kind::Infallible) && self.signature == "()"
    }
}

struct ResultTypes {
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
            [reply, error] => Self::Fallible(Box::new(ResultTypes {
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
