//! How long `cargo check` takes for a service of 64 methods with two arguments each, zmqrpc beside tarpc; and what a server
//! and a client of 64 methods and 40 types cost to build.
//!
//! ```text
//! cargo bench --bench compile
//! cargo bench --bench compile -- --quick
//! cargo bench --bench compile -- --other ../before
//! ```
//!
//! Writes two small crates into the target directory, each with one service and one type that implements it, and
//! checks both once, so that their dependencies are built; the first time that takes minutes. Then each crate's source
//! is touched and checked again, in turns.
//!
//! How to read it: *check* is the median over the rounds of the wall time of one `cargo check` in which nothing but
//! the crate itself was compiled, cargo's own start included. *empty* is the same for a crate without a service but
//! with the same dependencies: what is above it belongs to the service. *spread* as in the other benches: above 0.1
//! the machine was busy. *build* is the median of the CPU time, of the compiler and the linker, of one `cargo build` in
//! which nothing but the program itself was compiled, without incremental compilation; *code* what the program has of it.
//! With `--other`, the same with the zmqrpc of another checkout.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

#[allow(dead_code, unused_imports, reason = "each bench uses its part")]
mod support;

use support::{
    METHODS, Options, Samples, TYPES, Table, client_source, cpu_time_of_children, duration, load,
    server_source,
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A crate that is checked.
struct Subject {
    name: String,
    home: PathBuf,
    /// Its source, and where it is.
    source: String,
    file: &'static str,
}

fn main() {
    let options = Options::read();
    let rounds = options
        .rounds
        .unwrap_or(if options.quick { 3 } else { 9 })
        .max(1);
    println!(
        "{METHODS} methods with two arguments, {rounds} rounds, {}",
        load()
    );
    let ours = format!("zmqrpc = {{ path = {ROOT:?} }}");
    let serde = "serde = { version = \"1\", features = [\"derive\"] }";
    let theirs = format!("tarpc = {{ version = \"0.38\", features = [\"serde1\"] }}\n{serde}");
    let subjects = [
        Subject::write("zmqrpc", "zmqrpc", &ours, zmqrpc_source()),
        Subject::write("zmqrpc, empty", "zmqrpc-empty", &ours, EMPTY.into()),
        Subject::write("tarpc", "tarpc", &theirs, tarpc_source()),
        Subject::write("tarpc, empty", "tarpc-empty", &theirs, EMPTY.into()),
    ];
    for subject in &subjects {
        subject.check();
    }
    let mut times = subjects.each_ref().map(|_| Samples::default());
    for round in 0..rounds {
        for turn in 0..subjects.len() {
            let at = (round + turn) % subjects.len();
            subjects[at].touch(round);
            let start = Instant::now();
            subjects[at].check();
            times[at].push(start.elapsed().as_secs_f64());
        }
    }
    let mut table = Table::new(&["", "check", "spread", "ratio to zmqrpc", "lines as written"]);
    for (subject, samples) in subjects.iter().zip(&times) {
        table.row([
            subject.name.clone(),
            duration(samples.median()),
            format!("{:.2}", samples.spread()),
            format!("{:.2}", samples.median() / times[0].median()),
            subject.source.lines().count().to_string(),
        ]);
    }
    table.print();
    let service = |at: usize| times[at].median() - times[at + 1].median();
    println!(
        "the service alone: zmqrpc {}, tarpc {}",
        duration(service(0)),
        duration(service(2))
    );
    build(&options, rounds);
}

/// Builds servers and clients, in turns, and prints what that cost.
fn build(options: &Options, rounds: usize) {
    println!(
        "\n{METHODS} methods, {TYPES} types, {rounds} rounds, {}",
        load()
    );
    let mut subjects = Vec::new();
    let here = (Path::new(ROOT), "");
    let other = options.other.as_deref().map(|path| (path, " of the other"));
    for (root, of) in [Some(here), other].into_iter().flatten() {
        let root = fs::canonicalize(root).expect("the checkout is there");
        for (kind, source) in [("server", server_source()), ("client", client_source())] {
            let directory = format!("{kind}{}", of.replace(' ', "-"));
            let dependencies = format!(
                "zmqrpc = {{ path = \"{}\" }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n\n\
                 [profile.dev]\nincremental = false",
                root.display()
            );
            let name = format!("{kind}{of}");
            subjects.push(Subject::write_program(
                &name,
                &directory,
                &dependencies,
                source,
            ));
        }
    }
    for subject in &subjects {
        subject.cargo("build");
    }
    let mut times = vec![Samples::default(); subjects.len()];
    for round in 0..rounds {
        for turn in 0..subjects.len() {
            let at = (round + turn) % subjects.len();
            subjects[at].touch(round);
            let before = cpu_time_of_children();
            subjects[at].cargo("build");
            times[at].push(cpu_time_of_children().saturating_sub(before).as_secs_f64());
        }
    }
    let mut table = Table::new(&["", "build", "spread", "code", "file"]);
    for (subject, samples) in subjects.iter().zip(&times) {
        let (code, file) = subject.sizes();
        let megabytes = |bytes: u64| format!("{:.2} MB", bytes as f64 / 1e6);
        table.row([
            subject.name.clone(),
            duration(samples.median()),
            format!("{:.2}", samples.spread()),
            code.map_or_else(|| "?".into(), megabytes),
            megabytes(file),
        ]);
    }
    table.print();
}

impl Subject {
    /// Writes a library, with the dependencies of its manifest and what follows them.
    fn write(name: &str, directory: &str, dependencies: &str, source: String) -> Self {
        Self::write_file(name, directory, dependencies, source, "src/lib.rs")
    }

    /// The same of a program.
    fn write_program(name: &str, directory: &str, dependencies: &str, source: String) -> Self {
        Self::write_file(name, directory, dependencies, source, "src/main.rs")
    }

    fn write_file(
        name: &str,
        directory: &str,
        dependencies: &str,
        source: String,
        file: &'static str,
    ) -> Self {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("compile")
            .join(directory);
        fs::create_dir_all(home.join("src")).expect("the target directory can be written");
        // A workspace of its own, or cargo would look for one above.
        let manifest = format!(
            "[package]\nname = \"subject-{directory}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{dependencies}\n\n[workspace]\n"
        );
        fs::write(home.join("Cargo.toml"), manifest).expect("the manifest is written");
        fs::write(home.join(file), &source).expect("the source is written");
        // The versions that this workspace uses, so that both subjects share what they have in common.
        let lock = home.join("Cargo.lock");
        if !lock.exists() {
            fs::copy(Path::new(ROOT).join("Cargo.lock"), lock).expect("the lock file is copied");
        }
        let name = name.to_owned();
        Self {
            name,
            home,
            source,
            file,
        }
    }

    /// Changes the source, and nothing that it means.
    fn touch(&self, round: usize) {
        let text = format!("{}// {round}\n", self.source);
        fs::write(self.home.join(self.file), text).expect("the source is written");
    }

    fn check(&self) {
        self.cargo("check");
    }

    /// Returns the bytes of code in the program, as `size` counts it, and those of its file.
    fn sizes(&self) -> (Option<u64>, u64) {
        let directory = self.home.file_name().expect("it has a directory");
        let program = format!("subject-{}", directory.display());
        let program = self
            .home
            .with_file_name("target")
            .join("debug")
            .join(program);
        let output = Command::new("size").arg(&program).output().ok();
        let code = output.and_then(|output| {
            let text = String::from_utf8(output.stdout).ok()?;
            text.lines().nth(1)?.split_whitespace().next()?.parse().ok()
        });
        (code, fs::metadata(&program).map_or(0, |file| file.len()))
    }

    /// # Panics
    ///
    /// If the crate has errors: then its time means nothing.
    fn cargo(&self, subcommand: &str) {
        let output = Command::new(env!("CARGO"))
            .args([subcommand, "--quiet"])
            .current_dir(&self.home)
            .env("CARGO_TARGET_DIR", self.home.with_file_name("target"))
            .output()
            .expect("cargo can be started");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{} cannot be compiled:\n{errors}",
            self.name
        );
    }
}

const EMPTY: &str = "//! Nothing.\n";

fn zmqrpc_source() -> String {
    let (mut methods, mut bodies) = (String::new(), String::new());
    for number in 0..METHODS {
        let head = format!("fn method_{number}(&self, a: i64, b: String) -> String");
        writeln!(methods, "    {head};").expect("a text grows");
        writeln!(bodies, "    {head} {{ format!(\"{{a}}{{b}}\") }}").expect("a text grows");
    }
    format!(
        "#[zmqrpc::zmq_service]\npub trait Subject {{\n{methods}}}\n\n\
         pub struct Worker;\n\nimpl Subject for Worker {{\n{bodies}}}\n\n\
         pub fn server() -> SubjectServer<Worker> {{ SubjectServer::new(Worker) }}\n"
    )
}

fn tarpc_source() -> String {
    let (mut methods, mut bodies) = (String::new(), String::new());
    for number in 0..METHODS {
        let name = format!("async fn method_{number}");
        writeln!(methods, "    {name}(a: i64, b: String) -> String;").expect("a text grows");
        writeln!(
            bodies,
            "    {name}(self, _: tarpc::context::Context, a: i64, b: String) -> String {{ format!(\"{{a}}{{b}}\") }}"
        )
        .expect("a text grows");
    }
    format!(
        "#[tarpc::service]\npub trait Subject {{\n{methods}}}\n\n\
         #[derive(Clone)]\npub struct Worker;\n\nimpl Subject for Worker {{\n{bodies}}}\n\n\
         pub fn server() -> ServeSubject<Worker> {{ Worker.serve() }}\n"
    )
}
