//! The rules for a service. Each violation is one error, at the tokens that cause it.
//!
//! The rules about types are in `rules`.

use proc_macro2::Ident;
use syn::{FnArg, ReceiverKind, Safety, Signature};

use super::clashes::check_clashes;
use super::model::{Method, Service, Validity};
use crate::errors::Errors;
use crate::rules;

/// The largest tuple that serde implements its traits for.
const MAX_ARGUMENTS: usize = 16;

/// The client's own methods.
const RESERVED: &[&str] = &[
    "new",
    "connect",
    "local",
    "transport",
    "with",
    "with_timeout",
    "with_topic",
];

/// Reports violations of the rules, and lowers the validity of the methods that they concern.
pub(crate) fn check(service: &mut Service, errors: &mut Errors) {
    check_trait(service, errors);
    let generic = !service.item.generics.params.is_empty();
    for method in &mut service.methods {
        check_method(method, generic, errors);
    }
    check_clashes(service, errors);
}

fn check_trait(service: &mut Service, errors: &mut Errors) {
    let item = &service.item;
    if let Some(token) = &item.unsafety {
        errors.at(
            token,
            "a service cannot be `unsafe`: a caller has no way to keep its promises",
        );
    }
    if let Some(token) = &item.modifiers.auto_token {
        errors.at(token, "a service cannot be an `auto` trait: it has methods");
    }
    if !item.generics.params.is_empty() {
        errors.at(
            &item.generics,
            "a service has no generics: its types have to be known at both ends of a call",
        );
        for method in &mut service.methods {
            method.validity = Validity::Broken;
        }
    }
    if let Some(clause) = &item.generics.where_clause {
        errors.at(
            clause,
            "a service has no `where` clause: write it as a supertrait",
        );
    }
    for attribute in &item.attrs {
        if attribute.path().is_ident("zmq") {
            errors.at(
                attribute,
                "`#[zmq(..)]` is for methods: options of the service go into `#[zmq_service(..)]`",
            );
        }
    }
}

fn check_method(method: &mut Method, generic_service: bool, errors: &mut Errors) {
    // Errors about types of a generic method would only add noise.
    let generic = generic_service || !method.signature.generics.params.is_empty();
    let errors_before = errors.len();
    check_qualifiers(&method.signature, errors);
    check_receiver(&method.signature, errors);
    check_reserved(method, errors);
    if !generic {
        check_output(method, errors);
    }
    let callable = errors.len() == errors_before && !rules::has_placeholder(&method.signature);
    check_argument_attributes(method, errors);
    if !generic {
        check_arguments(method, errors);
    }
    check_options(method, errors);
    let validity = if !callable {
        Validity::Broken
    } else if errors.len() > errors_before {
        Validity::Callable
    } else {
        Validity::Valid
    };
    method.validity = method.validity.max(validity);
}

fn check_qualifiers(signature: &Signature, errors: &mut Errors) {
    if let Some(token) = &signature.constness {
        errors.at(
            token,
            "a method of a service cannot be `const`: it runs when it is called",
        );
    }
    if let Safety::Unsafe(token) = &signature.safety {
        errors.at(
            token,
            "a method of a service cannot be `unsafe`: a caller cannot see its terms",
        );
    }
    if let Some(abi) = &signature.abi {
        errors.at(
            abi,
            "a method of a service has Rust's own calling convention: remove `extern`",
        );
    }
    if let Some(variadic) = &signature.variadic {
        errors.at(
            variadic,
            "a method of a service has a fixed number of arguments: take a `Vec`",
        );
    }
    if !signature.generics.params.is_empty() {
        errors.at(
            &signature.generics,
            "a method of a service has no generics: its types have to be known at both ends \
             of a call, and a borrow needs no lifetime",
        );
    }
    if let Some(clause) = &signature.generics.where_clause {
        errors.at(
            clause,
            "a method of a service has no `where` clause: its types are known",
        );
    }
}

fn check_receiver(signature: &Signature, errors: &mut Errors) {
    const SHARED: &str = "a service is shared by all calls: write `&self`, and put what changes \
                          behind a lock";
    match signature.receiver() {
        None => errors.at(&signature.ident, "a method of a service needs `&self`"),
        Some(receiver) => match &receiver.kind {
            ReceiverKind::Reference(_, None, None) => {}
            // A lifetime parameter has been reported with the generics.
            ReceiverKind::Reference(_, Some(lifetime), None) if lifetime.ident != "static" => {}
            _ => errors.at(receiver, SHARED),
        },
    }
}

fn check_output(method: &Method, errors: &mut Errors) {
    if let syn::ReturnType::Type(_, ty) = &method.signature.output {
        rules::check_reply(ty, errors);
    }
}

fn check_argument_attributes(method: &Method, errors: &mut Errors) {
    for input in &method.signature.inputs {
        let attributes = match input {
            FnArg::Receiver(receiver) => &receiver.attrs,
            FnArg::Typed(typed) => &typed.attrs,
        };
        for attribute in attributes {
            let name = attribute.path();
            if name.is_ident("cfg") || name.is_ident("cfg_attr") {
                errors.at(
                    attribute,
                    "both ends of a call need the same arguments: put the condition on the method",
                );
            }
            if name.is_ident("zmq") {
                errors.at(
                    attribute,
                    "an argument has no options: put `#[zmq(..)]` on the method",
                );
            }
        }
    }
}

fn check_arguments(method: &Method, errors: &mut Errors) {
    if let Some(context) = &method.context {
        rules::check_argument(&context.ty, errors);
    }
    for argument in &method.arguments {
        if argument.is_context() {
            errors.at(
                &argument.ty,
                "the call's context is filled in by the server, and lent to the method: \
                 write `cx: &CallContext` as the first argument",
            );
        } else {
            rules::check_argument(&argument.ty, errors);
        }
    }
    if let Some(argument) = method.arguments.get(MAX_ARGUMENTS) {
        let count = method.arguments.len();
        errors.at(
            &argument.name,
            format_args!(
                "{count} arguments, at most {MAX_ARGUMENTS} are supported: group them in a struct"
            ),
        );
    }
}

fn check_options(method: &Method, errors: &mut Errors) {
    if let Some(oneway) = &method.options.oneway
        && !method.output.is_unit()
    {
        errors.at(
            oneway,
            "nobody waits for a oneway method: it cannot return a value or an error",
        );
    }
}

fn check_reserved(method: &Method, errors: &mut Errors) {
    let ident = method.ident();
    if is_reserved(ident) {
        errors.at(
            ident,
            format_args!(
                "the client has a method `{ident}` of its own: choose another name, \
                 and keep this one on the wire with `#[zmq(name = \"{ident}\")]`"
            ),
        );
    }
}

fn is_reserved(ident: &Ident) -> bool {
    RESERVED.contains(&ident.to_string().as_str())
}
