//! Rejects values that the receiver could not restore.
//!
//! * **Numbers of parts.** A type that announces another number of fields, elements or entries
//!   than it writes makes the receiver take a part for what follows, or the other way round.
//! * **`Some` of nothing.** `None` and `()` are nil, and `Some` is not written at all.
//! * **Parts that failed.** A type may ignore that a part of it failed after some of its bytes.

use super::TokenWriter;
use crate::codec::Error;
use crate::codec::erased::{PathStep, Token, TokenSink, ValueError};

/// Passes tokens to a writer, unless the value could not be restored.
pub(in crate::codec) struct ExactTokens<W> {
    writer: W,
    open: Vec<OpenParts>,
    /// Whether the next value is the content of a `Some`.
    in_some: bool,
    abandoned: bool,
}

/// A value whose parts are being written.
struct OpenParts {
    /// The type's name, or "a list" and the like, for errors.
    name: &'static str,
    /// The announced number of parts, if it is known beforehand.
    announced: Option<usize>,
    written: usize,
    /// Whether the key of a map has been written whose value is to come.
    in_entry: bool,
    /// The name of the last part, if it has one.
    part: Option<&'static str>,
}

impl<W: TokenWriter> ExactTokens<W> {
    pub(in crate::codec) fn new(writer: W) -> Self {
        Self {
            writer,
            open: Vec::new(),
            in_some: false,
            abandoned: false,
        }
    }

    /// Ends the value, whose `Serialize` has returned `written`.
    pub(in crate::codec) fn finish(
        self,
        written: Result<(), ValueError>,
    ) -> Result<(), ValueError> {
        written?;
        if self.abandoned {
            return Err(ValueError::new(
                "a part of the value failed, and its `Serialize` has ignored the error",
            ));
        }
        Ok(())
    }

    fn begin(&mut self, name: &'static str, announced: Option<usize>) {
        self.open.push(OpenParts {
            name,
            announced,
            written: 0,
            in_entry: false,
            part: None,
        });
    }

    fn count(&mut self, part: Option<&'static str>) {
        if let Some(open) = self.open.last_mut() {
            open.written += 1;
            open.part = part;
        }
    }

    /// Goes on to the value of an entry, or from it to the next key.
    fn turn(&mut self, in_entry: bool) -> Result<(), ValueError> {
        match self.open.last_mut() {
            Some(open) if open.in_entry == in_entry => Err(self.error(Error::HalfEntry)),
            Some(open) => {
                open.in_entry = in_entry;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), ValueError> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        if open.in_entry {
            return Err(self.error(Error::HalfEntry));
        }
        match open.announced {
            Some(announced) if announced != open.written => Err(self.error(Error::Miscounted {
                name: open.name,
                announced,
                written: open.written,
            })),
            _ => Ok(()),
        }
    }

    /// Returns the error of the part that is being written.
    #[cold]
    fn error(&self, error: Error) -> ValueError {
        let open = self.open.iter().rev();
        let steps = open
            .filter(|open| !W::is_written(open.name))
            .map(|open| match open.part {
                Some(name) => PathStep::name(name),
                None => PathStep::Index(open.written.saturating_sub(1)),
            });
        steps.fold(error.into(), ValueError::at)
    }
}

impl<W: TokenWriter> TokenSink for ExactTokens<W> {
    fn put(&mut self, token: Token<'_>) -> Result<(), ValueError> {
        match token {
            Token::Element => self.count(None),
            Token::Field(name) => self.count(Some(name)),
            Token::Key => self.turn(true)?,
            Token::Value => {
                self.turn(false)?;
                self.count(None);
            }
            Token::Newtype(_) => {}
            Token::End => self.end()?,
            Token::Some => {
                self.in_some = true;
                return self.writer.write(token);
            }
            _ => {
                if self.in_some && self.writer.is_nil(&token) {
                    let path = String::new();
                    return Err(self.error(Error::SomeOfNothing { path }));
                }
                self.in_some &= matches!(token, Token::Struct(name, _) if W::is_written(name));
                match token {
                    Token::Seq(len) => self.begin("a list", len),
                    Token::Map(len) => self.begin("a map", len),
                    Token::Tuple(name, len) | Token::Struct(name, len) => {
                        self.begin(name, Some(len));
                    }
                    Token::Variant(variant) => {
                        self.begin(variant.name, None);
                        self.count(Some(variant.name));
                    }
                    _ => {}
                }
            }
        }
        self.writer.write(token)
    }

    fn abandon(&mut self) {
        self.abandoned = true;
    }

    fn is_human_readable(&self) -> bool {
        W::HUMAN_READABLE
    }
}
