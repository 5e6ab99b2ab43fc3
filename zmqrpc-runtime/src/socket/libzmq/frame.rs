//! One frame, in libzmq's memory.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, DerefMut};
use std::slice;
use std::sync::Arc;

use zmq_sys::zmq_msg_t;

use super::data_location::DataLocation;
#[cfg(feature = "auth")]
use super::login_property::LOGIN_PROPERTY;
use super::unsent::UnsentCounter;

/// Vectors above this size are handed to libzmq without a copy. Below it, a copy is cheaper than the allocation that
/// libzmq needs to track foreign memory.
const COPY_LIMIT: usize = 4096;

/// Holds a head and some arguments without growing.
const SCRATCH_CAPACITY: usize = 512;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = Cell::new(Vec::with_capacity(SCRATCH_CAPACITY));
}

/// A frame to send, or one that was received.
///
/// The crate `zmq` has such a type too, but its `send` drops the message when the socket is full;
/// [`RawSocket::send`](super::raw::RawSocket::send) keeps it.
///
/// Caches the location and length of its bytes: a request's frames are read a dozen times, and each call into libzmq
/// costs more than the read.
pub(crate) struct Frame {
    raw: zmq_msg_t,
    len: usize,
    location: DataLocation,
}

// SAFETY: a `zmq_msg_t` is not tied to a thread; its shared parts are reference-counted atomically.
unsafe impl Send for Frame {}
// SAFETY: `&Frame` only permits reads: `zmq_msg_get`, `zmq_msg_gets` and `zmq_msg_more` do not change the message.
unsafe impl Sync for Frame {}

impl Frame {
    pub(crate) fn new() -> Self {
        // Initialised where it is returned: copying what was just written in small pieces stalls the processor.
        let mut message = Self {
            raw: zmq_msg_t::default(),
            len: 0,
            location: DataLocation::EMPTY,
        };
        // SAFETY: `zmq_msg_init` initialises any memory of this type and always succeeds.
        unsafe { zmq_sys::zmq_msg_init(&raw mut message.raw) };
        message
    }

    pub(crate) fn copy_of(bytes: &[u8]) -> Self {
        let mut raw = zmq_msg_t::default();
        // SAFETY: on success the message has room for `bytes.len()` bytes, which the copy fills; on failure the message
        // is not used.
        let location = unsafe {
            if zmq_sys::zmq_msg_init_size(&raw mut raw, bytes.len()) != 0 {
                // As `Vec` does when memory is exhausted.
                std::alloc::handle_alloc_error(std::alloc::Layout::for_value(bytes));
            }
            let data = zmq_sys::zmq_msg_data(&raw mut raw).cast::<u8>();
            data.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            DataLocation::new(data, &raw const raw)
        };
        let len = bytes.len();
        Self { raw, len, location }
    }

    /// Returns the frame that `write` writes. The thread's next frame reuses the vector, so that a short frame costs no
    /// allocation.
    pub(crate) fn build<E>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Self, E> {
        // Taken out, because `write` may build a frame as well.
        let mut scratch = SCRATCH.try_with(Cell::take).unwrap_or_default();
        scratch.clear();
        write(&mut scratch)?;
        if scratch.len() > COPY_LIMIT {
            return Ok(Self::from(scratch));
        }
        let message = Self::copy_of(&scratch);
        // Fails while the thread ends: then no next frame follows.
        let _ = SCRATCH.try_with(|cell| cell.set(scratch));
        Ok(message)
    }

    /// Returns the same bytes as a message that `counter` counts until libzmq frees it.
    pub(crate) fn tracked_by(self, counter: &Arc<UnsentCounter>) -> Self {
        self.with_owner(counter.track())
    }

    /// Returns the same bytes as a message that owns `owner`: the last user of the bytes drops it.
    pub(super) fn with_owner<T: Send + 'static>(self, owner: T) -> Self {
        let mut owner = Box::new((self, owner));
        let (data, len) = (owner.0.data(), owner.0.len);
        // SAFETY: data and length are those of the message in the box that `free_owned` takes.
        unsafe { Self::foreign(data, len, owner, free_owned::<T>) }
    }

    /// Returns a message of foreign memory.
    ///
    /// # Safety
    ///
    /// `data` and `len` describe memory that `owner` owns, and `free` takes a box of its type as the hint.
    unsafe fn foreign<T>(
        data: *mut u8,
        len: usize,
        owner: Box<T>,
        free: unsafe extern "C" fn(*mut c_void, *mut c_void),
    ) -> Self {
        let hint = Box::into_raw(owner);
        let mut raw = zmq_msg_t::default();
        // SAFETY: as the caller promises; the memory is not touched until libzmq calls `free`, once.
        unsafe {
            let rc =
                zmq_sys::zmq_msg_init_data(&raw mut raw, data.cast(), len, Some(free), hint.cast());
            if rc != 0 {
                drop(Box::from_raw(hint));
                std::alloc::handle_alloc_error(std::alloc::Layout::new::<zmq_msg_t>());
            }
        }
        let location = DataLocation::new(data, &raw const raw);
        Self { raw, len, location }
    }

    /// Drops the content, in place: moving a message that was just written stalls the processor.
    pub(crate) fn clear(&mut self) {
        if self.location == DataLocation::EMPTY {
            return;
        }
        // SAFETY: the message is initialised, and `zmq_msg_init` initialises it again once its content is released.
        unsafe {
            zmq_sys::zmq_msg_close(&raw mut self.raw);
            zmq_sys::zmq_msg_init(&raw mut self.raw);
        }
        self.set_empty();
    }

    /// Copies the bytes if libzmq shares them, so that they may be changed: other receivers may hold what arrived over
    /// `inproc`.
    #[cfg(feature = "proxy")]
    pub(crate) fn make_owned(&mut self) {
        // SAFETY: the message is initialised, and reading a property changes nothing.
        let shared =
            unsafe { zmq_sys::zmq_msg_get(&raw const self.raw, zmq_sys::ZMQ_SHARED.cast_signed()) };
        if shared != 0 {
            *self = Self::copy_of(self);
        }
    }

    /// Updates the location and length after libzmq received a frame of `returned` bytes into this message.
    pub(super) fn set_received(&mut self, returned: c_int) {
        // SAFETY: the message is initialised.
        let data = unsafe {
            self.len = match usize::try_from(returned) {
                Ok(len) if returned < c_int::MAX => len,
                // libzmq cannot return a greater length.
                _ => zmq_sys::zmq_msg_size(&raw const self.raw),
            };
            zmq_sys::zmq_msg_data(&raw mut self.raw).cast::<u8>()
        };
        self.location = DataLocation::new(data, &raw const self.raw);
    }

    /// Updates the location and length after libzmq took the content and left an empty message.
    pub(super) fn set_empty(&mut self) {
        (self.len, self.location) = (0, DataLocation::EMPTY);
    }

    /// Not through a reference to `raw`: short bytes lie within `raw` itself.
    #[inline]
    fn data(&mut self) -> *mut u8 {
        self.location.address_in(&raw mut self.raw)
    }

    /// Returns the peer's IP address; something else over `ipc`, and `None` over `inproc`.
    pub(in crate::socket) fn peer_address(&self) -> Option<&str> {
        self.property(c"Peer-Address")
    }

    /// Returns a number that identifies the connection among all open ones; 0 for connections within the process.
    pub(in crate::socket) fn connection_number(&self) -> u32 {
        // The connection's descriptor, in decimal digits. Parsed for each event: libzmq's own conversion and std's take
        // several times as long.
        let Some(digits) = self.raw_property(c"__fd") else {
            return 0;
        };
        let digits = digits.to_bytes().iter();
        digits.fold(0, |number, digit| {
            number.wrapping_mul(10).wrapping_add(u32::from(digit & 0xF))
        })
    }

    /// Returns the peer's mechanism and user name, where the socket requires a login.
    #[cfg(feature = "auth")]
    pub(in crate::socket) fn login(&self) -> Option<(&str, &str)> {
        if LOGIN_PROPERTY.is_empty() {
            return None;
        }
        let mechanism = self.property(&LOGIN_PROPERTY)?;
        Some((mechanism, self.property(c"User-Id")?))
    }

    #[cfg(not(feature = "auth"))]
    #[expect(clippy::unused_self, reason = "logins are properties of frames")]
    pub(in crate::socket) fn login(&self) -> Option<(&str, &str)> {
        None
    }

    fn property(&self, name: &CStr) -> Option<&str> {
        let value = self.raw_property(name)?.to_str().ok()?;
        (!value.is_empty()).then_some(value)
    }

    #[inline]
    fn raw_property(&self, name: &CStr) -> Option<&CStr> {
        // SAFETY: both pointers are valid; the result is null or a NUL-terminated text that lives as long as the
        // message's metadata, thus as long as the message.
        unsafe {
            let value: *const c_char = zmq_sys::zmq_msg_gets(&raw const self.raw, name.as_ptr());
            (!value.is_null()).then(|| CStr::from_ptr(value))
        }
    }

    pub(super) fn more(&self) -> bool {
        // SAFETY: the message is initialised.
        unsafe { zmq_sys::zmq_msg_more(&raw const self.raw) != 0 }
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut zmq_msg_t {
        &raw mut self.raw
    }
}

impl Default for Frame {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for Frame {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        let raw = &raw const self.raw;
        if self.len == 0 {
            // Points to the message itself, since most topics are empty: an empty slice has a dangling pointer, and
            // comparing that with another empty slice takes a hundred nanoseconds with the C library's vector
            // instructions.
            // SAFETY: nothing is read.
            return unsafe { slice::from_raw_parts(raw.cast(), 0) };
        }
        // SAFETY: data and length describe the content, which lives as long as `self`; nothing is written.
        unsafe { slice::from_raw_parts(self.location.address_in(raw.cast_mut()), self.len) }
    }
}

impl DerefMut for Frame {
    fn deref_mut(&mut self) -> &mut [u8] {
        if self.len == 0 {
            return &mut [];
        }
        // SAFETY: as in `deref`; nothing else refers to the bytes: messages are copied, never shared, and `make_owned`
        // copies what libzmq shares.
        unsafe { slice::from_raw_parts_mut(self.data(), self.len) }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        if self.location != DataLocation::EMPTY {
            // SAFETY: the message is initialised and not used afterwards.
            unsafe { zmq_sys::zmq_msg_close(&raw mut self.raw) };
        }
    }
}

impl From<Vec<u8>> for Frame {
    fn from(mut bytes: Vec<u8>) -> Self {
        if bytes.len() <= COPY_LIMIT {
            return Self::copy_of(&bytes);
        }
        // A vector that grew step by step may have twice the capacity that it needs, which no queue limit counts.
        if bytes.capacity() - bytes.len() > bytes.len() / 8 {
            bytes.shrink_to_fit();
        }
        let mut owner = Box::new(bytes);
        let (data, len) = (owner.as_mut_ptr(), owner.len());
        // SAFETY: data and length are those of the vector in the box that `free_vec` takes.
        unsafe { Self::foreign(data, len, owner, free_vec) }
    }
}

unsafe extern "C" fn free_owned<T>(_data: *mut c_void, hint: *mut c_void) {
    // SAFETY: `hint` is the box that `with_owner` passed to libzmq.
    drop(unsafe { Box::from_raw(hint.cast::<(Frame, T)>()) });
}

unsafe extern "C" fn free_vec(_data: *mut c_void, hint: *mut c_void) {
    // SAFETY: `hint` is the box that `From<Vec<u8>>` passed to libzmq.
    drop(unsafe { Box::from_raw(hint.cast::<Vec<u8>>()) });
}

impl Clone for Frame {
    fn clone(&self) -> Self {
        Self::copy_of(self)
    }
}

impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Frame {}

impl Hash for Frame {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the content: it may hold a secret, and debug output may go to a log.
        write!(f, "Frame({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_in_every_representation() {
        for len in [0, 1, 33, 34, COPY_LIMIT, COPY_LIMIT + 1, 1 << 20] {
            let bytes: Vec<u8> = (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect();
            assert_eq!(*Frame::copy_of(&bytes), bytes[..]);
            assert_eq!(*Frame::from(bytes.clone()), bytes[..]);
        }
        assert!(Frame::new().is_empty());
    }

    #[test]
    fn a_frame_is_changed_in_place() {
        for len in [1, 33, 34, COPY_LIMIT + 1] {
            let mut message = Frame::from(vec![1; len]);
            message[len - 1] = 2;
            assert_eq!(message[len - 1], 2);
            assert_eq!(message.len(), len);
        }
        assert_eq!(Frame::new().iter_mut().count(), 0);
    }

    #[test]
    fn a_messages_owner_is_dropped_with_it_whether_it_has_bytes_or_not() {
        let messages: [fn() -> Frame; 3] = [
            Frame::new,
            || Frame::copy_of(b""),
            || Frame::copy_of(b"bytes"),
        ];
        for message in messages {
            let owner = Arc::new(());
            let mut tracked = message().with_owner(Arc::clone(&owner));
            assert_eq!(tracked, message());
            assert_eq!(Arc::strong_count(&owner), 2);
            tracked.clear();
            assert_eq!(Arc::strong_count(&owner), 1);
            drop(message().with_owner(Arc::clone(&owner)));
            assert_eq!(Arc::strong_count(&owner), 1);
        }
    }

    #[test]
    fn debug_output_shows_no_content() {
        assert_eq!(format!("{:?}", Frame::copy_of(b"secret")), "Frame(6 bytes)");
    }
}
