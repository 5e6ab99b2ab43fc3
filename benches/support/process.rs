//! Servers, each in a process of its own: the bench starts itself again with a role.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::clock::cpu_time;
use super::work::Service;

const SERVE: &str = "--serve";

/// A server process. It ends with this value, on a panic too; and with the bench, should that be killed.
pub(crate) struct Process {
    child: Child,
    endpoint: String,
}

impl Process {
    /// Starts this program again in a role, and waits until it tells its endpoint.
    pub(crate) fn start(role: &str, service: Service) -> Self {
        let program = std::env::current_exe().expect("a program knows its own path");
        let mut child = Command::new(program)
            .args([SERVE, role, service.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server process starts");
        let stdout = child.stdout.take().expect("the output is piped");
        let mut endpoint = String::new();
        BufReader::new(stdout)
            .read_line(&mut endpoint)
            .expect("the server process writes text");
        let process = Self {
            child,
            endpoint: endpoint.trim().to_owned(),
        };
        assert!(
            !process.endpoint.is_empty(),
            "the server {role} ended at its start"
        );
        process
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn cpu_time(&self) -> Duration {
        cpu_time(self.child.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only where the process has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In a server process: its role and what it is to serve. `None` in the bench itself.
pub(crate) fn served() -> Option<(String, Service)> {
    let mut args = std::env::args().skip(1);
    if args.next()? != SERVE {
        return None;
    }
    let role = args.next().expect("a role follows");
    let service = Service::named(&args.next().expect("a service follows"));
    // The bench never writes: the pipe ends when the bench does, however it ends.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    Some((role, service))
}

/// Tells the bench where this server process listens.
pub(crate) fn ready(endpoint: &str) {
    println!("{endpoint}");
    std::io::stdout()
        .flush()
        .expect("the bench reads the endpoint");
}
