//! Whom a signal ends: servers that wait for it, and processes in which none does.

use std::ffi::c_int;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::fixture::LIMIT;
use crate::support::{Process, Role, anywhere, await_state, serve, within};

const LONG: Duration = Duration::from_secs(20);

unsafe extern "C" {
    safe fn fork() -> c_int;
    safe fn _exit(code: c_int) -> !;
}

/// How many servers of this process wait for signals.
fn waiting() -> usize {
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let names = threads.map(|thread| fs::read_to_string(thread.unwrap().path().join("comm")));
    // One that ends meanwhile has no name any more.
    let names = names.filter(|name| name.as_ref().is_ok_and(|name| name == "zmqrpc-signals\n"));
    names.count()
}

fn terminate(process: u32) {
    let id = i32::try_from(process).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
}

#[test]
fn process_of_two_servers() {
    let Some(role) = Role::of("signals::process_of_two_servers") else {
        return;
    };
    let (first, second) = (serve(anywhere).0, serve(anywhere).0);
    thread::scope(|scope| {
        let first_run = scope.spawn(|| first.run_until_signal(LONG));
        let second_run = scope.spawn(|| second.run_until_signal(LONG));
        await_state("both wait for signals", || waiting() == 2);
        first.shutdown(LONG).unwrap();
        first_run.join().unwrap().unwrap();
        role.tell("one has ended");
        role.tell(format!("{:?}", second_run.join().unwrap()));
    });
}

#[test]
fn the_end_of_one_server_leaves_the_signal_to_the_other_one() {
    within(LIMIT, || {
        let process = Process::start("signals::process_of_two_servers", "");
        assert_eq!(process.hear(), "one has ended");
        terminate(process.id());
        assert_eq!(process.hear(), "Ok(())");
    });
}

#[test]
fn process_that_forks() {
    let Some(role) = Role::of("signals::process_that_forks") else {
        return;
    };
    let (server, _gate) = serve(anywhere);
    thread::scope(|scope| {
        scope.spawn(|| server.run_until_signal(LONG));
        await_state("it waits for signals", || waiting() == 1);
        let child = fork();
        if child == 0 {
            terminate(std::process::id());
            thread::sleep(LONG);
            _exit(0);
        }
        let ended = waitpid(Pid::from_raw(child), WaitOptions::empty()).unwrap();
        role.tell(format!("{:?}", ended.unwrap().1.terminating_signal()));
        server.shutdown(LONG).unwrap();
    });
}

#[test]
fn a_child_of_a_server_ends_by_the_first_signal() {
    within(LIMIT, || {
        let process = Process::start("signals::process_that_forks", "");
        assert_eq!(process.hear(), "Some(15)");
    });
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn process_that_gives_up_waiting() {
    let Some(role) = Role::of("signals::process_that_gives_up_waiting") else {
        return;
    };
    let (server, _gate) = serve(anywhere);
    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    let mut run = Box::pin(server.run_until_signal_async(LONG));
    assert!(run.as_mut().poll(&mut cx).is_pending());
    role.tell("waits");
    await_state("the signal comes", || woken.0.load(Ordering::SeqCst));
    drop(run);
    let mut run = Box::pin(server.run_until_signal_async(LONG));
    role.tell(if run.as_mut().poll(&mut cx).is_pending() {
        "waits again"
    } else {
        "has ended"
    });
}

#[test]
fn a_signal_that_nobody_has_waited_for_ends_no_later_run() {
    within(LIMIT, || {
        let process = Process::start("signals::process_that_gives_up_waiting", "");
        assert_eq!(process.hear(), "waits");
        terminate(process.id());
        assert_eq!(process.hear(), "waits again");
    });
}
