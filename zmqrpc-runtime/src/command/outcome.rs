//! How a call ends, for methods that can fail and for those that cannot.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Value;
use crate::error::{CallError, Error};

/// What a caller gets when a call fails: [`Error`], or [`CallError<E>`] where the method returns a `Result`.
pub trait Failure: From<Error> + Send + 'static {
    /// The service's own error; [`Never`] where there is none.
    type Service: Value;

    /// Makes a failure of the service's own error.
    fn service(error: Self::Service) -> Self;

    /// The failure of the call, if this is not the service's own error. What a layer that retries looks at.
    fn rpc(&self) -> Option<&Error>;
}

impl Failure for Error {
    type Service = Never;

    fn service(error: Never) -> Self {
        match error {}
    }

    fn rpc(&self) -> Option<&Error> {
        Some(self)
    }
}

impl<E: Value> Failure for CallError<E> {
    type Service = E;

    fn service(error: E) -> Self {
        Self::Service(error)
    }

    fn rpc(&self) -> Option<&Error> {
        CallError::rpc(self)
    }
}

/// What a service returns, seen as a result: a plain reply is always a success.
///
/// `R` and `F` are a command's reply and failure.
pub trait Answer<R, F> {
    /// The service's own error.
    type Service;

    /// The reply or the error.
    ///
    /// # Errors
    ///
    /// The service's own error.
    fn into_result(self) -> Result<R, Self::Service>;
}

impl<R> Answer<R, Error> for R {
    type Service = Never;

    fn into_result(self) -> Result<R, Never> {
        Ok(self)
    }
}

impl<R, E> Answer<R, CallError<E>> for Result<R, E> {
    type Service = E;

    fn into_result(self) -> Self {
        self
    }
}

/// The two halves of a `Result`, for return types that are an alias of it.
pub trait Fallible {
    /// The reply.
    type Ok;
    /// The service's own error.
    type Err;
}

impl<T, E> Fallible for Result<T, E> {
    type Ok = T;
    type Err = E;
}

/// A type that a method returns, about which generated code asks whether it is a `Result`.
///
/// The answer for a `Result` is found first, as it is the type's own; the other one is a trait's.
pub struct Returned<T>(std::marker::PhantomData<T>);

impl<T, E> Returned<Result<T, E>> {
    /// It is.
    pub const IS_RESULT: bool = true;
}

/// See [`Returned`].
pub trait MaybeResult {
    /// It is not.
    const IS_RESULT: bool = false;
}

impl<T> MaybeResult for Returned<T> {}

/// The error of methods that have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {}

impl Serialize for Never {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match *self {}
    }
}

impl<'de> Deserialize<'de> for Never {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom(
            "the method has no errors of its own, yet the server sent one",
        ))
    }
}
