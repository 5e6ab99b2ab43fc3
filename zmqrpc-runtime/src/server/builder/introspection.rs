//! What a server tells of itself.

use super::ServerBuilder;
use crate::description::{Documented, NamedDocs};
use crate::server::introspection::Introspection;

impl ServerBuilder {
    /// How much the server tells of itself to those who may call it. Default: [`Introspection::Full`].
    ///
    /// For the description, and for the keys of methods when the server starts, the types of arguments and replies are
    /// tried out: their `Deserialize` is called with values of many kinds. A panic in it is caught, and not printed
    /// unless the program sets another panic hook after it.
    pub fn introspection(mut self, introspection: Introspection) -> Self {
        self.introspection = introspection;
        self
    }

    /// Tells the documentation of a type to those who ask what the server offers. Any number of types; what no method uses
    /// is left out. Types that are not named here are described as well, without documentation.
    ///
    /// A type that serde converts (`#[serde(try_from = "Raw")]`) is described as the one that is read: name that one. Of a
    /// generic type name each one in use, such as `Page<Order>` and `Page<Product>`.
    ///
    /// ```
    /// use zmqrpc_runtime::Server;
    /// use zmqrpc_runtime::schema::Documented;
    /// # use zmqrpc_runtime::__private::TypeDocs;
    ///
    /// // #[derive(Serialize, Deserialize, zmqrpc::Documented)]
    /// /// What a customer orders.
    /// struct Order {
    ///     /// Counted up by the shop.
    ///     number: u64,
    /// }
    /// # impl Documented for Order {
    /// #     const DOCS: TypeDocs = TypeDocs { docs: "What a customer orders.", fields: &[], variants: &[] };
    /// # }
    ///
    /// let server = Server::builder().document::<Order>();
    /// # let _ = (server, Order { number: 1 }.number);
    /// ```
    pub fn document<T: Documented + ?Sized>(mut self) -> Self {
        self.documents.push(NamedDocs::of::<T>());
        self
    }
}
