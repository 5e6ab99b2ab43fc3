//! The table of a race, column by column.

use super::figures::{Table, duration};
use super::race::{Contestant, Lap};

/// A table with one row for each contestant.
pub(crate) struct Standings<'a> {
    laps: &'a [Lap],
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl<'a> Standings<'a> {
    /// Begins with the contestants' names, under that of the work.
    pub(crate) fn new(work: &str, contestants: &[Contestant], laps: &'a [Lap]) -> Self {
        let names = contestants.iter().map(|one| vec![one.name.to_owned()]);
        Self {
            laps,
            heads: vec![work.to_owned()],
            rows: names.collect(),
        }
    }

    /// Goes on with a column; `cell` is told the contestant's number and what was measured.
    pub(crate) fn column(mut self, head: &str, cell: impl Fn(usize, &Lap) -> String) -> Self {
        self.heads.push(head.to_owned());
        for (at, (row, lap)) in self.rows.iter_mut().zip(self.laps).enumerate() {
            row.push(cell(at, lap));
        }
        self
    }

    pub(crate) fn wall(self) -> Self {
        self.column("wall", |_, lap| duration(lap.wall.median()))
    }

    pub(crate) fn cpu(self) -> Self {
        self.column("cpu", |_, lap| duration(lap.cpu.median()))
    }

    pub(crate) fn spread(self) -> Self {
        self.column("spread", |_, lap| format!("{:.2}", lap.wall.spread()))
    }

    /// How many calls, or events, there were.
    pub(crate) fn count(self, what: &str) -> Self {
        self.column(what, |_, lap| lap.calls.to_string())
    }

    /// Everything beside the first contestant, whose wall time and CPU time are the measure.
    pub(crate) fn beside_the_first(self, what: &str) -> Self {
        let first = &self.laps[0];
        let (wall, cpu) = (first.wall.median(), first.cpu.median());
        self.wall()
            .column("rate ratio", |_, lap| {
                format!("{:.2}", wall / lap.wall.median())
            })
            .cpu()
            .column("cpu ratio", |_, lap| {
                format!("{:.2}", lap.cpu.median() / cpu)
            })
            .spread()
            .count(what)
    }

    pub(crate) fn print(self) {
        let heads: Vec<&str> = self.heads.iter().map(String::as_str).collect();
        let mut table = Table::new(&heads);
        for row in self.rows {
            table.row(row);
        }
        println!();
        table.print();
    }
}
