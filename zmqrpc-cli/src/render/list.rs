//! Services and their methods.

use std::fmt::Write as _;

use zmqrpc::schema::{Description, ServiceDescription};

use super::head;

/// Returns the services that are not built in, and their methods, each with the first line of its documentation.
pub(crate) fn list<'d>(services: impl IntoIterator<Item = &'d ServiceDescription>) -> String {
    let mut out = String::new();
    for service in services {
        // A text grows.
        let _ = write_service(&mut out, service);
    }
    out
}

fn write_service(out: &mut String, service: &ServiceDescription) -> std::fmt::Result {
    if !service.name.is_empty() {
        out.push_str(&service.name);
        if service.version != 1 {
            write!(out, " (version {})", service.version)?;
        }
        if let Some(first) = service.docs.lines().next() {
            write!(out, ": {first}")?;
        }
        out.push('\n');
    }
    for method in &service.methods {
        writeln!(out, "  {}", head(method))?;
        if let Some(first) = method.docs.lines().next() {
            writeln!(out, "      {first}")?;
        }
    }
    Ok(())
}

/// Returns whether a service is one that servers have of themselves.
pub(crate) fn is_built_in(service: &ServiceDescription) -> bool {
    service.name == "zmqrpc" || service.name.starts_with("zmqrpc.")
}

/// Returns the services that somebody has written.
pub(crate) fn own(description: &Description) -> impl Iterator<Item = &ServiceDescription> {
    description
        .services
        .iter()
        .filter(|service| !is_built_in(service))
}
