//! How long `cargo check` takes for a service of 64 methods with two arguments each: zmqrpc beside tarpc.
//!
//! ```text
//! cargo bench --bench compile
//! cargo bench --bench compile -- --quick
//! ```
//!
//! Writes two small crates into the target directory, each with one service and one type that implements it, and
//! checks both once, so that their dependencies are built; the first time that takes minutes. Then each crate's source
//! is touched and checked again, in turns.
//!
//! How to read it: *check* is the median over the rounds of the wall time of one `cargo check` in which nothing but
//! the crate itself was compiled, cargo's own start included. *empty* is the same for a crate without a service but
//! with the same dependencies: what is above it belongs to the service. *spread* as in the other benches: above 0.1
//! the machine was busy.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

#[allow(dead_code, unused_imports, reason = "each bench uses its part")]
mod support;

use support::{Options, Samples, Table, duration, load};

const METHODS: usize = 64;
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A crate that is checked.
struct Subject {
    name: &'static str,
    home: PathBuf,
    source: String,
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
            let text = format!("{}// {round}\n", subjects[at].source);
            fs::write(subjects[at].home.join("src/lib.rs"), text).expect("the source is written");
            let start = Instant::now();
            subjects[at].check();
            times[at].push(start.elapsed().as_secs_f64());
        }
    }
    let mut table = Table::new(&["", "check", "spread", "ratio to zmqrpc", "lines as written"]);
    for (subject, samples) in subjects.iter().zip(&times) {
        table.row([
            subject.name.to_owned(),
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
}

impl Subject {
    fn write(name: &'static str, directory: &str, dependencies: &str, source: String) -> Self {
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
        fs::write(home.join("src/lib.rs"), &source).expect("the source is written");
        // The versions that this workspace uses, so that both subjects share what they have in common.
        let lock = home.join("Cargo.lock");
        if !lock.exists() {
            fs::copy(Path::new(ROOT).join("Cargo.lock"), lock).expect("the lock file is copied");
        }
        Self { name, home, source }
    }

    /// # Panics
    ///
    /// If the crate has errors: then its time means nothing.
    fn check(&self) {
        let output = Command::new(env!("CARGO"))
            .args(["check", "--quiet"])
            .current_dir(&self.home)
            .env("CARGO_TARGET_DIR", self.home.with_file_name("target"))
            .output()
            .expect("cargo can be started");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{} cannot be checked:\n{errors}",
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
