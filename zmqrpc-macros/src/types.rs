//! The types of arguments: as they are declared, and as each side of a call handles them.
//!
//! If a service's method borrows an argument, so does the client's method: the command's field has
//! the declared type. The server decodes an owned type, or a view into the received frame for text
//! and bytes, and passes a reference to it. This module knows both forms and the conversion between
//! them; it must not know which types are allowed.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{
    GenericArgument, Lifetime, Path, PathArguments, PathSegment, Type, TypePath, TypeReference,
};

use crate::names::{self, Private};

/// An argument's type, classified by how it travels.
pub(crate) struct Passing {
    /// Whether the form is in an `Option<..>`.
    optional: bool,
    form: Form,
}

enum Form {
    /// `&str`
    Text,
    /// `&[u8]`
    Bytes,
    /// What looks like `Vec<u8>` or `Option<Vec<u8>>`: generated code tests whether the type is one
    ByteVec(Type),
    /// What looks like `&Vec<u8>`: the type without the `&`
    ByteVecRef(Type),
    /// `&[T]`, with `T`
    Slice(Type),
    /// `&T`, with `T`
    Reference(Type),
    /// `T`; an `Option` is part of the type
    Owned(Type),
}

impl Passing {
    pub(crate) fn of(ty: &Type) -> Self {
        let inside_option = option_argument(ty).map(Form::of);
        match inside_option {
            Some(Form::Owned(_)) | None => Self {
                optional: false,
                form: Form::of(ty),
            },
            Some(Form::ByteVec(_)) => Self {
                optional: false,
                form: Form::ByteVec(ty.clone()),
            },
            Some(form) => Self {
                optional: true,
                form,
            },
        }
    }

    /// Returns the type that the server decodes, which borrows for `lifetime`.
    pub(crate) fn decoded(&self, lifetime: &Lifetime, private: &Private) -> TokenStream {
        let decoded = match &self.form {
            Form::Text => quote!(#private::Str<#lifetime>),
            Form::Bytes => quote!(#private::Bytes<#lifetime>),
            Form::ByteVec(owned) | Form::ByteVecRef(owned) => {
                names::placed(quote!(#private::Owned<#owned>), owned.span())
            }
            Form::Slice(element) => {
                names::placed(quote!(::std::vec::Vec<#element>), element.span())
            }
            Form::Reference(owned) | Form::Owned(owned) => owned.to_token_stream(),
        };
        if self.optional {
            quote!(::core::option::Option<#decoded>)
        } else {
            decoded
        }
    }

    /// Returns the expression that the server passes to the service, from the decoded `value`.
    pub(crate) fn passed(&self, value: &Ident, private: &Private) -> TokenStream {
        match (&self.form, self.optional) {
            (Form::Owned(_), _) => quote!(#value),
            (Form::ByteVec(_), _) => quote!(#value.into_inner()),
            (Form::ByteVecRef(_), false) => quote!(#value.as_inner()),
            (Form::ByteVecRef(_), true) => {
                quote!(#value.as_ref().map(#private::Owned::as_inner))
            }
            (Form::Text | Form::Bytes | Form::Slice(_) | Form::Reference(_), false) => {
                quote!(&#value)
            }
            (Form::Text | Form::Bytes | Form::Slice(_), true) => quote!(#value.as_deref()),
            (Form::Reference(_), true) => quote!(#value.as_ref()),
        }
    }

    /// Returns the expression that a command serializes, from its `field`.
    ///
    /// Wraps bytes, which serde alone would serialize one by one.
    pub(crate) fn serialized(&self, field: &TokenStream, private: &Private) -> TokenStream {
        match (&self.form, self.optional) {
            (Form::Bytes, false) => quote!(&#private::Bytes::new(&#field)),
            (Form::Bytes, true) => quote!(&#private::optional_bytes(#field)),
            (Form::ByteVec(_), _) => quote!(&#private::Lent::new(&#field)),
            (Form::ByteVecRef(_), false) => quote!(&#private::Lent::new(#field)),
            (Form::ByteVecRef(_), true) => quote!(&#field.map(#private::Lent::new)),
            (Form::Slice(ty) | Form::Reference(ty) | Form::Owned(ty), _) => {
                names::placed(quote!(&#field), ty.span())
            }
            (Form::Text, _) => quote!(&#field),
        }
    }

    /// Returns whether a command with this argument borrows from its caller.
    pub(crate) fn borrows(&self) -> bool {
        !matches!(self.form, Form::Owned(_) | Form::ByteVec(_))
    }
}

impl Form {
    fn of(ty: &Type) -> Self {
        match unwrapped(ty) {
            Type::Reference(reference) => Self::of_referent(unwrapped(&reference.elem)),
            owned if is_byte_vec(owned) => Self::ByteVec(owned.clone()),
            owned => Self::Owned(owned.clone()),
        }
    }

    fn of_referent(referent: &Type) -> Self {
        match referent {
            Type::Slice(slice) if is_primitive(&slice.elem, "u8") => Self::Bytes,
            Type::Slice(slice) => Self::Slice((*slice.elem).clone()),
            text if is_primitive(text, "str") => Self::Text,
            vec if is_byte_vec(vec) => Self::ByteVecRef(vec.clone()),
            other => Self::Reference(other.clone()),
        }
    }
}

/// Returns the type without parentheses, and without the invisible groups of macros, around it.
pub(crate) fn unwrapped(ty: &Type) -> &Type {
    match ty {
        Type::Paren(paren) => unwrapped(&paren.elem),
        Type::Group(group) => unwrapped(&group.elem),
        other => other,
    }
}

/// Returns the reference that an argument is, or that its `Option` holds; `None` if there is none.
pub(crate) fn top_level_reference(ty: &Type) -> Option<&TypeReference> {
    match unwrapped(option_argument(ty).unwrap_or(ty)) {
        Type::Reference(reference) => Some(reference),
        _ => None,
    }
}

/// Returns the type with `lifetime` at its top-level reference, for the field of a command.
pub(crate) fn with_lifetime(ty: &Type, lifetime: &Lifetime) -> Type {
    let mut field = ty.clone();
    if let Some(reference) = top_level_reference_mut(&mut field) {
        reference.lifetime = Some(lifetime.clone());
    }
    field
}

fn top_level_reference_mut(ty: &mut Type) -> Option<&mut TypeReference> {
    match ty {
        Type::Paren(paren) => top_level_reference_mut(&mut paren.elem),
        Type::Group(group) => top_level_reference_mut(&mut group.elem),
        Type::Reference(reference) => Some(reference),
        Type::Path(path) => {
            if !is_std(&path.path, "option", "Option") {
                return None;
            }
            let segment = path.path.segments.last_mut()?;
            let PathArguments::AngleBracketed(arguments) = &mut segment.arguments else {
                return None;
            };
            match arguments.args.first_mut()? {
                GenericArgument::Type(inner) => top_level_reference_mut(inner),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Returns the `T` of an `Option<T>`, however its path is written.
fn option_argument(ty: &Type) -> Option<&Type> {
    std_argument(ty, "option", "Option")
}

/// Returns whether the type looks like a `Vec<u8>`. The user may have imported another type of that
/// name, so generated code has to work for any type; this only limits the wrappers to where they
/// may be needed.
fn is_byte_vec(ty: &Type) -> bool {
    std_argument(ty, "vec", "Vec").is_some_and(|item| is_primitive(item, "u8"))
}

/// Returns the `T` of what looks like the standard library's `Name<T>`, with this argument and no
/// other.
pub(crate) fn std_argument<'t>(ty: &'t Type, module: &str, name: &str) -> Option<&'t Type> {
    let Type::Path(TypePath {
        qself: None, path, ..
    }) = unwrapped(ty)
    else {
        return None;
    };
    let PathArguments::AngleBracketed(arguments) = &path.segments.last()?.arguments else {
        return None;
    };
    let only = (arguments.args.len() == 1).then(|| arguments.args.first())??;
    match only {
        GenericArgument::Type(ty) if is_std(path, module, name) => Some(ty),
        _ => None,
    }
}

/// Returns whether a path is `name`, `module::name` or `std::module::name`. Any other path is not
/// the standard library's.
pub(crate) fn is_std(path: &Path, module: &str, name: &str) -> bool {
    let segments: Vec<String> = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    match &segments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [last] => *last == name,
        [parent, last] => *parent == module && *last == name,
        [root, parent, last] => {
            matches!(*root, "std" | "core" | "alloc") && *parent == module && *last == name
        }
        _ => false,
    }
}

fn is_primitive(ty: &Type, name: &str) -> bool {
    matches!(unwrapped(ty), Type::Path(TypePath { qself: None, path, .. }) if path.is_ident(name))
}

/// Returns whether the type is a primitive or borrows one, and so is known to be `Debug`, `Clone`
/// and `PartialEq`.
pub(crate) fn is_plain_data(ty: &Type) -> bool {
    const PRIMITIVES: &[&str] = &[
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16",
        "u32", "u64", "u128", "usize", "str",
    ];
    match unwrapped(ty) {
        Type::Reference(reference) => is_plain_data(&reference.elem),
        Type::Slice(slice) => is_plain_data(&slice.elem),
        primitive => PRIMITIVES.iter().any(|name| is_primitive(primitive, name)),
    }
}

/// Returns whether the type may be an alias: it is a path, and none of a well-known type.
pub(crate) fn may_be_alias(ty: &Type) -> bool {
    const KNOWN: &[&str] = &["String", "Vec", "Option", "Box"];
    let known = |path: &Path| match path.segments.iter().collect::<Vec<_>>()[..] {
        [only] => KNOWN.iter().any(|name| only.ident == name),
        _ => false,
    };
    match unwrapped(ty) {
        Type::Path(path) => !is_plain_data(ty) && !known(&path.path),
        _ => false,
    }
}

/// Returns the last segment of a type's path: `Result<T>` of `std::io::Result<T>`.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match unwrapped(ty) {
        Type::Path(TypePath {
            qself: None, path, ..
        }) => path.segments.last(),
        _ => None,
    }
}

/// Returns the types between a segment's angle brackets.
pub(crate) fn type_arguments(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}
