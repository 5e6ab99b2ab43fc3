//! The canonical text of a method: the shapes of all its values, as postcard has them, with the names of fields and
//! variants. Two methods with one text read each other's values rightly; most that would do so have one text. Names of types
//! are not in it, nor documentation, nor what is optional or closed.
//!
//! `PROTOCOL.md` specifies it.

use std::fmt::{self, Write};

use super::{Body, Description, Fields, MethodDescription, Payload, Shape, Variants};

/// A number that two methods share if they have one canonical text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// Returns the fingerprint of a canonical text: FNV-1a of 64 bits.
    pub(crate) fn of(text: &str) -> Self {
        let fold =
            |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Self(text.bytes().fold(0xcbf2_9ce4_8422_2325, fold))
    }

    /// Returns the number.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }
}

/// 16 hexadecimal digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Description {
    /// Returns the text in which two methods agree that are called by one key: the shapes of all values, with the names
    /// of fields and variants.
    #[must_use]
    pub fn canonical(&self, method: &MethodDescription) -> String {
        self.write_canonical(method).0
    }

    /// Returns the canonical text, and whether nothing in it is unknown.
    pub(crate) fn write_canonical(&self, method: &MethodDescription) -> (String, bool) {
        let mut writer = CanonicalWriter {
            description: self,
            open: Vec::new(),
            is_complete: true,
            depth: 0,
            out: String::new(),
        };
        for argument in &method.arguments {
            writer.shape(&argument.shape);
            writer.out.push(',');
        }
        writer.out.push_str("->");
        writer.shape(&method.reply);
        if let Some(error) = &method.error {
            writer.out.push('|');
            writer.shape(error);
        }
        if writer.out.len() > MAX_TEXT {
            return ("?".to_owned(), false);
        }
        (writer.out, writer.is_complete)
    }

    /// Returns the shape that a shape stands for, in postcard and `MessagePack`, or in JSON if `text`: through types that
    /// are the same bytes as others. A [`Shape::Type`] that comes out has a body of its own, or is not in the
    /// description.
    #[must_use]
    pub fn resolve<'d>(&'d self, mut shape: &'d Shape, text: bool) -> &'d Shape {
        // A hostile description may have a ring of types.
        for _ in 0..=self.types.len() {
            match self.type_of(shape).map(|found| found.body(text)) {
                Some(Body::Is(inner)) => shape = inner,
                _ => break,
            }
        }
        shape
    }
}

/// The most bytes of a canonical text. A type that is another one's bytes is written each time that it is met, so types
/// that hold each other twice would double the text at each level.
const MAX_TEXT: usize = 1 << 20;

/// How deep shapes are followed: a description may come from a stranger.
const MAX_DEPTH: usize = 256;

struct CanonicalWriter<'d> {
    description: &'d Description,
    /// The brackets that are open, from the outside in, and the types that begin there.
    open: Vec<Option<&'d str>>,
    /// Nothing was unknown.
    is_complete: bool,
    depth: usize,
    out: String,
}

impl<'d> CanonicalWriter<'d> {
    fn shape(&mut self, shape: &'d Shape) {
        if self.out.len() > MAX_TEXT {
            return;
        }
        if self.depth == MAX_DEPTH {
            self.unknown();
            return;
        }
        self.depth += 1;
        self.resolved(self.description.resolve(shape, false));
        self.depth -= 1;
    }

    fn resolved(&mut self, shape: &'d Shape) {
        match shape {
            Shape::Type(name) => self.type_named(name),
            Shape::Option(inner) => self.around("option", &[inner]),
            Shape::List(inner) => self.around("list", &[inner]),
            Shape::Map(key, value) => self.around("map", &[key, value]),
            // There is nothing to know of no elements.
            Shape::Array(_, 0) => self.out.push_str("array<?,>0"),
            Shape::Array(inner, len) => {
                self.around("array", &[inner]);
                _ = write!(self.out, "{len}");
            }
            Shape::Tuple(parts) => self.tuple(None, parts),
            Shape::Unknown(_) => self.unknown(),
            scalar => self.out.push_str(scalar.name()),
        }
    }

    fn type_named(&mut self, name: &'d str) {
        if let Some(at) = self.open.iter().position(|open| *open == Some(name)) {
            _ = write!(self.out, "#{at}");
            return;
        }
        match self.description.types.get(name).map(|found| &found.body) {
            // What `resolve` leaves of these is a ring.
            None | Some(Body::Is(_)) => self.unknown(),
            Some(Body::Unit) => self.out.push_str("unit"),
            Some(Body::Tuple(parts)) => self.tuple(Some(name), parts),
            Some(Body::Struct(fields)) => self.fields(Some(name), fields),
            Some(Body::Open(fields)) => {
                self.fields(Some(name), fields);
                self.out.push_str("...");
            }
            Some(Body::Enum(variants)) => self.variants(name, variants),
        }
    }

    /// Writes what is between brackets, of the type of this name if it is one.
    fn between(
        &mut self,
        [open, close]: [char; 2],
        of: Option<&'d str>,
        write: impl FnOnce(&mut Self),
    ) {
        self.out.push(open);
        self.open.push(of);
        write(self);
        self.open.pop();
        self.out.push(close);
    }

    fn unknown(&mut self) {
        self.is_complete = false;
        self.out.push('?');
    }

    fn around(&mut self, name: &str, inner: &[&'d Shape]) {
        self.out.push_str(name);
        self.out.push('<');
        for inner in inner {
            self.shape(inner);
            self.out.push(',');
        }
        self.out.push('>');
    }

    fn tuple(&mut self, of: Option<&'d str>, parts: &'d [Shape]) {
        self.between(['(', ')'], of, |writer| {
            for part in parts {
                writer.shape(part);
                writer.out.push(',');
            }
        });
    }

    fn fields(&mut self, of: Option<&'d str>, fields: &'d Fields) {
        self.between(['{', '}'], of, |writer| {
            for field in &fields.fields {
                writer.name(&field.name);
                writer.out.push(':');
                writer.shape(&field.shape);
                writer.out.push(',');
            }
        });
    }

    /// Writes the name of a field or a variant. One that could be taken for something else is quoted: a field `a:u8,b` is not
    /// two.
    fn name(&mut self, name: &str) {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if !name.is_empty() && name.bytes().all(is_plain) {
            self.out.push_str(name);
            return;
        }
        self.out.push('"');
        for char in name.chars() {
            if matches!(char, '"' | '\\') {
                self.out.push('\\');
            }
            self.out.push(char);
        }
        self.out.push('"');
    }

    fn variants(&mut self, of: &'d str, variants: &'d Variants) {
        self.between(['[', ']'], Some(of), |writer| {
            for variant in &variants.variants {
                writer.name(&variant.name);
                match &variant.body {
                    Payload::Unit => {}
                    Payload::One(shape) => {
                        writer.out.push('=');
                        writer.shape(shape);
                    }
                    Payload::Tuple(parts) => writer.tuple(None, parts),
                    Payload::Struct(fields) => writer.fields(None, fields),
                }
                writer.out.push('|');
            }
        });
        // What a writer has behind the last variant is an error to others, and the last variant to this one.
        if variants.open {
            self.out.push_str("...");
        }
    }
}
