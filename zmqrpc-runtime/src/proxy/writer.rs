//! Writes batches to a proxy's queue. Writes to a disk run on a thread of their own, so that the proxy's thread goes on
//! receiving and can reject requests; otherwise they would pile up in memory meanwhile.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};

use super::queue::{Batch, Store, WriteFailure};
use crate::socket::SocketError;

/// How many dead letters were dropped for lack of room, or why the batch was not written.
type WriteOutcome = Result<usize, WriteFailure>;

/// A batch and the outcome of writing it.
pub(super) type WrittenBatch = (Arc<Batch>, WriteOutcome);

/// Writes one batch at a time.
pub(super) struct Writer {
    store: Arc<dyn Store>,
    mode: WriteMode,
    in_flight: Option<Arc<Batch>>,
    outcomes: Receiver<WriteOutcome>,
}

enum WriteMode {
    /// On the proxy's thread.
    Inline(Sender<WriteOutcome>),
    /// On a thread of its own.
    Thread(WriterThread),
}

struct WriterThread {
    /// `None` when the thread is to end.
    batches: Option<Sender<Arc<Batch>>>,
    handle: Option<JoinHandle<()>>,
}

impl Writer {
    /// Creates a writer for `store`. The writer's thread calls `wake` after each batch.
    pub(super) fn start(
        store: Arc<dyn Store>,
        wake: impl Fn() + Send + 'static,
    ) -> Result<Self, SocketError> {
        let (results, outcomes) = channel();
        let mode = if store.is_persistent() {
            WriteMode::Thread(WriterThread::start(Arc::clone(&store), results, wake)?)
        } else {
            WriteMode::Inline(results)
        };
        Ok(Self {
            store,
            mode,
            in_flight: None,
            outcomes,
        })
    }

    /// Returns whether there is a batch whose outcome has not been taken.
    pub(super) fn is_busy(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Starts to write a batch. Only allowed while the writer is not [busy](Self::is_busy).
    pub(super) fn write(&mut self, batch: Batch) {
        let batch = Arc::new(batch);
        self.in_flight = Some(Arc::clone(&batch));
        match &self.mode {
            WriteMode::Thread(thread) => thread.write(batch),
            WriteMode::Inline(results) => {
                // Cannot fail: `self.outcomes` is the receiver.
                let _ = results.send(commit(&*self.store, &batch));
            }
        }
    }

    /// Returns the batch that has been written; `None` if none has.
    pub(super) fn take_written(&mut self) -> Option<WrittenBatch> {
        self.in_flight.as_ref()?;
        let outcome = match self.outcomes.try_recv() {
            Ok(outcome) => outcome,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Err(panicked()),
        };
        self.in_flight.take().map(|batch| (batch, outcome))
    }

    /// Waits for the batch that is being written; `None` if there is none.
    pub(super) fn wait_written(&mut self) -> Option<WrittenBatch> {
        self.in_flight.as_ref()?;
        let outcome = self.outcomes.recv().unwrap_or_else(|_| Err(panicked()));
        self.in_flight.take().map(|batch| (batch, outcome))
    }
}

impl WriterThread {
    fn start(
        store: Arc<dyn Store>,
        results: Sender<WriteOutcome>,
        wake: impl Fn() + Send + 'static,
    ) -> Result<Self, SocketError> {
        let (batches, received) = channel::<Arc<Batch>>();
        let handle = thread::Builder::new()
            .name("zmqrpc-queue".into())
            .spawn(move || {
                for batch in received {
                    let outcome = commit(&*store, &batch);
                    drop(batch);
                    if results.send(outcome).is_err() {
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

    fn write(&self, batch: Arc<Batch>) {
        if let Some(batches) = &self.batches {
            // The thread receives until `batches` is dropped.
            let _ = batches.send(batch);
        }
    }
}

impl Drop for WriterThread {
    fn drop(&mut self) {
        drop(self.batches.take());
        // A caller that has waited for the end of the proxy may open the queue's file again at once.
        let _ = self.handle.take().map(JoinHandle::join);
    }
}

/// Commits a batch. A panic of the queue is a failure, so that the proxy does not wait for ever.
fn commit(store: &dyn Store, batch: &Batch) -> WriteOutcome {
    catch_unwind(AssertUnwindSafe(|| store.commit(batch))).unwrap_or_else(|_| Err(panicked()))
}

fn panicked() -> WriteFailure {
    WriteFailure {
        reason: "writing to it panicked".into(),
        nothing_written: false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};
    use std::time::Duration;

    use super::super::queue::{Capacity, DeadLetter, Entry};
    use super::*;

    /// A store that blocks until it may write, and panics on an empty batch.
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
        fn is_persistent(&self) -> bool {
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
    fn writing_does_not_block_the_proxy_and_wakes_it_when_done() {
        let (store, (done, woken)) = (Arc::new(Slow::default()), channel());
        let wake = move || done.send(()).unwrap();
        let mut writer = Writer::start(store.clone(), wake).unwrap();
        assert!(!writer.is_busy() && writer.wait_written().is_none());
        writer.write(batch(3));
        assert!(writer.is_busy() && writer.take_written().is_none());
        store.let_write();
        woken
            .recv_timeout(Duration::from_secs(20))
            .expect("the writer has not woken the proxy");
        let (batch, outcome) = writer.take_written().unwrap();
        assert_eq!((batch.done.len(), outcome.unwrap()), (3, 3));
        assert!(!writer.is_busy());
    }

    #[test]
    fn after_a_panic_nothing_is_certain_and_the_next_write_works() {
        let store = Arc::new(Slow::default());
        store.let_write();
        let mut writer = Writer::start(store.clone(), || {}).unwrap();
        writer.write(batch(0));
        let (_, outcome) = writer.wait_written().unwrap();
        let unwritten = outcome.unwrap_err();
        assert!(!unwritten.nothing_written, "{}", unwritten.reason);
        writer.write(batch(2));
        assert_eq!(writer.wait_written().unwrap().1.unwrap(), 2);
        drop(writer);
        assert_eq!(
            Arc::strong_count(&store),
            1,
            "the writer's thread has not ended"
        );
    }
}
