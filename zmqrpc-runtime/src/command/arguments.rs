//! The types of a method's arguments.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::codec::NoArgs;
use crate::tracer::RootType;

/// The arguments of a method, as a server decodes them.
///
/// Generated code uses tuples; what `#[derive(Command)]` makes is the fields of the command itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the arguments of a method",
    note = "each of them implements `serde::Deserialize`"
)]
pub trait ArgumentList<'a>: Deserialize<'a> {
    /// Returns their types, for the description.
    #[doc(hidden)]
    fn types() -> ArgumentTypes<'a>;
}

/// The types of arguments.
#[derive(Debug)]
pub enum ArgumentTypes<'a> {
    /// Of each, in order.
    List(Vec<RootType<'a>>),
    /// The fields of this type.
    Fields(RootType<'a>),
    /// They are not told.
    Untold,
}

impl<'a> ArgumentList<'a> for NoArgs {
    fn types() -> ArgumentTypes<'a> {
        ArgumentTypes::List(Vec::new())
    }
}

macro_rules! tuples {
    ($($type:ident)*) => {
        tuples!(@each [] $($type)*);
    };
    (@each [$($before:ident)*]) => {};
    (@each [$($before:ident)*] $next:ident $($after:ident)*) => {
        impl<'a, $($before: Deserialize<'a>,)* $next: Deserialize<'a>> ArgumentList<'a>
            for ($($before,)* $next,)
        {
            fn types() -> ArgumentTypes<'a> {
                ArgumentTypes::List(vec![$(RootType::of::<$before>(),)* RootType::of::<$next>()])
            }
        }
        tuples!(@each [$($before)* $next] $($after)*);
    };
}

// As many as serde's own.
tuples! { A B C D E F G H I J K L M N O P }

/// A command whose fields are the arguments.
#[derive(Debug)]
pub struct OwnFields<C>(pub C);

impl<'de, C: Deserialize<'de>> Deserialize<'de> for OwnFields<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        C::deserialize(deserializer).map(Self)
    }
}

impl<'a, C: Deserialize<'a>> ArgumentList<'a> for OwnFields<C> {
    fn types() -> ArgumentTypes<'a> {
        ArgumentTypes::Fields(RootType::of::<C>())
    }
}

/// Arguments that do not tell their types: `#[command(signature_key)]`.
#[derive(Debug)]
pub struct Untold;

impl<'de> Deserialize<'de> for Untold {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("this command does not tell its types"))
    }
}

impl<'a> ArgumentList<'a> for Untold {
    fn types() -> ArgumentTypes<'a> {
        ArgumentTypes::Untold
    }
}
