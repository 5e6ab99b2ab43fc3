//! Reads orders out of a CSV file. Lines that follow each other and have the same number are one order.

use std::path::Path;

use csv::{ErrorKind, StringRecord};
use serde::Deserialize;

use crate::api::{Line, Order};

/// One line of the file.
#[derive(Deserialize)]
struct Row {
    order: u64,
    customer: String,
    sku: String,
    count: u32,
    note: Option<String>,
}

/// All orders of a file, or what is wrong with it and where.
pub(crate) fn read(path: &Path) -> Result<Vec<Order>, String> {
    let name = path.display();
    let mut reader = csv::Reader::from_path(path)
        .map_err(|error| format!("the orders in {name} cannot be read: {error}"))?;
    let columns = reader
        .headers()
        .map_err(|error| format!("the orders in {name} cannot be read: {error}"))?
        .clone();
    let mut orders: Vec<Order> = Vec::new();
    for row in reader.deserialize() {
        let row: Row = row.map_err(|error| format!("{name}, {}", explain(error, &columns)))?;
        let line = Line {
            sku: row.sku,
            count: row.count,
        };
        match orders.last_mut() {
            Some(order) if order.number == row.order => order.lines.push(line),
            _ => orders.push(Order {
                number: row.order,
                customer: row.customer,
                lines: vec![line],
                note: row.note,
            }),
        }
    }
    Ok(orders)
}

/// The line and the column's name, where the `csv` crate says "record" and "field 3".
fn explain(error: csv::Error, columns: &StringRecord) -> String {
    match error.into_kind() {
        ErrorKind::Deserialize {
            pos: Some(position),
            err,
        } => {
            let line = position.line();
            let column = err
                .field()
                .and_then(|index| columns.get(usize::try_from(index).ok()?));
            match column {
                Some(column) => format!("line {line}, column `{column}`: {}", err.kind()),
                None => format!("line {line}: {}", err.kind()),
            }
        }
        ErrorKind::UnequalLengths {
            pos: Some(position),
            expected_len,
            len,
        } => format!(
            "line {}: it has {len} columns, the first line has {expected_len}",
            position.line()
        ),
        ErrorKind::Utf8 {
            pos: Some(position),
            ..
        } => format!("line {}: it is not UTF-8", position.line()),
        other => format!("it is no CSV file: {other:?}"),
    }
}
