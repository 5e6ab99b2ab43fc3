//! Writes to a proxy's queue. What takes the time of a disk is done on a thread of its own: whoever floods the proxy
//! would fill its memory meanwhile, if nobody took in what comes, to refuse it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};

use super::queue::{Batch, Store, WriteFailure};
use crate::socket::SocketError;

/// How many dead letters were dropped for want of room, or why nothing was written.
type WriteOutcome = Result<usize, WriteFailure>;

/// A batch, and how writing it has ended.
pub(super) type WrittenBatch = (Arc<Batch>, WriteOutcome);

/// One batch after the other.
pub(super) struct Writer {
    store: Arc<dyn Store>,
    by: By,
    under_way: Option<Arc<Batch>>,
    outcomes: Receiver<WriteOutcome>,
}

enum By {
    /// At once, on the proxy's thread.
    Itself(Sender<WriteOutcome>),
    Thread(WriterThread),
}

struct WriterThread {
    /// None when it is to end.
    batches: Option<Sender<Arc<Batch>>>,
    handle: Option<JoinHandle<()>>,
}

impl Writer {
    /// What takes its time calls `wake` when it is done.
    pub(super) fn start(
        store: Arc<dyn Store>,
        wake: impl Fn() + Send + 'static,
    ) -> Result<Self, SocketError> {
        let (ended, outcomes) = channel();
        let by = if store.outlives() {
            By::Thread(WriterThread::start(Arc::clone(&store), ended, wake)?)
        } else {
            By::Itself(ended)
        };
        Ok(Self {
            store,
            by,
            under_way: None,
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
        match &self.by {
            By::Thread(thread) => thread.begin(batch),
            By::Itself(ended) => {
                // There is somebody to receive it.
                let _ = ended.send(commit(&*self.store, &batch));
            }
        }
    }

    /// What has been written, and how that ended.
    pub(super) fn written(&mut self) -> Option<WrittenBatch> {
        self.under_way.as_ref()?;
        let outcome = match self.outcomes.try_recv() {
            Ok(outcome) => outcome,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Err(lost()),
        };
        self.under_way.take().map(|batch| (batch, outcome))
    }

    /// Waits for what is being written.
    pub(super) fn wait(&mut self) -> Option<WrittenBatch> {
        self.under_way.as_ref()?;
        let outcome = self.outcomes.recv().unwrap_or_else(|_| Err(lost()));
        self.under_way.take().map(|batch| (batch, outcome))
    }
}

impl WriterThread {
    fn start(
        store: Arc<dyn Store>,
        ended: Sender<WriteOutcome>,
        wake: impl Fn() + Send + 'static,
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
                    wake();
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
fn commit(store: &dyn Store, batch: &Batch) -> WriteOutcome {
    catch_unwind(AssertUnwindSafe(|| store.commit(batch))).unwrap_or_else(|_| Err(lost()))
}

fn lost() -> WriteFailure {
    WriteFailure {
        reason: "what writes it has panicked".into(),
        surely: false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};
    use std::time::Duration;

    use super::super::queue::{Capacity, DeadLetter, Entry};
    use super::*;

    /// One that writes when it is let, and panics about a batch in which nothing is.
    #[derive(Default)]
    struct Slow {
        may_write: Mutex<bool>,
        changed: Condvar,
    }

    impl Slow {
        fn let_write(&self) {
            *self.may_write.lock().unwrap() = true;
            self.changed.notify_all();
        }
    }

    impl Store for Slow {
        fn outlives(&self) -> bool {
            true
        }

        fn commit(&self, batch: &Batch) -> Result<usize, WriteFailure> {
            assert!(!batch.is_empty());
            let may_write = self.may_write.lock().unwrap();
            drop(self.changed.wait_while(may_write, |may| !*may).unwrap());
            Ok(batch.done.len())
        }

        fn capacity(&self) -> Capacity {
            unreachable!()
        }

        fn id(&self) -> u64 {
            unreachable!()
        }

        fn next_number(&self) -> u64 {
            unreachable!()
        }

        fn contents(&self) -> Result<Vec<Entry>, String> {
            unreachable!()
        }

        fn frame(&self, _: u64) -> Result<Option<Vec<u8>>, String> {
            unreachable!()
        }

        fn letter_after(&self, _: Option<u64>) -> Result<Option<DeadLetter>, String> {
            unreachable!()
        }

        fn discard_letter(&self, _: u64) -> Result<bool, String> {
            unreachable!()
        }
    }

    fn batch(done: usize) -> Batch {
        Batch {
            done: vec![0; done],
            ..Batch::default()
        }
    }

    #[test]
    fn a_proxy_goes_on_while_its_queue_is_written_and_is_woken_then() {
        let (store, (done, bell)) = (Arc::new(Slow::default()), channel());
        let ring = move || done.send(()).unwrap();
        let mut writer = Writer::start(store.clone(), ring).unwrap();
        assert!(!writer.is_busy() && writer.wait().is_none());
        writer.begin(batch(3));
        assert!(writer.is_busy() && writer.written().is_none());
        store.let_write();
        bell.recv_timeout(Duration::from_secs(20))
            .expect("nobody has rung");
        let (batch, outcome) = writer.written().unwrap();
        assert_eq!((batch.done.len(), outcome.unwrap()), (3, 3));
        assert!(!writer.is_busy());
    }

    #[test]
    fn a_queue_that_panics_has_written_nothing_for_sure_and_goes_on() {
        let store = Arc::new(Slow::default());
        store.let_write();
        let mut writer = Writer::start(store.clone(), || {}).unwrap();
        writer.begin(batch(0));
        let (_, outcome) = writer.wait().unwrap();
        let unwritten = outcome.unwrap_err();
        assert!(!unwritten.surely, "{}", unwritten.reason);
        writer.begin(batch(2));
        assert_eq!(writer.wait().unwrap().1.unwrap(), 2);
        drop(writer);
        assert_eq!(Arc::strong_count(&store), 1, "its thread has ended");
    }
}
