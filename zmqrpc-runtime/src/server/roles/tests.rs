//! Threads that change roles, without a server. No test depends on timing: each waits for what another thread does.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::*;

/// Longer than any machine takes.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A thread that takes one role after another and reports each.
struct Actor {
    roles: Receiver<Role>,
    resume: Sender<()>,
}

impl Actor {
    fn of(roles: &Arc<Roles>) -> Self {
        let (report, roles_taken) = channel();
        let (resume, wait) = channel::<()>();
        let roles = Arc::clone(roles);
        thread::spawn(
            move || {
                while report.send(roles.next_role()).is_ok() && wait.recv().is_ok() {}
            },
        );
        Self {
            roles: roles_taken,
            resume,
        }
    }

    fn role(&self) -> Role {
        self.roles.recv_timeout(TIMEOUT).unwrap()
    }

    fn next_role(&self) -> Role {
        self.resume.send(()).unwrap();
        self.role()
    }
}

/// Roles whose leader and stand-by are taken.
fn taken() -> Arc<Roles> {
    let roles = Arc::new(Roles::default());
    assert_eq!(roles.next_role(), Role::Lead(1));
    assert_eq!(roles.next_role(), Role::StandBy);
    roles
}

fn await_idle(roles: &Roles, count: usize) {
    while roles.state().idle_threads != count {
        thread::yield_now();
    }
}

#[test]
fn one_leads_one_stands_by_and_the_rest_wait_to_help() {
    let roles = taken();
    let actors = [0; 3].map(|_| Actor::of(&roles));
    await_idle(&roles, 3);
    roles.wake_helper();
    roles.wake_helper();
    let helping = || {
        actors
            .iter()
            .filter_map(|actor| actor.roles.try_recv().ok())
    };
    let mut helpers = Vec::new();
    while helpers.len() < 2 {
        helpers.extend(helping());
    }
    assert_eq!(helpers, [Role::Help, Role::Help]);
    await_idle(&roles, 1);
    roles.end();
    while helpers.len() < 3 {
        helpers.extend(helping());
    }
    assert_eq!(helpers[2], Role::Leave);
}

#[test]
fn nobody_is_called_twice_and_a_call_without_a_helper_is_forgotten() {
    let roles = taken();
    roles.wake_helper();
    let helper = Actor::of(&roles);
    await_idle(&roles, 1);
    assert!(helper.roles.try_recv().is_err(), "it was not waiting then");
    for _ in 0..5 {
        roles.wake_helper();
    }
    assert_eq!(helper.role(), Role::Help);
    helper.resume.send(()).unwrap();
    await_idle(&roles, 1);
    assert!(helper.roles.try_recv().is_err());
    roles.end();
    assert_eq!(helper.role(), Role::Leave);
}

#[test]
fn a_leader_that_stands_still_is_replaced() {
    let roles = taken();
    let next = Actor::of(&roles);
    await_idle(&roles, 1);
    roles.start_running(1);
    assert_eq!(roles.watch(|| false), Some(2));
    assert!(!roles.is_leader(1) && roles.is_leader(2));
    assert_eq!(
        next.role(),
        Role::StandBy,
        "another thread watches the new leader"
    );
    // The old leader returns from its method. It must not be mistaken for the new one, which is at the socket.
    roles.stop_running(1);
    assert_eq!(roles.busy_term.load(Ordering::SeqCst), 0);
    roles.start_running(2);
    roles.stop_running(1);
    assert_eq!(roles.busy_term.load(Ordering::SeqCst), 2);
    let old = Actor::of(&roles);
    await_idle(&roles, 1);
    roles.end();
    assert_eq!(old.role(), Role::Leave);
}

#[test]
fn a_leader_that_moves_on_is_left_alone_and_helped() {
    let roles = taken();
    let helper = Actor::of(&roles);
    await_idle(&roles, 1);
    roles.start_running(1);
    let mut checks = 0;
    let checks = std::sync::Mutex::new(&mut checks);
    // The leader starts a call between any two checks, and a call is overdue at each.
    let watched = roles.watch(|| {
        let mut checks = checks.lock().unwrap();
        **checks += 1;
        if **checks == 20 {
            roles.end();
        }
        roles.start_running(1);
        true
    });
    assert_eq!(watched, None);
    assert!(roles.is_leader(2), "the end is a term of its own");
    assert_eq!(helper.role(), Role::Help);
    assert_eq!(helper.next_role(), Role::Leave);
}

#[test]
fn a_stand_by_that_sleeps_is_woken_by_the_next_job() {
    let roles = taken();
    let watcher = {
        let roles = Arc::clone(&roles);
        thread::spawn(move || roles.watch(|| false))
    };
    while !roles.stand_by_parked.load(Ordering::SeqCst) {
        thread::yield_now();
    }
    roles.start_running(1);
    assert_eq!(watcher.join().unwrap(), Some(2));
}

#[test]
fn the_end_finds_a_stand_by_that_sleeps() {
    let roles = taken();
    let watcher = {
        let roles = Arc::clone(&roles);
        thread::spawn(move || roles.watch(|| false))
    };
    while !roles.stand_by_parked.load(Ordering::SeqCst) {
        thread::yield_now();
    }
    roles.end();
    assert_eq!(watcher.join().unwrap(), None);
    assert_eq!(roles.next_role(), Role::Leave);
    assert!(!roles.is_leader(1));
}

#[test]
fn a_job_and_the_sleep_of_the_stand_by_never_miss_each_other() {
    for _ in 0..300 {
        let roles = taken();
        let watcher = {
            let roles = Arc::clone(&roles);
            thread::spawn(move || {
                let state = roles.state();
                drop(roles.park(state));
            })
        };
        roles.start_running(1);
        watcher.join().unwrap();
    }
}
