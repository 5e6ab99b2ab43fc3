//! Names: those that are taken once, and those under which methods are called.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::description::{Description, MethodDescription, ServiceDescription};

/// The most characters of a name that is put together with others, so that what is written stays in proportion. A server
/// refuses calls by longer names.
const MAX_NAME: usize = 256;

/// Hands out names, each of them once.
#[derive(Default)]
pub(super) struct UniqueNames {
    taken: HashSet<String>,
    /// How often a name was wanted that was taken.
    repeats: HashMap<String, usize>,
}

impl UniqueNames {
    /// Returns `wanted`, or `wanted` with a number behind it.
    pub(super) fn take(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        while !self.taken.insert(name.clone()) {
            let repeats = self.repeats.entry(wanted.to_owned()).or_insert(1);
            *repeats += 1;
            name = format!("{wanted}_{repeats}");
        }
        name
    }
}

/// Returns the services with the names under which they are called: of several versions, each but the highest has its
/// number in its name.
pub(super) fn services(
    description: &Description,
) -> impl Iterator<Item = (String, &ServiceDescription)> {
    let mut highest = BTreeMap::new();
    for service in &description.services {
        let version = highest.entry(&*service.name).or_insert(service.version);
        *version = service.version.max(*version);
    }
    description.services.iter().map(move |service| {
        let is_highest = highest.get(&*service.name) == Some(&service.version);
        let name = beginning(&service.name);
        let name = if is_highest || name.is_empty() {
            name.to_owned()
        } else {
            format!("{name}@{}", service.version)
        };
        (name, service)
    })
}

/// Returns the name under which a method is called.
pub(super) fn full_name(service: &str, method: &MethodDescription) -> String {
    let method = beginning(&method.name);
    if service.is_empty() {
        method.to_owned()
    } else {
        format!("{service}.{method}")
    }
}

/// Returns a name without what is too much of it.
pub(super) fn beginning(name: &str) -> &str {
    match name.char_indices().nth(MAX_NAME) {
        Some((end, _)) => &name[..end],
        None => name,
    }
}

/// Returns `name` with all characters replaced that are not ASCII's letters, digits or `kept`: by one `_` each run of them,
/// and by nothing at both ends.
pub(super) fn sanitized(name: &str, kept: &[char]) -> String {
    let mut out = String::new();
    for char in beginning(name).chars() {
        let is_kept = char.is_ascii_alphanumeric() || kept.contains(&char);
        if is_kept {
            out.push(char);
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
    }
    out.truncate(out.trim_end_matches('_').len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_taken_once() {
        let mut names = UniqueNames::default();
        let taken = ["a", "a", "a_2", "a", "b"].map(|name| names.take(name));
        assert_eq!(taken, ["a", "a_2", "a_2_2", "a_3", "b"]);
    }

    #[test]
    fn names_are_made_of_what_is_allowed() {
        let kept = ['.', '-'];
        for (name, expected) in [
            ("Page<Item>", "Page_Item"),
            ("v1::Item", "v1_Item"),
            ("Inventory.place", "Inventory.place"),
            ("__init__", "init"),
            ("a\n\"b", "a_b"),
            ("größe", "gr_e"),
            ("", ""),
            ("日本", ""),
        ] {
            assert_eq!(sanitized(name, &kept), expected);
        }
        assert_eq!(sanitized(&"a".repeat(1000), &kept).len(), MAX_NAME);
    }
}
