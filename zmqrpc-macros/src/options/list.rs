//! Reads the list of options of any attribute.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Meta, MetaNameValue, Token};

use crate::errors::Errors;

/// A set of options that is filled from a list, one `key` at a time.
pub(crate) trait Options: Default {
    /// The attribute's keys, in the order in which an error about an unknown key lists them.
    const KEYS: &'static [&'static str];

    /// Parses the rest of the option `key`; `None` if there is no such option.
    fn set(&mut self, key: &Ident, input: ParseStream<'_>) -> Option<syn::Result<()>>;
}

/// Adds the options of `#[attribute(..)]` to `options`.
pub(crate) fn read_attribute<O: Options>(
    attribute: &Attribute,
    options: &mut O,
    errors: &mut Errors,
) {
    match &attribute.meta {
        Meta::List(list) => read_list(list.tokens.clone(), options, errors),
        Meta::Path(path) | Meta::NameValue(MetaNameValue { path, .. }) => {
            let name = path.get_ident().map(Ident::to_string).unwrap_or_default();
            errors.at(
                attribute,
                format_args!(
                    "expected a list of options, `#[{name}(..)]`, with {}",
                    listed(O::KEYS)
                ),
            );
        }
    }
}

/// Adds a list of options, the inside of an attribute's parentheses, to `options`.
pub(crate) fn read_list<O: Options>(tokens: TokenStream, options: &mut O, errors: &mut Errors) {
    let list = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let result = read_option(input, options);
            if let Err(error) = result {
                errors.add(error);
                skip_to_comma(input)?;
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    };
    if let Err(error) = list.parse2(tokens) {
        errors.add(error);
    }
}

/// Returns whether the attribute is a `cfg_attr` around `#[zmq(..)]`.
pub(crate) fn is_conditional(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else {
        return false;
    };
    attribute.path().is_ident("cfg_attr")
        && list
            .tokens
            .clone()
            .into_iter()
            .any(|token| matches!(token, TokenTree::Ident(ident) if ident == "zmq"))
}

fn read_option<O: Options>(input: ParseStream<'_>, options: &mut O) -> syn::Result<()> {
    let key = input.call(Ident::parse_any)?;
    options.set(&key, input).unwrap_or_else(|| {
        let expected = listed(O::KEYS);
        Err(syn::Error::new_spanned(
            &key,
            format_args!("unknown option `{key}`, expected one of {expected}"),
        ))
    })?;
    if input.is_empty() || input.peek(Token![,]) {
        Ok(())
    } else {
        Err(input.error(format_args!("expected a comma after the option `{key}`")))
    }
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

fn listed(keys: &[&str]) -> String {
    let quoted: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    quoted.join(", ")
}
