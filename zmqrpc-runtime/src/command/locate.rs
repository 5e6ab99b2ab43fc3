//! Where in a value the bytes are that cannot be decoded. By key there are no names among them, so that the errors of
//! decoding have no places; the shapes have.

use super::Method;
use crate::codec::Error as CodecError;
use crate::description::{fit, fit_value};

/// Which of a method's values some bytes are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ValueRole {
    Arguments,
    Reply,
    /// The method's own error.
    Error,
}

impl Method {
    /// Says of bytes that could not be decoded by key which part of the value is wrong, if that can be found out.
    #[cold]
    pub(crate) fn locate(&self, error: CodecError, role: ValueRole, bytes: &[u8]) -> CodecError {
        if !matches!(error, CodecError::Decode(_)) {
            return error;
        }
        self.misfit(role, bytes).map_or(error, CodecError::Decode)
    }

    fn misfit(&self, role: ValueRole, bytes: &[u8]) -> Option<String> {
        let description = self.described()?;
        let method = description.only_method()?.method;
        let fits = match role {
            ValueRole::Arguments => fit(description, &method.arguments, bytes),
            ValueRole::Reply => fit_value(description, &method.reply, bytes),
            ValueRole::Error => fit_value(description, method.error.as_ref()?, bytes),
        };
        Some(fits.err()?.to_string())
    }
}
