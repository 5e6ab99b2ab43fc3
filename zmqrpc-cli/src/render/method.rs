//! A method.

use zmqrpc::schema::{Description, MethodDescription, ServiceDescription, Shape};

use super::types;
use crate::arguments::{Form, Shapes};
use crate::document::Document;

/// Returns a method on one line: its arguments, what it replies, and its options.
pub(crate) fn head(method: &MethodDescription) -> String {
    named_head(&method.name, method)
}

fn named_head(name: &str, method: &MethodDescription) -> String {
    let arguments = method.arguments.iter();
    let arguments = arguments.map(|argument| format!("{}: {}", argument.name, argument.shape));
    let arguments = arguments.collect::<Vec<_>>().join(", ");
    let reply = match &method.reply {
        Shape::Unit => String::new(),
        reply => format!(" -> {reply}"),
    };
    let error = method.error.as_ref();
    let error = error.map_or_else(String::new, |error| format!(" or {error}"));
    let options = match options(method) {
        options if options.is_empty() => String::new(),
        options => format!("  [{}]", options.join(", ")),
    };
    format!("{name}({arguments}){reply}{error}{options}")
}

fn options(method: &MethodDescription) -> Vec<String> {
    let oneway = method.oneway.then(|| "oneway".to_owned());
    let idempotent = method.idempotent.then(|| "idempotent".to_owned());
    let timeout = method.timeout_ms.map(|limit| format!("{limit} ms"));
    let deprecated = method.deprecated.as_deref().map(|reason| match reason {
        "" => "deprecated".to_owned(),
        reason => format!("deprecated: {reason}"),
    });
    [oneway, idempotent, timeout, deprecated]
        .into_iter()
        .flatten()
        .collect()
}

/// Returns all that is known of a method: its documentation, the types of its values, and how it is called.
pub(crate) fn method(
    description: &Description,
    service: &ServiceDescription,
    method: &MethodDescription,
) -> String {
    let name = service.full_name(method);
    let mut out = named_head(&name, method) + "\n";
    if !method.docs.is_empty() {
        out.push('\n');
        for line in method.docs.lines() {
            out += format!("    {line}").trim_end();
            out.push('\n');
        }
    }
    let arguments = method.arguments.iter().map(|argument| &argument.shape);
    let values = arguments.chain([&method.reply]).chain(&method.error);
    let types = types(description, values);
    if !types.is_empty() {
        out += "\nTypes:\n";
        out += &types;
    }
    let words = method.arguments.iter();
    let words = words.map(|argument| format!(" {}", word(description, &argument.shape)));
    let words: String = words.collect();
    out + &format!("\nFor example:\n  zmqrpc ENDPOINT {name}{words}\n")
}

/// Returns an argument as a word for a shell.
fn word(description: &Description, shape: &Shape) -> String {
    let shapes = Shapes(description);
    let is_plain = |text: &str| {
        let is_plain = |char: char| char.is_alphanumeric() || "-_.:/@%+,".contains(char);
        !text.is_empty() && text.chars().all(is_plain)
    };
    if matches!(
        shapes.form(shapes.within_options(shape)),
        Form::Shape(Shape::Bytes)
    ) {
        return "@file".to_owned();
    }
    let word = match shapes.example(shape) {
        Document::Text(text) => text,
        other => other.to_string(),
    };
    if is_plain(&word) {
        word
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
