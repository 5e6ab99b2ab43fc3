//! What services tell of themselves.

use std::collections::BTreeMap;

use super::values::MethodValues;
use super::{ArgumentTypes, Described, Method};
use crate::description::{
    ArgumentDescription, Body, Description, Fingerprint, MethodDescription, ServiceDescription,
    Shape, Type,
};
use crate::tracer::ShapeFinder;
use crate::wire::MethodKey;

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
    for method in C::METHODS {
        describer.add(C::DOCS, method);
    }
    describer.finish()
}

/// Describes methods, in the services that they belong to.
#[derive(Default)]
pub(crate) struct Describer(Description);

impl Describer {
    /// Adds a method of a service with this documentation.
    pub(crate) fn add(&mut self, service_docs: &str, method: &Method) {
        let (described, types) = describe(method);
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
            let clash = other.types.iter().find_map(|(name, found)| {
                let free = self.free_name(name, found, &other.types);
                (free != *name).then(|| (name.clone(), free))
            });
            let Some(clash) = clash else { return };
            // What holds it is now another type, too.
            other.rename_types(&BTreeMap::from([clash]));
        }
    }

    /// Returns the name under which a type is or may be known: its own, unless that is another one's.
    fn free_name(&self, name: &str, found: &Type, beside: &BTreeMap<String, Type>) -> String {
        let is_other = |known: &Type| {
            (known.body(false), known.body(true)) != (found.body(false), found.body(true))
        };
        let mut free = name.to_owned();
        while self.0.types.get(&free).is_some_and(is_other)
            || (free != name && beside.contains_key(&free))
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

/// Returns the key of a method with these values, and its canonical text if nothing in it is unknown.
///
/// What cannot be found out is no difference between two texts. So the signature stands before such a text: it has
/// names of types, which say more than nothing.
pub(super) fn key(method: &Method, values: &MethodValues) -> (MethodKey, Option<String>) {
    if matches!((values.arguments)(), ArgumentTypes::Untold) {
        return (method.key_of(method.signature()), None);
    }
    let shapes = Shapes::find(method, values, ShapeFinder::binary());
    let (description, described) = shapes.describe(method);
    match description.write_canonical(&described) {
        (text, true) => (method.key_of(&text), Some(text)),
        (text, false) => (
            method.key_of(&format!("{}\n{text}", method.signature())),
            None,
        ),
    }
}

/// Returns the description of one method, and nothing else.
pub(crate) fn of_method(method: &Method) -> Description {
    let mut describer = Describer::default();
    describer.add("", method);
    describer.finish()
}

/// Returns the description of a method, and the types in it, by the compiler's names.
fn describe(method: &Method) -> (MethodDescription, BTreeMap<String, Type>) {
    let shapes = match method.values() {
        Some(values) => Shapes::find(method, values, ShapeFinder::new()),
        None => Shapes::default(),
    };
    let (description, mut described) = shapes.describe(method);
    described.key = method.key().to_string();
    described.fingerprint = Fingerprint::of(&description.canonical(&described)).to_string();
    (described, description.types)
}

/// The shapes of a method's values, with the types in them by the compiler's names.
struct Shapes {
    arguments: Vec<Shape>,
    reply: Shape,
    error: Option<Shape>,
    types: BTreeMap<String, Type>,
}

impl Default for Shapes {
    fn default() -> Self {
        Self {
            arguments: Vec::new(),
            reply: Shape::Unit,
            error: None,
            types: BTreeMap::new(),
        }
    }
}

impl Shapes {
    fn find(method: &Method, values: &MethodValues, mut finder: ShapeFinder) -> Self {
        let (mut arguments, is_command) = match (values.arguments)() {
            ArgumentTypes::List(list) => (
                list.into_iter().map(|root| finder.find(root)).collect(),
                false,
            ),
            ArgumentTypes::Fields(root) => (vec![finder.find(root)], true),
            ArgumentTypes::Untold => {
                let reason = "the command does not tell".to_owned();
                (vec![Shape::Unknown(reason)], false)
            }
        };
        let reply = if method.is_oneway() {
            Shape::Unit
        } else {
            finder.find(values.reply)
        };
        let error = values.error.map(|root| finder.find(root));
        let types = finder.into_types();
        if is_command {
            arguments = fields_of(&types, &arguments[0]);
        }
        Self {
            arguments,
            reply,
            error,
            types,
        }
    }

    /// Returns the description of the method, without its key and fingerprint, and one that has its types.
    fn describe(self, method: &Method) -> (Description, MethodDescription) {
        let mut names = method.argument_names().iter();
        let arguments = self.arguments.into_iter().enumerate();
        let arguments = arguments.map(|(index, shape)| {
            let name = names.next();
            let name = name.map_or_else(|| index.to_string(), |name| (*name).to_owned());
            ArgumentDescription { name, shape }
        });
        let described = MethodDescription {
            docs: method.documentation().to_owned(),
            deprecated: method.deprecation().map(str::to_owned),
            signature: method.signature().to_owned(),
            arguments: arguments.collect(),
            error: self.error,
            oneway: method.is_oneway(),
            idempotent: method.is_idempotent(),
            timeout_ms: method
                .default_timeout()
                .map(|limit| u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)),
            ..MethodDescription::new(method.name(), self.reply)
        };
        let description = Description {
            types: self.types,
            ..Description::default()
        };
        (description, described)
    }
}

/// Returns the shapes of a command's fields, which are its arguments.
fn fields_of(types: &BTreeMap<String, Type>, command: &Shape) -> Vec<Shape> {
    let body = match command {
        Shape::Type(name) => types.get(name).map(|found| &found.body),
        _ => None,
    };
    match (body, command) {
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
    use crate::command::{Command, KeyCell, Method};
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
                const METHOD: Method = Method::new("Twins", $name, 1, "() -> Vec<Twin>")
                    .shaped::<Self>(&[], {
                        static CELL: KeyCell = KeyCell::new();
                        &CELL
                    });
            }

            const { &Ask::METHOD }
        }};
    }

    #[test]
    fn types_of_one_name_in_two_methods_are_told_apart() {
        let mut describer = Describer::default();
        let methods: [&Method; 3] = [
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
