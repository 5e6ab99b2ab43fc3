//! All arguments as JSON: in order, or by name.

use zmqrpc::schema::{Description, MethodDescription};

use super::from_words::complete;
use super::{Shapes, did_you_mean};
use crate::document::{self, Document};
use crate::failure::Failure;
use crate::render;

/// Returns the list of arguments that a JSON array, or an object by their names, holds.
pub(crate) fn from_json(
    description: &Description,
    method: &MethodDescription,
    text: &str,
) -> Result<Document, Failure> {
    let shapes = Shapes(description);
    let wrong = |reason: String| Failure::usage(format!("{reason}\n  {}", render::head(method)));
    let read = document::read(text);
    match read.map_err(|error| wrong(format!("the arguments are no JSON: {error}")))? {
        Document::List(values) => {
            let (there, wanted) = (values.len(), method.arguments.len());
            if there > wanted {
                return Err(wrong(format!(
                    "{there} arguments are given, the method takes {wanted}"
                )));
            }
            let mut values: Vec<_> = values.into_iter().map(Some).collect();
            values.resize(wanted, None);
            complete(shapes, method, values)
        }
        Document::Object(entries) => {
            let mut values = vec![None; method.arguments.len()];
            for (name, value) in entries {
                let names = method.arguments.iter().map(|argument| &*argument.name);
                let Some(at) = names.clone().position(|known| known == name) else {
                    let near = did_you_mean(&name, names);
                    return Err(wrong(format!("there is no argument `{name}`{near}")));
                };
                if values[at].replace(value).is_some() {
                    return Err(wrong(format!("the argument `{name}` is there twice")));
                }
            }
            complete(shapes, method, values)
        }
        other => Err(wrong(format!(
            "arguments are an array or an object by their names, not {}",
            other.in_words()
        ))),
    }
}
