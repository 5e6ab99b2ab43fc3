//! Whether values in postcard are such that a reader of these shapes reads them, and where they are not. Who sends to readers
//! that he does not hear of finds before what they would refuse; and who has refused a value can say what of it.

use std::fmt;

use super::{ArgumentDescription, Body, Description, Fields, Payload, Shape, Variants};

/// The most shapes within each other. A reader takes no more than 128 values within each other, and each is a type and what
/// it is made of at most.
const MAX_DEPTH: usize = 512;

/// A value that readers would refuse, and where it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    place: String,
    reason: String,
    /// The value is refused since it is not known what fits.
    is_undescribed: bool,
}

impl Misfit {
    fn new(reason: impl Into<String>) -> Self {
        Self {
            place: String::new(),
            reason: reason.into(),
            is_undescribed: false,
        }
    }

    fn undescribed(reason: String) -> Self {
        Self {
            is_undescribed: true,
            ..Self::new(reason)
        }
    }

    /// Returns whether a reader may read the value all the same.
    pub(crate) fn is_undescribed(&self) -> bool {
        self.is_undescribed
    }

    fn within(mut self, part: &str) -> Self {
        self.place.insert_str(0, part);
        self
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A field of the whole value has nothing before its dot.
        let place = self.place.trim_start_matches('.');
        if !place.is_empty() {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.reason)
    }
}

/// Returns whether these bytes are a value of each of the arguments, one after the other and nothing behind.
///
/// # Errors
///
/// The first value that is not.
pub(crate) fn fit(
    description: &Description,
    arguments: &[ArgumentDescription],
    bytes: &[u8],
) -> Result<(), Misfit> {
    let mut walk = Walk::over(description, bytes);
    for argument in arguments {
        let fits = walk.value(&argument.shape);
        fits.map_err(|misfit| misfit.within(&argument.name))?;
    }
    walk.end()
}

/// Returns whether these bytes are a value of this shape, and nothing behind.
///
/// # Errors
///
/// The first part of it that is not.
pub(crate) fn fit_value(
    description: &Description,
    shape: &Shape,
    bytes: &[u8],
) -> Result<(), Misfit> {
    let mut walk = Walk::over(description, bytes);
    walk.value(shape)?;
    walk.end()
}

/// Goes through a value.
struct Walk<'d> {
    description: &'d Description,
    bytes: &'d [u8],
    depth: usize,
}

impl<'d> Walk<'d> {
    fn over(description: &'d Description, bytes: &'d [u8]) -> Self {
        Self {
            description,
            bytes,
            depth: 0,
        }
    }

    fn end(&self) -> Result<(), Misfit> {
        if self.bytes.is_empty() {
            Ok(())
        } else {
            Err(Misfit::new("there are more values than are read"))
        }
    }

    fn value(&mut self, shape: &Shape) -> Result<(), Misfit> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Misfit::new("it is nested too deeply"));
        }
        let fits = self.inner(shape);
        self.depth -= 1;
        fits
    }

    fn inner(&mut self, shape: &Shape) -> Result<(), Misfit> {
        match shape {
            Shape::Unit => Ok(()),
            Shape::Bool => self.flag(shape).map(drop),
            Shape::U8 | Shape::I8 => self.take(1).map(drop),
            Shape::U16 | Shape::I16 => self.integer(shape, 16),
            Shape::U32 | Shape::I32 => self.integer(shape, 32),
            Shape::U64 | Shape::I64 => self.integer(shape, 64),
            Shape::U128 | Shape::I128 => self.varint().map(drop),
            Shape::F32 => self.take(4).map(drop),
            Shape::F64 => self.take(8).map(drop),
            Shape::Char | Shape::String | Shape::Bytes => {
                let len = self.length()?;
                self.take(len).map(drop)
            }
            Shape::Option(_) if !self.flag(shape)? => Ok(()),
            Shape::Option(inner) => self.value(inner),
            Shape::List(element) => {
                let len = self.varint()?;
                self.repeated(len, |walk| walk.value(element))
            }
            Shape::Array(element, len) => self.repeated((*len).into(), |walk| walk.value(element)),
            Shape::Map(key, value) => {
                let len = self.varint()?;
                self.repeated(len, |walk| {
                    walk.value(key)?;
                    walk.value(value)
                })
            }
            Shape::Tuple(parts) => self.tuple(parts),
            Shape::Type(name) => self.named(name),
            Shape::Any | Shape::Unknown(_) => {
                Err(Misfit::undescribed(format!("{shape} is not read by key")))
            }
        }
    }

    fn named(&mut self, name: &str) -> Result<(), Misfit> {
        let description = self.description;
        let found = description.types.get(name);
        let found =
            found.ok_or_else(|| Misfit::undescribed(format!("`{name}` is not described")))?;
        match found.body(false) {
            Body::Unit => Ok(()),
            Body::Is(shape) => self.value(shape),
            Body::Tuple(parts) => self.tuple(parts),
            Body::Struct(fields) => self.fields(fields),
            Body::Enum(variants) => self.variant(name, variants),
            Body::Open(_) => Err(Misfit::undescribed(format!("`{name}` is not read by key"))),
        }
    }

    fn tuple(&mut self, parts: &[Shape]) -> Result<(), Misfit> {
        for (index, part) in parts.iter().enumerate() {
            let fits = self.value(part);
            fits.map_err(|misfit| misfit.within(&format!(".{index}")))?;
        }
        Ok(())
    }

    fn fields(&mut self, fields: &Fields) -> Result<(), Misfit> {
        for field in &fields.fields {
            let fits = self.value(&field.shape);
            fits.map_err(|misfit| misfit.within(&format!(".{}", field.name)))?;
        }
        Ok(())
    }

    fn variant(&mut self, name: &str, variants: &Variants) -> Result<(), Misfit> {
        let number = self.varint()?;
        let known = usize::try_from(number).ok();
        let known = known.and_then(|number| variants.variants.get(number));
        let Some(variant) = known else {
            // Read as the one for all others, which takes no content.
            if variants.open {
                return Ok(());
            }
            return Err(Misfit::new(format!("`{name}` has no variant {number}")));
        };
        let fits = match &variant.body {
            Payload::Unit => Ok(()),
            Payload::One(shape) => self.value(shape),
            Payload::Tuple(parts) => self.tuple(parts),
            Payload::Struct(fields) => self.fields(fields),
        };
        fits.map_err(|misfit| misfit.within(&format!(".{}", variant.name)))
    }

    fn repeated(
        &mut self,
        len: u128,
        mut value: impl FnMut(&mut Self) -> Result<(), Misfit>,
    ) -> Result<(), Misfit> {
        for index in 0..len {
            let before = self.bytes.len();
            value(self).map_err(|misfit| misfit.within(&format!("[{index}]")))?;
            // Nothing is written of any of them, and there may be as many as a number can say.
            if self.bytes.len() == before {
                break;
            }
        }
        Ok(())
    }

    /// Goes past an integer that has these bits. What is signed lies in as many bits, in zigzag.
    fn integer(&mut self, shape: &Shape, bits: u32) -> Result<(), Misfit> {
        let number = self.varint()?;
        if number >> bits == 0 {
            return Ok(());
        }
        let is_signed = shape.name().starts_with('i');
        let signed = (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
        Err(Misfit::new(if is_signed {
            format!("{signed} is no `{shape}`")
        } else {
            format!("{number} is no `{shape}`")
        }))
    }

    fn flag(&mut self, shape: &Shape) -> Result<bool, Misfit> {
        match self.take(1)? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(Misfit::new(format!("it is no `{shape}`"))),
        }
    }

    fn length(&mut self) -> Result<usize, Misfit> {
        usize::try_from(self.varint()?).map_err(|_| Misfit::new("it is too long"))
    }

    fn varint(&mut self) -> Result<u128, Misfit> {
        let mut number = 0;
        for shift in (0..128).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u128::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Misfit::new("a number does not end"))
    }

    fn take(&mut self, len: usize) -> Result<&[u8], Misfit> {
        let taken = self.bytes.split_at_checked(len);
        let (taken, rest) = taken.ok_or_else(|| Misfit::new("more is read than there is"))?;
        self.bytes = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::{Field, Type, Variant};

    fn field(name: &str, shape: Shape) -> Field {
        Field {
            name: name.to_owned(),
            shape,
            optional: false,
            aliases: Vec::new(),
            docs: String::new(),
        }
    }

    fn variant(name: &str, body: Payload) -> Variant {
        Variant {
            name: name.to_owned(),
            body,
            aliases: Vec::new(),
            docs: String::new(),
        }
    }

    fn named(name: &str) -> Shape {
        Shape::Type(name.to_owned())
    }

    /// A list of nodes, each with a number, a mark and perhaps another node.
    fn check(open: bool, bytes: &[u8]) -> Result<(), String> {
        let mut description = Description::new(Vec::new());
        let node = vec![
            field("number", Shape::I16),
            field("mark", named("Mark")),
            field("next", Shape::Option(Box::new(named("Node")))),
        ];
        let node = Body::Struct(Fields {
            fields: node,
            closed: false,
        });
        let mark = Body::Enum(Variants {
            variants: vec![
                variant("Plain", Payload::Unit),
                variant("Flag", Payload::One(Shape::Bool)),
            ],
            open,
        });
        for (name, body) in [("Node", node), ("Mark", mark)] {
            let found = Type::new(String::new(), body);
            description.types.insert(name.to_owned(), found);
        }
        let nodes = Shape::List(Box::new(named("Node")));
        let argument = ArgumentDescription::new("nodes", nodes);
        fit(&description, &[argument], bytes).map_err(|misfit| misfit.to_string())
    }

    #[test]
    fn the_first_value_that_is_refused_is_named_with_its_place() {
        let of = |reason: &str| Err(reason.to_owned());
        assert_eq!(check(false, &[2, 1, 0, 0, 2, 1, 1, 1, 1, 0, 0]), Ok(()));
        for (bytes, expected) in [
            // -32769, in zigzag.
            (
                &[1, 0x81, 0x80, 0x04, 0, 0][..],
                "nodes[0].number: -32769 is no `i16`",
            ),
            (
                &[2, 0, 0, 0, 0, 2],
                "nodes[1].mark: `Mark` has no variant 2",
            ),
            (&[1, 0, 1, 7], "nodes[0].mark.Flag: it is no `bool`"),
            (
                &[1, 0, 0, 1, 0, 3],
                "nodes[0].next.mark: `Mark` has no variant 3",
            ),
            (&[1, 0, 0], "nodes[0].next: more is read than there is"),
            (&[0, 0], "there are more values than are read"),
        ] {
            assert_eq!(check(false, bytes), of(expected));
        }
    }

    #[test]
    fn an_enum_that_reads_other_variants_takes_them() {
        assert_eq!(check(true, &[1, 0, 2, 0]), Ok(()));
    }

    #[test]
    fn a_value_that_is_nested_too_deeply_is_no_overflow() {
        let bytes: Vec<u8> = [1].into_iter().chain([0, 0, 1].repeat(10_000)).collect();
        let error = check(false, &bytes).unwrap_err();
        assert!(error.ends_with(": it is nested too deeply"), "{error}");
    }

    #[test]
    fn as_many_values_without_bytes_as_a_number_says_take_no_time() {
        let nothing = Shape::List(Box::new(Shape::Unit));
        let argument = ArgumentDescription::new("nothing", nothing);
        let mut bytes = vec![0xff; 17];
        bytes.push(0x01);
        assert_eq!(
            fit(&Description::new(Vec::new()), &[argument], &bytes),
            Ok(())
        );
    }
}
