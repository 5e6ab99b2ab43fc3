//! The rule that names differ: those on the wire, and those of the structs that are made.

use proc_macro2::Ident;
use syn::ext::IdentExt;

use super::model::{Method, Service, Standing};
use crate::errors::Errors;

/// Reports methods whose names clash with earlier ones, or with what is made from the trait.
pub(super) fn check_clashes(service: &mut Service, errors: &mut Errors) {
    let ours = [&service.item.ident, &service.server, &service.client].map(IdentExt::unraw);
    let mut seen: Vec<Method> = Vec::new();
    for mut method in std::mem::take(&mut service.methods) {
        let errors_before = errors.len();
        let same_place: Vec<&Method> = seen
            .iter()
            .filter(|other| can_meet(other, &method))
            .collect();
        if same_place
            .iter()
            .any(|other| other.ident() == method.ident())
        {
            // The trait has two methods of this name: rustc says so.
            method.standing = Standing::Broken;
        } else {
            check_wire_name(&method, &same_place, errors);
            check_command_name(&method, &same_place, &ours, errors);
        }
        if errors.len() > errors_before && method.standing == Standing::Sound {
            method.standing = Standing::Callable;
        }
        seen.push(method);
    }
    service.methods = seen;
}

/// Whether both may exist in one build: what conditions leave out cannot clash, and what they
/// leave in is found by rustc.
fn can_meet(one: &Method, other: &Method) -> bool {
    !(one.attributes.is_conditional() && other.attributes.is_conditional())
}

fn check_wire_name(method: &Method, others: &[&Method], errors: &mut Errors) {
    if others.iter().any(|other| other.name == method.name) {
        errors.at(
            method.ident(),
            format_args!(
                "the service has another method with the name `{}` on the wire: \
                 change one of them with `#[zmq(name = \"..\")]`",
                method.name
            ),
        );
    }
}

fn check_command_name(method: &Method, others: &[&Method], ours: &[Ident], errors: &mut Errors) {
    let command = method.command.unraw();
    if ours.contains(&command) || others.iter().any(|other| other.command.unraw() == command) {
        errors.at(
            method.ident(),
            format_args!(
                "the command of this method would be another `{command}`: \
                 name it with `#[zmq(command = \"..\")]`"
            ),
        );
    }
}
