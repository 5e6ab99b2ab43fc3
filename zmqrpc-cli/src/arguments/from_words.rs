//! Arguments as words: in order, by name, and parts of them.

use zmqrpc::schema::{Description, MethodDescription};

use super::{Misfit, Shapes, did_you_mean};
use crate::document::Document;
use crate::failure::Failure;
use crate::render;

/// Returns the list of arguments that words say: those that begin with the name of an argument are by name, the others fill
/// the rest in order.
pub(crate) fn from_words(
    description: &Description,
    method: &MethodDescription,
    words: &[String],
) -> Result<Document, Failure> {
    let shapes = Shapes(description);
    let refused = |name: &str, misfit: Misfit| refuse(method, &misfit.at(name));
    let mut values: Vec<Option<Document>> = vec![None; method.arguments.len()];
    let mut in_order = Vec::new();
    for word in words {
        let Some((at, path, text)) = by_name(method, word) else {
            in_order.push(word);
            continue;
        };
        let argument = &method.arguments[at];
        let value = values[at].get_or_insert(Document::Null);
        shapes
            .assign(&argument.shape, value, path, text)
            .map_err(|misfit| refused(&argument.name, misfit))?;
    }
    let mut in_order = in_order.into_iter();
    for (argument, value) in method.arguments.iter().zip(&mut values) {
        if value.is_none()
            && let Some(word) = in_order.next()
        {
            let word = shapes.word(&argument.shape, word);
            *value = Some(word.map_err(|misfit| refused(&argument.name, misfit))?);
        }
    }
    if let Some(surplus) = in_order.next() {
        return Err(too_many(method, surplus));
    }
    complete(shapes, method, values)
}

/// Returns the argument that a word names, the path into it, and what it is to be.
fn by_name<'w>(method: &MethodDescription, word: &'w str) -> Option<(usize, &'w str, &'w str)> {
    let (path, text) = word.split_once('=')?;
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (name, path) = path.split_at(end);
    let mut arguments = method.arguments.iter();
    let at = arguments.position(|argument| argument.name == name)?;
    Some((at, path, text))
}

/// Returns the error of a word for which there is no argument any more.
fn too_many(method: &MethodDescription, surplus: &str) -> Failure {
    let wanted = method.arguments.len();
    let name = surplus.split(['=', '.', '[']).next().unwrap_or_default();
    let is_named = surplus.contains('=') && !name.is_empty();
    let names = method.arguments.iter().map(|argument| &*argument.name);
    let near = if is_named {
        did_you_mean(name, names)
    } else {
        String::new()
    };
    let reason = if near.is_empty() {
        let plural = if wanted == 1 { "" } else { "s" };
        format!("`{surplus}` is too much: the method takes {wanted} argument{plural}")
    } else {
        format!("there is no argument `{name}`{near}")
    };
    Failure::usage(format!("{reason}\n  {}", render::head(method)))
}

/// Checks all arguments, and returns their list.
pub(super) fn complete(
    shapes: Shapes<'_>,
    method: &MethodDescription,
    values: Vec<Option<Document>>,
) -> Result<Document, Failure> {
    let arguments = method.arguments.iter().zip(values);
    let fitted = arguments.map(|(argument, value)| match value {
        Some(value) => {
            let fitted = shapes.fit(&argument.shape, value);
            fitted.map_err(|misfit| refuse(method, &misfit.at(&*argument.name)))
        }
        None if shapes.is_option(&argument.shape) => Ok(Document::Null),
        None => {
            let expected = shapes.name(&argument.shape);
            let missing = Misfit::new(format!("it is missing, {expected} is expected"));
            let missing = missing.or_example(|| shapes.example(&argument.shape).to_string());
            Err(refuse(method, &missing.at(&*argument.name)))
        }
    });
    Ok(Document::List(fitted.collect::<Result<_, _>>()?))
}

/// Returns the failure of an argument that does not fit.
pub(super) fn refuse(method: &MethodDescription, misfit: &Misfit) -> Failure {
    Failure::usage(format!("{misfit}\n  {}", render::head(method)))
}
