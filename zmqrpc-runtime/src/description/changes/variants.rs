//! Enums: which variant is which, and what that means.

use std::cell::LazyCell;
use std::collections::HashMap;

use super::super::{Payload, Variant, Variants};
use super::Verdict::{self, Breaks, Depends, Fine};
use super::graph::{Step, Way};
use super::pairing::{Pairing, Spot};

impl<'d> Pairing<'_, 'd> {
    pub(super) fn variants(&mut self, at: Spot, written: &'d Variants, read: &'d Variants) {
        let both = written.variants.iter().chain(&read.variants);
        if !self.charge_names(both.map(|variant| (&*variant.name, &*variant.aliases))) {
            return;
        }
        let known = LazyCell::new(|| places(read));
        let mut is_written = vec![false; read.variants.len()];
        for (index, variant) in written.variants.iter().enumerate() {
            let same = read.variants.get(index);
            let place = match same.filter(|same| same.name == variant.name) {
                Some(_) => Some(index),
                // Which of its names is written a description cannot tell.
                None => names(variant).find_map(|name| known.get(name).copied()),
            };
            let Some(place) = place else {
                let at = self.step(at, Step::Name(&variant.name));
                self.unread_variant(at, variant, index, read);
                continue;
            };
            let other = &read.variants[place];
            let at = self.step(at, Step::Name(self.old(&variant.name, &other.name)));
            let is_another = |name| known.get(name).is_some_and(|known| *known != place);
            if std::mem::replace(&mut is_written[place], true) {
                self.say(at, "two variants are read as one", Breaks);
            } else if variant.aliases != other.aliases && names(variant).any(is_another) {
                self.say(at, "its names are those of several variants", Breaks);
            }
            self.named_variant(at, variant, other, read.open);
            if place != index {
                let is_by_key = self.lens.encoding.is_by_key();
                let verdict = if is_by_key { Breaks } else { Fine };
                self.say(at, "the variant stands elsewhere", verdict);
            }
            self.payloads(at, &variant.body, &other.body);
        }
        for (index, variant) in read.variants.iter().enumerate() {
            if !is_written[index] {
                let at = self.step(at, Step::Name(&variant.name));
                self.unwritten_variant(at, index < written.variants.len());
            }
        }
        let is_forth_by_name = self.lens.way == Way::Forth && !self.lens.encoding.is_by_key();
        if is_forth_by_name && written.open && !read.open {
            self.say(at, "variants of other names are refused now", Depends);
        }
    }

    /// A variant that the reader does not know.
    fn unread_variant(&mut self, at: Spot, variant: &Variant, index: usize, read: &Variants) {
        let is_by_key = self.lens.encoding.is_by_key();
        let is_behind = index >= read.variants.len();
        let verdict = match (&variant.body, read.open) {
            // Its number is another variant's.
            _ if is_by_key && !is_behind => Breaks,
            _ if !read.open => Depends,
            // The reader's variant for all others has no content: two of them are one, as keys.
            (Payload::Unit, _) if self.lens.is_key => Breaks,
            (Payload::Unit, _) => Fine,
            // The content is taken for what follows.
            _ if is_by_key => Breaks,
            _ => Depends,
        };
        let text = match self.lens.way {
            Way::Forth => "the variant is gone",
            Way::Back => "the variant is new",
        };
        self.say(at, text, verdict);
    }

    /// A variant that the writer does not know.
    fn unwritten_variant(&mut self, at: Spot, is_before_others: bool) {
        let is_broken = is_before_others && self.lens.encoding.is_by_key();
        let text = match self.lens.way {
            Way::Forth => "the variant is new",
            Way::Back => "the variant is gone",
        };
        self.say(at, text, if is_broken { Breaks } else { Fine });
    }

    /// Compares the names of two variants that have one in common.
    fn named_variant(&mut self, at: Spot, written: &Variant, read: &Variant, is_open: bool) {
        let is_read = |name: &str| names(read).any(|known| known == name);
        let by_name: Verdict = if names(written).all(is_read) {
            Fine
        } else if is_open {
            // A name that the reader does not know is its variant for all others.
            Breaks
        } else {
            Depends
        };
        if written.name != read.name {
            self.say_name(at, (&written.name, &read.name), by_name);
        } else if by_name > Fine && !self.lens.encoding.is_by_key() {
            let text = match self.lens.way {
                Way::Forth => "the variant has lost a name",
                Way::Back => "the variant has one more name",
            };
            self.say(at, text, by_name);
        }
    }
}

/// Returns all names of a variant.
fn names(variant: &Variant) -> impl Iterator<Item = &str> {
    let aliases = variant.aliases.iter().map(String::as_str);
    std::iter::once(variant.name.as_str()).chain(aliases)
}

/// Returns the places of variants by all their names.
fn places(variants: &Variants) -> HashMap<&str, usize> {
    let mut places = HashMap::new();
    for (place, variant) in variants.variants.iter().enumerate().rev() {
        places.extend(names(variant).map(|name| (name, place)));
    }
    places
}
