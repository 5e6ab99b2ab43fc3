//! Waiting for descriptors.

use std::ops::BitOr;

use crate::fd::{AsFd, BorrowedFd, File, OwnedFd};
use crate::io::Errno;
use crate::kernel;
pub use crate::time::Timespec;

#[derive(Clone, Copy)]
pub struct EventfdFlags;

impl EventfdFlags {
    pub const CLOEXEC: Self = Self;
    pub const NONBLOCK: Self = Self;
}

impl BitOr for EventfdFlags {
    type Output = Self;

    fn bitor(self, _other: Self) -> Self {
        self
    }
}

pub fn eventfd(count: u64, _flags: EventfdFlags) -> Result<OwnedFd, Errno> {
    Ok(OwnedFd::new(File::Event(count.into())))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollFlags(bool);

impl PollFlags {
    pub const IN: Self = Self(true);

    pub fn is_empty(self) -> bool {
        !self.0
    }
}

#[derive(Clone, Debug)]
pub struct PollFd<'fd> {
    fd: BorrowedFd<'fd>,
    revents: PollFlags,
}

impl<'fd> PollFd<'fd> {
    pub fn new<Fd: AsFd>(fd: &'fd Fd, _flags: PollFlags) -> Self {
        Self::from_borrowed_fd(fd.as_fd(), PollFlags::IN)
    }

    pub fn from_borrowed_fd(fd: BorrowedFd<'fd>, _flags: PollFlags) -> Self {
        let revents = PollFlags(false);
        Self { fd, revents }
    }

    pub fn revents(&self) -> PollFlags {
        self.revents
    }
}

pub fn poll(fds: &mut [PollFd<'_>], timeout: Option<&Timespec>) -> Result<usize, Errno> {
    let timeout = timeout.map(|timeout| kernel::now() + timeout.duration());
    let timers = fds.iter().filter_map(|fd| fd.fd.0.due());
    let deadline = timers.chain(timeout).min();
    let mut ready = 0;
    kernel::wait(deadline, |now| {
        ready = 0;
        for fd in &mut *fds {
            fd.revents = PollFlags(fd.fd.0.is_ready(now));
            ready += usize::from(fd.revents.0);
        }
        ready > 0
    });
    Ok(ready)
}

pub mod epoll {
    //! Waiting for descriptors that come and go.

    use super::{AsFd, BitOr, Errno, File, OwnedFd, Timespec, kernel};
    use std::sync::Arc;

    #[derive(Clone, Copy)]
    pub struct CreateFlags;

    impl CreateFlags {
        pub const CLOEXEC: Self = Self;
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct EventFlags(bool);

    impl EventFlags {
        pub const IN: Self = Self(true);

        pub fn empty() -> Self {
            Self(false)
        }
    }

    impl BitOr for EventFlags {
        type Output = Self;

        fn bitor(self, other: Self) -> Self {
            Self(self.0 || other.0)
        }
    }

    #[derive(Clone, Copy, Debug)]
    pub struct EventData(u64);

    impl EventData {
        pub fn new_u64(data: u64) -> Self {
            Self(data)
        }

        pub fn u64(self) -> u64 {
            self.0
        }
    }

    #[derive(Clone, Copy, Debug)]
    pub struct Event {
        pub data: EventData,
        pub flags: EventFlags,
    }

    /// A descriptor that is waited for.
    #[derive(Debug)]
    pub(crate) struct Interest {
        fd: OwnedFd,
        event: Event,
    }

    pub fn create(_flags: CreateFlags) -> Result<OwnedFd, Errno> {
        Ok(OwnedFd::new(File::Epoll(Vec::new().into())))
    }

    pub fn add(
        epoll: impl AsFd,
        fd: impl AsFd,
        data: EventData,
        flags: EventFlags,
    ) -> Result<(), Errno> {
        let event = Event { data, flags };
        let fd = fd.as_fd().0.clone();
        change(epoll, |interests| {
            if position(interests, &fd).is_some() {
                return Err(Errno::EXIST);
            }
            interests.push(Interest { fd, event });
            Ok(())
        })
    }

    pub fn modify(
        epoll: impl AsFd,
        fd: impl AsFd,
        data: EventData,
        flags: EventFlags,
    ) -> Result<(), Errno> {
        change(epoll, |interests| {
            let at = position(interests, fd.as_fd().0).ok_or(Errno::NOENT)?;
            interests[at].event = Event { data, flags };
            Ok(())
        })
    }

    pub fn delete(epoll: impl AsFd, fd: impl AsFd) -> Result<(), Errno> {
        change(epoll, |interests| {
            let at = position(interests, fd.as_fd().0).ok_or(Errno::NOENT)?;
            interests.remove(at);
            Ok(())
        })
    }

    pub fn wait(
        epoll: impl AsFd,
        events: &mut Vec<Event>,
        timeout: Option<&Timespec>,
    ) -> Result<usize, Errno> {
        let File::Epoll(interests) = &*epoll.as_fd().0.0 else {
            unreachable!("it is no epoll");
        };
        let deadline = timeout.map(|timeout| kernel::now() + timeout.duration());
        kernel::wait(deadline, |now| {
            let interests = interests.lock().unwrap();
            let ready = |interest: &&Interest| interest.event.flags.0 && interest.fd.is_ready(now);
            events.extend(
                interests
                    .iter()
                    .filter(ready)
                    .map(|interest| interest.event),
            );
            !events.is_empty()
        });
        Ok(events.len())
    }

    fn change<R>(epoll: impl AsFd, action: impl FnOnce(&mut Vec<Interest>) -> R) -> R {
        let File::Epoll(interests) = &*epoll.as_fd().0.0 else {
            unreachable!("it is no epoll");
        };
        kernel::change(|_| action(&mut interests.lock().unwrap()))
    }

    fn position(interests: &[Interest], fd: &OwnedFd) -> Option<usize> {
        let mut fds = interests.iter().map(|interest| &interest.fd);
        fds.position(|own| Arc::ptr_eq(&own.0, &fd.0))
    }
}
