//! Records what a value writes: a sink that is no format.

use super::trace::{Trace, TraceStep};
use crate::codec::erased::{TUPLE, Token, TokenSink, ValueError};

/// Records the steps of a value on a trace.
pub(super) struct Recorder<'t> {
    trace: &'t Trace,
    /// For each value that is being written the index of its step, if it is one whose parts are counted.
    open: Vec<Option<usize>>,
}

impl<'t> Recorder<'t> {
    pub(super) fn on(trace: &'t Trace) -> Self {
        let open = Vec::new();
        Self { trace, open }
    }
}

impl TokenSink for Recorder<'_> {
    fn put(&mut self, token: Token<'_>) -> Result<(), ValueError> {
        match token {
            Token::UnitVariant(variant) | Token::Variant(variant) => {
                let step = TraceStep::Variant(variant.of, variant.number, variant.name);
                self.trace.push(step);
            }
            _ => {}
        }
        match token {
            Token::Struct(name, _) | Token::Tuple(name, _) if name != TUPLE => {
                let index = self.trace.push(TraceStep::Fields(name, 0));
                self.open.push(Some(index));
            }
            Token::Tuple(..) | Token::Seq(_) | Token::Map(_) | Token::Variant(_) => {
                self.open.push(None);
            }
            Token::Element | Token::Field(_) => {
                if let Some(Some(index)) = self.open.last() {
                    self.trace.add_field(*index);
                }
            }
            Token::End => drop(self.open.pop()),
            _ => {}
        }
        Ok(())
    }

    fn abandon(&mut self) {}

    fn is_human_readable(&self) -> bool {
        false
    }
}
