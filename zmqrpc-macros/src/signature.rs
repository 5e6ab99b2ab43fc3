//! The normalised signature of a command: `(String, Vec<u8>) -> Result<i64, DivideError>`.
//!
//! The signature is part of a method's key, so builds that encode the same bytes have to print the
//! same text, for ever. So it is printed here and not by `TokenStream`'s `Display`, whose white
//! space has changed between compilers. References print as the types that they own, lifetimes and
//! parentheses do not print, and paths print as they are written.

use std::fmt::{self, Display, Formatter, Write};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{
    AngleBracketedGenericArguments, GenericArgument, Path, PathArguments, QSelf, ReturnType, Type,
};

use crate::types::unwrapped;

/// Returns the signature of a command with these declared arguments and this output.
pub(crate) fn signature<'t>(
    arguments: impl IntoIterator<Item = &'t Type>,
    output: impl Display,
) -> String {
    let arguments: Vec<String> = arguments
        .into_iter()
        .map(|ty| Normalised(ty).to_string())
        .collect();
    format!("({}) -> {output}", arguments.join(", "))
}

/// A type, displayed in its normalised form.
pub(crate) struct Normalised<'t>(pub(crate) &'t Type);

impl Display for Normalised<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match unwrapped(self.0) {
            Type::Reference(reference) => referent(unwrapped(&reference.elem), f),
            Type::Path(path) => qualified_path(path.qself.as_ref(), &path.path, f),
            Type::Slice(slice) => write!(f, "[{}]", Self(&slice.elem)),
            Type::Array(array) => write!(f, "[{}; {}]", Self(&array.elem), compact(&array.len)),
            Type::Tuple(tuple) => {
                let comma = if tuple.elems.len() == 1 { "," } else { "" };
                write!(f, "({}{comma})", separated(&tuple.elems))
            }
            Type::Never(_) => f.write_str("!"),
            other => f.write_str(&compact(other)),
        }
    }
}

fn referent(ty: &Type, f: &mut Formatter<'_>) -> fmt::Result {
    match ty {
        Type::Path(path) if path.path.is_ident("str") => f.write_str("String"),
        Type::Slice(slice) => write!(f, "Vec<{}>", Normalised(&slice.elem)),
        other => Normalised(other).fmt(f),
    }
}

fn separated<P>(types: &Punctuated<Type, P>) -> String {
    let printed: Vec<String> = types.iter().map(|ty| Normalised(ty).to_string()).collect();
    printed.join(", ")
}

/// Prints `<Self as a::Trait>::Item`: the trait's segments go between the angle brackets.
fn qualified_path(qself: Option<&QSelf>, path: &Path, f: &mut Formatter<'_>) -> fmt::Result {
    let mut separator = if path.leading_colon.is_some() {
        "::"
    } else {
        ""
    };
    let mut trait_segments = 0;
    if let Some(qself) = qself {
        write!(f, "<{}", Normalised(&qself.ty))?;
        trait_segments = qself.position;
        if trait_segments == 0 {
            f.write_char('>')?;
            separator = "::";
        } else {
            f.write_str(" as ")?;
        }
    }
    for (index, segment) in path.segments.iter().enumerate() {
        write!(f, "{separator}{}", segment.ident.unraw())?;
        path_arguments(&segment.arguments, f)?;
        if index + 1 == trait_segments {
            f.write_char('>')?;
        }
        separator = "::";
    }
    Ok(())
}

fn path_arguments(arguments: &PathArguments, f: &mut Formatter<'_>) -> fmt::Result {
    match arguments {
        PathArguments::None => Ok(()),
        PathArguments::AngleBracketed(arguments) => angle_bracketed(arguments, f),
        PathArguments::Parenthesized(arguments) => {
            let inputs: Vec<String> = arguments
                .inputs
                .iter()
                .map(|input| Normalised(&input.ty).to_string())
                .collect();
            write!(f, "({})", inputs.join(", "))?;
            match &arguments.output {
                ReturnType::Default => Ok(()),
                ReturnType::Type(_, ty) => write!(f, " -> {}", Normalised(ty)),
            }
        }
    }
}

fn angle_bracketed(
    arguments: &AngleBracketedGenericArguments,
    f: &mut Formatter<'_>,
) -> fmt::Result {
    let printed: Vec<String> = arguments.args.iter().filter_map(generic_argument).collect();
    if printed.is_empty() {
        return Ok(());
    }
    write!(f, "<{}>", printed.join(", "))
}

fn generic_argument(argument: &GenericArgument) -> Option<String> {
    match argument {
        GenericArgument::Lifetime(_) => None,
        GenericArgument::Type(ty) => Some(Normalised(ty).to_string()),
        GenericArgument::AssocType(assoc) => Some(format!(
            "{} = {}",
            assoc.ident.unraw(),
            Normalised(&assoc.ty)
        )),
        other => Some(compact(other)),
    }
}

/// Returns the tokens as text, with white space only between adjacent words.
fn compact(tokens: impl ToTokens) -> String {
    let mut text = String::new();
    write_compact(tokens.into_token_stream(), &mut text);
    text
}

fn write_compact(tokens: TokenStream, text: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write_compact(group.stream(), text);
                text.push_str(close);
            }
            TokenTree::Punct(punct) => text.push(punct.as_char()),
            word @ (TokenTree::Ident(_) | TokenTree::Literal(_)) => {
                let after_word = text.ends_with(|last: char| last.is_alphanumeric() || last == '_');
                if after_word {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
            }
        }
    }
}
