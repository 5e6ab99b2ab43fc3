//! Arguments by name: a map in the place of the list.

use super::Format;
use super::format::NamedValue;
use crate::codec::budget::Budget;
use crate::codec::erased::{
    ErasedDeserializer, ErasedSeed, ErasedSeq, ErasedVisitor, Hint, PathStep, Scalar, ValueError,
};

/// Reads arguments, which are a list, or a map from these names.
pub(super) fn read<'de>(
    format: &dyn Format,
    bytes: &'de [u8],
    names: &[&str],
    seed: &mut dyn ErasedSeed<'de>,
) -> Result<(), ValueError> {
    // Without arguments an empty map is as good as an empty list.
    let entries = match names {
        [] => None,
        _ => format.entries(bytes, names.len())?,
    };
    match entries {
        Some(entries) => read_entries(format, bytes.len(), names, &entries, seed),
        None => super::read(format, bytes, seed).map_err(|error| error.of_argument(names)),
    }
}

fn read_entries<'de>(
    format: &dyn Format,
    len: usize,
    names: &[&str],
    entries: &[NamedValue<'de>],
    seed: &mut dyn ErasedSeed<'de>,
) -> Result<(), ValueError> {
    let budget = Budget::new(len);
    let values = sort(names, entries)?;
    let mut arguments = NamedArguments {
        format,
        budget: &budget,
        names,
        values,
        next: 0,
    };
    seed.deserialize(&mut arguments)?;
    // Nothing that a caller has given may vanish.
    let ignored = arguments.values[arguments.next..]
        .iter()
        .position(Option::is_some);
    match ignored {
        Some(ignored) => {
            Err(ValueError::new("it is not read")
                .at(PathStep::name(names[arguments.next + ignored])))
        }
        None => Ok(()),
    }
}

/// Returns the values in the order of the names.
fn sort<'de>(
    names: &[&str],
    entries: &[NamedValue<'de>],
) -> Result<Vec<Option<&'de [u8]>>, ValueError> {
    let mut values = vec![None; names.len()];
    for (name, value) in entries {
        let Some(at) = names.iter().position(|known| known == name) else {
            let known = names.join("`, `");
            return Err(ValueError::new(format_args!(
                "there is no argument `{}`, only `{known}`",
                PathStep::name(name)
            )));
        };
        if values[at].replace(*value).is_some() {
            return Err(ValueError::new(format_args!(
                "the argument `{name}` is there twice"
            )));
        }
    }
    Ok(values)
}

/// The values of arguments, in the order of the method's.
struct NamedArguments<'n, 'de> {
    format: &'n dyn Format,
    budget: &'n Budget,
    names: &'n [&'n str],
    values: Vec<Option<&'de [u8]>>,
    next: usize,
}

impl<'de> ErasedDeserializer<'de> for NamedArguments<'_, 'de> {
    fn deserialize(
        &mut self,
        _: Hint,
        visitor: &mut dyn ErasedVisitor<'de>,
    ) -> Result<(), ValueError> {
        visitor.seq(self)
    }

    fn is_human_readable(&self) -> bool {
        self.format.is_human_readable()
    }
}

impl<'de> ErasedSeq<'de> for NamedArguments<'_, 'de> {
    fn next(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<bool, ValueError> {
        let Some(name) = self.names.get(self.next) else {
            return Ok(false);
        };
        let result = match self.values[self.next] {
            Some(value) => self.format.read(value, self.budget, seed),
            None => seed.deserialize(&mut Missing(self.format.is_human_readable())),
        };
        self.next += 1;
        result.map_err(|error| error.at(PathStep::name(name)))?;
        Ok(true)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.names.len() - self.next)
    }
}

/// An argument that the caller has left out: nil, which an `Option` takes for `None`.
struct Missing(bool);

impl<'de> ErasedDeserializer<'de> for Missing {
    fn deserialize(
        &mut self,
        hint: Hint,
        visitor: &mut dyn ErasedVisitor<'de>,
    ) -> Result<(), ValueError> {
        match hint {
            Hint::Option => visitor.scalar(Scalar::None),
            Hint::Any | Hint::IgnoredAny | Hint::Unit | Hint::UnitStruct(_) => {
                visitor.scalar(Scalar::Unit)
            }
            Hint::NewtypeStruct(_) => visitor.newtype_struct(self),
            _ => Err(ValueError::new("the argument is missing")),
        }
    }

    fn is_human_readable(&self) -> bool {
        self.0
    }
}
