//! Timers.

use std::ops::BitOr;
use std::time::Duration;

use crate::fd::{AsFd, File, OwnedFd};
use crate::io::Errno;
use crate::kernel;

#[derive(Clone, Copy, Debug)]
pub struct Timespec {
    pub tv_sec: i64,
    pub tv_nsec: i64,
}

impl Timespec {
    pub(crate) fn duration(&self) -> Duration {
        let seconds = self.tv_sec.try_into().unwrap();
        Duration::new(seconds, self.tv_nsec.try_into().unwrap())
    }
}

#[derive(Clone, Copy)]
pub enum TimerfdClockId {
    Monotonic,
}

#[derive(Clone, Copy)]
pub struct TimerfdFlags;

impl TimerfdFlags {
    pub const CLOEXEC: Self = Self;
    pub const NONBLOCK: Self = Self;
}

impl BitOr for TimerfdFlags {
    type Output = Self;

    fn bitor(self, _other: Self) -> Self {
        self
    }
}

#[derive(Clone, Copy)]
pub struct TimerfdTimerFlags;

impl TimerfdTimerFlags {
    pub fn empty() -> Self {
        Self
    }
}

pub struct Itimerspec {
    pub it_interval: Timespec,
    pub it_value: Timespec,
}

pub fn timerfd_create(_clock: TimerfdClockId, _flags: TimerfdFlags) -> Result<OwnedFd, Errno> {
    Ok(OwnedFd::new(File::Timer(None.into())))
}

pub fn timerfd_settime<Fd: AsFd>(
    fd: Fd,
    _flags: TimerfdTimerFlags,
    value: &Itimerspec,
) -> Result<(), Errno> {
    kernel::change(|now| match &*fd.as_fd().0.0 {
        File::Timer(at) => *at.lock().unwrap() = Some(now + value.it_value.duration()),
        _ => unreachable!("it is no timer"),
    });
    Ok(())
}
