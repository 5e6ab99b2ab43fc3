//! Servers that ask for logins: who has none gets nothing through and learns so within a second, and all others are
//! served meanwhile.

#[path = "../support/mod.rs"]
mod support;

mod authorize;
mod closures;
mod files;
mod flood;
mod keys;
mod limits;
mod logs;
mod names;
mod passwords;
mod settings;
mod vault;
