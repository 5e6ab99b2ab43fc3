//! Parses the values of options, with an error for each kind of wrong value.

use std::fmt::Display;

use proc_macro2::Ident;
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{LitInt, LitStr, Path, Token};

/// Parses `= value` into the slot of the option `key`.
pub(super) fn assign<T>(
    slot: &mut Option<T>,
    key: &Ident,
    input: ParseStream<'_>,
    read: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<()> {
    let equals: Option<Token![=]> = input.parse()?;
    if equals.is_none() || input.is_empty() {
        // Syn would report the end of the list, for which an attribute macro has no span.
        return Err(error_at(
            key,
            format_args!("the option `{key}` needs a value: `{key} = ..`"),
        ));
    }
    let value = read(input)?;
    fill(slot, key, value)
}

/// Sets the flag `key`, an option without a value.
pub(super) fn set_flag(slot: &mut Option<Ident>, key: &Ident) -> syn::Result<()> {
    fill(slot, key, key.clone())
}

fn fill<T>(slot: &mut Option<T>, key: &Ident, value: T) -> syn::Result<()> {
    if slot.is_some() {
        return Err(error_at(
            key,
            format_args!("option `{key}` is given twice, keep one"),
        ));
    }
    *slot = Some(value);
    Ok(())
}

pub(super) fn name(input: ParseStream<'_>) -> syn::Result<LitStr> {
    let literal: LitStr = input.parse()?;
    let text = literal.value();
    if text.is_empty() || text.contains(char::is_whitespace) {
        return Err(error_at(
            &literal,
            "a name on the wire is not empty and has no white space",
        ));
    }
    if text.contains('@') {
        return Err(error_at(
            &literal,
            "a name on the wire has no `@`, behind which a version stands",
        ));
    }
    Ok(literal)
}

pub(super) fn method_name(input: ParseStream<'_>) -> syn::Result<LitStr> {
    let literal = name(input)?;
    if literal.value().contains('.') {
        return Err(error_at(
            &literal,
            "a method's name has no dot, since the dot ends the service's name: \
             put the part before it into `#[zmq_service(name = \"..\")]`",
        ));
    }
    Ok(literal)
}

pub(super) fn command_name(input: ParseStream<'_>) -> syn::Result<Ident> {
    let literal: LitStr = input.parse()?;
    literal.parse().map_err(|_| {
        error_at(
            &literal,
            "a command is a struct, its name has to be an identifier",
        )
    })
}

pub(super) fn version(input: ParseStream<'_>) -> syn::Result<LitInt> {
    let literal: LitInt = input.parse()?;
    literal.base10_parse::<u32>()?;
    Ok(literal)
}

pub(super) fn runtime(input: ParseStream<'_>) -> syn::Result<Path> {
    input.call(Path::parse_mod_style)
}

pub(super) fn timeout(input: ParseStream<'_>) -> syn::Result<u64> {
    let literal: LitStr = input.parse()?;
    milliseconds(&literal.value()).ok_or_else(|| {
        error_at(
            &literal,
            "a timeout is a whole number above zero and a unit: `500ms`, `2s`, `1m` or `1h`",
        )
    })
}

fn milliseconds(text: &str) -> Option<u64> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let milliseconds_per_unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let milliseconds = number
        .parse::<u64>()
        .ok()?
        .checked_mul(milliseconds_per_unit)?;
    Some(milliseconds).filter(|&milliseconds| milliseconds > 0)
}

fn error_at(at: impl ToTokens, message: impl Display) -> syn::Error {
    syn::Error::new_spanned(at, message)
}
