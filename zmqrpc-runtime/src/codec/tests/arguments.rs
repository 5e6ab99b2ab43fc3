//! The wrappers around arguments: what they borrow, and what they accept.

use super::super::{Bytes, Codec, Error, NoArgs, Str, optional_bytes};
use super::{CODECS, encoded};

/// Returns whether `part` lies within `whole`, that is, was not copied.
fn is_within(part: &[u8], whole: &[u8]) -> bool {
    whole.as_ptr_range().contains(&part.as_ptr())
}

#[test]
fn bytes_and_text_are_borrowed_from_the_message() {
    for codec in CODECS {
        let bytes = encoded(codec, &(Bytes::new(b"\x00\xFF"), Str::new("text")));
        let (blob, text) = codec.decode::<(Bytes<'_>, Str<'_>)>(&bytes).unwrap();
        assert_eq!((&*blob, &*text), (&b"\x00\xFF"[..], "text"));
        assert!(is_within(text.as_bytes(), &bytes));
        // In JSON bytes are text of another form.
        assert_eq!(is_within(&blob, &bytes), codec != Codec::Json);
    }
}

#[test]
fn bytes_accept_what_untyped_callers_send() {
    let decode = |body| {
        Codec::MessagePack
            .decode::<Bytes<'_>>(body)
            .map(Bytes::into_vec)
    };
    assert_eq!(decode(b"\xC4\x02ab").unwrap(), b"ab");
    assert_eq!(decode(b"\xA2ab").unwrap(), b"ab");
    assert_eq!(decode(b"\x92\x61\xCC\xFF").unwrap(), b"a\xFF");
    assert_eq!(decode(b"\x90").unwrap(), b"");
    for wrong in [
        &b"\x92\x61\xCD\x01\x00"[..],
        b"\x91\xFF",
        b"\x07",
        b"\xC0",
        b"",
    ] {
        assert!(matches!(decode(wrong), Err(Error::Decode(_))), "{wrong:?}");
    }
}

#[test]
fn text_is_not_taken_for_bytes() {
    let decode = |body| {
        Codec::MessagePack
            .decode::<Str<'_>>(body)
            .map(Str::into_string)
    };
    assert_eq!(decode(b"\xA2ab").unwrap(), "ab");
    assert!(decode(b"\xC4\x02ab").is_err());
    assert!(decode(b"\xA2\xFF\xFE").is_err());
}

#[test]
fn wrappers_write_what_the_plain_types_read() {
    let plain = ("text".to_owned(), vec![1_u8, 2], Some(vec![3_u8]));
    let wrapped = (
        Str::new("text"),
        Bytes::new(&[1, 2]),
        optional_bytes(Some(&[3])),
    );
    let bytes = encoded(Codec::Postcard, &wrapped);
    assert_eq!(bytes, encoded(Codec::Postcard, &plain));
    // In JSON a list of numbers is no text in base64.
    for codec in [Codec::Postcard, Codec::MessagePack] {
        let bytes = encoded(codec, &wrapped);
        let value = codec.decode::<(String, Vec<u8>, Option<Vec<u8>>)>(&bytes);
        assert_eq!(value.unwrap(), plain);
    }
}

#[test]
fn no_arguments_take_no_bytes_in_postcard() {
    assert_eq!(encoded(Codec::Postcard, &NoArgs), b"");
    assert_eq!(Codec::Postcard.decode(b""), Ok(NoArgs));
    let error = Codec::Postcard.decode::<NoArgs>(b"\x07").unwrap_err();
    assert_eq!(error, Error::Trailing { count: 1 });
}

#[test]
fn no_arguments_are_spelt_in_many_ways_in_messagepack() {
    assert_eq!(encoded(Codec::MessagePack, &NoArgs), b"\xC0");
    for body in [
        &b""[..],
        b"\xC0",
        b"\x90",
        b"\x80",
        b"\xDC\0\0",
        b"\xDE\0\0",
    ] {
        assert_eq!(Codec::MessagePack.decode(body), Ok(NoArgs), "{body:?}");
    }
}

#[test]
fn surplus_arguments_are_refused() {
    for body in [&b"\x91\x07"[..], b"\x92\xC0\xC0", b"\x81\xA1x\x07"] {
        let error = Codec::MessagePack.decode::<NoArgs>(body).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot decode the body: the method takes no arguments"
        );
    }
    let error = Codec::MessagePack.decode::<NoArgs>(b"\x07").unwrap_err();
    assert!(
        error.to_string().ends_with("expected no arguments"),
        "{error}"
    );
}

#[test]
fn positional_arguments_are_an_array_in_messagepack() {
    let bytes = encoded(Codec::MessagePack, &(7, "x"));
    assert_eq!(bytes, b"\x92\x07\xA1x");
    let arguments = Codec::MessagePack.decode::<(u8, Str<'_>)>(&bytes).unwrap();
    assert_eq!(arguments, (7, Str::new("x")));
    for wrong in [&b"\x91\x07"[..], b"\x93\x07\xA1x\x07"] {
        assert!(Codec::MessagePack.decode::<(u8, Str<'_>)>(wrong).is_err());
    }
}
