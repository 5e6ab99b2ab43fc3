//! The output of all codecs: a caller's buffer with a limit on its growth.

use std::io;

use ::postcard::ser_flavors::Flavor;

/// The first allocation, in bytes: a header and a few arguments fit.
const SMALLEST: usize = 64;

/// Up to this length, in bytes, a loop is faster than a call of `memcpy`. A varint is no longer.
const SHORT: usize = 16;

/// Appends to a `Vec`, and never allocates more than `limit` bytes.
///
/// Bytes that fit into the present capacity cost no allocation, so the limit is not checked for
/// each byte but when the buffer is full, and at the end.
pub(super) struct LimitedBuffer<'a> {
    out: &'a mut Vec<u8>,
    limit: usize,
    exceeded: bool,
}

impl<'a> LimitedBuffer<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, limit: usize) -> Self {
        Self {
            out,
            limit,
            exceeded: false,
        }
    }

    /// Returns whether the limit was exceeded.
    ///
    /// Check this rather than the error: the formats change errors on the way, and a `Serialize`
    /// that swallows one leaves a hole in the output.
    pub(super) fn overflowed(&self) -> bool {
        self.exceeded || self.out.len() > self.limit
    }

    /// Returns the number of bytes that are there.
    #[cfg(feature = "msgpack")]
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    /// Replaces the byte at an offset by others, and moves what follows.
    #[cfg(feature = "msgpack")]
    pub(super) fn replace(&mut self, at: usize, bytes: &[u8]) -> io::Result<()> {
        self.ensure_capacity(bytes.len().saturating_sub(1))?;
        self.out.splice(at..=at, bytes.iter().copied());
        Ok(())
    }

    #[inline]
    fn append(&mut self, data: &[u8]) -> Result<(), Full> {
        self.ensure_capacity(data.len())?;
        self.out.extend_from_slice(data);
        Ok(())
    }

    #[inline]
    fn ensure_capacity(&mut self, additional: usize) -> Result<(), Full> {
        if additional > self.out.capacity() - self.out.len() {
            self.grow(additional)?;
        }
        Ok(())
    }

    /// Doubles the capacity as `Vec` does, but never beyond the limit.
    #[cold]
    fn grow(&mut self, additional: usize) -> Result<(), Full> {
        let len = self.out.len();
        if additional > self.limit.saturating_sub(len) {
            self.exceeded = true;
            return Err(Full);
        }
        let doubled = self.out.capacity().saturating_mul(2).max(SMALLEST);
        let wanted = doubled.min(self.limit).max(len + additional);
        self.out.reserve_exact(wanted - len);
        Ok(())
    }
}

/// The buffer has reached its limit.
struct Full;

impl From<Full> for ::postcard::Error {
    fn from(Full: Full) -> Self {
        Self::SerializeBufferFull
    }
}

impl From<Full> for io::Error {
    fn from(Full: Full) -> Self {
        io::ErrorKind::StorageFull.into()
    }
}

impl Flavor for LimitedBuffer<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> ::postcard::Result<()> {
        self.ensure_capacity(1)?;
        self.out.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, data: &[u8]) -> ::postcard::Result<()> {
        if data.len() > SHORT {
            return Ok(self.append(data)?);
        }
        self.ensure_capacity(data.len())?;
        self.out.extend(data.iter().copied());
        Ok(())
    }

    fn finalize(self) -> ::postcard::Result<()> {
        Ok(())
    }
}

impl io::Write for LimitedBuffer<'_> {
    #[inline]
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.append(data)?;
        Ok(data.len())
    }

    #[inline]
    fn write_all(&mut self, data: &[u8]) -> io::Result<()> {
        Ok(self.append(data)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
