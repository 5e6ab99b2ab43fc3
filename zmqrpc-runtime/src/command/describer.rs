//! What services tell of themselves.

use std::collections::BTreeMap;

use super::{ArgumentTypes, Described, MethodTypes};
use crate::description::{
    ArgumentDescription, Body, Description, Fingerprint, MethodDescription, ServiceDescription,
    Shape, Type,
};
use crate::tracer::ShapeFinder;

/// Returns what a generated client expects of its server: its service, the methods of the trait, and the shapes of all
/// their types. No server is needed.
///
/// The types are tried out: their `Deserialize` is called, many times, with values that may be refused. Its panics are
/// caught.
///
/// # Examples
///
/// ```ignore
/// let description = zmqrpc::schema::of::<InventoryClient>();
/// assert_eq!(description.services[0].name, "Inventory");
/// ```
#[must_use]
pub fn of<C: Described + ?Sized>() -> Description {
    let mut describer = Describer::default();
    for types in C::METHODS {
        describer.add(C::DOCS, types);
    }
    describer.finish()
}

/// Describes methods, in the services that they belong to.
#[derive(Default)]
pub(crate) struct Describer(Description);

impl Describer {
    /// Adds a method of a service with this documentation.
    pub(crate) fn add(&mut self, service_docs: &str, types: &MethodTypes) {
        let method = types.method();
        let (described, types) = describe(types);
        let service = ServiceDescription {
            version: method.version(),
            docs: service_docs.to_owned(),
            ..ServiceDescription::new(method.service(), vec![described])
        };
        self.add_description(Description {
            types,
            ..Description::new(vec![service])
        });
    }

    /// Adds what another description tells.
    pub(crate) fn add_description(&mut self, mut other: Description) {
        self.tell_apart(&mut other);
        self.0.types.extend(other.types);
        for service in other.services {
            let mut services = self.0.services.iter_mut();
            let known = services
                .find(|known| (&known.name, known.version) == (&service.name, service.version));
            match known {
                Some(known) => known.methods.extend(service.methods),
                None => self.0.services.push(service),
            }
        }
    }

    /// Gives other names to types that are not those which are known by these names: of two versions of a crate, say.
    fn tell_apart(&self, other: &mut Description) {
        loop {
            let mut renamed = BTreeMap::new();
            for (name, found) in &other.types {
                let free = self.free_name(name, found);
                if free != *name {
                    renamed.insert(name.clone(), free);
                }
            }
            if renamed.is_empty() {
                return;
            }
            // What holds them is now another type, too.
            other.rename_types(&renamed);
        }
    }

    /// Returns the name under which a type is or may be known: its own, unless that is another one's.
    fn free_name(&self, name: &str, found: &Type) -> String {
        let is_same = |known: &Type| {
            (known.body(false), known.body(true)) == (found.body(false), found.body(true))
        };
        let mut free = name.to_owned();
        while let Some(known) = self.0.types.get(&free)
            && !is_same(known)
        {
            free.push('\'');
        }
        free
    }

    /// Returns the description of all that was added.
    pub(crate) fn finish(mut self) -> Description {
        // The type of a hand-written command is not among its arguments.
        self.0.prune_types();
        self.0.shorten_names();
        self.0
    }
}

/// Returns the description of a method, and the types in it, by the compiler's names.
fn describe(types: &MethodTypes) -> (MethodDescription, BTreeMap<String, Type>) {
    let method = types.method();
    let mut finder = ShapeFinder::new();
    let listed = match (types.arguments)() {
        ArgumentTypes::List(list) => list.into_iter().map(|root| finder.find(root)).collect(),
        ArgumentTypes::Fields(root) => vec![finder.find(root)],
        ArgumentTypes::Untold => vec![Shape::Unknown("the command does not tell".to_owned())],
    };
    let reply = if method.is_oneway() {
        Shape::Unit
    } else {
        finder.find(types.reply)
    };
    let error = types.error.map(|root| finder.find(root));
    let description = Description {
        types: finder.into_types(),
        ..Description::default()
    };
    let shapes = match (types.arguments)() {
        ArgumentTypes::Fields(_) => fields_of(&description, &listed[0]),
        _ => listed,
    };
    let mut names = method.argument_names().iter();
    let arguments = shapes.into_iter().enumerate().map(|(index, shape)| {
        let name = names.next();
        let name = name.map_or_else(|| index.to_string(), |name| (*name).to_owned());
        ArgumentDescription { name, shape }
    });
    let mut described = MethodDescription {
        name: method.name().to_owned(),
        docs: method.documentation().to_owned(),
        deprecated: method.deprecation().map(str::to_owned),
        signature: method.signature().to_owned(),
        key: format!("{:016x}", method.key().bits()),
        fingerprint: String::new(),
        arguments: arguments.collect(),
        reply,
        error,
        oneway: method.is_oneway(),
        idempotent: method.is_idempotent(),
        timeout_ms: method
            .default_timeout()
            .map(|limit| u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)),
    };
    let fingerprint = Fingerprint::of(&description.canonical(&described));
    described.fingerprint = fingerprint.to_string();
    (described, description.types)
}

/// Returns the shapes of a command's fields, which are its arguments.
fn fields_of(description: &Description, command: &Shape) -> Vec<Shape> {
    match (
        description.type_of(command).map(|found| &found.body),
        command,
    ) {
        (Some(Body::Struct(fields)), _) => {
            let shapes = fields.fields.iter().map(|field| field.shape.clone());
            shapes.collect()
        }
        (Some(Body::Tuple(parts)), _) | (None, Shape::Tuple(parts)) => parts.clone(),
        (Some(Body::Unit), _) | (None, Shape::Unit) => Vec::new(),
        (Some(Body::Is(shape)), _) => vec![shape.clone()],
        _ => vec![command.clone()],
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::Describer;
    use crate::codec::NoArgs;
    use crate::command::{Command, Method, MethodTypes};
    use crate::error::Error;

    /// Returns a method that replies a `Holder` of a `Twin` with this field.
    macro_rules! method {
        ($name:literal, $field:ident: $type:ty) => {{
            #[derive(Serialize, Deserialize)]
            struct Twin {
                $field: $type,
            }

            #[derive(Serialize)]
            struct Ask;

            impl Command for Ask {
                type Arguments<'a> = NoArgs;
                type Reply = Vec<Twin>;
                type Failure = Error;
                type Answer = Vec<Twin>;
                const METHOD: Method = Method::new("Twins", $name, 1, "() -> Vec<Twin>");
            }

            const { &MethodTypes::of::<Ask>() }
        }};
    }

    #[test]
    fn types_of_one_name_in_two_methods_are_told_apart() {
        let mut describer = Describer::default();
        let methods: [&MethodTypes; 3] = [
            method!("first", a: u8),
            method!("second", b: String),
            method!("third", a: u8),
        ];
        for method in methods {
            describer.add("", method);
        }
        let description = describer.finish();
        let methods = description.services[0].methods.iter();
        let canonical: Vec<_> = methods
            .map(|method| description.canonical(method))
            .collect();
        let [first, second] = ["->list<{a:u8,},>", "->list<{b:string,},>"];
        assert_eq!(canonical, [first, second, first]);
        assert_eq!(description.types.len(), 2);
    }
}
