//! The options of each attribute.

use proc_macro2::Ident;
use syn::parse::{Parse, ParseStream};
use syn::{LitInt, LitStr, Path, Type};

use super::list::Options;
use super::values::{assign, command_name, method_name, name, runtime, set_flag, timeout, version};

/// ```text
/// #[zmq_service]
/// #[zmq_service(name = "math.Calculator", version = 2, crate = path::to::zmqrpc)]
/// ```
#[derive(Default)]
pub(crate) struct ServiceOptions {
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<LitInt>,
    pub(crate) runtime: Option<Path>,
}

impl Options for ServiceOptions {
    const KEYS: &'static [&'static str] = &["name", "version", "crate"];

    fn set(&mut self, key: &Ident, input: ParseStream<'_>) -> Option<syn::Result<()>> {
        Some(match key.to_string().as_str() {
            "name" => assign(&mut self.name, key, input, name),
            "version" => assign(&mut self.version, key, input, version),
            "crate" => assign(&mut self.runtime, key, input, runtime),
            _ => return None,
        })
    }
}

/// ```text
/// #[zmq(name = "plus", command = "Sum", timeout = "500ms", idempotent)]
/// #[zmq(oneway)]
/// ```
#[derive(Default)]
pub(crate) struct MethodOptions {
    pub(crate) name: Option<LitStr>,
    pub(crate) command: Option<Ident>,
    pub(crate) call: CallOptions,
}

impl Options for MethodOptions {
    const KEYS: &'static [&'static str] = &["name", "idempotent", "oneway", "timeout", "command"];

    fn set(&mut self, key: &Ident, input: ParseStream<'_>) -> Option<syn::Result<()>> {
        Some(match key.to_string().as_str() {
            "name" => assign(&mut self.name, key, input, method_name),
            "command" => assign(&mut self.command, key, input, command_name),
            _ => return self.call.set(key, input),
        })
    }
}

/// ```text
/// #[command(reply = String, error = GreetError, name = "greet", version = 2)]
/// #[command(oneway, crate = path::to::zmqrpc)]
/// #[command(signature_key)]
/// ```
#[derive(Default)]
pub(crate) struct CommandOptions {
    pub(crate) reply: Option<Type>,
    pub(crate) error: Option<Type>,
    /// The command does not tell the types of its fields: it is only sent, or is read by code that must not be tried out.
    pub(crate) signature_key: Option<Ident>,
    pub(crate) service: ServiceOptions,
    pub(crate) call: CallOptions,
}

impl Options for CommandOptions {
    const KEYS: &'static [&'static str] = &[
        "reply",
        "error",
        "name",
        "version",
        "timeout",
        "idempotent",
        "oneway",
        "signature_key",
        "crate",
    ];

    fn set(&mut self, key: &Ident, input: ParseStream<'_>) -> Option<syn::Result<()>> {
        match key.to_string().as_str() {
            "reply" => Some(assign(&mut self.reply, key, input, Type::parse)),
            "error" => Some(assign(&mut self.error, key, input, Type::parse)),
            "signature_key" => Some(set_flag(&mut self.signature_key, key)),
            _ => self
                .service
                .set(key, input)
                .or_else(|| self.call.set(key, input)),
        }
    }
}

/// ```text
/// #[documented(crate = path::to::zmqrpc)]
/// ```
#[derive(Default)]
pub(crate) struct DocumentedOptions {
    pub(crate) runtime: Option<Path>,
}

impl Options for DocumentedOptions {
    const KEYS: &'static [&'static str] = &["crate"];

    fn set(&mut self, key: &Ident, input: ParseStream<'_>) -> Option<syn::Result<()>> {
        Some(match key.to_string().as_str() {
            "crate" => assign(&mut self.runtime, key, input, runtime),
            _ => return None,
        })
    }
}

/// The options for the calls of a command, both of a service's and of a derived one.
#[derive(Default)]
pub(crate) struct CallOptions {
    pub(crate) timeout_milliseconds: Option<u64>,
    pub(crate) idempotent: Option<Ident>,
    pub(crate) oneway: Option<Ident>,
}

impl CallOptions {
    fn set(&mut self, key: &Ident, input: ParseStream<'_>) -> Option<syn::Result<()>> {
        Some(match key.to_string().as_str() {
            "timeout" => assign(&mut self.timeout_milliseconds, key, input, timeout),
            "idempotent" => set_flag(&mut self.idempotent, key),
            "oneway" => set_flag(&mut self.oneway, key),
            _ => return None,
        })
    }
}
