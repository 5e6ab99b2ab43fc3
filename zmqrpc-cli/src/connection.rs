//! The connection to the server, and what it is asked for.

use std::future::Future;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, io, thread};

use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;
use tokio::sync::Notify;
use zmqrpc::auth::{KeyPair, PublicKey};
use zmqrpc::client::{Codec, RawReply};
use zmqrpc::schema::Description;
use zmqrpc::{AsyncClient, Client, Credentials, Error};

use crate::failure::Failure;
use crate::options::Options;

/// How long it may take to connect, of the time for a call.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection to one or several servers.
pub(crate) struct Connection {
    client: AsyncClient,
    endpoints: String,
    /// Remembers what comes while nobody waits.
    interrupted: Arc<Notify>,
}

impl Connection {
    /// Connects in the background.
    pub(crate) fn open(options: &Options) -> Result<Self, Failure> {
        if options.endpoints.is_empty() {
            return Err(Failure::usage(
                "which server? Its endpoint is the first word, as in `zmqrpc tcp://127.0.0.1:30000 list`, or is in \
                 ZMQRPC_ENDPOINT",
            ));
        }
        let mut builder = Client::builder()
            .timeout(options.timeout)
            .connect_timeout(options.timeout.min(CONNECT_TIMEOUT));
        for endpoint in &options.endpoints {
            builder = builder.connect(endpoint);
        }
        if let Some(credentials) = credentials(options)? {
            builder = builder.credentials(credentials);
        }
        let mut client = builder.build_async()?;
        for (key, value) in &options.metadata {
            client = client.with_metadata(key, value);
        }
        let interrupted = await_interrupts()
            .map_err(|error| Failure::usage(format!("ctrl-c cannot be waited for: {error}")))?;
        Ok(Self {
            client,
            endpoints: options.endpoints.join(" "),
            interrupted,
        })
    }

    pub(crate) fn endpoints(&self) -> &str {
        &self.endpoints
    }

    /// Asks the server what it offers.
    pub(crate) async fn description(&self) -> Result<Description, Failure> {
        match self.unless_interrupted(self.client.describe()).await? {
            Ok(description) => Ok(description),
            Err(Error::UnknownMethod { .. }) => Err(Failure::usage(format!(
                "the server at {} tells nothing of itself: write each argument as JSON, with --json, and it is sent \
                 unchecked",
                self.endpoints
            ))),
            Err(error) => Err(Failure::NotDescribed(Box::new(error))),
        }
    }

    /// Calls a method with arguments in JSON.
    pub(crate) async fn call(&self, method: &str, arguments: &str) -> Result<RawReply, Failure> {
        let call = self
            .client
            .call_raw(method, Codec::Json, arguments.as_bytes());
        Ok(self.unless_interrupted(call).await??)
    }

    /// Waits for a call or for input, unless the user has enough of it; the server is told then.
    pub(crate) async fn unless_interrupted<T>(
        &self,
        waiting: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        tokio::select! {
            ended = waiting => Ok(ended),
            () = self.interrupted.notified() => Err(Failure::Interrupted),
        }
    }
}

/// Returns what is notified when the user types ctrl-c.
///
/// Not by tokio: its feature for signals costs two descriptors in whatever is built along with this.
fn await_interrupts() -> io::Result<Arc<Notify>> {
    let mut signals = Signals::new([SIGINT])?;
    let interrupted = Arc::new(Notify::new());
    let notified = Arc::clone(&interrupted);
    thread::Builder::new().spawn(move || {
        for _ in signals.forever() {
            notified.notify_one();
        }
    })?;
    Ok(interrupted)
}

fn credentials(options: &Options) -> Result<Option<Credentials>, Failure> {
    if let Some(user) = &options.user {
        return Ok(Some(Credentials::plain(user, password(options, user)?)));
    }
    let (Some(path), Some(server)) = (&options.key, &options.server_key) else {
        return Ok(None);
    };
    let server: PublicKey = server.parse()?;
    Ok(Some(Credentials::curve(server, KeyPair::load(path)?)))
}

fn password(options: &Options, user: &str) -> Result<String, Failure> {
    if let Some(path) = &options.password_file {
        let content = fs::read_to_string(path);
        let content =
            content.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        return Ok(content.lines().next().unwrap_or_default().to_owned());
    }
    if let Ok(password) = env::var("ZMQRPC_PASSWORD") {
        return Ok(password);
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "a password is needed: set ZMQRPC_PASSWORD, or name a file with --password-file",
        ));
    }
    rpassword::prompt_password(format!("Password of {user}: "))
        .map_err(|error| Failure::usage(format!("the password cannot be read: {error}")))
}
