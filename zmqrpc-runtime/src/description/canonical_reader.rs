//! Reads canonical texts: what a caller learns of a method that is not its own. They come from strangers.

use std::collections::BTreeMap;

use super::{
    ArgumentDescription, Body, Description, Field, Fields, MethodDescription, Payload,
    ServiceDescription, Shape, Type, Variant, Variants,
};

/// How deep shapes may be nested: as deep as they are written, and the `?` of what was deeper.
const MAX_DEPTH: usize = 257;

impl Description {
    /// Returns the description of a method with this canonical text; `None` if it is none. What the text does not say is
    /// as with `method`: its name, whether it is one-way or idempotent. Types have numbers for names.
    pub(crate) fn read_canonical(
        service: &str,
        version: u32,
        method: &MethodDescription,
        text: &str,
    ) -> Option<Self> {
        let mut reader = CanonicalReader {
            rest: text,
            open: Vec::new(),
            types: BTreeMap::new(),
            depth: 0,
        };
        let mut method = MethodDescription {
            oneway: method.oneway,
            idempotent: method.idempotent,
            ..MethodDescription::new(&*method.name, Shape::Unit)
        };
        while !reader.takes("->") {
            let name = method.arguments.len().to_string();
            method
                .arguments
                .push(ArgumentDescription::new(name, reader.shape()?));
            reader.take(",")?;
        }
        method.reply = reader.shape()?;
        if reader.takes("|") {
            method.error = Some(reader.shape()?);
        }
        if !reader.rest.is_empty() {
            return None;
        }
        let service = ServiceDescription {
            version,
            ..ServiceDescription::new(service, vec![method])
        };
        Some(Self {
            types: reader.types,
            ..Self::new(vec![service])
        })
    }
}

/// Reads the canonical text of a method. For fuzz targets.
#[must_use]
pub fn read_canonical(text: &str) -> Option<Description> {
    let method = MethodDescription::new("method", Shape::Unit);
    Description::read_canonical("Service", 1, &method, text)
}

struct CanonicalReader<'t> {
    rest: &'t str,
    /// The brackets that are open, from the outside in: the name of the type that begins there, and whether it holds
    /// itself.
    open: Vec<(Option<String>, bool)>,
    types: BTreeMap<String, Type>,
    depth: usize,
}

impl CanonicalReader<'_> {
    fn takes(&mut self, token: &str) -> bool {
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn take(&mut self, token: &str) -> Option<()> {
        self.takes(token).then_some(())
    }

    fn shape(&mut self) -> Option<Shape> {
        self.depth += 1;
        let shape = (self.depth <= MAX_DEPTH).then(|| self.read())?;
        self.depth -= 1;
        shape
    }

    fn read(&mut self) -> Option<Shape> {
        match self.rest.chars().next()? {
            '?' => {
                self.take("?")?;
                Some(Shape::Unknown("not told".to_owned()))
            }
            '#' => self.back_reference(),
            '(' => {
                let (parts, name) = self.tuple()?;
                Some(name.map_or(Shape::Tuple(parts.clone()), |name| {
                    self.named(name, Body::Tuple(parts))
                }))
            }
            '{' => {
                let name = self.begin();
                let fields = self.fields()?;
                self.open.pop();
                let body = if self.takes("...") {
                    Body::Open(fields)
                } else {
                    Body::Struct(fields)
                };
                Some(self.named(name, body))
            }
            '[' => {
                let name = self.begin();
                let mut variants = self.variants()?;
                self.open.pop();
                variants.open = self.takes("...");
                Some(self.named(name, Body::Enum(variants)))
            }
            _ => self.word(),
        }
    }

    /// Begins a type, and returns its name.
    fn begin(&mut self) -> String {
        let name = (self.types.len() + self.open.len()).to_string();
        let mut name = name;
        while self.types.contains_key(&name)
            || self
                .open
                .iter()
                .any(|(open, _)| open.as_deref() == Some(&*name))
        {
            name.push('\'');
        }
        self.open.push((Some(name.clone()), false));
        name
    }

    fn named(&mut self, name: String, body: Body) -> Shape {
        self.types
            .insert(name.clone(), Type::new(String::new(), body));
        Shape::Type(name)
    }

    fn back_reference(&mut self) -> Option<Shape> {
        self.take("#")?;
        let number = self.number()?;
        let (name, is_recursive) = self.open.get_mut(usize::try_from(number).ok()?)?;
        *is_recursive = true;
        name.clone().map(Shape::Type)
    }

    fn number(&mut self) -> Option<u64> {
        let end = self.rest.find(|char: char| !char.is_ascii_digit());
        let (digits, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        digits.parse().ok()
    }

    /// Reads a tuple, and returns its name too if it holds itself.
    fn tuple(&mut self) -> Option<(Vec<Shape>, Option<String>)> {
        self.take("(")?;
        let name = self.begin();
        let mut parts = Vec::new();
        while !self.takes(")") {
            parts.push(self.shape()?);
            self.take(",")?;
        }
        let (_, is_recursive) = self.open.pop()?;
        Some((parts, is_recursive.then_some(name)))
    }

    fn fields(&mut self) -> Option<Fields> {
        self.take("{")?;
        let mut fields = Fields::default();
        while !self.takes("}") {
            let name = self.name()?;
            self.take(":")?;
            let shape = self.shape()?;
            self.take(",")?;
            fields.fields.push(Field {
                name,
                shape,
                optional: false,
                aliases: Vec::new(),
                docs: String::new(),
            });
        }
        Some(fields)
    }

    fn variants(&mut self) -> Option<Variants> {
        self.take("[")?;
        let mut variants = Variants::default();
        while !self.takes("]") {
            let name = self.name()?;
            let body = match self.rest.chars().next()? {
                '=' => {
                    self.take("=")?;
                    Payload::One(self.shape()?)
                }
                '(' => Payload::Tuple(self.tuple()?.0),
                '{' => {
                    self.open.push((None, false));
                    let fields = self.fields()?;
                    self.open.pop();
                    Payload::Struct(fields)
                }
                _ => Payload::Unit,
            };
            self.take("|")?;
            variants.variants.push(Variant {
                name,
                body,
                aliases: Vec::new(),
                docs: String::new(),
            });
        }
        Some(variants)
    }

    fn name(&mut self) -> Option<String> {
        if !self.takes("\"") {
            let is_plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
            let end = self.rest.find(|char| !is_plain(char))?;
            let (name, rest) = self.rest.split_at(end);
            self.rest = rest;
            return (!name.is_empty()).then(|| name.to_owned());
        }
        let mut name = String::new();
        loop {
            let char = self.rest.chars().next()?;
            self.rest = &self.rest[char.len_utf8()..];
            match char {
                '"' => return Some(name),
                '\\' => {
                    let escaped = self.rest.chars().next()?;
                    self.rest = &self.rest[escaped.len_utf8()..];
                    name.push(escaped);
                }
                char => name.push(char),
            }
        }
    }

    fn word(&mut self) -> Option<Shape> {
        let is_of_word = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
        let end = self.rest.find(|char| !is_of_word(char));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        if !self.takes("<") {
            return Shape::scalar(word);
        }
        let mut inner = Vec::new();
        while !self.takes(">") {
            inner.push(Box::new(self.shape()?));
            self.take(",")?;
        }
        let mut inner = inner.into_iter();
        let shape = match (word, inner.next()?, inner.next()) {
            ("option", of, None) => Shape::Option(of),
            ("list", of, None) => Shape::List(of),
            ("map", key, Some(value)) => Shape::Map(key, value),
            ("array", of, None) => Shape::Array(of, self.number()?),
            _ => return None,
        };
        inner.next().is_none().then_some(shape)
    }
}
