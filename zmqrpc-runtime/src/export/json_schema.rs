//! The document of JSON Schema.

use super::names::{full_name, services};
use super::ordered_json::OrderedJson;
use super::schema::{SchemaDraft, SchemaWriter};
use crate::description::Description;

/// Returns the types, and what the methods take and return.
pub(super) fn document(description: &Description) -> String {
    let mut writer = SchemaWriter::new(description, SchemaDraft::Twenty);
    let mut definitions = writer.types();
    for (service, found) in services(description) {
        for method in &found.methods {
            let mut arguments = OrderedJson::object([]).with_text("description", &method.docs);
            if method.deprecated.is_some() {
                arguments = arguments.with("deprecated", true);
            }
            let arguments = arguments.with_all(writer.arguments(method));
            let mut parts = vec![("arguments", arguments)];
            if !method.oneway {
                parts.push(("reply", writer.shape(&method.reply)));
                parts.extend(
                    method
                        .error
                        .iter()
                        .map(|error| ("error", writer.shape(error))),
                );
            }
            for (part, schema) in parts {
                let name = format!("{}.{part}", full_name(&service, method));
                let key = writer.new_key(&name);
                let titled = OrderedJson::object([("title", name.into())]);
                definitions.push((key, titled.with_all(schema)));
            }
        }
    }
    let dialect = "https://json-schema.org/draft/2020-12/schema";
    OrderedJson::object([
        ("$schema", dialect.into()),
        ("$defs", OrderedJson::Object(definitions)),
    ])
    .to_text()
}
