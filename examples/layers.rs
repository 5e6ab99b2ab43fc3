//! Layers of your own: transports that wrap a transport. A generated client works over them unchanged.
//!
//! ```text
//! cargo run --example layers
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use zmqrpc::service::{Failure, Transport, WithTimeout};
use zmqrpc::{CallContext, Client, Command, Executed, Server, zmq_service};

/// Counts calls by method. It does not look at what a call gives, so it goes over any transport.
#[derive(Clone)]
struct Counted<T> {
    inner: T,
    calls: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl<T: Transport> Transport for Counted<T> {
    type Call<R, F> = T::Call<R, F>;

    fn call<C: Command>(&self, command: &C) -> T::Call<C::Reply, C::Failure> {
        let method = C::METHOD.to_string();
        *self.calls.lock().unwrap().entry(method).or_default() += 1;
        self.inner.call(command)
    }
}

/// Lets a stub's `with_timeout` through.
impl<T: WithTimeout> WithTimeout for Counted<T> {
    fn with_timeout(&self, limit: Duration) -> Self {
        Self {
            inner: self.inner.with_timeout(limit),
            calls: Arc::clone(&self.calls),
        }
    }
}

/// Makes a call that failed again, where that does no harm and may help.
///
/// It looks at what a call gives, so it stands on a client, whose calls give a `Result`. Every try has the whole time
/// limit: a call may take as many times as long.
#[derive(Clone)]
struct Retried {
    inner: Client,
    tries: u32,
    /// Before the second try; doubled before each further one.
    pause: Duration,
}

impl Transport for Retried {
    type Call<R, F> = Result<R, F>;

    fn call<C: Command>(&self, command: &C) -> Result<C::Reply, C::Failure> {
        let mut pause = self.pause;
        for _ in 1..self.tries {
            let ended = self.inner.call(command);
            match ended.as_ref().err().and_then(Failure::rpc) {
                Some(error) if may_repeat::<C>(error) => println!("again, since {error}"),
                _ => return ended,
            }
            thread::sleep(pause);
            pause *= 2;
        }
        self.inner.call(command)
    }
}

impl WithTimeout for Retried {
    fn with_timeout(&self, limit: Duration) -> Self {
        Self {
            inner: self.inner.with_timeout(limit),
            ..*self
        }
    }
}

/// Whether another try is safe, and of any use: an unknown method stays unknown.
fn may_repeat<C: Command>(error: &zmqrpc::Error) -> bool {
    use zmqrpc::Error::{Overloaded, ShuttingDown, Timeout, Unavailable};

    let safe = error.executed() == Executed::No || C::METHOD.is_idempotent();
    let useful = matches!(
        error,
        Overloaded { .. } | ShuttingDown { .. } | Timeout { .. } | Unavailable { .. }
    );
    safe && useful
}

/// Books seats.
#[zmq_service]
trait Office {
    /// How many seats are free. Asking twice does no harm.
    #[zmq(idempotent)]
    fn free(&self, cx: &CallContext) -> u32;

    /// Books a seat. Booking twice does.
    fn book(&self, cx: &CallContext, name: &str) -> Result<u32, String>;
}

/// Misses the first call of each method, to give the layer something to do.
#[derive(Default)]
struct Clerk {
    asked: AtomicBool,
    booked: AtomicBool,
}

/// Returns when the caller has surely given up.
fn doze(cx: &CallContext) {
    thread::sleep(cx.remaining().unwrap_or_default() + Duration::from_millis(50));
}

impl Office for Clerk {
    fn free(&self, cx: &CallContext) -> u32 {
        if !self.asked.swap(true, Ordering::Relaxed) {
            doze(cx);
        }
        12
    }

    fn book(&self, cx: &CallContext, name: &str) -> Result<u32, String> {
        if !self.booked.swap(true, Ordering::Relaxed) {
            doze(cx);
        }
        if name.is_empty() {
            return Err("a seat needs a name".into());
        }
        Ok(7)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::builder()
        .service(OfficeServer::new(Clerk::default()))
        .bind("tcp://127.0.0.1:*")
        .start()?;
    // The office closes, and nobody answers for a while.
    let endpoint = server.endpoints().remove(0);
    server.remove_endpoint(&endpoint)?;

    let client = Client::builder()
        .connect(&endpoint)
        .connect_timeout(Duration::from_millis(200))
        .timeout(Duration::from_secs(1))
        .build()?;
    let retried = Retried {
        inner: client,
        tries: 8,
        pause: Duration::from_millis(50),
    };
    let office = OfficeClient::new(Counted {
        inner: retried,
        calls: Arc::default(),
    });

    thread::scope(|scope| {
        let reopened = scope.spawn(|| {
            thread::sleep(Duration::from_millis(300));
            server.add_bind(&endpoint)
        });
        // No connection: surely not executed. Then a clerk who dozes: perhaps executed, but idempotent.
        println!("free seats: {}", office.free()?);
        reopened.join().map_err(|_| "the office did not open")??;
        Ok::<_, Box<dyn Error>>(())
    })?;

    // Perhaps executed and not idempotent: left to the caller, who alone can know what to do.
    match office.book("Ada") {
        Ok(seat) => println!("booked seat {seat}"),
        Err(error) => println!("not made again: {error}"),
    }
    // The service's own error is an answer, not a failure.
    if let Err(error) = office.with_timeout(Duration::from_secs(5)).book("") {
        println!("not made again either: {error}");
    }

    println!("calls: {:?}", office.transport().calls.lock().unwrap());
    println!("requests served: {}", server.stats().requests);
    Ok(())
}
