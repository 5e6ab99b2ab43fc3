//! Services that are known at run time only.

use std::sync::Arc;

use super::ServerBuilder;
use crate::description::Description;
use crate::server::dynamic::{DynamicService, FallbackService, RawCall, RawFailure, RawHandler};

impl ServerBuilder {
    /// Adds services that are known at run time only: those of a description, which may be another server's, read from a
    /// file, or put together. The function executes all of their methods: it gets the arguments as they came, and returns
    /// an encoded value. For tools, bridges and tests.
    ///
    /// Methods are found by name, and by key where the description has one. Nothing is decoded here, so nothing is checked.
    ///
    /// ```
    /// use zmqrpc_runtime::schema::{ArgumentDescription, Description, MethodDescription, ServiceDescription, Shape};
    /// use zmqrpc_runtime::server::RawCall;
    /// use zmqrpc_runtime::Server;
    ///
    /// let mut echo = MethodDescription::new("echo", Shape::Any);
    /// echo.arguments.push(ArgumentDescription::new("value", Shape::Any));
    /// let service = ServiceDescription::new("Mirror", vec![echo]);
    ///
    /// let server = Server::builder().dynamic(Description::new(vec![service]), |call: &RawCall| {
    ///     Ok(call.arguments().to_vec())
    /// });
    /// # let _ = server;
    /// ```
    pub fn dynamic(
        mut self,
        description: Description,
        handler: impl Fn(&RawCall) -> Result<Vec<u8>, RawFailure> + Send + Sync + 'static,
    ) -> Self {
        let handler = RawHandler::plain(handler);
        self.services
            .push(Arc::new(DynamicService::new(description, handler)));
        self
    }

    /// Adds services that are known at run time only, as [`dynamic`](Self::dynamic) does, and executes their methods as
    /// tasks.
    pub fn dynamic_async<F>(
        mut self,
        description: Description,
        handler: impl Fn(RawCall) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Vec<u8>, RawFailure>> + Send + 'static,
    {
        let handler = RawHandler::task(handler);
        self.services
            .push(Arc::new(DynamicService::new(description, handler)));
        self
    }

    /// Answers calls, events and jobs of methods that no service has, by name or by key: for bridges, and for names that are
    /// made up as they are asked for. [`RawFailure::UnknownMethod`] is what others are told.
    ///
    /// [`authorize`](Self::authorize) sees the method `*` of no service, and finds in
    /// [`called`](crate::CallContext::called) what the caller asked for. A key that is known with another signature is
    /// refused as ever.
    pub fn fallback(
        mut self,
        handler: impl Fn(&RawCall) -> Result<Vec<u8>, RawFailure> + Send + Sync + 'static,
    ) -> Self {
        self.fallback = Some(FallbackService::new(RawHandler::plain(handler)));
        self
    }

    /// Answers what no service has, as [`fallback`](Self::fallback) does, by tasks.
    pub fn fallback_async<F>(
        mut self,
        handler: impl Fn(RawCall) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Vec<u8>, RawFailure>> + Send + 'static,
    {
        self.fallback = Some(FallbackService::new(RawHandler::task(handler)));
        self
    }
}
