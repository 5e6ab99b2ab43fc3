//! The service as it is declared, in the terms of this crate.
//!
//! Parsing accepts more than services may contain, so that `check` can report it and one faulty
//! method hides no other. Only what the model cannot represent is reported here.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{FnArg, ItemTrait, LitInt, Pat, PatType, Signature, TraitItem, TraitItemFn, Type};

use crate::attributes::Attributes;
use crate::errors::Errors;
use crate::names::{self, Private, TypeParameters};
use crate::options::{self, CallOptions, MethodOptions, ServiceOptions};
use crate::output::Output;
use crate::types::{self, Passing};

/// A trait, its options and its methods.
pub(crate) struct Service {
    /// The trait without the macro's own attributes.
    pub(crate) item: ItemTrait,
    /// The name on the wire.
    pub(crate) name: String,
    pub(crate) version: Option<LitInt>,
    pub(crate) attributes: Attributes,
    pub(crate) methods: Vec<Method>,
    pub(crate) server: Ident,
    pub(crate) client: Ident,
    pub(crate) parameters: TypeParameters,
    pub(crate) private: Private,
}

/// A method of the trait, and all that generated code needs of it.
pub(crate) struct Method {
    pub(crate) signature: Signature,
    /// The name on the wire.
    pub(crate) name: String,
    /// The name of the command, a struct.
    pub(crate) command: Ident,
    pub(crate) attributes: Attributes,
    pub(crate) options: CallOptions,
    /// The first argument if it is the context, which the server passes.
    pub(crate) context: Option<Argument>,
    /// The arguments that travel.
    pub(crate) arguments: Vec<Argument>,
    pub(crate) output: Output,
    pub(crate) validity: Validity,
}

/// An argument that travels: a field of the command, a parameter of the client's method.
pub(crate) struct Argument {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    pub(crate) passing: Passing,
}

/// How much is generated from a method: the more errors it has, the less.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Validity {
    /// Everything.
    Valid,
    /// Only a client's method with the right types, so that its callers cause no second error.
    Callable,
    /// Nothing.
    Broken,
}

impl Service {
    pub(crate) fn new(options: TokenStream, mut item: ItemTrait, errors: &mut Errors) -> Self {
        let mut read = ServiceOptions::default();
        options::read_list(options, &mut read, errors);

        let parameters = TypeParameters::avoiding(item.to_token_stream());
        let methods = methods(&mut item, errors);
        let default_name = || item.ident.unraw().to_string();
        Self {
            name: read.name.map_or_else(default_name, |name| name.value()),
            version: read.version,
            attributes: Attributes::sorted(&item.attrs),
            methods,
            server: names::companion(&item.ident, "Server"),
            client: names::companion(&item.ident, "Client"),
            parameters,
            private: Private::new(read.runtime.as_ref()),
            item,
        }
    }
}

impl Service {
    /// Returns the methods without errors.
    pub(crate) fn valid_methods(&self) -> impl Iterator<Item = &Method> {
        self.methods
            .iter()
            .filter(|method| method.validity == Validity::Valid)
    }

    /// Returns the target of a documentation link to the method; rustdoc does not accept `r#`.
    pub(crate) fn link_to(&self, method: &Method) -> String {
        format!("{}::{}", self.item.ident.unraw(), method.ident().unraw())
    }

    /// Returns the bound of the type that a server serves.
    pub(crate) fn target_bound(&self) -> TokenStream {
        if self.item.generics.params.is_empty() {
            self.item.ident.to_token_stream()
        } else {
            // The generics are an error already; naming the trait without them would be a second
            // one.
            quote!(::core::marker::Send + ::core::marker::Sync + 'static)
        }
    }

    /// Returns the `#[cfg]`s of the whole service.
    pub(crate) fn conditions(&self) -> impl ToTokens {
        self.attributes.conditions()
    }

    /// Returns the lint levels of the whole service.
    pub(crate) fn lints(&self) -> impl ToTokens {
        let lints = self.attributes.lints();
        // Items generated from a deprecated trait have to name it.
        let deprecated = self
            .attributes
            .is_deprecated()
            .then(|| quote!(#[allow(deprecated)]));
        quote!(#lints #deprecated)
    }

    /// Returns the `#[cfg]`s of an item that is generated from `method`.
    pub(crate) fn conditions_of(&self, method: &Method) -> impl ToTokens {
        let service = self.attributes.conditions();
        let method = method.attributes.conditions();
        quote!(#service #method)
    }

    /// Returns the lint levels of an item that is generated from `method`.
    pub(crate) fn lints_of(&self, method: &Method) -> impl ToTokens {
        let service = self.attributes.lints();
        let method = method.attributes.lints();
        quote!(#service #method)
    }
}

/// Parses the trait's methods, and removes the macro's own attributes from them.
fn methods(item: &mut ItemTrait, errors: &mut Errors) -> Vec<Method> {
    let service = &item.ident;
    let mut methods = Vec::new();
    for item in &mut item.items {
        match item {
            TraitItem::Fn(item) => methods.extend(Method::new(service, item, errors)),
            other => errors.at(
                other,
                "a service has methods only: move this to another trait",
            ),
        }
    }
    methods
}

impl Method {
    /// Parses a method; `None` if the arguments' names or types cannot be determined.
    fn new(service: &Ident, item: &mut TraitItemFn, errors: &mut Errors) -> Option<Self> {
        let errors_before = errors.len();
        let mut options = MethodOptions::default();
        item.attrs.retain(|attribute| {
            let is_option = attribute.path().is_ident("zmq");
            if is_option {
                options::read_attribute(attribute, &mut options, errors);
            } else if options::is_conditional(attribute) {
                errors.at(
                    attribute,
                    "options cannot be conditional: both ends of a call need the same ones",
                );
            }
            !is_option
        });

        let signature = item.sig.clone();
        let mut arguments = arguments(&signature, errors)?;
        let context_first = arguments
            .first()
            .is_some_and(Argument::is_context_reference);
        let context = context_first.then(|| arguments.remove(0));
        let ident = &signature.ident;
        let default_name = || ident.unraw().to_string();
        Some(Self {
            name: options.name.map_or_else(default_name, |name| name.value()),
            command: options
                .command
                .unwrap_or_else(|| names::command(service, ident)),
            attributes: Attributes::sorted(&item.attrs),
            options: options.call,
            context,
            arguments,
            output: Output::of_method(&signature.output),
            validity: if errors.len() == errors_before {
                Validity::Valid
            } else {
                Validity::Callable
            },
            signature,
        })
    }

    pub(crate) fn ident(&self) -> &Ident {
        &self.signature.ident
    }

    pub(crate) fn is_async(&self) -> bool {
        self.signature.asyncness.is_some()
    }

    /// Returns whether the command borrows from its caller.
    pub(crate) fn borrows(&self) -> bool {
        self.arguments
            .iter()
            .any(|argument| argument.passing.borrows())
    }
}

impl Argument {
    /// Returns whether this is a `CallContext`, by value or by reference.
    pub(crate) fn is_context(&self) -> bool {
        let ty = types::top_level_reference(&self.ty).map_or(&self.ty, |lent| &lent.elem);
        types::last_segment(ty).is_some_and(|segment| segment.ident == "CallContext")
    }

    /// Returns whether this is a `&CallContext`.
    fn is_context_reference(&self) -> bool {
        let lent = matches!(types::unwrapped(&self.ty), Type::Reference(_));
        lent && self.is_context()
    }
}

/// Returns the arguments after the receiver; `None` if one has no plain name.
fn arguments(signature: &Signature, errors: &mut Errors) -> Option<Vec<Argument>> {
    let typed = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Receiver(_) => None,
        FnArg::Typed(typed) => Some(typed),
    });
    // Collected first, so that the errors of all arguments are reported, not only the first one.
    let arguments: Vec<Option<Argument>> = typed.map(|typed| argument(typed, errors)).collect();
    arguments.into_iter().collect()
}

fn argument(typed: &PatType, errors: &mut Errors) -> Option<Argument> {
    match &*typed.pat {
        Pat::Ident(pattern)
            if pattern.by_ref.is_none()
                && pattern.mutability.is_none()
                && pattern.subpat.is_none() =>
        {
            Some(Argument {
                name: pattern.ident.clone(),
                ty: (*typed.ty).clone(),
                passing: Passing::of(&typed.ty),
            })
        }
        pattern => {
            errors.at(
                pattern,
                "an argument's name is a field of the command: write a plain name, \
                 and take it apart in the method's body",
            );
            None
        }
    }
}
