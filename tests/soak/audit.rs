//! What callers were told against what was executed.

use std::collections::BTreeMap;

use crate::callers::LIMIT;
use crate::ledger::Books;

/// A call that ends later than this after its limit is late. The machine may have been at something else; so one in a
/// hundred may be.
const LATE: u128 = 1_000;

/// May be executed again where the first answer was lost: by its own word, or since a queue delivers at least once.
fn is_repeatable(method: &str) -> bool {
    matches!(method, "put" | "store")
}

/// How often a call may have been executed, given what its caller was told.
fn fits(method: &str, told: &str, executed: u64) -> bool {
    let again = is_repeatable(method);
    match told {
        "ok" if method == "note" => executed <= 1,
        "ok" | "yes" => executed == 1 || (again && executed > 1),
        "no" => executed == 0,
        "maybe" => executed <= 1 || again,
        _ => false,
    }
}

pub(crate) fn audit(books: &Books) {
    let executions = books.executions();
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    let (mut lies, mut late) = (Vec::new(), Vec::new());
    // Those too that nobody was told of: they were given up, or their caller was killed.
    for (number, (method, count)) in &executions {
        if *count > 1 && !is_repeatable(method) {
            lies.push(format!("{count} times executed: {number} {method}"));
        }
    }
    for record in books.read("told-") {
        let [number, method, told, millis, ..] = &record[..] else {
            panic!("{record:?}");
        };
        let number: u64 = number.parse().unwrap();
        let executed = executions.get(&number).map_or(0, |(_, count)| *count);
        if !fits(method, told, executed) {
            lies.push(format!("{executed} times executed: {}", record.join(" ")));
        }
        if millis.parse::<u128>().unwrap() > LIMIT.as_millis() + LATE {
            late.push(record.join(" "));
        }
        let key = (method.clone(), told.clone());
        *counts.entry(key).or_default() += 1;
    }
    for ((method, told), count) in &counts {
        eprintln!("{method}: {told} {count}");
    }
    let again = executions.values().filter(|(_, count)| *count > 1).count();
    eprintln!("{} executed, {again} more than once", executions.len());
    assert!(lies.is_empty(), "{} lies:\n{}", lies.len(), lies.join("\n"));
    let told: u64 = counts.values().sum();
    let tolerable = late.len() as u64 * 100 <= told;
    assert!(tolerable, "{} late:\n{}", late.len(), late.join("\n"));
    let answered: u64 = counts
        .iter()
        .filter_map(|((_, told), count)| (told == "ok").then_some(*count))
        .sum();
    assert!(answered > 1_000, "only {answered} calls were answered");
}
