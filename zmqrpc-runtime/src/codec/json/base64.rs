//! Bytes as text.

use std::io::{self, Write};

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::write::EncoderWriter;

use crate::codec::erased::ValueError;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const FOR_URLS: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Writes base64 in the standard alphabet, with padding.
pub(super) fn write(bytes: &[u8], out: impl Write) -> io::Result<()> {
    let mut encoder = EncoderWriter::new(out, &STANDARD);
    encoder.write_all(bytes)?;
    encoder.finish().map(drop)
}

/// Returns the bytes of base64 in either alphabet, with padding or without.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, ValueError> {
    let engine = if text.contains(['-', '_']) {
        FOR_URLS
    } else {
        STANDARD
    };
    engine.decode(text).map_err(|error| {
        ValueError::new(format_args!(
            "bytes are a text in base64 or a list of numbers: {error}"
        ))
    })
}
