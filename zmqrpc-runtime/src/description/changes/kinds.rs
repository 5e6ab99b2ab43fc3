//! Forms of different kinds that may be the same values all the same.

use super::super::Shape;
use super::Verdict::{self, Breaks, Depends, Fine};
use super::form::{Encoding, Form};
use super::pairing::{MAX_DEPTH, Pair, Pairing, Spot};
use super::resolved::Resolved;

/// Resolves a shape of the writer, or one of the reader.
type Resolve<'g, 'd> = fn(&mut Pairing<'g, 'd>, &'d Shape) -> Resolved<'d>;

impl<'g, 'd> Pairing<'g, 'd> {
    /// Compares the bytes of forms of different kinds.
    pub(super) fn by_key(&mut self, at: Spot, pair: Pair<'d>) -> Option<Verdict> {
        let (writer, reader) = (pair.0.form, pair.1.form);
        match (writer.arity(), reader.arity()) {
            (Some(written), Some(read)) if written == read => {
                self.parts(at, writer, reader);
                return None;
            }
            // One part has the same bytes as what it is a part of.
            (Some(1), _) => {
                let part = self.only_part(pair.0, Self::written);
                return part.map_or(Some(Breaks), |part| self.resolved(at, (part, pair.1)));
            }
            (_, Some(1)) => {
                let part = self.only_part(pair.1, Self::read);
                return part.map_or(Some(Breaks), |part| self.resolved(at, (pair.0, part)));
            }
            _ => {}
        }
        Some(match (writer, reader) {
            (Form::Scalar(Shape::Bytes | Shape::String | Shape::Char), Form::List(element))
                if is_byte(self.read(element)) =>
            {
                Fine
            }
            (Form::List(element), Form::Scalar(Shape::Bytes)) if is_byte(self.written(element)) => {
                Fine
            }
            (Form::List(element), Form::Scalar(Shape::String))
                if is_byte(self.written(element)) =>
            {
                Depends
            }
            _ => Breaks,
        })
    }

    /// Returns what is within forms of one part; `None` if there is no end to them.
    fn only_part(&mut self, whole: Resolved<'d>, resolve: Resolve<'g, 'd>) -> Option<Resolved<'d>> {
        self.innermost(whole, resolve, |form| match form.arity() {
            Some(1) => form.part(0),
            _ => None,
        })
    }

    /// Returns what is within options; `None` if there is no end to them.
    fn content(&mut self, whole: Resolved<'d>, resolve: Resolve<'g, 'd>) -> Option<Resolved<'d>> {
        self.innermost(whole, resolve, |form| match form {
            Form::Option(inner) => Some(inner),
            _ => None,
        })
    }

    fn innermost(
        &mut self,
        mut whole: Resolved<'d>,
        resolve: Resolve<'g, 'd>,
        within: fn(Form<'d>) -> Option<&'d Shape>,
    ) -> Option<Resolved<'d>> {
        for _ in 0..MAX_DEPTH {
            match within(whole.form) {
                Some(inner) => whole = resolve(self, inner),
                None => return Some(whole),
            }
        }
        None
    }

    /// Compares forms of different kinds in formats that describe themselves.
    pub(super) fn by_name(&mut self, at: Spot, pair: Pair<'d>) -> Option<Verdict> {
        let is_json = self.lens.encoding == Encoding::Json;
        Some(match (pair.0.form, pair.1.form) {
            (written, Form::Option(_)) if !written.may_be_nil() => {
                match self.content(pair.1, Self::read) {
                    Some(read) => self.resolved(at, (pair.0, read)).unwrap_or(Fine),
                    None => Breaks,
                }
            }
            (Form::Option(_), read) if !read.may_be_nil() => {
                match self.content(pair.0, Self::written) {
                    Some(written) => {
                        let within = self.resolved(at, (written, pair.1));
                        within.unwrap_or(Fine).max(Depends)
                    }
                    None => Breaks,
                }
            }
            (
                written @ (Form::Tuple(_) | Form::Array(..)),
                read @ (Form::Tuple(_) | Form::Array(..)),
            ) if written.arity() == read.arity() => {
                self.parts(at, written, read);
                return None;
            }
            (Form::Tuple(written), Form::List(read)) => {
                self.each(at, written.iter().map(|written| (written, read)));
                Fine
            }
            (Form::List(written), Form::Tuple(read)) => {
                self.each(at, read.iter().map(|read| (written, read)));
                Depends
            }
            (Form::Array(written, _), Form::List(read)) => {
                self.elements(at, written, read);
                Fine
            }
            (Form::List(written), Form::Array(read, _)) => {
                self.elements(at, written, read);
                Depends
            }
            // Not all types that are bytes read a list, too.
            (Form::List(element), Form::Scalar(Shape::Bytes)) if is_byte(self.written(element)) => {
                Depends
            }
            (Form::Scalar(Shape::Bytes), Form::List(element))
                if !is_json && is_byte(self.read(element)) =>
            {
                Fine
            }
            (Form::Unit, Form::UnitStruct) => Fine,
            (Form::UnitStruct, Form::Unit) if is_json => Fine,
            _ => Breaks,
        })
    }
}

fn is_byte(element: Resolved<'_>) -> bool {
    matches!(element.form, Form::Scalar(Shape::U8))
}
