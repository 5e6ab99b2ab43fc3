//! A process is a run of a model.

use std::sync::Mutex;

use crate::run;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Process;

impl Process {
    pub(crate) fn current() -> Self {
        Self
    }

    pub(crate) fn is_current(self) -> bool {
        true
    }
}

/// The value, and the run that it belongs to.
pub(crate) struct PerProcess<T: 'static>(Mutex<Option<(u64, &'static T)>>);

impl<T: Default> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    pub(crate) fn get(&self) -> &'static T {
        let mut value = self.0.lock().unwrap();
        match *value {
            Some((of, value)) if of == run() => value,
            _ => {
                // Never dropped, as little as the runtime's own: a value of an ended run belongs to an ended scheduler.
                let fresh = Box::leak(Box::new(T::default()));
                *value = Some((run(), fresh));
                fresh
            }
        }
    }
}
