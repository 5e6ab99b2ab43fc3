//! Servers that ask for logins: who has none gets nothing through and learns so within a second, and all others are
//! served meanwhile.

#[path = "../support/mod.rs"]
mod support;

mod authorize;
mod closures;
mod events;
mod exposed;
mod files;
mod hubs;
mod jobs;
mod keys;
mod limits;
mod locks;
mod logs;
mod messages;
mod names;
mod passwords;
mod proxies;
mod raw;
mod settings;
mod vault;
mod wire;
mod workers;
