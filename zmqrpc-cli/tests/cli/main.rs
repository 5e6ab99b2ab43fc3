//! The command line as people meet it: real processes against a real server.

mod calls;
mod failures;
mod mistakes;
mod services;
mod support;
mod telling;
