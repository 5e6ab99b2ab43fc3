//! What a server tells of itself.

use super::async_client::AsyncClient;
use super::handle::Client;
use crate::description::Description;
use crate::error::Error;

const DESCRIBE: &str = "zmqrpc.describe";
const LIST: &str = "zmqrpc.list";

/// The built-in methods tell of all services when none is named.
const ALL: (Option<Vec<String>>,) = (None,);

impl Client {
    /// Asks the server what it offers: its services and methods, their documentation, and the shapes of all values.
    ///
    /// The question is a call by name, in the [codec](super::ClientBuilder::codec) of the client for these. With several
    /// servers, one of them answers.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownMethod`] if the server [does not tell](crate::ServerBuilder::introspection), and all others of a
    /// call.
    pub fn describe(&self) -> Result<Description, Error> {
        self.invoke(DESCRIBE, &ALL)
    }

    /// Asks the server for the full names of its methods, such as `Inventory.place`. It costs less than
    /// [`describe`](Self::describe).
    ///
    /// # Errors
    ///
    /// [`Error::UnknownMethod`] if the server does not tell, and all others of a call.
    pub fn method_names(&self) -> Result<Vec<String>, Error> {
        self.invoke(LIST, &())
    }
}

impl AsyncClient {
    /// Asks the server what it offers, see [`Client::describe`].
    ///
    /// # Errors
    ///
    /// [`Error::UnknownMethod`] if the server does not tell, and all others of a call.
    pub async fn describe(&self) -> Result<Description, Error> {
        self.invoke(DESCRIBE, &ALL).await
    }

    /// Asks the server for the full names of its methods, see [`Client::method_names`].
    ///
    /// # Errors
    ///
    /// [`Error::UnknownMethod`] if the server does not tell, and all others of a call.
    pub async fn method_names(&self) -> Result<Vec<String>, Error> {
        self.invoke(LIST, &()).await
    }
}
