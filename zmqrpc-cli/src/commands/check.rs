//! Whether a server still serves clients of an earlier version.

use std::fs;

use zmqrpc::schema::{Description, Verdict, changes};

use crate::connection::Connection;
use crate::failure::Failure;
use crate::output::print;

/// Prints what has changed since a snapshot, and for whom it matters.
pub(super) async fn check(connection: &Connection, path: &str, all: bool) -> Result<(), Failure> {
    let snapshot = fs::read_to_string(path);
    let snapshot = snapshot.map_err(|error| Failure::usage(format!("{path}: {error}")))?;
    let old: Description = serde_json::from_str(&snapshot)
        .map_err(|error| Failure::usage(format!("{path} is no snapshot: {error}")))?;
    let new = connection.description().await?;
    let changes = changes(&old, &new);
    let worst = changes
        .iter()
        .map(|change| change.by_key.max(change.by_name))
        .max();
    let worst = worst.unwrap_or_default();
    let is_told = |verdict: Verdict| all || verdict != Verdict::Fine;
    let told = changes
        .iter()
        .filter(|change| is_told(change.by_key.max(change.by_name)));
    let told: Vec<String> = told.map(ToString::to_string).collect();
    let text = match (&told[..], changes.len()) {
        ([], 0) => "nothing has changed".to_owned(),
        ([], 1) => "one change, which breaks nobody".to_owned(),
        ([], count) => format!("{count} changes, which break nobody"),
        (told, _) => told.join("\n"),
    };
    print(&(text + "\n"))?;
    if worst == Verdict::Breaks {
        return Err(Failure::Incompatible);
    }
    Ok(())
}
