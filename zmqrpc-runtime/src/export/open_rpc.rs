//! The document of `OpenRPC`.

use super::names::{UniqueNames, beginning, full_name, services};
use super::ordered_json::OrderedJson;
use super::schema::{SchemaDraft, SchemaWriter};
use crate::description::{Description, MethodDescription};

/// The status of a reply that is the service's own error.
const SERVICE_ERROR: u64 = 1;

/// Returns the methods of all services, and the types.
pub(super) fn document(description: &Description) -> String {
    let writer = SchemaWriter::new(description, SchemaDraft::Seven);
    let mut names = UniqueNames::default();
    let mut methods = Vec::new();
    for (service, found) in services(description) {
        for method in &found.methods {
            let name = full_name(&service, method);
            let name = names.take(non_empty(&name, "method"));
            methods.push(method_object(&writer, name, &service, method));
        }
    }
    let schemas = OrderedJson::Object(writer.types());
    OrderedJson::object([
        ("openrpc", "1.3.2".into()),
        ("info", info(description)),
        ("methods", methods.into()),
        ("components", OrderedJson::object([("schemas", schemas)])),
    ])
    .to_text()
}

/// Returns what is said about the services together.
fn info(description: &Description) -> OrderedJson {
    let (mut titles, mut versions, mut docs) = (Vec::new(), Vec::new(), Vec::new());
    for service in &description.services {
        if !service.name.is_empty() {
            titles.push(beginning(&service.name));
            versions.push(service.version.to_string());
        }
        if !service.docs.is_empty() {
            docs.push(&*service.docs);
        }
    }
    let titles = titles.join(", ");
    OrderedJson::object([
        ("title", non_empty(&titles, "zmqrpc").into()),
        ("version", versions.join(", ").into()),
    ])
    .with_text("description", &docs.join("\n\n"))
}

fn method_object(
    writer: &SchemaWriter<'_>,
    name: String,
    service: &str,
    method: &MethodDescription,
) -> OrderedJson {
    let summary = method.docs.lines().next().unwrap_or_default();
    let mut parameters = UniqueNames::default();
    let parameters: Vec<_> = method
        .arguments
        .iter()
        .map(|argument| {
            let required = !writer.is_optional(&argument.shape);
            OrderedJson::object([
                (
                    "name",
                    parameters
                        .take(non_empty(&argument.name, "argument"))
                        .into(),
                ),
                ("required", required.into()),
                ("schema", writer.shape(&argument.shape)),
            ])
        })
        .collect();
    let mut out = OrderedJson::object([("name", name.into())])
        .with_text("summary", summary)
        .with_text("description", &with_reason(method));
    if !service.is_empty() {
        let tag = OrderedJson::object([("name", service.into())]);
        out = out.with("tags", vec![tag]);
    }
    if method.deprecated.is_some() {
        out = out.with("deprecated", true);
    }
    out = out
        .with("paramStructure", "either")
        .with("params", parameters);
    if !method.oneway {
        let result = OrderedJson::object([
            ("name", "reply".into()),
            ("schema", writer.shape(&method.reply)),
        ]);
        out = out.with("result", result);
        if let Some(error) = &method.error {
            let error = OrderedJson::object([
                ("code", SERVICE_ERROR.into()),
                ("message", "the service's own error".into()),
                ("data", writer.shape(error)),
            ]);
            out = out.with("errors", vec![error]);
        }
    }
    out = out
        .with_text("x-rust", &method.signature)
        .with_text("x-fingerprint", &method.fingerprint);
    if method.idempotent {
        out = out.with("x-idempotent", true);
    }
    match method.timeout_ms {
        Some(timeout) => out.with("x-timeout-ms", timeout),
        None => out,
    }
}

/// Returns the documentation, with why the method should not be used any more.
fn with_reason(method: &MethodDescription) -> String {
    match method.deprecated.as_deref() {
        None | Some("") => method.docs.clone(),
        Some(reason) if method.docs.is_empty() => format!("Deprecated: {reason}"),
        Some(reason) => format!("{}\n\nDeprecated: {reason}", method.docs),
    }
}

/// Returns a name, or another one where it is empty.
fn non_empty<'n>(name: &'n str, otherwise: &'n str) -> &'n str {
    if name.is_empty() { otherwise } else { name }
}
