//! Shapes, names and ways for people: a stranger's may be long.

use std::fmt::{self, Write};

use super::super::Shape;
use super::graph::Step;

/// A shape for people, no longer than a line.
pub(super) fn brief(shape: &Shape) -> String {
    let mut out = String::new();
    _ = write_brief(&mut out, shape, 0);
    out
}

fn write_brief(out: &mut String, shape: &Shape, depth: usize) -> fmt::Result {
    if depth > 4 || out.len() > 80 {
        return out.write_str("..");
    }
    let depth = depth + 1;
    match shape {
        Shape::Option(inner) => {
            write_brief(out, inner, depth)?;
            out.write_str("?")
        }
        Shape::List(element) => {
            out.write_str("[")?;
            write_brief(out, element, depth)?;
            out.write_str("]")
        }
        Shape::Array(element, len) => {
            out.write_str("[")?;
            write_brief(out, element, depth)?;
            write!(out, "; {len}]")
        }
        Shape::Map(key, value) => {
            out.write_str("{")?;
            write_brief(out, key, depth)?;
            out.write_str(": ")?;
            write_brief(out, value, depth)?;
            out.write_str("}")
        }
        Shape::Tuple(parts) => {
            out.write_str("(")?;
            for (index, part) in parts.iter().take(9).enumerate() {
                out.write_str(if index == 0 { "" } else { ", " })?;
                write_brief(out, part, depth)?;
            }
            out.write_str(if parts.len() > 9 { ", ..)" } else { ")" })
        }
        Shape::Type(name) => out.write_str(&short(name)),
        scalar => out.write_str(scalar.name()),
    }
}

/// The most characters of a name that are told.
const MAX_NAME: usize = 100;

/// Returns a name for people: a stranger's may be long, or hold what a terminal would obey.
pub(super) fn short(name: &str) -> String {
    let printable = |letter: char| if letter.is_control() { '?' } else { letter };
    let mut short: String = name.chars().take(MAX_NAME).map(printable).collect();
    if short.len() < name.len() {
        short.push_str("..");
    }
    short
}

/// The most steps of a way that are told, the last ones.
const MAX_TOLD: usize = 16;

/// Returns the text of a way, whose steps come last one first: `order.lines[].count`.
pub(super) fn way_text<'d>(start: &str, steps: impl Iterator<Item = Step<'d>>) -> String {
    let mut steps: Vec<Step<'d>> = steps.take(MAX_TOLD + 1).collect();
    let mut text = short(start);
    if steps.len() > MAX_TOLD {
        steps.pop();
        text.push_str(".(..)");
    }
    for step in steps.into_iter().rev() {
        // A `String` takes all that is written.
        _ = match step {
            Step::Name(name) => write!(text, ".{}", short(name)),
            Step::Index(index) => write!(text, "[{index}]"),
            Step::Element => text.write_str("[]"),
            Step::Key => text.write_str("[key]"),
        };
    }
    text
}
