//! What libzmq passes on of a login: a question in frames, of which peers fill in the last ones.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zmqrpc_runtime::__fuzz::reread_login;

/// Frames of up to 255 bytes, each behind its length.
fn frames(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    while let Some((len, rest)) = bytes.split_first() {
        let (frame, rest) = rest.split_at(rest.len().min((*len).into()));
        frames.push(frame);
        bytes = rest;
    }
    frames
}

fuzz_target!(|bytes: &[u8]| {
    let frames = frames(bytes);
    let Some((user, [admitted, refused])) = reread_login(&frames) else {
        return;
    };
    match (&user, &*frames[7], &frames[8..]) {
        (Some(user), b"PLAIN", [name, _]) => assert_eq!(user.as_bytes(), *name),
        (Some(_), b"CURVE", [key]) => assert_eq!(key.len(), 32),
        (None, ..) => {}
        other => panic!("{other:?} is a login"),
    }
    for (answer, status) in [(&admitted, b"200"), (&refused, b"400")] {
        assert_eq!(answer.len(), 8);
        // It goes to who has asked, about what was asked.
        assert_eq!((&*answer[0], &*answer[3]), (frames[0], frames[3]));
        assert_eq!(answer[4], status);
    }
    assert!(refused[6].is_empty() && refused[7].is_empty());
});
