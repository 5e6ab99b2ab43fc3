//! CPU time of a process, in nanoseconds and over all of its threads; and how busy the machine is.
//!
//! `/proc/<pid>/stat` counts in ticks of 10 ms, which is too coarse for a turn of some milliseconds; the process's CPU
//! clock is exact.

use std::mem::MaybeUninit;
use std::time::Duration;

/// User and system time that the process has taken so far; 0 is this process.
pub(crate) fn cpu_time(pid: u32) -> Duration {
    let pid = libc::pid_t::try_from(pid).expect("a process id fits");
    let mut clock = MaybeUninit::uninit();
    // SAFETY: the call writes the clock's id where the pointer points, or answers an error number.
    let rc = unsafe { libc::clock_getcpuclockid(pid, clock.as_mut_ptr()) };
    assert_eq!(rc, 0, "process {pid} has no CPU clock: has it ended?");
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: the clock's id was written above, and the call writes the time, or answers -1.
    let time = unsafe {
        let rc = libc::clock_gettime(clock.assume_init(), time.as_mut_ptr());
        assert_eq!(
            rc, 0,
            "the CPU clock of process {pid} cannot be read: has it ended?"
        );
        time.assume_init()
    };
    Duration::new(
        u64::try_from(time.tv_sec).expect("CPU time is positive"),
        u32::try_from(time.tv_nsec).expect("nanoseconds fit"),
    )
}

/// User and system time of all children that have ended so far, and of theirs.
pub(crate) fn cpu_time_of_children() -> Duration {
    let mut usage = MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the call writes the usage where the pointer points, or answers -1.
    let usage = unsafe {
        let rc = libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        assert_eq!(rc, 0, "the time of children can be read");
        usage.assume_init()
    };
    let time = |time: libc::timeval| {
        Duration::from_secs(u64::try_from(time.tv_sec).expect("CPU time is positive"))
            + Duration::from_micros(u64::try_from(time.tv_usec).expect("microseconds are positive"))
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}

/// How busy the machine was in the last minute, for the head of a table. A figure above a quarter of the cores says
/// that the measurements which follow had to share them.
pub(crate) fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let minute = text.split(' ').next().unwrap_or("?");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("load {minute} on {cores} cores")
}
