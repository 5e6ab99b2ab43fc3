//! What a model knows of the system, and no program does: its time, and sockets whose other end the model has.

use std::time::Duration;

use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::{Condvar, Mutex};
use shuttle::thread;

use crate::fd::{File, OwnedFd};

/// A wait that is longer is for what happens, not for the time, which is never over then: what is found only because of it
/// is found too late.
const NEVER: Duration = Duration::from_secs(60);

shuttle::lazy_static! {
    static ref KERNEL: Kernel = Kernel::default();
}

#[derive(Default)]
struct Kernel {
    now: Mutex<Duration>,
    changed: Condvar,
}

/// Returns the time since the model began.
pub fn now() -> Duration {
    *KERNEL.now.lock().unwrap()
}

/// Returns whether a wait of this length is for what happens, and not for the time.
pub fn is_never(time: Duration) -> bool {
    time >= NEVER
}

/// Lets others go on, and some time pass.
pub fn sleep(time: Duration) {
    wait(Some(now() + time), |_| false);
}

/// A socket's descriptor.
pub fn socket() -> OwnedFd {
    OwnedFd::new(File::Socket(false.into()))
}

/// Sets whether a socket's descriptor is ready.
pub fn set_ready(socket: &OwnedFd, ready: bool) {
    change(|_| match &*socket.0 {
        File::Socket(is_ready) => *is_ready.lock().unwrap() = ready,
        _ => unreachable!("it is no socket"),
    });
}

/// Does what may end others' waits.
pub(crate) fn change<R>(action: impl FnOnce(Duration) -> R) -> R {
    let now = KERNEL.now.lock().unwrap();
    let result = action(*now);
    KERNEL.changed.notify_all();
    result
}

/// Waits until `is_over` or `deadline`. Returns whether it is over.
pub(crate) fn wait(deadline: Option<Duration>, mut is_over: impl FnMut(Duration) -> bool) -> bool {
    let mut now = KERNEL.now.lock().unwrap();
    let deadline = deadline.filter(|deadline| !is_never(deadline.saturating_sub(*now)));
    loop {
        if is_over(*now) {
            return true;
        }
        match deadline {
            None => now = KERNEL.changed.wait(now).unwrap(),
            Some(deadline) if deadline <= *now => return false,
            Some(deadline) => {
                drop(now);
                thread::yield_now();
                now = KERNEL.now.lock().unwrap();
                if thread_rng().r#gen() {
                    *now = deadline.max(*now);
                    KERNEL.changed.notify_all();
                }
            }
        }
    }
}
