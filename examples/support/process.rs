//! Other processes of the same program, for examples that show several.

use std::error::Error;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

/// Another process of this program, with other arguments. It is killed when this value goes, as `kill -9` does.
pub(crate) struct Process {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Starts it and waits until it says `ready`. Answers what it says after that, on the same line.
    pub(crate) fn start(arguments: &[&str]) -> Result<(Self, String), Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()?;
        let output = BufReader::new(child.stdout.take().ok_or("it has no output")?);
        let mut process = Self { child, output };
        match process.line()?.strip_prefix("ready") {
            Some(rest) => Ok((process, rest.trim().to_owned())),
            None => Err(format!("{arguments:?} did not start").into()),
        }
    }

    /// Waits for the next line that it says.
    pub(crate) fn line(&mut self) -> Result<String, Box<dyn Error>> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err("a process ended before it had said everything".into());
        }
        Ok(line.trim_end().to_owned())
    }

    /// Waits until it ends by itself. Answers what it has still said.
    pub(crate) fn end(mut self) -> Result<Vec<String>, Box<dyn Error>> {
        let lines = self.output.by_ref().lines().collect::<Result<_, _>>()?;
        if self.child.wait()?.success() {
            Ok(lines)
        } else {
            Err("a process failed".into())
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
