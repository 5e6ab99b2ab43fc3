//! Tests of expansions as text: their contents, their length, and the errors of the rules.
//!
//! The tests run on `proc_macro2` alone, outside of a compiler. The cases in `ui-tests` show
//! whether an expansion compiles, and which tokens an error points to.

mod errors;
mod expansion;
mod serde_names;
mod signatures;
mod size;
mod snapshots;
