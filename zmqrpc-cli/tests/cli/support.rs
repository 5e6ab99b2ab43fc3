//! Runs the command line.

use std::io::Write as _;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};

use zmqrpc::ServerHandle;

use crate::services::{NapEvent, serve};

/// A server, and the command line that is pointed at it.
pub(crate) struct Shell {
    _server: ServerHandle,
    pub(crate) endpoint: String,
    pub(crate) naps: Receiver<NapEvent>,
}

/// How a run has ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Shell {
    pub(crate) fn open() -> Self {
        let (sender, naps) = channel();
        let server = serve(sender);
        let endpoint = server.endpoints()[0].clone();
        Self {
            _server: server,
            endpoint,
            naps,
        }
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = command();
        command.env("ZMQRPC_ENDPOINT", &self.endpoint);
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Run {
        Run::of(&self.command().args(words).output().unwrap())
    }

    /// Runs with a text on the standard input.
    pub(crate) fn run_with(&self, words: &[&str], input: &[u8]) -> Run {
        let mut child = self.command().args(words).stdin(Stdio::piped()).start();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Run::of(&child.wait_with_output().unwrap())
    }

    /// Runs, and returns what it prints if it succeeds without a word beside.
    pub(crate) fn prints(&self, words: &[&str]) -> String {
        let run = self.run(words);
        assert_eq!((run.code, &*run.stderr), (0, ""), "{words:?}");
        run.stdout
    }
}

/// Returns the command line with nothing of this process' settings.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zmqrpc"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ZMQRPC_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

pub(crate) trait Start {
    fn start(&mut self) -> Child;
}

impl Start for Command {
    fn start(&mut self) -> Child {
        self.stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

impl Run {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
