//! Classes for structs and enums, and names for what is written as something else.

use std::fmt::Write;

use super::hints::HintTime;
use super::plan::{ClassKind, HINTS, PythonPlan};
use super::text::{identifier, quoted, write_docs};
use crate::description::{Body, Fields, Payload, Shape, Type, Variant, Variants};
use crate::export::names::UniqueNames;

/// What an exception has already.
const OF_EXCEPTIONS: &str = "add_note args with_traceback";

/// Writes the types of a description.
pub(super) fn write(plan: &mut PythonPlan<'_>, out: &mut String) {
    for (name, found) in &plan.description.types {
        let Some(declared) = plan.type_name(name).map(str::to_owned) else {
            continue;
        };
        let class = PythonClass {
            kind: plan.class_kind(name),
            base: match plan.class_kind(name) {
                ClassKind::Plain => "",
                ClassKind::Exception => "(ServiceError)",
            },
            name: &declared,
            docs: &found.docs,
        };
        out.push_str("\n\n");
        declare(plan, &class, found, out);
    }
}

/// A class that is to be written.
struct PythonClass<'c> {
    kind: ClassKind,
    /// What it is derived from, in parentheses.
    base: &'c str,
    name: &'c str,
    docs: &'c str,
}

fn declare(plan: &mut PythonPlan<'_>, class: &PythonClass<'_>, found: &Type, out: &mut String) {
    let name = class.name;
    let shape = match &found.body {
        Body::Is(shape) => {
            _ = writeln!(out, "{name} = {}", plan.hint(shape, HintTime::Now));
            write_docs(class.docs, "", out);
            plan.shape(shape)
        }
        Body::Tuple(parts) => {
            _ = writeln!(out, "{name} = {}", plan.hint_of_tuple(parts, HintTime::Now));
            write_docs(class.docs, "", out);
            format!("_tuple({})", plan.shapes(parts))
        }
        Body::Unit => {
            write_class(class, &[], out);
            format!("_unit({name})")
        }
        Body::Struct(fields) => write_struct(plan, class, fields, OtherFields::Ignored, out),
        Body::Open(fields) => write_struct(plan, class, fields, OtherFields::Kept, out),
        Body::Enum(variants) => write_enum(plan, class, variants, out),
    };
    _ = writeln!(out, "\n\n_TYPES[\"{name}\"] = {shape}");
}

/// A member of a class.
struct ClassMember<'m> {
    name: String,
    hint: String,
    /// What stands behind `=`; empty if there is no default.
    default: &'static str,
    docs: &'m str,
}

/// What becomes of fields that a struct does not have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OtherFields {
    Ignored,
    Kept,
}

fn write_class(class: &PythonClass<'_>, members: &[ClassMember<'_>], out: &mut String) {
    _ = writeln!(out, "@dataclass\nclass {}{}:", class.name, class.base);
    write_docs(class.docs, "    ", out);
    match (class.docs.trim().is_empty(), members.is_empty()) {
        (true, true) => out.push_str("    pass\n"),
        (false, false) => out.push('\n'),
        _ => {}
    }
    let (required, optional): (Vec<_>, Vec<_>) =
        members.iter().partition(|member| member.default.is_empty());
    for member in required.into_iter().chain(optional) {
        let ClassMember {
            name,
            hint,
            default,
            docs,
        } = member;
        let equals = if default.is_empty() { "" } else { " = " };
        _ = writeln!(out, "    {name}: {hint}{equals}{default}");
        write_docs(docs, "    ", out);
    }
}

/// Writes the class of a struct, and returns its shape.
fn write_struct(
    plan: &PythonPlan<'_>,
    class: &PythonClass<'_>,
    fields: &Fields,
    others: OtherFields,
    out: &mut String,
) -> String {
    let reserved = match class.kind {
        ClassKind::Plain => &[HINTS][..],
        ClassKind::Exception => &[HINTS, OF_EXCEPTIONS],
    };
    let mut names = UniqueNames::default();
    let mut members = Vec::new();
    let mut shape = format!("_struct({}, [", class.name);
    for field in &fields.fields {
        let name = names.take(&identifier(&field.name, "field", reserved));
        let is_option = plan.meanings.is_optional(&field.shape);
        let is_left_out = field.optional && !is_option;
        let hint = plan.hint(&field.shape, HintTime::Late);
        let wire = quoted(&field.name);
        let left_out = if is_left_out { "True" } else { "False" };
        _ = write!(
            shape,
            "\n    ({wire}, \"{name}\", {}, {left_out}),",
            plan.shape(&field.shape)
        );
        members.push(ClassMember {
            name,
            hint: if is_left_out {
                format!("Optional[{hint}]")
            } else {
                hint
            },
            default: if is_left_out || is_option { "None" } else { "" },
            docs: &field.docs,
        });
    }
    shape.push_str(if fields.fields.is_empty() { "]" } else { "\n]" });
    if others == OtherFields::Kept {
        let name = names.take("others");
        _ = write!(shape, ", others=\"{name}\"");
        members.push(ClassMember {
            name,
            hint: "Dict[str, Any]".to_owned(),
            default: "_field(default_factory=dict)",
            docs: "What else is there.",
        });
    }
    shape.push(')');
    write_class(class, &members, out);
    shape
}

/// Writes the classes of an enum, or what its texts are, and returns its shape.
fn write_enum(
    plan: &mut PythonPlan<'_>,
    class: &PythonClass<'_>,
    variants: &Variants,
    out: &mut String,
) -> String {
    let others = if variants.open { "others=True" } else { "" };
    let hold_nothing = variants
        .variants
        .iter()
        .all(|variant| variant.body == Payload::Unit);
    if hold_nothing && class.kind == ClassKind::Plain {
        return write_words(class, variants, others, out);
    }
    if class.kind == ClassKind::Exception {
        _ = writeln!(out, "class {}(ServiceError):", class.name);
        if class.docs.trim().is_empty() {
            out.push_str("    pass\n");
        }
        write_docs(class.docs, "    ", out);
        out.push_str("\n\n");
    }
    let base = match class.kind {
        ClassKind::Plain => String::new(),
        ClassKind::Exception => format!("({})", class.name),
    };
    let mut shape = "_enum([".to_owned();
    let mut hints = Vec::new();
    for variant in &variants.variants {
        let name = plan.new_name(&format!(
            "{}{}",
            class.name,
            identifier(&variant.name, "_", &[])
        ));
        let class = PythonClass {
            kind: class.kind,
            base: &base,
            name: &name,
            docs: &variant.docs,
        };
        let inner = write_variant(plan, &class, variant, out);
        out.push_str("\n\n");
        let mut names = String::new();
        for name in std::iter::once(&variant.name).chain(&variant.aliases) {
            names.push_str(&quoted(name));
            names.push_str(", ");
        }
        _ = write!(shape, "\n    (({}), {name}, {inner}),", names.trim_end());
        hints.push(name);
    }
    if variants.open {
        hints.push("str".to_owned());
    }
    if class.kind == ClassKind::Plain {
        _ = writeln!(out, "{} = Union[{}]", class.name, hints.join(", "));
        write_docs(class.docs, "", out);
    } else {
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    let gap = if others.is_empty() { "" } else { ", " };
    _ = write!(shape, "\n]{gap}{others})");
    shape
}

/// Writes the class of a variant, and returns the shape of what it holds.
fn write_variant(
    plan: &PythonPlan<'_>,
    class: &PythonClass<'_>,
    variant: &Variant,
    out: &mut String,
) -> String {
    let member = |name: &str, shape: &Shape| ClassMember {
        name: name.to_owned(),
        hint: plan.hint(shape, HintTime::Late),
        default: "",
        docs: "",
    };
    match &variant.body {
        Payload::Unit => {
            write_class(class, &[], out);
            "None".to_owned()
        }
        Payload::One(shape) => {
            write_class(class, &[member("value", shape)], out);
            format!("_single({}, {})", class.name, plan.shape(shape))
        }
        Payload::Tuple(parts) => {
            let members = parts.iter().enumerate();
            let members: Vec<_> = members
                .map(|(index, part)| member(&format!("item{index}"), part))
                .collect();
            write_class(class, &members, out);
            let gap = if parts.is_empty() { "" } else { ", " };
            format!("_several({}{gap}{})", class.name, plan.shapes(parts))
        }
        Payload::Struct(fields) => write_struct(plan, class, fields, OtherFields::Ignored, out),
    }
}

/// Writes what the texts of an enum are whose variants hold nothing.
fn write_words(
    class: &PythonClass<'_>,
    variants: &Variants,
    others: &str,
    out: &mut String,
) -> String {
    let names: Vec<_> = variants
        .variants
        .iter()
        .map(|variant| quoted(&variant.name))
        .collect();
    let literal = format!("Literal[{}]", names.join(", "));
    let hint = match (names.is_empty(), variants.open) {
        (true, _) => "str".to_owned(),
        (false, true) => format!("Union[{literal}, str]"),
        (false, false) => literal,
    };
    _ = writeln!(out, "{} = {hint}", class.name);
    let mut docs = class.docs.to_owned();
    for variant in &variants.variants {
        if !variant.docs.is_empty() {
            _ = write!(docs, "\n\n{}: {}", variant.name, variant.docs);
        }
    }
    write_docs(&docs, "", out);
    let mut words: Vec<String> = names;
    words.extend(
        variants
            .variants
            .iter()
            .flat_map(|variant| variant.aliases.iter().map(|name| quoted(name))),
    );
    if !others.is_empty() {
        words.push(others.to_owned());
    }
    format!("_words({})", words.join(", "))
}
