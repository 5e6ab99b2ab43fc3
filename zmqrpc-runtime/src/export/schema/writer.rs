//! Shapes, arguments, and references to types.

use std::collections::{HashMap, HashSet};

use crate::description::{Body, Description, MethodDescription, Payload, Shape};
use crate::export::MAX_DEPTH;
use crate::export::meaning::{Meaning, Meanings};
use crate::export::names::{UniqueNames, sanitized};
use crate::export::ordered_json::OrderedJson;

/// Which JSON Schema: they differ in how a list says what each of its elements is, and what may stand beside `$ref`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::export) enum SchemaDraft {
    Seven,
    /// 2020-12.
    Twenty,
}

/// Writes the shapes of one description.
pub(in crate::export) struct SchemaWriter<'d> {
    description: &'d Description,
    pub(super) draft: SchemaDraft,
    pub(super) meanings: Meanings<'d>,
    /// The keys of types in the document.
    keys: HashMap<&'d str, String>,
    /// All keys.
    names: UniqueNames,
}

impl<'d> SchemaWriter<'d> {
    pub(in crate::export) fn new(description: &'d Description, draft: SchemaDraft) -> Self {
        let mut names = UniqueNames::default();
        let mut keys = HashMap::new();
        for name in description.types.keys() {
            let key = key(name, &mut names);
            keys.insert(&**name, key);
        }
        Self {
            description,
            draft,
            meanings: Meanings::new(description, true, |_| false),
            keys,
            names,
        }
    }

    /// Returns a key that nothing else in the document has.
    pub(in crate::export) fn new_key(&mut self, name: &str) -> String {
        key(name, &mut self.names)
    }

    /// Returns the types by their keys.
    pub(in crate::export) fn types(&self) -> Vec<(String, OrderedJson)> {
        let types = self.description.types.iter();
        let types = types.filter_map(|(name, found)| {
            let key = self.keys.get(&**name)?.clone();
            Some((key, self.described(name, found)))
        });
        types.collect()
    }

    pub(in crate::export) fn shape(&self, shape: &Shape) -> OrderedJson {
        self.nested(shape, 0)
    }

    /// Returns the arguments of a request, in order or by name.
    pub(in crate::export) fn arguments(&self, method: &MethodDescription) -> OrderedJson {
        let shapes = method.arguments.iter().map(|argument| &argument.shape);
        let list = self.list_of(shapes, 0);
        let required = method
            .arguments
            .iter()
            .filter(|argument| !self.is_optional(&argument.shape));
        let required = distinct(required.map(|argument| &*argument.name));
        let properties = method
            .arguments
            .iter()
            .map(|argument| (argument.name.clone(), self.shape(&argument.shape)));
        let object = OrderedJson::object([
            ("type", "object".into()),
            ("properties", members(properties)),
        ])
        .with_list("required", required)
        .with("additionalProperties", false);
        let mut forms = vec![list, object];
        if method.arguments.is_empty() {
            forms.push(OrderedJson::object([("type", "null".into())]));
        }
        OrderedJson::object([("anyOf", forms.into())])
    }

    /// Returns whether an argument or a field of this shape may be left out.
    pub(in crate::export) fn is_optional(&self, shape: &Shape) -> bool {
        self.meanings.is_optional(shape)
    }

    fn nested(&self, shape: &Shape, depth: usize) -> OrderedJson {
        let of_type = |name: &str| OrderedJson::object([("type", name.into())]);
        if depth == MAX_DEPTH {
            return anything();
        }
        match shape {
            Shape::Bool => of_type("boolean"),
            Shape::I8 => integer(i8::MIN.into(), u64::try_from(i8::MAX).ok(), "int8"),
            Shape::I16 => integer(i16::MIN.into(), u64::try_from(i16::MAX).ok(), "int16"),
            Shape::I32 => integer(i32::MIN.into(), u64::try_from(i32::MAX).ok(), "int32"),
            Shape::I64 => integer(i64::MIN, u64::try_from(i64::MAX).ok(), "int64"),
            // The bounds of 128 bits are no numbers that all readers of JSON can hold.
            Shape::I128 => of_type("integer").with("format", "int128"),
            Shape::U8 => integer(0, Some(u8::MAX.into()), "uint8"),
            Shape::U16 => integer(0, Some(u16::MAX.into()), "uint16"),
            Shape::U32 => integer(0, Some(u32::MAX.into()), "uint32"),
            Shape::U64 => integer(0, Some(u64::MAX), "uint64"),
            Shape::U128 => integer(0, None, "uint128"),
            Shape::F32 | Shape::F64 => {
                let words = ["NaN", "Infinity", "-Infinity"].map(OrderedJson::from);
                let words = OrderedJson::object([("enum", OrderedJson::List(words.into()))]);
                let forms = vec![of_type("number"), words];
                OrderedJson::object([("anyOf", forms.into())])
            }
            Shape::Char => of_type("string").with("minLength", 1).with("maxLength", 1),
            Shape::String => of_type("string"),
            Shape::Bytes => of_type("string").with("contentEncoding", "base64"),
            Shape::Unit => of_type("null"),
            Shape::Option(inner) => {
                let forms = vec![self.nested(inner, depth + 1), of_type("null")];
                OrderedJson::object([("anyOf", forms.into())])
            }
            Shape::List(inner) => of_type("array").with("items", self.nested(inner, depth + 1)),
            Shape::Array(inner, len) => of_type("array")
                .with("items", self.nested(inner, depth + 1))
                .with("minItems", *len)
                .with("maxItems", *len),
            Shape::Map(key, value) => {
                let map = of_type("object");
                let map = match self.key_of_map(key) {
                    Some(names) => map.with("propertyNames", names),
                    None => map,
                };
                map.with("additionalProperties", self.nested(value, depth + 1))
            }
            Shape::Tuple(parts) => self.list_of(parts.iter(), depth + 1),
            Shape::Type(name) => self.reference(name),
            Shape::Any => anything(),
            Shape::Unknown(why) => OrderedJson::object([]).with_text("description", why),
        }
    }

    /// Returns a list that has one element for each shape.
    pub(super) fn list_of<'s>(
        &self,
        shapes: impl ExactSizeIterator<Item = &'s Shape>,
        depth: usize,
    ) -> OrderedJson {
        let len = shapes.len() as u64;
        let list = OrderedJson::object([("type", "array".into())]);
        if len == 0 {
            return list.with("maxItems", 0);
        }
        let elements: Vec<_> = shapes.map(|shape| self.nested(shape, depth)).collect();
        let (elements_name, others) = match self.draft {
            SchemaDraft::Seven => ("items", "additionalItems"),
            SchemaDraft::Twenty => ("prefixItems", "items"),
        };
        list.with(elements_name, elements)
            .with(others, false)
            .with("minItems", len)
    }

    fn reference(&self, name: &str) -> OrderedJson {
        let place = match self.draft {
            SchemaDraft::Seven => "#/components/schemas",
            SchemaDraft::Twenty => "#/$defs",
        };
        match self.keys.get(name) {
            Some(key) => OrderedJson::object([("$ref", format!("{place}/{key}").into())]),
            None => anything(),
        }
    }

    /// Returns what the keys of a map are, which are texts, where not any text is one.
    fn key_of_map(&self, key: &Shape) -> Option<OrderedJson> {
        let pattern = |pattern: &str| Some(OrderedJson::object([("pattern", pattern.into())]));
        match key {
            Shape::Bool => pattern("^(true|false)$"),
            Shape::Char => Some(self.shape(key)),
            Shape::U8 | Shape::U16 | Shape::U32 | Shape::U64 | Shape::U128 => pattern("^[0-9]+$"),
            Shape::I8 | Shape::I16 | Shape::I32 | Shape::I64 | Shape::I128 => pattern("^-?[0-9]+$"),
            Shape::Type(name) => match self.meanings.of(name) {
                Meaning::Shape(_, shape) => self.key_of_map(shape),
                Meaning::Body(body) if self.is_unit_only(body) => Some(self.reference(body)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns whether a type is an enum whose variants hold nothing.
    fn is_unit_only(&self, name: &str) -> bool {
        let found = self.description.types.get(name);
        match found.map(|found| found.body(true)) {
            Some(Body::Enum(variants)) => variants
                .variants
                .iter()
                .all(|variant| variant.body == Payload::Unit),
            _ => false,
        }
    }
}

/// Returns a schema that accepts any value.
pub(super) fn anything() -> OrderedJson {
    OrderedJson::object([])
}

fn integer(minimum: i64, maximum: Option<u64>, format: &str) -> OrderedJson {
    let schema = OrderedJson::object([
        ("type", "integer".into()),
        ("format", format.into()),
        ("minimum", OrderedJson::I64(minimum)),
    ]);
    match maximum {
        Some(maximum) => schema.with("maximum", maximum),
        None => schema,
    }
}

/// Returns the key of what has this name.
fn key(name: &str, names: &mut UniqueNames) -> String {
    let key = sanitized(name, &['.', '-']);
    names.take(if key.is_empty() { "Type" } else { &key })
}

/// Returns an object. Of members with one name it has the first.
pub(super) fn members(members: impl IntoIterator<Item = (String, OrderedJson)>) -> OrderedJson {
    let mut seen = HashSet::new();
    let members = members.into_iter();
    let members = members.filter(|(name, _)| seen.insert(name.clone()));
    OrderedJson::Object(members.collect())
}

/// Returns the texts, each once.
pub(super) fn distinct<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<OrderedJson> {
    let mut seen = HashSet::new();
    let texts = texts.into_iter().filter(|text| seen.insert(*text));
    texts.map(OrderedJson::from).collect()
}
