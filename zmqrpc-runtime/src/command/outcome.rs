//! The outcome of a call, for methods that can fail and for methods that cannot.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Value;
use crate::error::{CallError, Error};
use crate::tracer::RootType;

/// The error of a call: [`Error`], or [`CallError<E>`] if the method returns a `Result`.
pub trait Failure: From<Error> + Send + 'static {
    /// The service's own error; [`Never`] if it has none.
    type Service: Value;

    /// The type of that error; `None` if there is none.
    #[doc(hidden)]
    const ERROR: Option<RootType<'static>> = Some(Self::Service::TYPE);

    /// Creates a failure from the service's own error.
    fn service(error: Self::Service) -> Self;

    /// Returns the library's error; `None` if the failure is the service's own error. A layer that retries decides by
    /// it.
    fn rpc(&self) -> Option<&Error>;
}

impl Failure for Error {
    type Service = Never;

    const ERROR: Option<RootType<'static>> = None;

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

/// The return value of a service, as a result: a plain reply is always a success.
///
/// `R` and `F` are a command's reply and failure.
pub trait Answer<R, F> {
    /// The service's own error.
    type Service;

    /// Returns the reply or the error.
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

/// The two types of a `Result`, for return types that are an alias of it.
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

/// A method's return type, of which generated code finds out whether it is a `Result`.
///
/// For a `Result`, the inherent constant takes precedence over that of the trait [`MaybeResult`].
pub struct Returned<T>(std::marker::PhantomData<T>);

impl<T, E> Returned<Result<T, E>> {
    /// `T` is a `Result`.
    pub const IS_RESULT: bool = true;
}

/// See [`Returned`].
pub trait MaybeResult {
    /// `T` is no `Result`.
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
