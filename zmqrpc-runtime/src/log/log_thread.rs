//! The thread that writes into the log, one for the process. It starts with the first line.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

type LogLine = Box<dyn FnOnce() + Send>;

/// Lines that wait. Further ones are counted: whoever takes them does not keep up, or stands still.
const MAX: usize = 1000;

pub(super) struct LogThread {
    tray: Mutex<LogQueue>,
    /// Something has come in.
    called: Condvar,
    /// All has been written.
    done: Condvar,
    /// The process that the thread is in: a child has none.
    process: AtomicU32,
}

#[derive(Default)]
struct LogQueue {
    lines: VecDeque<LogLine>,
    left_out: u64,
    writing: bool,
}

static DESK: LogThread = LogThread::new();

/// Has a line written. Never waits for whoever takes it.
pub(crate) fn post(line: impl FnOnce() + Send + 'static) {
    DESK.post(Box::new(line));
}

/// Waits until everything has been written, for as long as that takes a writer that keeps up: what a program says last
/// tells why it ends.
pub(crate) fn flush() {
    DESK.flush(Duration::from_millis(100));
}

impl LogThread {
    const fn new() -> Self {
        Self {
            tray: Mutex::new(LogQueue {
                lines: VecDeque::new(),
                left_out: 0,
                writing: false,
            }),
            called: Condvar::new(),
            done: Condvar::new(),
            process: AtomicU32::new(0),
        }
    }

    fn post(&'static self, line: LogLine) {
        match self.process.load(Ordering::Relaxed) {
            0 => {}
            // After a fork the thread is the parent's, and so may be whoever has the lock.
            process if process != std::process::id() => return line(),
            _ => {}
        }
        let mut tray = self.tray();
        if tray.lines.len() == MAX {
            tray.left_out += 1;
            return;
        }
        tray.lines.push_back(line);
        if self.process.load(Ordering::Relaxed) == 0 {
            let builder = thread::Builder::new().name("zmqrpc-log".into());
            // Without a thread the line waits for the next one's.
            if builder.spawn(|| self.write()).is_ok() {
                self.process.store(std::process::id(), Ordering::Relaxed);
            }
        }
        self.called.notify_one();
    }

    fn flush(&self, limit: Duration) {
        if self.process.load(Ordering::Relaxed) != std::process::id() {
            return;
        }
        let busy = |tray: &mut LogQueue| tray.writing || !tray.lines.is_empty();
        let waited = self.done.wait_timeout_while(self.tray(), limit, busy);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn write(&self) -> ! {
        loop {
            let (line, left_out) = self.next();
            // A program's code: what it panics with may panic again when it is dropped.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(line)) {
                std::mem::forget(panic);
            }
            if left_out > 0 {
                let say = || {
                    tracing::warn!(
                        lines = left_out,
                        "lines of the log were left out: it is written more slowly than they come"
                    );
                };
                if let Err(panic) = catch_unwind(AssertUnwindSafe(say)) {
                    std::mem::forget(panic);
                }
            }
        }
    }

    fn next(&self) -> (LogLine, u64) {
        let mut tray = self.tray();
        tray.writing = false;
        loop {
            if let Some(line) = tray.lines.pop_front() {
                tray.writing = true;
                return (line, std::mem::take(&mut tray.left_out));
            }
            self.done.notify_all();
            tray = self
                .called
                .wait(tray)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn tray(&self) -> MutexGuard<'_, LogQueue> {
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// One of a test's own.
    fn desk() -> &'static LogThread {
        Box::leak(Box::new(LogThread::new()))
    }

    #[test]
    fn lines_are_written_in_their_order_on_one_other_thread() {
        let (desk, (tell, told)) = (desk(), mpsc::channel());
        for number in 0..100 {
            let tell = tell.clone();
            desk.post(Box::new(move || {
                tell.send((number, thread::current().id())).unwrap();
            }));
        }
        let lines: Vec<_> = told.iter().take(100).collect();
        assert!(lines.iter().map(|(number, _)| *number).eq(0..100));
        let writer = lines[0].1;
        assert!(writer != thread::current().id());
        assert!(lines.iter().all(|(_, thread)| *thread == writer));
    }

    #[test]
    fn a_writer_that_stands_still_holds_up_nobody_and_costs_a_bounded_amount() {
        let (desk, (hold, wait)) = (desk(), mpsc::channel::<()>());
        desk.post(Box::new(move || assert!(wait.recv().is_err())));
        desk.flush(Duration::from_millis(10));
        for _ in 0..3 * MAX {
            desk.post(Box::new(|| {}));
        }
        assert!(desk.tray().lines.len() <= MAX && desk.tray().left_out >= 2 * MAX as u64 - 1);
        drop(hold);
        desk.flush(Duration::from_secs(10));
        assert!(desk.tray().lines.is_empty() && desk.tray().left_out == 0);
    }

    #[test]
    fn a_line_that_panics_is_not_the_last() {
        let (desk, (tell, told)) = (desk(), mpsc::channel());
        desk.post(Box::new(|| panic!("on purpose")));
        desk.post(Box::new(move || tell.send(()).unwrap()));
        told.recv().unwrap();
    }
}
