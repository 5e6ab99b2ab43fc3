//! The rules about types: where references are allowed, and which types cannot travel.
//!
//! Errors that rustc explains better, such as an unknown type or a missing `Serialize`, are left to
//! rustc.

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{
    Lifetime, Path, Signature, Type, TypeImplTrait, TypeInfer, TypeReference, TypeTraitObject,
};

use crate::errors::Errors;
use crate::types::{self, unwrapped};

/// Checks the type of an argument, which may borrow at its top level.
pub(crate) fn check_argument(ty: &Type, errors: &mut Errors) {
    const NESTED: &str = "an argument borrows at its top level or directly in `Option`, as `&str`, \
                          `&[u8]`, `&T` or `&[T]`: take an owned type here";
    match types::top_level_reference(ty) {
        Some(reference) => check_reference(reference, NESTED, errors),
        None => check_owned(ty, NESTED, errors),
    }
}

/// Checks the type that a method returns, or one of the two types of a `Result`.
pub(crate) fn check_reply(ty: &Type, errors: &mut Errors) {
    const BORROWED: &str = "a reply is owned, since it outlives the call: return `String` for \
                            `&str`, `Vec<u8>` for `&[u8]`, `T` for `&T`";
    check_owned(ty, BORROWED, errors);
}

fn check_reference(reference: &TypeReference, nested: &'static str, errors: &mut Errors) {
    if let Some(mutability) = &reference.mutability {
        errors.at(
            mutability,
            "what a method changes cannot travel back: take `&T` or `T`, and return the change",
        );
    }
    if let Some(lifetime) = &reference.lifetime {
        check_borrow(lifetime, errors);
    }
    match unwrapped(&reference.elem) {
        Type::Slice(slice) => check_owned(&slice.elem, nested, errors),
        referent => check_owned(referent, nested, errors),
    }
}

fn check_borrow(lifetime: &Lifetime, errors: &mut Errors) {
    if lifetime.ident != "_" {
        errors.at(
            lifetime,
            "an argument is borrowed for the call and no longer: leave the lifetime out",
        );
    }
}

fn check_owned(ty: &Type, reference: &'static str, errors: &mut Errors) {
    Owned { reference, errors }.visit_type(ty);
}

/// Returns whether a type is left out with `_`, which rustc reports at the trait.
pub(crate) fn has_placeholder(signature: &Signature) -> bool {
    let mut search = PlaceholderSearch { found: false };
    search.visit_signature(signature);
    search.found
}

struct PlaceholderSearch {
    found: bool,
}

impl<'ast> Visit<'ast> for PlaceholderSearch {
    fn visit_type_infer(&mut self, _: &'ast TypeInfer) {
        self.found = true;
    }
}

/// Reports everything that an owned type must not contain.
struct Owned<'e> {
    /// The error for a reference.
    reference: &'static str,
    errors: &'e mut Errors,
}

impl Owned<'_> {
    fn nameless(&mut self, ty: &dyn ToTokens) {
        self.errors.at(
            ty,
            "the type has to be the same at both ends of a call: name one type, \
             without `impl` or `dyn`",
        );
    }
}

impl<'ast> Visit<'ast> for Owned<'_> {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        self.errors.at(reference, self.reference);
    }

    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        self.nameless(ty);
    }

    fn visit_type_trait_object(&mut self, ty: &'ast TypeTraitObject) {
        self.nameless(ty);
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident != "static" {
            self.errors.at(
                lifetime,
                "only `&` borrows here, as in `&str`: take an owned type, \
                 or `'static` where a type asks for a lifetime",
            );
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if let Some(first) = path.segments.first().filter(|first| first.ident == "Self") {
            self.errors.at(
                &first.ident,
                "`Self` is the service at one end and unknown at the other: name the type",
            );
        }
        visit::visit_path(self, path);
    }
}
