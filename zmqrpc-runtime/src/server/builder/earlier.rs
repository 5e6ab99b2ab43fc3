//! Snapshots of earlier versions.

use super::ServerBuilder;

impl ServerBuilder {
    /// Takes events, jobs, notifications and calls of an earlier version of a service, where all that it sends is read
    /// rightly by this one, and so is what comes back to it: `snapshot` is what
    /// [`assert_compatible`](crate::schema::assert_compatible) wrote of that version. Any number of them; one that is no
    /// description is an [`Error::Config`](crate::Error::Config) at the start.
    ///
    /// A caller of another version agrees with the server on a key. What has no reply cannot, nor what a buffered proxy has
    /// accepted: without a snapshot it is refused and counted, and its sender does not hear of it.
    ///
    /// ```no_run
    /// # const SNAPSHOT: &str = "";
    /// use zmqrpc_runtime::Server;
    ///
    /// // include_str!("schema/inventory-1.json")
    /// let server = Server::builder().earlier(SNAPSHOT);
    /// # let _ = server;
    /// ```
    pub fn earlier(mut self, snapshot: impl Into<String>) -> Self {
        self.earlier.push(snapshot.into());
        self
    }
}
