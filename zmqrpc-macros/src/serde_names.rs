//! The names under which fields and variants travel: what serde's attributes make of those in the source.
//!
//! Serde's own derive reports what is wrong in them; here it is passed over. Where serializing and deserializing differ,
//! what is deserialized counts, since shapes are found out by it.

use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, MetaNameValue, Token};

use crate::attributes;

/// What serde's attributes of a type, of a variant or of a field say of names.
#[derive(Default)]
pub(crate) struct SerdeNames {
    pub(crate) rename: Option<String>,
    pub(crate) rename_all: Option<RenameRule>,
    pub(crate) rename_all_fields: Option<RenameRule>,
    /// It is never read.
    pub(crate) is_skipped: bool,
    /// It has no name: what it holds has.
    pub(crate) is_flattened: bool,
}

impl SerdeNames {
    pub(crate) fn of(attributes: &[Attribute]) -> Self {
        let mut names = Self::default();
        for attribute in attributes {
            if attribute.path().is_ident("serde") {
                let options =
                    attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
                options
                    .iter()
                    .flatten()
                    .for_each(|option| names.read(option));
            }
        }
        names
    }

    fn read(&mut self, option: &Meta) {
        let Some(key) = option.path().get_ident() else {
            return;
        };
        // Several attributes may say a half of it each.
        let rule = || read_name(option).and_then(|name| RenameRule::named(&name));
        match key.to_string().as_str() {
            "rename" => self.rename = self.rename.take().or_else(|| read_name(option)),
            "rename_all" => self.rename_all = self.rename_all.or_else(rule),
            "rename_all_fields" => self.rename_all_fields = self.rename_all_fields.or_else(rule),
            "skip" | "skip_deserializing" => self.is_skipped = true,
            "flatten" => self.is_flattened = true,
            _ => {}
        }
    }
}

/// Returns the text of `key = ".."` or of `key(deserialize = "..")`; the first one, if there are several.
fn read_name(option: &Meta) -> Option<String> {
    match option {
        Meta::NameValue(option) => attributes::text(&option.value),
        Meta::List(list) => {
            let halves = list
                .parse_args_with(Punctuated::<MetaNameValue, Token![,]>::parse_terminated)
                .ok()?;
            let half = halves
                .iter()
                .find(|half| half.path.is_ident("deserialize"))?;
            attributes::text(&half.value)
        }
        Meta::Path(_) => None,
    }
}

/// A rule of serde's for the names of all fields, or of all variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RenameRule {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl RenameRule {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "lowercase" => Self::Lower,
            "UPPERCASE" => Self::Upper,
            "PascalCase" => Self::Pascal,
            "camelCase" => Self::Camel,
            "snake_case" => Self::Snake,
            "SCREAMING_SNAKE_CASE" => Self::ScreamingSnake,
            "kebab-case" => Self::Kebab,
            "SCREAMING-KEBAB-CASE" => Self::ScreamingKebab,
            _ => return None,
        })
    }

    /// Returns what becomes of the name of a variant, which is taken to be in `PascalCase`.
    pub(crate) fn of_variant(self, name: &str) -> String {
        match self {
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
            Self::Pascal => name.to_owned(),
            Self::Camel => uncapitalized(name),
            Self::Snake => snake(name),
            Self::ScreamingSnake => snake(name).to_ascii_uppercase(),
            Self::Kebab => snake(name).replace('_', "-"),
            Self::ScreamingKebab => snake(name).to_ascii_uppercase().replace('_', "-"),
        }
    }

    /// Returns what becomes of the name of a field, which is taken to be in `snake_case`.
    pub(crate) fn of_field(self, name: &str) -> String {
        match self {
            Self::Lower | Self::Snake => name.to_owned(),
            Self::Upper | Self::ScreamingSnake => name.to_ascii_uppercase(),
            Self::Pascal => pascal(name),
            Self::Camel => uncapitalized(&pascal(name)),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
        }
    }
}

fn uncapitalized(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// Each capital begins a word: `IOError` is `i_o_error`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in name.char_indices() {
        if index > 0 && letter.is_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn pascal(name: &str) -> String {
    let mut pascal = String::new();
    let mut begins = true;
    for letter in name.chars() {
        match letter {
            '_' => begins = true,
            letter if begins => {
                pascal.push(letter.to_ascii_uppercase());
                begins = false;
            }
            letter => pascal.push(letter),
        }
    }
    pascal
}
