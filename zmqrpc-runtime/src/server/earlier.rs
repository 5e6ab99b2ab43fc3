//! Keys of earlier versions of a server's services, whose values are read rightly here.

use std::collections::HashMap;

use super::method_index::MethodIndex;
use crate::command::{EarlierVersions, of_method};
use crate::description::{judge_arguments, judge_method};
use crate::log;
use crate::wire::MethodKey;

/// What a key of an earlier version stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct EarlierKey {
    /// The method's number in the index.
    pub(super) entry: usize,
    /// Replies are read rightly there, too: it may be called, and not only told.
    pub(super) is_answered: bool,
}

/// Returns the keys of these earlier versions whose arguments are read rightly by the methods that there are now.
pub(super) fn keys(
    methods: &MethodIndex,
    earlier: &EarlierVersions,
) -> HashMap<MethodKey, EarlierKey> {
    let mut keys = HashMap::new();
    for (entry, method) in methods.own_methods() {
        let now = of_method(method);
        let Some(new) = now.only_method() else {
            continue;
        };
        for old in earlier.of(method) {
            let judgment = judge_arguments(old.method, new).by_key;
            if judgment.is_fine() {
                let is_answered = judge_method(old.method, new).by_key.is_fine();
                keys.insert(old.key, EarlierKey { entry, is_answered });
            } else {
                log::line!(
                    warn,
                    method = log::text(method),
                    difference = log::text(&judgment.reason);
                    "what an earlier version sends cannot be read here, and is refused"
                );
            }
        }
    }
    keys
}
