//! The methods of the built-in service.

use serde::Serialize;

use crate::codec::NoArgs;
use crate::command::{Command, KeyCell, Method};
use crate::description::{Description, MethodFingerprint};
use crate::error::Error;

/// The arguments that restrict an answer to some services.
pub(super) type Services = (Option<Vec<String>>,);

macro_rules! commands {
    ($($(#[$docs:meta])* $command:ident: $name:literal $signature:literal ($($argument:literal)?)
        $arguments:ty => $reply:ty;)*) => {$(
        $(#[$docs])*
        #[derive(Serialize)]
        pub(super) struct $command;

        impl Command for $command {
            type Arguments<'a> = $arguments;
            type Reply = $reply;
            type Failure = Error;
            type Answer = $reply;
            const METHOD: Method = Method::new("zmqrpc", $name, 1, $signature)
                .idempotent()
                .shaped::<Self>(&[$($argument)?], {
                    static CELL: KeyCell = KeyCell::new();
                    &CELL
                });
        }
    )*};
}

commands! {
    /// Describes services, all of them for none.
    Describe: "describe" "(Option<Vec<String>>) -> Description" ("services") Services => Description;
    /// Lists the full names of all methods.
    List: "list" "() -> Vec<String>" () NoArgs => Vec<String>;
    /// Describes the method that has a key, and nothing else; no service if there is none.
    ShapeOf: "shape" "(String) -> Description" ("key") (String,) => Description;
    /// Tells the fingerprints of the methods of services, of all for none.
    Fingerprints: "fingerprints" "(Option<Vec<String>>) -> Vec<MethodFingerprint>" ("services")
        Services => Vec<MethodFingerprint>;
}
