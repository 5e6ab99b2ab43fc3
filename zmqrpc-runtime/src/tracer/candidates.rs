//! The values that types are offered, one after the other until they take one.

/// Texts in usual forms: numbers, versions, dates, addresses, names, codes.
const TEXTS: &[&str] = &[
    "a",
    "1",
    "1.0.0",
    "2000-01-01T00:00:00Z",
    "2000-01-01",
    "12:00:00",
    "2000-01-01T00:00:00",
    "2000-01-01 00:00:00.0 +00:00:00",
    "2000-01-01 00:00:00.0",
    "00:00:00.0",
    "00000000-0000-0000-0000-000000000000",
    "127.0.0.1",
    "127.0.0.1:80",
    "::1",
    "[::1]:80",
    "127.0.0.0/8",
    "https://example.org/",
    "somebody@example.org",
    "example.org",
    "#000000",
    "true",
    "en",
    "UTC",
    "Europe/Berlin",
    "EUR",
    "P1D",
    "1s",
    "/",
    "00:00:00:00:00:00",
    "0x00",
    "00",
    "A",
    "",
    "AAAA",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
];

const NUMBERS: &[u64] = &[1, 0, 2, 4, 8, 10, 42, 100, 1_000, 2_000];

/// Numbers of bytes that keys, addresses and digests have.
const LENGTHS: &[usize] = &[1, 16, 0, 4, 6, 8, 12, 20, 24, 32, 33, 48, 64];

static ZEROS: [u8; 64] = [0; 64];

/// Returns the text for an offer, by the number of those refused before it.
pub(super) fn text(offers: usize) -> &'static str {
    TEXTS[offers % TEXTS.len()]
}

/// Returns a number for an offer, the `given`th in one run: every other time they go up, for types that want the second of
/// two to be larger.
pub(super) fn number(offers: usize, given: u64) -> u64 {
    match offers {
        0 => 1,
        odd if odd % 2 == 1 => given + 1,
        even => NUMBERS[(even / 2) % NUMBERS.len()],
    }
}

pub(super) fn bytes(offers: usize) -> &'static [u8] {
    &ZEROS[..LENGTHS[offers % LENGTHS.len()]]
}
