//! Keys of earlier versions of a server's services, whose values are read rightly here.

use std::collections::HashMap;

use super::method_index::MethodIndex;
use crate::command::{Method, of_method};
use crate::description::{Description, MethodOf, judge_arguments, judge_method};
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
    earlier: &[Description],
) -> HashMap<MethodKey, EarlierKey> {
    let mut keys = HashMap::new();
    for (entry, method) in methods.own_methods() {
        let now = of_method(method);
        let Some(new) = only_method(&now) else {
            continue;
        };
        for old in earlier
            .iter()
            .filter_map(|description| method_in(description, method))
        {
            let Ok(key) = u64::from_str_radix(&old.method.key, 16).map(MethodKey::from_bits) else {
                continue;
            };
            if key == method.key() || key.name_hash() != method.name_hash() {
                continue;
            }
            let judgment = judge_arguments(old, new).by_key;
            if judgment.is_fine() {
                let is_answered = judge_method(old, new).by_key.is_fine();
                keys.insert(key, EarlierKey { entry, is_answered });
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

fn only_method(description: &Description) -> Option<MethodOf<'_>> {
    let service = description.services.first()?;
    let method = service.methods.first()?;
    Some(MethodOf {
        description,
        service,
        method,
    })
}

/// Returns what an earlier version says of a method, in the same version of its service.
fn method_in<'d>(description: &'d Description, method: &Method) -> Option<MethodOf<'d>> {
    let mut services = description.services.iter();
    let service = services
        .find(|service| service.name == method.service() && service.version == method.version())?;
    Some(MethodOf {
        description,
        service,
        method: service.method(method.name())?,
    })
}
