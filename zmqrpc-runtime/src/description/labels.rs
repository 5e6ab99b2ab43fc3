//! Names of types that people can read: the last part of the compiler's, and as much more as tells two apart.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Body, Description, Fields, MethodDescription, Payload, Shape, Type};

/// The most modules that a name keeps.
const MAX_MODULES: usize = 12;

impl Description {
    /// Gives the types, which have the compiler's names, short ones.
    pub(crate) fn shorten_names(&mut self) {
        let labels = labels(self.types.keys());
        self.rename_types(&labels);
    }

    /// Gives types other names, here and wherever shapes name them.
    pub(crate) fn rename_types(&mut self, names: &BTreeMap<String, String>) {
        rename(&mut self.types, names);
        let services = self.services.iter_mut();
        for method in services.flat_map(|service| &mut service.methods) {
            method.rename(names);
        }
    }
}

fn rename(types: &mut BTreeMap<String, Type>, names: &BTreeMap<String, String>) {
    let edit = |shape: &mut Shape| shape.rename(names);
    let renamed = std::mem::take(types).into_iter().map(|(name, mut found)| {
        found.body.each_shape(&edit);
        if let Some(text) = &mut found.text {
            text.each_shape(&edit);
        }
        (names.get(&name).cloned().unwrap_or(name), found)
    });
    *types = renamed.collect();
}

impl MethodDescription {
    fn rename(&mut self, names: &BTreeMap<String, String>) {
        let edit = |shape: &mut Shape| shape.rename(names);
        let arguments = self.arguments.iter_mut();
        for argument in arguments {
            argument.shape.each(&edit);
        }
        self.reply.each(&edit);
        if let Some(error) = &mut self.error {
            error.each(&edit);
        }
    }
}

impl Shape {
    fn rename(&mut self, names: &BTreeMap<String, String>) {
        if let Self::Type(name) = self
            && let Some(other) = names.get(name)
        {
            name.clone_from(other);
        }
    }

    /// Calls `edit` for the shape and for all in it.
    fn each(&mut self, edit: &impl Fn(&mut Self)) {
        edit(self);
        match self {
            Self::Option(inner) | Self::List(inner) | Self::Array(inner, _) => inner.each(edit),
            Self::Map(key, value) => {
                key.each(edit);
                value.each(edit);
            }
            Self::Tuple(parts) => parts.iter_mut().for_each(|part| part.each(edit)),
            _ => {}
        }
    }
}

impl Body {
    fn each_shape(&mut self, edit: &impl Fn(&mut Shape)) {
        match self {
            Self::Unit => {}
            Self::Is(shape) => shape.each(edit),
            Self::Tuple(parts) => parts.iter_mut().for_each(|part| part.each(edit)),
            Self::Struct(fields) | Self::Open(fields) => fields.each_shape(edit),
            Self::Enum(found) => {
                for variant in &mut found.variants {
                    match &mut variant.body {
                        Payload::Unit => {}
                        Payload::One(shape) => shape.each(edit),
                        Payload::Tuple(parts) => parts.iter_mut().for_each(|part| part.each(edit)),
                        Payload::Struct(fields) => fields.each_shape(edit),
                    }
                }
            }
        }
    }
}

impl Fields {
    fn each_shape(&mut self, edit: &impl Fn(&mut Shape)) {
        for field in &mut self.fields {
            field.shape.each(edit);
        }
    }
}

/// Returns for each of the compiler's names the shortest that no other one has.
fn labels<'n>(names: impl Iterator<Item = &'n String>) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    let mut ambiguous: Vec<&String> = names.collect();
    for modules in 0..=MAX_MODULES {
        let shortened: Vec<String> = ambiguous
            .iter()
            .map(|name| shortened(name, modules))
            .collect();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for label in &shortened {
            *counts.entry(label).or_default() += 1;
        }
        let taken: HashSet<&String> = labels.values().collect();
        let is_unique = |label: &String| counts[&**label] == 1 && !taken.contains(label);
        let (unique, others): (Vec<_>, Vec<_>) = ambiguous
            .iter()
            .copied()
            .zip(&shortened)
            .partition(|(_, label)| is_unique(label));
        let unique: Vec<_> = unique
            .into_iter()
            .map(|(name, label)| (name.clone(), label.clone()))
            .collect();
        ambiguous = others.into_iter().map(|(name, _)| name).collect();
        labels.extend(unique);
    }
    labels.extend(
        ambiguous
            .into_iter()
            .map(|name| (name.clone(), name.clone())),
    );
    labels
}

/// Returns the adjacently tagged enum that a type is the tag of: the tag is a type within an impl.
pub(super) fn tagged_enum(rust: &str) -> Option<&str> {
    let inside = rust.strip_suffix(">::deserialize::__Field")?;
    inside
        .rfind(" for ")
        .map(|at| &inside[at + " for ".len()..])
}

/// Returns `Page<Item>` for `a::b::Page<c::d::Item>`, with as many modules kept.
fn shortened(rust: &str, modules: usize) -> String {
    if let Some(tagged) = tagged_enum(rust) {
        return format!("{}.tag", shortened(tagged, modules));
    }
    let rust = rust.replace("<'_>", "").replace("'_, ", "");
    let mut label = String::new();
    let mut unread = &*rust;
    while !unread.is_empty() {
        let is_of_path = |char: char| char.is_alphanumeric() || matches!(char, '_' | ':' | '\'');
        let (path, after) = unread.split_at(
            unread
                .find(|char| !is_of_path(char))
                .unwrap_or(unread.len()),
        );
        let parts: Vec<&str> = path.split("::").collect();
        label.push_str(&parts[parts.len().saturating_sub(modules + 1)..].join("::"));
        let (between, after) = after.split_at(after.find(is_of_path).unwrap_or(after.len()));
        label.push_str(between);
        unread = after;
    }
    label
}
