//! The rule that names are unique: those on the wire, and those of the generated structs.

use proc_macro2::Ident;
use syn::ext::IdentExt;

use super::model::{Method, Service, Validity};
use crate::errors::Errors;

/// Reports methods whose names clash with earlier ones, or with generated types.
pub(super) fn check_clashes(service: &mut Service, errors: &mut Errors) {
    let generated = [&service.item.ident, &service.server, &service.client].map(IdentExt::unraw);
    let mut seen: Vec<Method> = Vec::new();
    for mut method in std::mem::take(&mut service.methods) {
        let errors_before = errors.len();
        let same_build: Vec<&Method> = seen
            .iter()
            .filter(|other| may_coexist(other, &method))
            .collect();
        if same_build
            .iter()
            .any(|other| other.ident() == method.ident())
        {
            // Rustc reports two methods of the same name.
            method.validity = Validity::Broken;
        } else {
            check_wire_name(&method, &same_build, errors);
            check_command_name(&method, &same_build, &generated, errors);
        }
        if errors.len() > errors_before && method.validity == Validity::Valid {
            method.validity = Validity::Callable;
        }
        seen.push(method);
    }
    service.methods = seen;
}

/// Returns whether both may exist in one build. Two methods that both have conditions are assumed
/// not to: if they do, rustc reports the clash.
fn may_coexist(one: &Method, other: &Method) -> bool {
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

fn check_command_name(
    method: &Method,
    others: &[&Method],
    generated: &[Ident],
    errors: &mut Errors,
) {
    let command = method.command.unraw();
    if generated.contains(&command) || others.iter().any(|other| other.command.unraw() == command) {
        errors.at(
            method.ident(),
            format_args!(
                "the command of this method would be another `{command}`: \
                 name it with `#[zmq(command = \"..\")]`"
            ),
        );
    }
}
