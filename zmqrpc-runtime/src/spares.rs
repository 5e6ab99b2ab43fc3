//! Allocations that a thread keeps for the next use of their kind.
//!
//! Calls come and end in bursts. An allocator's own cache per thread is too small for these, seven pieces of each size in
//! glibc, and what exceeds it costs several times as much.

use std::cell::RefCell;

/// The unused allocations of a thread, to be declared with [`thread_local!`].
pub(crate) struct Spares<T> {
    boxes: RefCell<Vec<Box<T>>>,
    most: usize,
}

impl<T> Spares<T> {
    /// Keeps at most so many.
    pub(crate) const fn new(most: usize) -> Self {
        Self {
            boxes: RefCell::new(Vec::new()),
            most,
        }
    }

    pub(crate) fn take(&self) -> Option<Box<T>> {
        self.boxes.borrow_mut().pop()
    }

    /// Keeps an allocation, with what is in it; frees it if there are enough.
    pub(crate) fn keep(&self, unused: Box<T>) {
        let mut boxes = self.boxes.borrow_mut();
        if boxes.len() < self.most {
            boxes.push(unused);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_taken_again_and_no_more_than_asked_for() {
        let spares = Spares::new(2);
        assert!(spares.take().is_none());
        for number in 0..5 {
            spares.keep(Box::new(number));
        }
        let mut taken = [spares.take(), spares.take()].map(|spare| *spare.unwrap());
        taken.sort_unstable();
        assert_eq!(taken, [0, 1]);
        assert!(spares.take().is_none());
    }
}
