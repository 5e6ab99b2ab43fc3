//! Methods that are known at run time only.

use std::collections::HashMap;
use std::time::Duration;

use super::Method;
use crate::description::{MethodDescription, ServiceDescription};
use crate::socket::PerProcess;
use crate::sync::Mutex;
use crate::wire::MethodKey;

/// The methods so far, by all that is known of them.
static METHODS: PerProcess<Mutex<HashMap<String, &'static Method>>> = PerProcess::new();

/// Returns the method that a description tells of.
///
/// Contexts, logs and errors lend methods for as long as the process lives, since those of generated code do. So these
/// are kept as well: each once, however often servers of it are started.
pub(crate) fn interned(
    service: &ServiceDescription,
    described: &MethodDescription,
) -> &'static Method {
    // Names and texts of any content cannot be confused with each other where they are quoted.
    let identity = format!("{:?} {} {described:?}", service.name, service.version);
    let mut methods = METHODS.get().lock();
    methods
        .entry(identity)
        .or_insert_with(|| Box::leak(Box::new(method(service, described))))
}

fn method(service: &ServiceDescription, described: &MethodDescription) -> Method {
    let kept = |text: &str| -> &'static str { Box::leak(text.into()) };
    let arguments = described.arguments.iter();
    let arguments: Vec<&'static str> = arguments.map(|argument| kept(&argument.name)).collect();
    let mut method = Method::new(
        kept(&service.name),
        kept(&described.name),
        service.version,
        kept(&described.signature),
    )
    .arguments(Box::leak(arguments.into()))
    .docs(kept(&described.docs));
    // A key that names another method is none.
    let key = u64::from_str_radix(&described.key, 16).unwrap_or(0);
    let names_it = MethodKey::from_bits(key).name_hash() == method.name_hash();
    method = method.with_key(if names_it { key } else { 0 });
    if let Some(reason) = &described.deprecated {
        method = method.deprecated(kept(reason));
    }
    if described.idempotent {
        method = method.idempotent();
    }
    if described.oneway {
        method = method.oneway();
    }
    if let Some(milliseconds) = described.timeout_ms {
        method = method.timeout(Duration::from_millis(milliseconds));
    }
    method
}
