//! What a server offers.

use zmqrpc::schema::Shape;

use super::find::{find, method_names};
use crate::arguments::{Shapes, did_you_mean};
use crate::connection::Connection;
use crate::document::Document;
use crate::failure::Failure;
use crate::output::{print, write};
use crate::render;

/// Prints services and methods.
pub(super) async fn list(connection: &Connection) -> Result<(), Failure> {
    let description = connection.description().await?;
    let listed = render::list(render::own(&description));
    if listed.is_empty() {
        return print(&format!(
            "the server at {} has no methods\n",
            connection.endpoints()
        ));
    }
    print(&listed)
}

/// Prints what is known of a service, a method or a type.
pub(super) async fn describe(connection: &Connection, name: &str) -> Result<(), Failure> {
    let description = connection.description().await?;
    let services: Vec<_> = description
        .services
        .iter()
        .filter(|service| service.name == name)
        .collect();
    if !services.is_empty() {
        return print(&render::list(services));
    }
    if description.types.contains_key(name) {
        let shape = Shape::Type(name.to_owned());
        return print(&render::types(&description, [&shape]));
    }
    let found = find(&description, name).map_err(|_| {
        let mut names = method_names(&description);
        names.extend(render::own(&description).map(|service| service.name.clone()));
        names.extend(description.types.keys().cloned());
        let near = did_you_mean(name, names.iter().map(String::as_str));
        Failure::usage(format!(
            "there is no service, method or type `{name}`{near}"
        ))
    });
    let (service, method) = found?;
    print(&render::method(&description, service, method))
}

/// Prints arguments to be filled in.
pub(super) async fn template(connection: &Connection, name: &str) -> Result<(), Failure> {
    let description = connection.description().await?;
    let (_, method) = find(&description, name)?;
    let shapes = Shapes(&description);
    let arguments = method.arguments.iter();
    let arguments = arguments.map(|argument| {
        let example = shapes.example(&argument.shape);
        (argument.name.clone(), example)
    });
    let arguments = Document::Object(arguments.collect());
    print(&format!("{}\n", arguments.pretty()))
}

/// Prints the description for other programs.
pub(super) async fn export(connection: &Connection, format: &str) -> Result<(), Failure> {
    type Export = fn(&zmqrpc::schema::Description) -> String;
    let formats: [(&str, Export); 4] = [
        ("snapshot", |description| {
            let snapshot = serde_json::to_string_pretty(description);
            snapshot.unwrap_or_default() + "\n"
        }),
        ("json-schema", |description| description.to_json_schema()),
        ("openrpc", |description| description.to_open_rpc()),
        ("python", |description| description.to_python()),
    ];
    let Some((_, export)) = formats.iter().find(|(name, _)| *name == format) else {
        let near = did_you_mean(format, formats.iter().map(|(name, _)| *name));
        return Err(Failure::usage(format!(
            "there is no format `{format}`{near}; there are snapshot, json-schema, openrpc and python"
        )));
    };
    // For files and programs.
    write(export(&connection.description().await?).as_bytes())
}
