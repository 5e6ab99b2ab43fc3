//! The document of `OpenRPC`.

use super::names::{UniqueNames, full_name, services};
use super::ordered_json::OrderedJson;
use super::schema::{SchemaDraft, SchemaWriter};
use crate::description::{Description, MethodDescription};

/// The status of a reply that is the service's own error.
const SERVICE_ERROR: u64 = 1;

pub(super) fn document(description: &Description) -> String {
    let writer = SchemaWriter::new(description, SchemaDraft::Seven);
    let mut names = UniqueNames::default();
    let (mut methods, mut tags) = (Vec::new(), Vec::new());
    for (service, found) in services(description) {
        for method in &found.methods {
            let name = names.take(or(&full_name(&service, method), "method"));
            methods.push(self::method(&writer, &name, &service, method));
        }
        if !service.is_empty() {
            let version = found.version;
            tags.push((service, version));
        }
    }
    let title: Vec<&str> = tags.iter().map(|(name, _)| &**name).collect();
    let title = if title.is_empty() {
        "zmqrpc".to_owned()
    } else {
        title.join(", ")
    };
    let versions: Vec<String> = tags
        .iter()
        .map(|(_, version)| version.to_string())
        .collect();
    let info = OrderedJson::object([
        ("title", title.into()),
        ("version", versions.join(", ").into()),
    ]);
    let docs: Vec<&str> = description
        .services
        .iter()
        .map(|service| service.docs.trim())
        .filter(|docs| !docs.is_empty())
        .collect();
    let info = info.with_text("description", &docs.join("\n\n"));
    let schemas = OrderedJson::Object(writer.types());
    OrderedJson::object([
        ("openrpc", "1.3.2".into()),
        ("info", info),
        ("methods", methods.into()),
        ("components", OrderedJson::object([("schemas", schemas)])),
    ])
    .to_text()
}

fn method(
    writer: &SchemaWriter<'_>,
    name: &str,
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
                    parameters.take(or(&argument.name, "argument")).into(),
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

/// Returns a name, which must not be empty.
fn or<'n>(name: &'n str, otherwise: &'n str) -> &'n str {
    if name.is_empty() { otherwise } else { name }
}
