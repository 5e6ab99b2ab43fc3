//! Expansions as text: what they are, how long they are, and what the rules say.
//!
//! They run on `proc_macro2` alone, outside of a compiler; whether an expansion also compiles, and
//! which tokens an error points to, is shown by the cases in `ui-tests`.

mod errors;
mod expansion;
mod signatures;
mod size;
mod snapshots;
