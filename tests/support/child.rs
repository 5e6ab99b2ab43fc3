//! Processes of a test: this test program again, in a role.
//!
//! A role is a test that returns at once unless its process was started for it:
//!
//! ```text
//! #[test]
//! fn target_process() {
//!     let Some(role) = Role::of("target_process") else { return };
//!     role.tell("ready");
//!     while role.order() == "go on" {}
//! }
//!
//! let target = Process::start("target_process", "any argument");
//! assert_eq!(target.hear(), "ready");
//! ```

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Stdout, Write, stdin, stdout};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::{fs, thread};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

const ROLE: &str = "ZMQRPC_TEST_ROLE";
const ARGUMENT: &str = "ZMQRPC_TEST_ARGUMENT";
/// Before everything that is told: the test harness writes to the same output.
const MARK: &str = "told: ";

/// A process that plays a role. It ends with this value, on a panic too; and with the test program, should that be
/// killed.
pub(crate) struct Process {
    child: Child,
    orders: ChildStdin,
    told: RefCell<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts the test `role` of this program in a process of its own. A role in a module is named with its path.
    pub(crate) fn start(role: &str, argument: &str) -> Self {
        Self::start_by(
            Command::new(std::env::current_exe().unwrap()),
            role,
            argument,
        )
    }

    /// The same by a program that starts another one and becomes it: `ip netns exec`.
    pub(crate) fn start_through(launcher: &[&str], role: &str, argument: &str) -> Self {
        let mut command = Command::new(launcher[0]);
        command.args(&launcher[1..]);
        command.arg(std::env::current_exe().unwrap());
        Self::start_by(command, role, argument)
    }

    fn start_by(mut program: Command, role: &str, argument: &str) -> Self {
        let mut child = program
            .args(["--exact", role, "--nocapture", "--test-threads=1"])
            .envs([(ROLE, role), (ARGUMENT, argument)])
            // Else glibc keeps what was freed, for each thread, and the memory of a process tells little of its queues.
            .envs([
                ("MALLOC_ARENA_MAX", "1"),
                ("MALLOC_MMAP_THRESHOLD_", "32768"),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            orders: child.stdin.take().unwrap(),
            told: RefCell::new(BufReader::new(child.stdout.take().unwrap())),
            child,
        }
    }

    /// Waits for what the process tells next.
    #[track_caller]
    pub(crate) fn hear(&self) -> String {
        let mut told = self.told.borrow_mut();
        loop {
            let mut line = String::new();
            assert!(told.read_line(&mut line).unwrap() > 0, "the process ended");
            if let Some(text) = line.strip_prefix(MARK) {
                return text.trim_end().to_owned();
            }
        }
    }

    pub(crate) fn order(&self, order: &str) {
        writeln!(&self.orders, "{order}").unwrap();
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process as the system does that runs out of memory; nothing of it is left when this returns.
    pub(crate) fn kill(&mut self) {
        // Both fail only where the process has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits until the process ends by itself.
    pub(crate) fn wait(&mut self) {
        self.child.wait().unwrap();
    }

    /// Stops the process; it does nothing any more when this returns.
    pub(crate) fn freeze(&self) {
        kill_process(self.pid(), Signal::STOP).unwrap();
        let (_, status) = waitpid(Some(self.pid()), WaitOptions::UNTRACED)
            .unwrap()
            .unwrap();
        assert!(status.stopped());
    }

    pub(crate) fn thaw(&self) {
        kill_process(self.pid(), Signal::CONT).unwrap();
    }

    /// Bytes of memory that the process has in use now.
    pub(crate) fn memory(&self) -> usize {
        self.status("VmRSS:")
    }

    /// The most bytes of memory that it has had in use.
    pub(crate) fn memory_peak(&self) -> usize {
        self.status("VmHWM:")
    }

    fn status(&self, name: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kibibytes: usize = line.unwrap().trim_end_matches("kB").trim().parse().unwrap();
        kibibytes << 10
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The process's own side.
pub(crate) struct Role {
    pub(crate) argument: String,
    orders: Mutex<Receiver<String>>,
    output: Stdout,
}

impl Role {
    /// Nothing where this process was not started to play `role`.
    pub(crate) fn of(role: &str) -> Option<Self> {
        if std::env::var(ROLE).ok()? != role {
            return None;
        }
        let (sender, orders) = channel();
        thread::spawn(move || {
            for order in stdin().lines().map_while(Result::ok) {
                let _ = sender.send(order);
            }
            // The pipe ends when the test does, however it ends.
            std::process::exit(0);
        });
        Some(Self {
            argument: std::env::var(ARGUMENT).unwrap(),
            orders: Mutex::new(orders),
            output: stdout(),
        })
    }

    pub(crate) fn tell(&self, text: impl AsRef<str>) {
        // The harness leaves a line of its own open.
        let line = format!("\n{MARK}{}\n", text.as_ref());
        let mut output = self.output.lock();
        // Nobody listens to a process whose test has ended.
        let _ = output.write_all(line.as_bytes());
        let _ = output.flush();
    }

    /// Waits for the next order.
    pub(crate) fn order(&self) -> String {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.recv().unwrap()
    }
}
