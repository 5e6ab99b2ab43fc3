//! The process's thread that writes log lines. It starts with the first line.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use crate::sync::{Condvar, Mutex, MutexGuard, rank};

type LogLine = Box<dyn FnOnce() + Send>;

/// The most lines in the queue. Further lines are dropped and counted: the subscriber is slow, or blocked.
const MAX_LINES: usize = 1000;

pub(super) struct LogThread {
    queue: Mutex<LogQueue, { rank::LOG }>,
    /// Signals that a line has been added.
    line_added: Condvar,
    /// Signals that all lines have been written.
    drained: Condvar,
    /// The id of the process that the thread runs in, 0 before it starts. A forked child has no such thread.
    process: AtomicU32,
}

#[derive(Default)]
struct LogQueue {
    lines: VecDeque<LogLine>,
    dropped: u64,
    writing: bool,
}

static LOG_THREAD: LogThread = LogThread::new();

/// Queues a line. Never waits for the subscriber.
pub(crate) fn post(line: impl FnOnce() + Send + 'static) {
    LOG_THREAD.post(Box::new(line));
}

/// Waits until all lines have been written, but no longer than a subscriber that keeps up would take: a program's last
/// lines tell why it ends.
pub(crate) fn flush() {
    LOG_THREAD.flush(Duration::from_millis(100));
}

impl LogThread {
    const fn new() -> Self {
        Self {
            queue: Mutex::new(LogQueue {
                lines: VecDeque::new(),
                dropped: 0,
                writing: false,
            }),
            line_added: Condvar::new(),
            drained: Condvar::new(),
            process: AtomicU32::new(0),
        }
    }

    fn post(&'static self, line: LogLine) {
        match self.process.load(Ordering::Relaxed) {
            0 => {}
            // After a fork only the parent has the thread, and a thread of the parent may hold the lock.
            process if process != std::process::id() => return line(),
            _ => {}
        }
        let mut queue = self.queue();
        if queue.lines.len() == MAX_LINES {
            queue.dropped += 1;
            return;
        }
        queue.lines.push_back(line);
        if self.process.load(Ordering::Relaxed) == 0 {
            let builder = thread::Builder::new().name("zmqrpc-log".into());
            // If the thread does not start, the next line tries again.
            if builder.spawn(|| self.run()).is_ok() {
                self.process.store(std::process::id(), Ordering::Relaxed);
            }
        }
        self.line_added.notify_one();
    }

    fn flush(&self, limit: Duration) {
        if self.process.load(Ordering::Relaxed) != std::process::id() {
            return;
        }
        let busy = |queue: &mut LogQueue| queue.writing || !queue.lines.is_empty();
        drop(self.drained.wait_timeout_while(self.queue(), limit, busy));
    }

    fn run(&self) -> ! {
        loop {
            let (line, dropped) = self.next();
            // The subscriber is the program's code, and dropping its panic's payload may panic again.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(line)) {
                std::mem::forget(panic);
            }
            if dropped > 0 {
                let report = || {
                    tracing::warn!(
                        lines = dropped,
                        "lines of the log were dropped: the subscriber writes more slowly than they come"
                    );
                };
                if let Err(panic) = catch_unwind(AssertUnwindSafe(report)) {
                    std::mem::forget(panic);
                }
            }
        }
    }

    fn next(&self) -> (LogLine, u64) {
        let mut queue = self.queue();
        queue.writing = false;
        loop {
            if let Some(line) = queue.lines.pop_front() {
                queue.writing = true;
                return (line, std::mem::take(&mut queue.dropped));
            }
            self.drained.notify_all();
            queue = self.line_added.wait(queue);
        }
    }

    fn queue(&self) -> MutexGuard<'_, LogQueue> {
        self.queue.lock()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Returns a log thread of the test's own.
    fn log_thread() -> &'static LogThread {
        Box::leak(Box::new(LogThread::new()))
    }

    #[test]
    fn lines_are_written_in_their_order_on_one_other_thread() {
        let (log_thread, (sender, receiver)) = (log_thread(), mpsc::channel());
        for number in 0..100 {
            let sender = sender.clone();
            log_thread.post(Box::new(move || {
                sender.send((number, thread::current().id())).unwrap();
            }));
        }
        let lines: Vec<_> = receiver.iter().take(100).collect();
        assert!(lines.iter().map(|(number, _)| *number).eq(0..100));
        let writer = lines[0].1;
        assert!(writer != thread::current().id());
        assert!(lines.iter().all(|(_, thread)| *thread == writer));
    }

    #[test]
    fn a_writer_that_stands_still_holds_up_nobody_and_costs_a_bounded_amount() {
        let (log_thread, (block, blocked)) = (log_thread(), mpsc::channel::<()>());
        log_thread.post(Box::new(move || assert!(blocked.recv().is_err())));
        log_thread.flush(Duration::from_millis(10));
        for _ in 0..3 * MAX_LINES {
            log_thread.post(Box::new(|| {}));
        }
        assert!(
            log_thread.queue().lines.len() <= MAX_LINES
                && log_thread.queue().dropped >= 2 * MAX_LINES as u64 - 1
        );
        drop(block);
        log_thread.flush(Duration::from_secs(10));
        assert!(log_thread.queue().lines.is_empty() && log_thread.queue().dropped == 0);
    }

    #[test]
    fn a_line_that_panics_is_not_the_last() {
        let (log_thread, (sender, receiver)) = (log_thread(), mpsc::channel());
        log_thread.post(Box::new(|| panic!("on purpose")));
        log_thread.post(Box::new(move || sender.send(()).unwrap()));
        receiver.recv().unwrap();
    }
}
