//! The deserializer that answers each request of a type, and notes it.

use super::candidates;
use super::found::{Found, NodeKind, PlaceId, RustType};
use super::state::Tracer;
use super::type_names;
use crate::codec::erased::{
    ErasedDeserializer, ErasedMap, ErasedSeed, ErasedSeq, ErasedVisitor, Hint, Scalar, ValueError,
};
use crate::description::Shape;

/// A place, and how it was come to.
#[derive(Clone, Copy)]
pub(super) struct TracedPlace {
    pub(super) id: PlaceId,
    /// The type as it is declared, where that is known.
    pub(super) declared: Option<&'static str>,
    /// How many values the types around have refused: the next one is offered.
    pub(super) offers: usize,
}

impl TracedPlace {
    pub(super) fn new(id: PlaceId, declared: &'static str, offers: usize) -> Self {
        let declared = type_names::unwrapped(declared);
        Self {
            id,
            declared,
            offers,
        }
    }

    /// Returns the place of a part that the type reads without a seed.
    pub(super) fn part(self, id: PlaceId, declared: Option<&'static str>) -> Self {
        Self {
            id,
            declared,
            ..self
        }
    }
}

pub(super) struct TypeProbe<'t> {
    pub(super) tracer: &'t mut Tracer,
    pub(super) place: TracedPlace,
}

impl<'de> ErasedDeserializer<'de> for TypeProbe<'_> {
    fn deserialize(
        &mut self,
        hint: Hint,
        visitor: &mut dyn ErasedVisitor<'de>,
    ) -> Result<(), ValueError> {
        self.tracer.count_request()?;
        match hint {
            Hint::Any | Hint::IgnoredAny => self.any(visitor),
            Hint::Bool => {
                self.leaf(Shape::Bool, visitor);
                visitor.scalar(Scalar::Bool(self.place.offers % 2 == 1))
            }
            Hint::I8 => self.signed(Shape::I8, i8::MAX.into(), visitor),
            Hint::I16 => self.signed(Shape::I16, i16::MAX.into(), visitor),
            Hint::I32 => self.signed(Shape::I32, i32::MAX.into(), visitor),
            Hint::I64 => self.signed(Shape::I64, i64::MAX, visitor),
            Hint::U8 => self.unsigned(Shape::U8, u8::MAX.into(), visitor),
            Hint::U16 => self.unsigned(Shape::U16, u16::MAX.into(), visitor),
            Hint::U32 => self.unsigned(Shape::U32, u32::MAX.into(), visitor),
            Hint::U64 => self.unsigned(Shape::U64, u64::MAX, visitor),
            Hint::I128 => {
                self.leaf(Shape::I128, visitor);
                let number = self.number(u64::MAX);
                visitor.scalar(Scalar::I128(number.into()))
            }
            Hint::U128 => {
                self.leaf(Shape::U128, visitor);
                let number = self.number(u64::MAX);
                visitor.scalar(Scalar::U128(number.into()))
            }
            Hint::F32 => {
                self.leaf(Shape::F32, visitor);
                let number = self.number(u64::MAX);
                visitor.scalar(Scalar::F32(number as f32))
            }
            Hint::F64 => {
                self.leaf(Shape::F64, visitor);
                let number = self.number(u64::MAX);
                visitor.scalar(Scalar::F64(number as f64))
            }
            Hint::Char => {
                self.leaf(Shape::Char, visitor);
                visitor.scalar(Scalar::BorrowedStr("a"))
            }
            Hint::Str | Hint::Identifier => {
                self.leaf(Shape::String, visitor);
                self.text(candidates::text(self.place.offers), visitor)
            }
            Hint::Bytes => {
                self.leaf(Shape::Bytes, visitor);
                let bytes = candidates::bytes(self.place.offers);
                visitor.scalar(Scalar::BorrowedBytes(bytes))
            }
            Hint::Unit => {
                self.learn(|| Found::Leaf(Shape::Unit));
                visitor.scalar(Scalar::Unit)
            }
            Hint::UnitStruct(_) => self.unit_struct(visitor),
            Hint::Option => self.option(visitor),
            Hint::NewtypeStruct(RAW_JSON) => self.raw_json(visitor),
            Hint::NewtypeStruct(_) => self.newtype(visitor),
            Hint::Seq => self.list(visitor),
            Hint::Tuple(len) if visitor.makes().starts_with('[') => self.array(len, visitor),
            Hint::Tuple(len) => self.tuple(len, visitor),
            Hint::TupleStruct(name, len) => self.tuple_struct(name, len, visitor),
            Hint::Map => self.map(visitor),
            Hint::Struct(name, fields) => self.structure(name, fields, visitor),
            Hint::Enum(name, variants) => self.variants(name, variants, visitor),
        }
    }

    fn is_human_readable(&self) -> bool {
        self.tracer.human_readable
    }
}

impl TypeProbe<'_> {
    pub(super) fn learn(&mut self, found: impl FnOnce() -> Found) {
        self.tracer.learn(self.place.id, found);
    }

    pub(super) fn found(&self) -> &Found {
        &self.tracer.places[self.place.id.0]
    }

    /// Returns whether there is something to find out at a place; not while a recursion is being ended.
    pub(super) fn wants(&mut self, place: PlaceId) -> bool {
        self.tracer.run.shallow == 0 && self.tracer.wants(place)
    }

    /// Notes a value without parts: a type with a name, if it has one of its own.
    fn leaf(&mut self, shape: Shape, visitor: &dyn ErasedVisitor<'_>) {
        let own_name = || type_names::unwrapped(visitor.makes());
        let name = self.place.declared.or_else(own_name);
        match name.filter(|name| !type_names::is_plain(name, &shape)) {
            None => self.learn(|| Found::Leaf(shape)),
            Some(name) => {
                let same = |_: &Tracer, kind: &NodeKind| matches!(kind, NodeKind::Leaf(known) if *known == shape);
                let rust = RustType {
                    name,
                    size: visitor.size(),
                };
                let node = self
                    .tracer
                    .node(rust, same, |_| NodeKind::Leaf(shape.clone()));
                self.learn(|| Found::Type(node));
            }
        }
    }

    /// Returns the name of a type that serde calls `name`. The visitor of `SystemTime` makes a `Duration`, that of `Range`
    /// a pair: the declared type is right if serde's name is its last part.
    pub(super) fn named(&self, visitor: &dyn ErasedVisitor<'_>, name: &str) -> RustType {
        let makes = visitor.makes();
        let name = match self.place.declared {
            Some(declared)
                if !type_names::ends_in(makes, name) && type_names::ends_in(declared, name) =>
            {
                declared
            }
            _ => makes,
        };
        RustType {
            name,
            size: visitor.size(),
        }
    }

    fn number(&mut self, max: u64) -> u64 {
        let run = &mut self.tracer.run;
        let number = candidates::number(self.place.offers, run.numbers);
        let number = if number > max { 1 } else { number };
        run.numbers += 1;
        run.last_given = Some(number.to_string());
        number
    }

    fn signed(
        &mut self,
        shape: Shape,
        max: i64,
        visitor: &mut dyn ErasedVisitor<'_>,
    ) -> Result<(), ValueError> {
        self.leaf(shape, visitor);
        let number = self.number(max.unsigned_abs());
        visitor.scalar(Scalar::I64(number.cast_signed()))
    }

    fn unsigned(
        &mut self,
        shape: Shape,
        max: u64,
        visitor: &mut dyn ErasedVisitor<'_>,
    ) -> Result<(), ValueError> {
        self.leaf(shape, visitor);
        let number = self.number(max);
        visitor.scalar(Scalar::U64(number))
    }

    fn text(
        &mut self,
        text: &'static str,
        visitor: &mut dyn ErasedVisitor<'_>,
    ) -> Result<(), ValueError> {
        self.tracer.run.last_given = Some(text.to_owned());
        visitor.scalar(Scalar::BorrowedStr(text))
    }

    /// Answers a type that asks what there is.
    fn any(&mut self, visitor: &mut dyn ErasedVisitor<'_>) -> Result<(), ValueError> {
        self.leaf(Shape::Any, visitor);
        match self.place.offers {
            0 => visitor.scalar(Scalar::Unit),
            1 => visitor.scalar(Scalar::U64(1)),
            2 => visitor.scalar(Scalar::Bool(true)),
            3 => visitor.map(&mut Nothing),
            4 => visitor.seq(&mut Nothing),
            offers => self.text(candidates::text(offers - 5), visitor),
        }
    }

    /// Gives JSON to a type that takes any, as it is written.
    fn raw_json(&mut self, visitor: &mut dyn ErasedVisitor<'_>) -> Result<(), ValueError> {
        self.leaf(Shape::Any, visitor);
        visitor.map(&mut RawJson {
            left: 1,
            human_readable: self.tracer.human_readable,
        })
    }

    fn unit_struct(&mut self, visitor: &mut dyn ErasedVisitor<'_>) -> Result<(), ValueError> {
        let same = |_: &Tracer, kind: &NodeKind| matches!(kind, NodeKind::Unit);
        let rust = RustType::of(visitor);
        let node = self.tracer.node(rust, same, |_| NodeKind::Unit);
        self.learn(|| Found::Type(node));
        visitor.scalar(Scalar::Unit)
    }
}

const CONTRADICTION: &str = "it asks for different things at different times";

/// The error of a type that asks for something else than before at the same place.
#[cold]
pub(super) fn contradiction() -> ValueError {
    ValueError::new(CONTRADICTION)
}

/// The shape of such a type.
#[cold]
pub(super) fn contradictory() -> Shape {
    Shape::Unknown(CONTRADICTION.to_owned())
}

/// No elements, and no entries.
struct Nothing;

impl<'de> ErasedSeq<'de> for Nothing {
    fn next(&mut self, _: &mut dyn ErasedSeed<'de>) -> Result<bool, ValueError> {
        Ok(false)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(0)
    }
}

impl<'de> ErasedMap<'de> for Nothing {
    fn next_key(&mut self, _: &mut dyn ErasedSeed<'de>) -> Result<bool, ValueError> {
        Ok(false)
    }

    fn next_value(&mut self, _: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError> {
        Err(contradiction())
    }

    fn size_hint(&self) -> Option<usize> {
        Some(0)
    }
}

/// The name of the structs that hold JSON as it is written, and of their only field.
const RAW_JSON: &str = "$serde_json::private::RawValue";

/// JSON as it is written, in the form that `serde_json` hands it to its own type.
struct RawJson {
    left: usize,
    human_readable: bool,
}

impl RawJson {
    fn given(&self, text: &'static str) -> Given {
        Given {
            name: GivenName::Text(text),
            human_readable: self.human_readable,
        }
    }
}

impl<'de> ErasedMap<'de> for RawJson {
    fn next_key(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<bool, ValueError> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left = 0;
        seed.deserialize(&mut self.given(RAW_JSON)).map(|()| true)
    }

    fn next_value(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError> {
        seed.deserialize(&mut self.given("null"))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// The name of a field or of a variant, or what stands for it.
#[derive(Clone, Copy)]
pub(super) enum GivenName {
    Text(&'static str),
    Number(u64),
    Nothing,
}

/// One value without parts.
pub(super) struct Given {
    pub(super) name: GivenName,
    pub(super) human_readable: bool,
}

impl<'de> ErasedDeserializer<'de> for Given {
    fn deserialize(
        &mut self,
        _: Hint,
        visitor: &mut dyn ErasedVisitor<'de>,
    ) -> Result<(), ValueError> {
        visitor.scalar(match self.name {
            GivenName::Text(name) => Scalar::BorrowedStr(name),
            GivenName::Number(number) => Scalar::U64(number),
            GivenName::Nothing => Scalar::Unit,
        })
    }

    fn is_human_readable(&self) -> bool {
        self.human_readable
    }
}
