//! Structs: which field is which, and what that means.

use std::collections::HashMap;

use super::super::{Field, Fields};
use super::Verdict::{self, Breaks, Depends, Fine};
use super::form::Encoding;
use super::graph::{Step, Way};
use super::pairing::{Pairing, Spot};
use super::text::short;

/// What has become of a writer's field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// The reader has it in this place, under this name or as an alias.
    Named(usize),
    /// The reader has another name in the same place.
    Renamed,
    /// The reader has none.
    None,
}

impl<'d> Pairing<'_, 'd> {
    pub(super) fn fields(&mut self, at: Spot, written: &'d Fields, read: &'d Fields) {
        let both = written.fields.iter().chain(&read.fields);
        if !self.charge_names(both.map(|field| (&*field.name, &*field.aliases))) {
            return;
        }
        let readings = self.readings(written, read);
        let mut is_read = vec![false; read.fields.len()];
        for (index, (field, reading)) in written.fields.iter().zip(readings).enumerate() {
            let (place, is_renamed) = match reading {
                Reading::Named(place) => (place, false),
                Reading::Renamed => (index, true),
                Reading::None => {
                    let at = self.step(at, Step::Name(&field.name));
                    self.unread(at, read.closed);
                    continue;
                }
            };
            let other = &read.fields[place];
            let at = self.step(at, Step::Name(self.old(&field.name, &other.name)));
            if std::mem::replace(&mut is_read[place], true) {
                self.say(at, "two fields are read as one", Breaks);
            }
            if is_renamed {
                // By name the value would get lost without a word where the reader can do without.
                self.say_name(at, (&field.name, &other.name), Breaks);
            } else {
                self.named(at, field, other, place != index);
            }
            self.shapes(at, &field.shape, &other.shape);
        }
        for (field, _) in read.fields.iter().zip(is_read).filter(|(_, read)| !read) {
            let at = self.step(at, Step::Name(&field.name));
            self.unwritten(at, field);
        }
        let is_forth_by_name = self.lens.way == Way::Forth && !self.lens.encoding.is_by_key();
        if is_forth_by_name && read.closed && !written.closed {
            self.say(at, "other fields are refused now", Depends);
        }
    }

    fn readings(&mut self, written: &'d Fields, read: &'d Fields) -> Vec<Reading> {
        let names = |fields: &'d Fields| fields.fields.iter().map(|field| &field.name);
        if names(written).eq(names(read)) {
            return (0..read.fields.len()).map(Reading::Named).collect();
        }
        let (known, written_names) = (places(read), places(written));
        let same_number = written.fields.len() == read.fields.len();
        let mut readings = Vec::with_capacity(written.fields.len());
        for (index, field) in written.fields.iter().enumerate() {
            let here = read.fields.get(index);
            readings.push(match (known.get(&*field.name), here) {
                (_, Some(here)) if here.name == field.name => Reading::Named(index),
                (Some(place), _) => Reading::Named(*place),
                (None, Some(here)) if same_number => {
                    // No other field of the writer's is read as this one.
                    let is_free = |name: &String| {
                        let writer = written_names.get(name.as_str());
                        writer.is_none_or(|writer| *writer == index)
                    };
                    let is_free = is_free(&here.name) && here.aliases.iter().all(is_free);
                    let is_alike =
                        field.aliases.contains(&here.name) || self.are_alike(field, here);
                    if is_free && is_alike {
                        Reading::Renamed
                    } else {
                        Reading::None
                    }
                }
                _ => Reading::None,
            });
        }
        readings
    }

    /// Returns whether two fields may be one that was renamed, by their shapes.
    fn are_alike(&mut self, written: &'d Field, read: &'d Field) -> bool {
        let (writer, reader) = self.graph.sides(self.lens.way);
        let written = writer.resolve(&written.shape, Encoding::Postcard);
        let read = reader.resolve(&read.shape, Encoding::Postcard);
        written.is_like(&read)
    }

    /// Compares two fields of which the reader's has the writer's name, maybe as an alias.
    fn named(&mut self, at: Spot, written: &'d Field, read: &'d Field, has_moved: bool) {
        let is_by_key = self.lens.encoding.is_by_key();
        if has_moved {
            let verdict = if is_by_key { Breaks } else { Fine };
            self.say(at, "the field stands elsewhere", verdict);
        }
        if written.name != read.name {
            self.say_name(at, (&written.name, &read.name), Fine);
        }
        if is_by_key {
            return;
        }
        if written.optional && !read.optional {
            let text = match self.lens.way {
                Way::Forth => "the field may not be left out any more",
                Way::Back => "the field may be left out now",
            };
            self.say(at, text, Depends);
        }
        let is_lost = |alias: &&String| **alias != read.name && !read.aliases.contains(alias);
        let lost = written.aliases.iter().find(is_lost);
        if let (Some(lost), Way::Forth) = (lost, self.lens.way) {
            let text = format!("the field is not called `{}`, too, any more", short(lost));
            self.say(at, text, Breaks);
        }
    }

    /// A field that the reader does not know.
    fn unread(&mut self, at: Spot, is_closed: bool) {
        let is_broken = self.lens.encoding.is_by_key() || is_closed || self.lens.is_key;
        let text = match self.lens.way {
            Way::Forth => "the field is gone",
            Way::Back => "the field is new",
        };
        self.say(at, text, if is_broken { Breaks } else { Fine });
    }

    /// A field that the writer does not know.
    fn unwritten(&mut self, at: Spot, field: &Field) {
        let is_broken = self.lens.encoding.is_by_key() || !field.optional;
        let text = match self.lens.way {
            Way::Forth => "the field is new",
            Way::Back => "the field is gone",
        };
        self.say(at, text, if is_broken { Breaks } else { Fine });
    }

    /// Says that a name is another one now, which is nothing by key.
    pub(super) fn say_name(&mut self, at: Spot, names: (&str, &str), by_name: Verdict) {
        let new = match self.lens.way {
            Way::Forth => names.1,
            Way::Back => names.0,
        };
        let text = format!("its name is `{}` now", short(new));
        let is_by_key = self.lens.encoding.is_by_key();
        self.say(at, text, if is_by_key { Fine } else { by_name });
    }

    /// Returns the old one of a writer's and a reader's name.
    pub(super) fn old(&self, written: &'d str, read: &'d str) -> &'d str {
        match self.lens.way {
            Way::Forth => written,
            Way::Back => read,
        }
    }

    /// Counts the work on names.
    pub(super) fn charge_names(
        &mut self,
        mut names: impl Iterator<Item = (&'d str, &'d [String])>,
    ) -> bool {
        names.all(|(name, aliases)| {
            let aliases = aliases.iter().map(|alias| alias.len() + 32);
            self.graph.charge(name.len() + aliases.sum::<usize>())
        })
    }
}

/// Returns the places of fields by all their names.
fn places(fields: &Fields) -> HashMap<&str, usize> {
    let mut places = HashMap::new();
    for (place, field) in fields.fields.iter().enumerate() {
        for alias in &field.aliases {
            places.entry(alias.as_str()).or_insert(place);
        }
    }
    for (place, field) in fields.fields.iter().enumerate().rev() {
        places.insert(field.name.as_str(), place);
    }
    places
}
