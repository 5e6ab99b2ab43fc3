//! The command line of a bench.

use std::path::PathBuf;
use std::time::Duration;

/// What every bench understands.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// `--quick`: short turns, to see that everything runs.
    pub(crate) quick: bool,
    /// `--only <text>`: rows whose name contains it.
    pub(crate) only: Option<String>,
    /// `--by <text>`: contestants whose name contains it, to profile one alone. The first of them is the reference.
    pub(crate) by: Option<String>,
    /// `--rounds <n>`.
    pub(crate) rounds: Option<usize>,
    /// `--other <path>`: another checkout of this repository, to compare with; `compile` alone.
    pub(crate) other: Option<PathBuf>,
    /// `--turn-ms <n>`: how long a contestant's turn takes in one round.
    pub(crate) turn: Option<Duration>,
}

impl Options {
    /// Reads the process's arguments. Those that cargo adds are passed over.
    ///
    /// # Panics
    ///
    /// On an argument that is not understood: a typing error must not measure something else.
    pub(crate) fn read() -> Self {
        let mut options = Self {
            quick: false,
            only: None,
            by: None,
            rounds: None,
            other: None,
            turn: None,
        };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().unwrap_or_else(|| panic!("{arg} needs a value"));
            match arg.as_str() {
                "--bench" => {}
                "--quick" => options.quick = true,
                "--only" => options.only = Some(value()),
                "--by" => options.by = Some(value()),
                "--rounds" => options.rounds = Some(number(&value())),
                "--other" => options.other = Some(value().into()),
                "--turn-ms" => {
                    options.turn = Some(Duration::from_millis(number(&value()) as u64));
                }
                _ => panic!(
                    "{arg}? use --quick, --only <row>, --by <contestant>, --rounds <n>, --turn-ms <n>, --other <path>"
                ),
            }
        }
        options
    }

    /// Whether a row is wanted.
    pub(crate) fn wants(&self, row: &str) -> bool {
        passes(self.only.as_ref(), row)
    }

    /// Whether a contestant takes part.
    pub(crate) fn admits(&self, contestant: &str) -> bool {
        passes(self.by.as_ref(), contestant)
    }
}

/// Whether there is no filter, or the name passes it.
fn passes(filter: Option<&String>, name: &str) -> bool {
    filter.is_none_or(|part| name.contains(part.as_str()))
}

fn number(text: &str) -> usize {
    text.parse()
        .unwrap_or_else(|_| panic!("{text} is no number"))
}
