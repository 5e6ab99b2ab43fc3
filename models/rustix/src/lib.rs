//! The part of `rustix` that the runtime waits with, without a system: descriptors are values, and time passes where
//! somebody waits for it. Which of the threads goes on, and whether a time is over before something happens, the model's
//! scheduler decides.

pub mod event;
pub mod fd;
pub mod kernel;
pub mod time;

pub mod io {
    //! Reading and writing descriptors that count.

    use crate::fd::{AsFd, File};
    use crate::kernel;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Errno(i32);

    impl Errno {
        pub const INTR: Self = Self(4);
        pub const AGAIN: Self = Self(11);
        pub const EXIST: Self = Self(17);
        pub const NOENT: Self = Self(2);
    }

    impl From<Errno> for std::io::Error {
        fn from(errno: Errno) -> Self {
            Self::from_raw_os_error(errno.0)
        }
    }

    pub fn write<Fd: AsFd>(fd: Fd, bytes: &[u8; 8]) -> Result<usize, Errno> {
        kernel::change(|_| match &*fd.as_fd().0.0 {
            File::Event(count) => *count.lock().unwrap() += u64::from_ne_bytes(*bytes),
            _ => unreachable!("only an eventfd is written to"),
        });
        Ok(bytes.len())
    }

    pub fn read<Fd: AsFd>(fd: Fd, bytes: &mut [u8; 8]) -> Result<usize, Errno> {
        let count = kernel::change(|now| match &*fd.as_fd().0.0 {
            File::Event(count) => std::mem::take(&mut *count.lock().unwrap()),
            File::Timer(at) => at.lock().unwrap().take_if(|at| *at <= now).map_or(0, |_| 1),
            _ => unreachable!("only an eventfd and a timer are read"),
        });
        *bytes = count.to_ne_bytes();
        if count == 0 {
            Err(Errno::AGAIN)
        } else {
            Ok(bytes.len())
        }
    }
}

pub mod buffer {
    //! Vectors that a call fills.

    pub fn spare_capacity<T>(buffer: &mut Vec<T>) -> &mut Vec<T> {
        buffer
    }
}
