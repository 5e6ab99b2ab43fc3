//! The user's attributes, sorted by the generated items that they are copied to.
//!
//! Docs, conditions and lint levels are copied to everything that is generated from a method,
//! deprecation and `must_use` to the client's method, and all others stay where they were written.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{AttrStyle, Attribute, Expr, ExprLit, Lit, Meta, MetaNameValue, Path, Token};

/// The attributes that are copied to generated items.
#[derive(Default)]
pub(crate) struct Attributes {
    docs: Vec<Attribute>,
    conditions: Vec<Attribute>,
    lints: Vec<TokenStream>,
    for_callers: Vec<Attribute>,
}

enum Class {
    Docs,
    Condition,
    Lint,
    Expectation,
    ForCallers,
    Stays,
}

impl Class {
    fn of(path: &Path) -> Self {
        let Some(name) = path.get_ident() else {
            return Self::Stays;
        };
        match name.to_string().as_str() {
            "doc" => Self::Docs,
            "cfg" => Self::Condition,
            "allow" | "warn" | "deny" | "forbid" => Self::Lint,
            "expect" => Self::Expectation,
            "deprecated" | "must_use" => Self::ForCallers,
            _ => Self::Stays,
        }
    }
}

impl Attributes {
    pub(crate) fn sorted<'a>(attributes: impl IntoIterator<Item = &'a Attribute>) -> Self {
        let mut sorted = Self::default();
        for attribute in attributes {
            if matches!(attribute.style, AttrStyle::Outer) {
                sorted.add(attribute);
            }
        }
        sorted
    }

    fn add(&mut self, attribute: &Attribute) {
        let class = if attribute.path().is_ident("cfg_attr") {
            conditional_class(attribute)
        } else {
            Class::of(attribute.path())
        };
        match class {
            Class::Docs => self.docs.push(attribute.clone()),
            Class::Condition => self.conditions.push(attribute.clone()),
            Class::Lint => self.lints.push(attribute.to_token_stream()),
            Class::Expectation => self.lints.extend(allowance(attribute)),
            Class::ForCallers => self.for_callers.push(attribute.clone()),
            Class::Stays => {}
        }
    }

    /// Returns the `#[cfg]`s, for every item that exists only together with the user's item.
    pub(crate) fn conditions(&self) -> impl ToTokens + use<'_> {
        Joined(&self.conditions)
    }

    /// Returns the documentation attributes.
    pub(crate) fn docs(&self) -> impl ToTokens + use<'_> {
        Joined(&self.docs)
    }

    /// Returns the lint levels.
    pub(crate) fn lints(&self) -> impl ToTokens + use<'_> {
        Joined(&self.lints)
    }

    /// Returns the attributes that concern callers of the method.
    pub(crate) fn for_callers(&self) -> impl ToTokens + use<'_> {
        Joined(&self.for_callers)
    }

    /// Returns whether there is text; `#[doc(hidden)]` and the like have none.
    pub(crate) fn is_documented(&self) -> bool {
        let has_text = |attribute: &Attribute| {
            attribute.path().is_ident("cfg_attr") || matches!(attribute.meta, Meta::NameValue(_))
        };
        self.docs.iter().any(has_text)
    }

    pub(crate) fn is_conditional(&self) -> bool {
        !self.conditions.is_empty()
    }

    pub(crate) fn is_deprecated(&self) -> bool {
        let deprecated = |attribute: &Attribute| !attribute.path().is_ident("must_use");
        self.for_callers.iter().any(deprecated)
    }

    /// Returns why callers should not use the method any more, if that is so; empty if no reason is given.
    pub(crate) fn deprecation(&self) -> Option<String> {
        let deprecated = |attribute: &&Attribute| attribute.path().is_ident("deprecated");
        let attribute = self.for_callers.iter().find(deprecated)?;
        let reason = match &attribute.meta {
            Meta::NameValue(meta) => text(&meta.value),
            Meta::List(list) => {
                let options =
                    list.parse_args_with(Punctuated::<MetaNameValue, Token![,]>::parse_terminated);
                let note = |option: &MetaNameValue| option.path.is_ident("note");
                let mut options = options.into_iter().flatten();
                options.find(note).and_then(|note| text(&note.value))
            }
            Meta::Path(_) => None,
        };
        Some(reason.unwrap_or_default())
    }

    /// Returns the text of the documentation, without the space after each `///`.
    pub(crate) fn doc_text(&self) -> String {
        let lines: Vec<String> = self.docs.iter().filter_map(doc_line).collect();
        lines.join("\n")
    }
}

/// Returns the class of the attribute that a `cfg_attr` adds; of the first one if it adds several.
fn conditional_class(attribute: &Attribute) -> Class {
    let added = |meta: &Meta| -> Option<Class> {
        let list = meta.require_list().ok()?;
        let nested = list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .ok()?;
        nested.iter().nth(1).map(|meta| Class::of(meta.path()))
    };
    match added(&attribute.meta) {
        // A copied expectation that the other item does not fulfil would cause a warning there.
        Some(Class::Expectation) | None => Class::Stays,
        Some(class) => class,
    }
}

/// Returns `allow` for `expect`: the generated item may well not trigger the lint.
fn allowance(attribute: &Attribute) -> Option<TokenStream> {
    let list = attribute.meta.require_list().ok()?;
    let lints = &list.tokens;
    Some(quote!(#[allow(#lints)]))
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    let line = text(&attribute.meta.require_name_value().ok()?.value)?;
    Some(line.strip_prefix(' ').map(str::to_owned).unwrap_or(line))
}

/// Returns the text of a literal.
pub(crate) fn text(value: &Expr) -> Option<String> {
    match value {
        // A literal that a macro was given comes in a group that nobody sees.
        Expr::Group(group) => text(&group.expr),
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text.value()),
        _ => None,
    }
}

struct Joined<'a, T>(&'a [T]);

impl<T: ToTokens> ToTokens for Joined<'_, T> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for item in self.0 {
            item.to_tokens(tokens);
        }
    }
}
