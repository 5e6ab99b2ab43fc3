//! The readings in the file beside this one: what the devices would measure.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/examples/sensor_network/readings.csv"
);

/// One line of the file, and what travels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Reading {
    /// When it was taken, in UTC.
    pub(crate) time: String,
    /// Which device took it.
    pub(crate) sensor: String,
    /// What was measured.
    pub(crate) quantity: String,
    /// How much there was of it.
    pub(crate) value: f64,
    /// In which unit.
    pub(crate) unit: String,
}

impl Reading {
    /// What it is published under: subscribers choose by the beginning, such as `roof.`.
    pub(crate) fn topic(&self) -> String {
        format!("{}.{}", self.sensor, self.quantity)
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topic = self.topic();
        write!(
            f,
            "{} {topic:22} {:5.1} {}",
            self.time, self.value, self.unit
        )
    }
}

pub(crate) fn all() -> Result<Vec<Reading>, String> {
    let explain = |error: csv::Error| format!("the readings in {FILE} cannot be read: {error}");
    let mut reader = csv::Reader::from_path(FILE).map_err(explain)?;
    reader
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(explain)
}

pub(crate) fn sensors(readings: &[Reading]) -> BTreeSet<&str> {
    readings.iter().map(|reading| &*reading.sensor).collect()
}
