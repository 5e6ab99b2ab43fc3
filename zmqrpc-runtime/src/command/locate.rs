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
        let misfit = fits.err().filter(|misfit| !misfit.is_undescribed())?;
        Some(misfit.to_string())
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::codec::Codec;
    use crate::command::{Command, KeyCell, Untold};
    use crate::error::CallError;

    #[derive(Debug, Serialize, Deserialize)]
    struct Sample {
        sensor: u16,
        marks: Vec<bool>,
    }

    #[derive(Serialize)]
    struct Take;

    impl Command for Take {
        type Arguments<'a> = (String, Sample);
        type Reply = Sample;
        type Failure = CallError<u8>;
        type Answer = Result<Sample, u8>;
        const METHOD: Method = Method::new("Sensors", "take", 1, "").shaped::<Self>(
            &["name", "reading"],
            const {
                static CELL: KeyCell = KeyCell::new();
                &CELL
            },
        );
    }

    #[derive(Serialize)]
    struct Quiet;

    impl Command for Quiet {
        type Arguments<'a> = Untold;
        type Reply = ();
        type Failure = crate::error::Error;
        type Answer = ();
        const METHOD: Method = Method::new("Sensors", "quiet", 1, "").shaped::<Self>(
            &["0"],
            const {
                static CELL: KeyCell = KeyCell::new();
                &CELL
            },
        );
    }

    fn located(method: &Method, role: ValueRole, bytes: &[u8]) -> String {
        let error = Codec::Postcard.decode::<(String, Sample)>(bytes);
        let error = error.err().unwrap_or(CodecError::Decode("a reason".into()));
        method.locate(error, role, bytes).reason()
    }

    #[test]
    fn a_part_of_the_arguments_is_named_by_its_argument() {
        // A name of one byte, a number of three.
        let large = [1, b'a', 0x80, 0x80, 0x04, 0];
        let located = |bytes: &[u8]| located(&Take::METHOD, ValueRole::Arguments, bytes);
        assert_eq!(located(&large), "reading.sensor: 65536 is no `u16`");
        let mark = [1, b'a', 1, 2, 1, 7];
        assert_eq!(located(&mark), "reading.marks[1]: it is no `bool`");
        assert_eq!(located(&[1]), "name: more is read than there is");
    }

    #[test]
    fn a_part_of_a_reply_is_named_by_its_field_and_the_whole_by_nothing() {
        let reply = located(&Take::METHOD, ValueRole::Reply, &[1, 1, 7]);
        assert_eq!(reply, "marks[0]: it is no `bool`");
        let error = located(&Take::METHOD, ValueRole::Error, &[]);
        assert_eq!(error, "more is read than there is");
    }

    #[test]
    fn what_is_not_known_keeps_the_reason_that_it_has() {
        let own = located(&Quiet::METHOD, ValueRole::Arguments, &[1, b'a', 1, 1, 7]);
        assert!(!own.contains("unknown") && !own.is_empty(), "{own}");
        // It fits, as far as its shape says.
        let fits = located(&Take::METHOD, ValueRole::Reply, &[1, 1, 1]);
        assert!(!fits.contains("marks"), "{fits}");
    }
}
