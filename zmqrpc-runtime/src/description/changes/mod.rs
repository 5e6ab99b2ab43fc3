//! What has changed between two descriptions, and for whom it matters.
//!
//! ```text
//! change     what is told of a change, and its verdicts
//! form       what the values of a shape are
//! resolved   what shapes come down to, through names
//! text       shapes, names and ways for people
//! scalar     verdicts on values without parts
//! graph      the pairs of types that are compared, once each, and how one leads to others
//! pairing    one pair of forms
//! kinds      forms of different kinds
//! fields     structs
//! variants   enums
//! method     how methods are called
//! reach      the differences that a method meets
//! service    which service answers whom
//! report     changes by place, with those who use it
//! judgment   one method of a caller against one of a server
//! ```
//!
//! A writer's form is held against a reader's, in each encoding: postcard for clients by key, `MessagePack` and JSON for
//! clients by name. Arguments are written by clients, replies and errors by servers.
//!
//! Descriptions come from strangers. Types are not followed by recursion, no pair of them is compared twice, and all
//! work and output is bounded: what goes beyond counts as broken.

mod change;
mod fields;
mod form;
mod graph;
mod judgment;
mod kinds;
mod method;
mod pairing;
mod reach;
mod report;
mod resolved;
mod scalar;
mod service;
#[cfg(all(test, feature = "json"))]
mod tests;
mod text;
mod variants;

pub use self::change::{Change, Use, Verdict};
#[cfg(all(test, feature = "json"))]
pub(crate) use self::judgment::Judgment;
pub(crate) use self::judgment::{MethodOf, judge_arguments, judge_method};

use self::report::Report;
use self::service::compare_services;
use super::Description;

/// Returns what clients of `old` meet at a server of `new`: empty for two descriptions of which all is the same that
/// travels.
///
/// By key a client of `old` meets the same version of a service, by name the highest one.
///
/// What a description does not know, as [`Shape::Any`](super::Shape::Any) and
/// [`Shape::Unknown`](super::Shape::Unknown) say, is taken for the same on both sides as long as nothing else tells
/// otherwise: the method's signature and fingerprint are the same texts. Else it is a change of its own.
#[must_use]
pub fn changes(old: &Description, new: &Description) -> Vec<Change> {
    let mut report = Report::new(old, new);
    compare_services(&mut report);
    report.into_changes()
}
