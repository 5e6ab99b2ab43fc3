//! What a server tells of itself, and what clients make of it.

#[path = "../support/mod.rs"]
mod support;

mod agreement;
mod described;
mod documented;
mod dynamic;
mod earlier;
mod evolution;
mod foreign;
mod introspection;
mod keys;
mod load;
mod table;
mod upgrade;
mod versions;
mod warehouse;
