//! Where a call failed.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Where a call failed: its method, and the endpoint it went to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallTarget {
    method: Cow<'static, str>,
    endpoint: Option<Arc<str>>,
}

impl CallTarget {
    /// Creates a target of a method's full name, `Calculator.add`, and the endpoint, if there is one.
    #[must_use]
    pub fn new(method: impl Into<Cow<'static, str>>, endpoint: Option<Arc<str>>) -> Self {
        Self {
            method: method.into(),
            endpoint,
        }
    }

    /// The method, with its service: `Calculator.add`.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The endpoint as it was configured; none for a call within the process.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }
}

impl fmt::Display for CallTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            Some(endpoint) => write!(f, "{} at {endpoint}", self.method),
            None => f.write_str(&self.method),
        }
    }
}
