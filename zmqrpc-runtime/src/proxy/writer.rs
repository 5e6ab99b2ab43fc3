//! Writes to a proxy's queue. What takes the time of a disk is done on a thread of its own: whoever floods the proxy
//! would fill its memory meanwhile, if nobody took in what comes, to refuse it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use super::queue::{Batch, Store, Unwritten};
use crate::socket::{SocketError, Waiter};

/// How many dead letters were dropped for want of room, or why nothing was written.
type Outcome = Result<usize, Unwritten>;

/// A batch, and how writing it has ended.
pub(super) type Written = (Arc<Batch>, Outcome);

/// One batch after the other.
pub(super) struct Writer {
    store: Arc<dyn Store>,
    /// None where a batch is written at once.
    thread: Option<WriterThread>,
    under_way: Option<Arc<Batch>>,
    ended: Sender<Outcome>,
    outcomes: Receiver<Outcome>,
}

struct WriterThread {
    /// None when it is to end.
    batches: Option<Sender<Arc<Batch>>>,
    handle: Option<JoinHandle<()>>,
}

impl Writer {
    /// The proxy is woken by `bell` when something has been written that takes its time.
    pub(super) fn start(
        store: Arc<dyn Store>,
        bell: Option<Arc<Waiter>>,
    ) -> Result<Self, SocketError> {
        let (ended, outcomes) = channel();
        let thread = store
            .outlives()
            .then(|| WriterThread::start(Arc::clone(&store), ended.clone(), bell))
            .transpose()?;
        Ok(Self {
            store,
            thread,
            under_way: None,
            ended,
            outcomes,
        })
    }

    /// Whether it has been given a batch of which nobody knows yet how it ended.
    pub(super) fn is_busy(&self) -> bool {
        self.under_way.is_some()
    }

    /// Begins to write, while it is not [busy](Self::is_busy).
    pub(super) fn begin(&mut self, batch: Batch) {
        let batch = Arc::new(batch);
        self.under_way = Some(Arc::clone(&batch));
        if let Some(thread) = &self.thread {
            thread.begin(batch);
        } else {
            // There is somebody to receive it.
            let _ = self.ended.send(commit(&*self.store, &batch));
        }
    }

    /// What has been written, and how that ended.
    pub(super) fn written(&mut self) -> Option<Written> {
        self.under_way.as_ref()?;
        let outcome = self.outcomes.try_recv().ok()?;
        self.under_way.take().map(|batch| (batch, outcome))
    }

    /// Waits for what is being written.
    pub(super) fn wait(&mut self) -> Option<Written> {
        self.under_way.as_ref()?;
        let outcome = self.outcomes.recv().ok()?;
        self.under_way.take().map(|batch| (batch, outcome))
    }
}

impl WriterThread {
    fn start(
        store: Arc<dyn Store>,
        ended: Sender<Outcome>,
        bell: Option<Arc<Waiter>>,
    ) -> Result<Self, SocketError> {
        let (batches, begun) = channel::<Arc<Batch>>();
        let handle = thread::Builder::new()
            .name("zmqrpc-queue".into())
            .spawn(move || {
                for batch in begun {
                    let outcome = commit(&*store, &batch);
                    drop(batch);
                    if ended.send(outcome).is_err() {
                        break;
                    }
                    if let Some(bell) = &bell {
                        bell.wake();
                    }
                }
            })
            .map_err(|error| SocketError::thread(&error))?;
        Ok(Self {
            batches: Some(batches),
            handle: Some(handle),
        })
    }

    fn begin(&self, batch: Arc<Batch>) {
        if let Some(batches) = &self.batches {
            // The thread goes on until this is dropped.
            let _ = batches.send(batch);
        }
    }
}

impl Drop for WriterThread {
    fn drop(&mut self) {
        drop(self.batches.take());
        // Whoever has waited for the end of the proxy may open the queue's file again.
        let _ = self.handle.take().map(JoinHandle::join);
    }
}

/// A queue that panics must not keep its proxy waiting for ever.
fn commit(store: &dyn Store, batch: &Batch) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| store.commit(batch))).unwrap_or_else(|_| {
        Err(Unwritten {
            reason: "what writes it has panicked".into(),
            surely: false,
        })
    })
}
