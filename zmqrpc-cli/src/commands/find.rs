//! Methods by what people call them.

use zmqrpc::schema::{Description, MethodDescription, ServiceDescription};

use crate::arguments::did_you_mean;
use crate::failure::Failure;
use crate::render;

pub(super) type Found<'d> = (&'d ServiceDescription, &'d MethodDescription);

/// Returns the method of this name: its full one, or its own where exactly one service that is not built in has it.
pub(super) fn find<'d>(description: &'d Description, name: &str) -> Result<Found<'d>, Failure> {
    if let Some(found) = description.method(name) {
        return Ok(found);
    }
    let own = render::own(description);
    let of_name: Vec<Found<'_>> = own
        .filter_map(|service| Some((service, service.method(name)?)))
        .collect();
    let mut services: Vec<&str> = of_name.iter().map(|(service, _)| &*service.name).collect();
    services.dedup();
    if services.len() > 1 {
        let names = of_name
            .iter()
            .map(|(service, method)| service.full_name(method));
        let names: Vec<String> = names.collect();
        let (count, names) = (services.len(), names.join(", "));
        return Err(Failure::usage(format!(
            "`{name}` is a method of {count} services: {names}"
        )));
    }
    let newest = of_name
        .into_iter()
        .max_by_key(|(service, _)| service.version);
    newest.ok_or_else(|| unknown(description, name))
}

fn unknown(description: &Description, name: &str) -> Failure {
    /// More than this are not listed.
    const LISTED: usize = 20;
    let names = method_names(description);
    let near = did_you_mean(name, names.iter().map(String::as_str));
    if !near.is_empty() {
        return Failure::usage(format!("there is no method `{name}`{near}"));
    }
    let listed = names[..names.len().min(LISTED)].join(", ");
    Failure::usage(match names.len() {
        0 => format!("there is no method `{name}`: the server has none"),
        1..=LISTED => format!("there is no method `{name}`, only {listed}"),
        count => {
            let more = count - LISTED;
            format!("there is no method `{name}`, only {listed} and {more} more")
        }
    })
}

/// Returns the full names of all methods that are not built in.
pub(super) fn method_names(description: &Description) -> Vec<String> {
    let services = render::own(description);
    let names = services.flat_map(|service| {
        let methods = service.methods.iter();
        methods.map(|method| service.full_name(method))
    });
    names.collect()
}
