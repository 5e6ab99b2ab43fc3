//! Shapes as type hints.

use super::plan::{PythonPlan, TypeReference};
use crate::description::Shape;
use crate::export::MAX_DEPTH;

/// When a hint is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum HintTime {
    /// Never, as all annotations of the module.
    Late,
    /// At once: what comes later in the module is in quotation marks.
    Now,
}

impl PythonPlan<'_> {
    pub(super) fn hint(&self, shape: &Shape, time: HintTime) -> String {
        let mut out = String::new();
        self.write_hint(shape, time, 0, &mut out);
        out
    }

    pub(super) fn hint_of_tuple(&self, parts: &[Shape], time: HintTime) -> String {
        let mut out = String::new();
        self.write_tuple(parts, time, 0, &mut out);
        out
    }

    fn write_hint(&self, shape: &Shape, time: HintTime, depth: usize, out: &mut String) {
        if depth == MAX_DEPTH {
            out.push_str("Any");
            return;
        }
        match shape {
            Shape::Bool => out.push_str("bool"),
            Shape::I8
            | Shape::I16
            | Shape::I32
            | Shape::I64
            | Shape::I128
            | Shape::U8
            | Shape::U16
            | Shape::U32
            | Shape::U64
            | Shape::U128 => out.push_str("int"),
            Shape::F32 | Shape::F64 => out.push_str("float"),
            Shape::Char | Shape::String => out.push_str("str"),
            Shape::Bytes => out.push_str("bytes"),
            Shape::Unit => out.push_str("None"),
            Shape::Any | Shape::Unknown(_) => out.push_str("Any"),
            Shape::Option(inner) => self.write_around("Optional", &[inner], time, depth, out),
            Shape::List(inner) | Shape::Array(inner, _) => {
                self.write_around("List", &[inner], time, depth, out);
            }
            Shape::Map(key, value) => self.write_around("Dict", &[key, value], time, depth, out),
            Shape::Tuple(parts) => self.write_tuple(parts, time, depth, out),
            Shape::Type(name) => match (self.referred(name), time) {
                (TypeReference::Known(known), _) => out.push_str(known.hint()),
                (TypeReference::Declared(name), HintTime::Late) => out.push_str(name),
                (TypeReference::Declared(name), HintTime::Now) => {
                    out.extend(["\"", name, "\""]);
                }
                (TypeReference::Nothing, _) => out.push_str("Any"),
            },
        }
    }

    fn write_around(
        &self,
        name: &str,
        parts: &[&Shape],
        time: HintTime,
        depth: usize,
        out: &mut String,
    ) {
        out.push_str(name);
        for (index, part) in parts.iter().enumerate() {
            out.push_str(if index == 0 { "[" } else { ", " });
            self.write_hint(part, time, depth + 1, out);
        }
        out.push(']');
    }

    fn write_tuple(&self, parts: &[Shape], time: HintTime, depth: usize, out: &mut String) {
        if parts.is_empty() {
            out.push_str("Tuple[()]");
            return;
        }
        let parts: Vec<&Shape> = parts.iter().collect();
        self.write_around("Tuple", &parts, time, depth, out);
    }
}
