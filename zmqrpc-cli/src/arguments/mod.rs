//! The arguments of a call, as people type them, made to fit the shapes that the server describes. What does not fit is
//! refused here, with what is expected, and nothing is sent.

mod assign;
mod example;
mod fit;
mod from_json;
mod from_words;
mod misfit;
mod nearest;
mod number;
mod shapes;
mod word;

pub(crate) use self::from_json::from_json;
pub(crate) use self::from_words::from_words;
pub(crate) use self::misfit::Misfit;
pub(crate) use self::nearest::did_you_mean;
pub(crate) use self::number::duration;
pub(crate) use self::shapes::{Form, Shapes};
