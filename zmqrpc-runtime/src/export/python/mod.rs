//! A client in Python: one module, of what is the same for all services and what a description says.
//!
//! ```text
//! runtime.py    calls, their failures, connections
//! values.py     how values become MessagePack, and back: functions that return shapes
//! text          identifiers, texts in quotation marks, docstrings
//! known         types that Python has a class for
//! plan          what is called how, before anything is written
//! hints         shapes as type hints
//! shapes        shapes as calls of the runtime's functions
//! declarations  classes for structs and enums
//! services      classes for services
//! ```
//!
//! What a description says comes into the module as identifiers that are made of harmless characters, and between quotation
//! marks. In the module, what begins with `_` is the runtime's, so no name out of a description does.

mod declarations;
mod hints;
mod known;
mod plan;
mod services;
mod shapes;
mod text;

use self::plan::PythonPlan;
use crate::description::Description;

/// The part that is the same for all.
pub(super) const RUNTIME: &str = concat!(include_str!("runtime.py"), include_str!("values.py"));

/// Returns the module.
pub(super) fn client(description: &Description) -> String {
    let mut plan = PythonPlan::new(description);
    let mut out = RUNTIME.to_owned();
    declarations::write(&mut plan, &mut out);
    services::write(&plan, &mut out);
    out
}
