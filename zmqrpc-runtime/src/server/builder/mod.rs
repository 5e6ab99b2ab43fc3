//! Settings of a server.

mod dynamic;
#[cfg(feature = "json")]
mod earlier;
mod start;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::authorize::Authorize;
use super::binder::Binder;
use super::dynamic::FallbackService;
use super::handler::{Async, AsyncHandler, Handler, Plain};
use super::introspection::Introspection;
use crate::command::{CallContext, DynService, Service, ServiceObject};
use crate::description::{Documented, NamedDocs};
use crate::logins::{AuthSettings, authenticate_method, credentials_method};
use crate::options::{ConnectionOptions, connection_methods};
use crate::reception::Puller;
use crate::socket::Direction;
use crate::subscription::Subscription;

/// Where servers begin: [`Server::builder`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Server;

impl Server {
    /// Starts the settings of a server.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }
}

/// Makes a server. Nothing is opened before [`start`](Self::start), which checks every setting.
///
/// Replies that a slow caller does not take wait for it: up to 500 in libzmq, whatever their size, then up to 65,536 and
/// 64 MiB for each connection; beyond that the oldest is dropped and counted in
/// [`ServerStats::dropped`](super::ServerStats::dropped).
#[must_use = "nothing is opened before `start`"]
pub struct ServerBuilder {
    services: Vec<Arc<dyn DynService>>,
    endpoints: Vec<(String, Direction)>,
    binders: Vec<Binder>,
    subscriptions: Vec<Subscription>,
    pulls: Vec<Puller>,
    worker_threads: usize,
    max_queue: usize,
    max_queue_bytes: usize,
    notification_timeout: Duration,
    remember_deliveries: usize,
    options: ConnectionOptions,
    auth: AuthSettings,
    authorize: Option<Authorize>,
    introspection: Introspection,
    fallback: Option<FallbackService>,
    /// Snapshots of earlier versions.
    earlier: Vec<String>,
    documents: Vec<NamedDocs>,
}

impl Default for ServerBuilder {
    fn default() -> Self {
        Self {
            services: Vec::new(),
            endpoints: Vec::new(),
            binders: Vec::new(),
            subscriptions: Vec::new(),
            pulls: Vec::new(),
            worker_threads: default_worker_threads(),
            max_queue: 65_536,
            max_queue_bytes: 64 << 20,
            notification_timeout: Duration::from_secs(300),
            remember_deliveries: 10_000,
            options: ConnectionOptions::default(),
            auth: AuthSettings::default(),
            authorize: None,
            introspection: Introspection::default(),
            fallback: None,
            earlier: Vec::new(),
            documents: Vec::new(),
        }
    }
}

impl ServerBuilder {
    /// Adds a service: `CalculatorServer::new(..)`. A server takes any number of them.
    pub fn service<S: Service>(mut self, service: S) -> Self {
        self.services.push(Arc::new(ServiceObject(service)));
        self
    }

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

    /// Adds a function that executes one hand-written command, as `|command|` or `|cx: &CallContext, command|`.
    pub fn handler<M: 'static, H: Handler<M>>(mut self, handler: H) -> Self {
        self.services.push(Arc::new(Plain::new(handler)));
        self
    }

    /// Adds an `async` function that executes one hand-written command, as `|command|` or
    /// `|cx: CallContext, command|`.
    pub fn handler_async<M: 'static, H: AsyncHandler<M>>(mut self, handler: H) -> Self {
        self.services.push(Arc::new(Async::new(handler)));
        self
    }

    /// Listens on an endpoint: `tcp://127.0.0.1:5555`, `tcp://*:*` (every address, any free port),
    /// `tcp://[::1]:5555`, `ipc:///run/name.sock`, `inproc://name`.
    pub fn bind(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoints.push((endpoint.into(), Direction::Bind));
        self
    }

    /// Connects to an endpoint, to serve from behind a hub (a ROUTER/DEALER device) that listens there.
    pub fn connect(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoints.push((endpoint.into(), Direction::Connect));
        self
    }

    /// Works for a client that is bound: connects to it and says what it offers, and executes what it calls over that
    /// connection. A text is where it listens; a [`Binder`] says more. Any number of them, beside other endpoints or alone.
    ///
    /// This is for servers that nobody can connect to, and for clients that any number of servers come to. Behind a hub (a
    /// ROUTER/DEALER device) it is [`connect`](Self::connect). Where the client asks for a login, it is shown the server's
    /// [`credentials`](Self::credentials).
    ///
    /// ```
    /// use zmqrpc_runtime::Server;
    ///
    /// let worker = Server::builder().work_for("tcp://centre.example:30003");
    /// # let _ = worker;
    /// ```
    pub fn work_for(mut self, binder: impl Into<Binder>) -> Self {
        self.binders.push(binder.into());
        self
    }

    /// Executes what is published: the events of a publisher are commands of the same services. A text connects to an
    /// endpoint and takes everything; a [`Subscription`] says more.
    ///
    /// Any number of subscriptions, each with a connection of its own. What a service returns for an event is dropped.
    /// Events that there is no room for are left at the publisher, who drops them in the end; what got lost shows in
    /// [`ServerHandle::subscriptions`](crate::ServerHandle::subscriptions).
    ///
    /// ```
    /// use zmqrpc_runtime::Server;
    /// use zmqrpc_runtime::pubsub::Subscription;
    ///
    /// let server = Server::builder()
    ///     .subscribe("tcp://127.0.0.1:30001")
    ///     .subscribe(Subscription::connect("tcp://127.0.0.1:30002").topic("eu."));
    /// # let _ = server;
    /// ```
    pub fn subscribe(mut self, subscription: impl Into<Subscription>) -> Self {
        self.subscriptions.push(subscription.into());
        self
    }

    /// Executes what is pushed: the jobs of pushers are commands of the same services. Any number of pullers.
    ///
    /// A job goes to one of those that pull, and is lost if that one dies before it is executed. While there is no room,
    /// those who push wait: nothing is dropped. For each of them 100 jobs are held beside those in the queue, and fewer
    /// while there is no room, as of a subscription ([`high_water`](Subscription::high_water)).
    ///
    /// ```
    /// use zmqrpc_runtime::Server;
    /// use zmqrpc_runtime::push::Puller;
    ///
    /// let server = Server::builder().pull(Puller::bind("tcp://*:30002"));
    /// # let _ = server;
    /// ```
    pub fn pull(mut self, puller: impl Into<Puller>) -> Self {
        self.pulls.push(puller.into());
        self
    }

    /// How many plain methods may run at once, each on a thread of its own. Default: the number of processors, and no less
    /// than 4.
    ///
    /// There are two more threads: pings, cancellations and refusals work while all worker threads are busy. `async` methods
    /// do not occupy one while they wait.
    pub fn worker_threads(mut self, count: usize) -> Self {
        self.worker_threads = count;
        self
    }

    /// Requests that may wait to be executed, `async` methods that run included. Default: 65,536. Beyond that, the last
    /// request of whoever has most waiting is answered with `Overloaded`: where that is the one who asks, the new one.
    ///
    /// What is published and pushed is counted apart, up to the same number but no more than 1,000. Further ones are left
    /// unread.
    pub fn max_queue(mut self, requests: usize) -> Self {
        self.max_queue = requests;
        self
    }

    /// Bytes of requests that may wait to be executed. Default: 64 MiB. Further ones are answered with `Overloaded`, as
    /// above.
    /// Also, and apart from these, bytes of what is published and pushed.
    pub fn max_queue_bytes(mut self, bytes: usize) -> Self {
        self.max_queue_bytes = bytes;
        self
    }

    /// How long a notification may wait to be executed whose sender states no time. Default: 5 min; `Duration::MAX` is any
    /// time. What waits longer is not executed, and counted in [`ServerStats::expired`](super::ServerStats::expired).
    ///
    /// The clients of this library state the time that their calls have. What is published and pushed has no limit.
    pub fn notification_timeout(mut self, timeout: Duration) -> Self {
        self.notification_timeout = timeout;
        self
    }

    connection_methods! {
        options;
        /// Sets how many replies libzmq holds for one connection. Default: 500. Further ones wait in the server. Requests are
        /// always taken in: beyond [`max_queue`](Self::max_queue) they are refused.
        ///
        /// What is published and pushed has numbers of its own, see [`Subscription::high_water`].
    }

    /// How many requests that came out of a [`BufferedProxy`](crate::proxy::BufferedProxy)'s queue are remembered after they
    /// were executed. Default: 10,000; 0 remembers none.
    ///
    /// Such a proxy delivers a request until it gets an answer, so that one whose answer was lost comes again. A repeat
    /// is answered and not executed again; it waits while the first is still being executed. That one goes on to its end
    /// or its deadline, also if its sender cancels it or goes. What is remembered is lost when the server ends.
    ///
    /// A repeat comes from the same user, or without a login from the same IP address, and asks for the same: the name
    /// that it carries alone is not enough. Over `ipc` and `inproc` all senders without a login are one. Each sender has
    /// its share of the memory: who delivers much pushes out its own.
    pub fn remember_deliveries(mut self, count: usize) -> Self {
        self.remember_deliveries = count;
        self
    }

    credentials_method! {
        auth
        /// This is for [hubs](Self::connect) and for what the server [pulls from](Self::pull): a [`Subscription`] has a
        /// login of its own. A login that is refused is logged and counted, see
        /// [`ServerStats::login_failures`](crate::server::ServerStats::login_failures) and
        /// [`PullStats::login_failures`](crate::push::PullStats::login_failures), and tried again after half a second,
        /// then more and more rarely, up to every 32 s.
    }

    authenticate_method! {
        auth
        /// Asks everybody for a login who connects to what this server [binds](Self::bind) or [pulls at](Self::pull),
        /// and to bound [subscriptions](Self::subscribe) that have no setting of their own.
        ///
        /// ```
        /// use zmqrpc_runtime::Server;
        /// use zmqrpc_runtime::auth::Passwords;
        ///
        /// let server = Server::builder()
        ///     .authenticate(Passwords::new().user("ada", "secret"))
        ///     .bind("tcp://*:30000");
        /// # let _ = server;
        /// ```
    }

    /// Asks a function before each call, event and job whether this caller may do that: it knows the caller by
    /// [`CallContext::user_id`](crate::CallContext::user_id). An error is
    /// [`Error::Unauthenticated`](crate::Error::Unauthenticated) for the caller, with this text as its reason; the service
    /// is not started. Default: everybody who is let in may call everything.
    ///
    /// The function runs for each call, on the thread that would run the service: what it waits for takes a worker, as
    /// a service would, and where it waits in every one, nothing is executed. If it panics, the call is refused.
    ///
    /// ```
    /// use zmqrpc_runtime::{CallContext, Server};
    ///
    /// let server = Server::builder().authorize(|cx: &CallContext| match cx.user_id() {
    ///     Some("admin") => Ok(()),
    ///     _ if cx.method().service() == "Status" => Ok(()),
    ///     _ => Err("only the administrator may do this"),
    /// });
    /// # let _ = server;
    /// ```
    pub fn authorize<E: Into<String>>(
        mut self,
        ask: impl Fn(&CallContext) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        self.authorize = Some(Authorize::new(ask));
        self
    }
}

const MAX_WORKER_THREADS: usize = 1024;

fn default_worker_threads() -> usize {
    std::thread::available_parallelism().map_or(4, |count| count.get().clamp(4, MAX_WORKER_THREADS))
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods: Vec<String> = self
            .services
            .iter()
            .flat_map(|service| service.methods())
            .map(ToString::to_string)
            .collect();
        f.debug_struct("ServerBuilder")
            .field("methods", &methods)
            .field("endpoints", &self.endpoints)
            .field("binders", &self.binders)
            .field("subscriptions", &self.subscriptions)
            .field("pulls", &self.pulls)
            .finish_non_exhaustive()
    }
}
