//! Values of any type, in one form whatever they were read from.

use std::collections::BTreeMap;

use crate::description::{Description, Fields, Payload, Shape, Variants};

/// A value, as its shape tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Neutral {
    Bool(bool),
    Signed(i128),
    Unsigned(u128),
    /// The bits, so that all values compare.
    F32(u32),
    F64(u64),
    Text(String),
    Bytes(Vec<u8>),
    Nothing,
    None,
    Some(Box<Self>),
    List(Vec<Self>),
    Map(BTreeMap<Self, Self>),
    Struct(Vec<(String, Self)>),
    Variant(String, Box<Self>),
    /// Of a type that is another one in JSON.
    Either(Box<Self>),
}

impl Neutral {
    /// Returns the value with nothing in the places of types that are others in JSON.
    pub(super) fn common(self) -> Self {
        let all = |parts: Vec<Self>| parts.into_iter().map(Self::common).collect();
        match self {
            Self::Either(_) => Self::Either(Box::new(Self::Nothing)),
            Self::Some(inner) => Self::Some(Box::new(inner.common())),
            Self::List(parts) => Self::List(all(parts)),
            Self::Map(entries) => {
                let entries = entries.into_iter();
                let entries = entries.map(|(key, value)| (key.common(), value.common()));
                Self::Map(entries.collect())
            }
            Self::Struct(fields) => {
                let fields = fields.into_iter();
                let fields = fields.map(|(name, value)| (name, value.common()));
                Self::Struct(fields.collect())
            }
            Self::Variant(name, payload) => Self::Variant(name, Box::new(payload.common())),
            scalar => scalar,
        }
    }
}

/// Why a value is not what its shape says.
pub(super) type Mismatch = String;

/// A format, which is read with nothing but shapes.
pub(super) trait ShapedReader {
    /// One value, yet to be read.
    type Part;

    fn description(&self) -> &Description;

    /// Whether it reads JSON.
    const TEXT: bool;

    fn scalar(&mut self, shape: &Shape, part: Self::Part) -> Result<Neutral, Mismatch>;
    fn optional(&mut self, part: Self::Part) -> Result<Option<Self::Part>, Mismatch>;
    fn unit_struct(&mut self, part: Self::Part) -> Result<(), Mismatch>;
    /// Reads as many values as there are.
    fn list(&mut self, element: &Shape, part: Self::Part) -> Result<Vec<Neutral>, Mismatch>;
    fn map(&mut self, key: &Shape, value: &Shape, part: Self::Part) -> Result<Neutral, Mismatch>;
    /// Reads a value of each shape.
    fn tuple(&mut self, shapes: &[Shape], part: Self::Part) -> Result<Vec<Neutral>, Mismatch>;
    fn fields(&mut self, fields: &Fields, part: Self::Part) -> Result<Neutral, Mismatch>;
    /// Returns the number of the variant among them, and what it holds.
    fn variant(
        &mut self,
        variants: &Variants,
        part: Self::Part,
    ) -> Result<(usize, Option<Self::Part>), Mismatch>;
}

/// Reads a value of this shape.
pub(super) fn read<R: ShapedReader>(
    reader: &mut R,
    shape: &Shape,
    part: R::Part,
) -> Result<Neutral, Mismatch> {
    match shape {
        Shape::Option(inner) => Ok(match reader.optional(part)? {
            Some(part) => Neutral::Some(Box::new(read(reader, inner, part)?)),
            None => Neutral::None,
        }),
        Shape::List(element) => reader.list(element, part).map(Neutral::List),
        Shape::Array(element, len) => {
            let shapes = vec![(**element).clone(); usize::try_from(*len).unwrap()];
            reader.tuple(&shapes, part).map(Neutral::List)
        }
        Shape::Map(key, value) => reader.map(key, value, part),
        Shape::Tuple(shapes) => reader.tuple(shapes, part).map(Neutral::List),
        Shape::Type(name) => named(reader, name, part),
        Shape::Any | Shape::Unknown(_) => Err(format!("{shape:?} cannot be read")),
        scalar => reader.scalar(scalar, part),
    }
}

fn named<R: ShapedReader>(reader: &mut R, name: &str, part: R::Part) -> Result<Neutral, Mismatch> {
    use crate::description::Body;

    let found = reader.description().types.get(name).cloned();
    let found = found.ok_or_else(|| format!("there is no type {name}"))?;
    let value = match found.body(R::TEXT) {
        Body::Is(shape) => read(reader, shape, part),
        Body::Unit => reader.unit_struct(part).map(|()| Neutral::Nothing),
        Body::Tuple(shapes) => reader.tuple(shapes, part).map(Neutral::List),
        Body::Struct(fields) => reader.fields(fields, part),
        Body::Enum(variants) => variant(reader, variants, part),
        Body::Open(_) => Err("it is open".to_owned()),
    };
    let value = value.map_err(|error| format!("{name}: {error}"))?;
    Ok(match found.text {
        Some(_) => Neutral::Either(Box::new(value)),
        None => value,
    })
}

fn variant<R: ShapedReader>(
    reader: &mut R,
    variants: &Variants,
    part: R::Part,
) -> Result<Neutral, Mismatch> {
    let (index, part) = reader.variant(variants, part)?;
    let variant = variants.variants.get(index);
    let variant = variant.ok_or_else(|| format!("there is no variant {index}"))?;
    let payload = match (&variant.body, part) {
        (Payload::Unit, None) => Neutral::Nothing,
        (Payload::One(shape), Some(part)) => read(reader, shape, part)?,
        (Payload::Tuple(shapes), Some(part)) => Neutral::List(reader.tuple(shapes, part)?),
        (Payload::Struct(fields), Some(part)) => reader.fields(fields, part)?,
        (body, _) => return Err(format!("{} does not hold {body:?}", variant.name)),
    };
    Ok(Neutral::Variant(variant.name.clone(), Box::new(payload)))
}
