//! Shapes as calls of the runtime's functions.

use std::fmt::Write;

use super::plan::{PythonPlan, TypeReference};
use crate::description::Shape;
use crate::export::MAX_DEPTH;

impl PythonPlan<'_> {
    pub(super) fn shape(&self, shape: &Shape) -> String {
        let mut out = String::new();
        self.write_shape(shape, 0, &mut out);
        out
    }

    /// Returns the arguments of a function that takes a shape for each part.
    pub(super) fn shapes<'s>(&self, parts: impl IntoIterator<Item = &'s Shape>) -> String {
        let mut out = String::new();
        self.write_parts(parts, 0, &mut out);
        out
    }

    fn write_shape(&self, shape: &Shape, depth: usize, out: &mut String) {
        if depth == MAX_DEPTH {
            out.push_str("_ANY");
            return;
        }
        let name = match shape {
            Shape::Bool => "_BOOL",
            Shape::I8 => "_I8",
            Shape::I16 => "_I16",
            Shape::I32 => "_I32",
            Shape::I64 => "_I64",
            Shape::I128 => "_I128",
            Shape::U8 => "_U8",
            Shape::U16 => "_U16",
            Shape::U32 => "_U32",
            Shape::U64 => "_U64",
            Shape::U128 => "_U128",
            Shape::F32 | Shape::F64 => "_FLOAT",
            Shape::Char => "_CHAR",
            Shape::String => "_STR",
            Shape::Bytes => "_BYTES",
            Shape::Unit => "_UNIT",
            Shape::Any | Shape::Unknown(_) => "_ANY",
            Shape::Option(inner) => return self.write_call("_option", [&**inner], depth, out),
            Shape::List(inner) => return self.write_call("_list", [&**inner], depth, out),
            Shape::Map(key, value) => {
                return self.write_call("_map", [&**key, &**value], depth, out);
            }
            Shape::Tuple(parts) => return self.write_call("_tuple", parts, depth, out),
            Shape::Array(inner, len) => {
                out.push_str("_list(");
                self.write_shape(inner, depth + 1, out);
                _ = write!(out, ", {len})");
                return;
            }
            Shape::Type(name) => match self.referred(name) {
                TypeReference::Known(known) => known.shape(),
                TypeReference::Declared(name) => {
                    _ = write!(out, "_type(\"{name}\")");
                    return;
                }
                TypeReference::Nothing => "_ANY",
            },
        };
        out.push_str(name);
    }

    fn write_call<'s>(
        &self,
        function: &str,
        parts: impl IntoIterator<Item = &'s Shape>,
        depth: usize,
        out: &mut String,
    ) {
        out.extend([function, "("]);
        self.write_parts(parts, depth + 1, out);
        out.push(')');
    }

    fn write_parts<'s>(
        &self,
        parts: impl IntoIterator<Item = &'s Shape>,
        depth: usize,
        out: &mut String,
    ) {
        for (index, part) in parts.into_iter().enumerate() {
            out.push_str(if index == 0 { "" } else { ", " });
            self.write_shape(part, depth, out);
        }
    }
}
