//! Classes for services.

use std::fmt::Write;

use super::hints::HintTime;
use super::plan::{HINTS, PythonPlan};
use super::text::{identifier, quoted, write_docs};
use crate::description::{MethodDescription, Shape};
use crate::export::names::{UniqueNames, full_name};

/// What a method has beside its arguments.
const PARAMETERS: &str = "self timeout";

/// Writes the services of a description.
pub(super) fn write(plan: &PythonPlan<'_>, out: &mut String) {
    for (class, service, found) in &plan.services {
        _ = writeln!(out, "\n\nclass {class}(_Service):");
        write_docs(&found.docs, "    ", out);
        if found.methods.is_empty() {
            out.push_str("    pass\n");
        }
        let mut names = UniqueNames::default();
        for method in &found.methods {
            let name = names.take(&identifier(&method.name, "method", &[HINTS]));
            write_method(plan, &name, &full_name(service, method), method, out);
        }
    }
}

fn write_method(
    plan: &PythonPlan<'_>,
    name: &str,
    full_name: &str,
    method: &MethodDescription,
    out: &mut String,
) {
    let mut names = UniqueNames::default();
    let parameters: Vec<_> = method
        .arguments
        .iter()
        .map(|argument| names.take(&identifier(&argument.name, "argument", &[PARAMETERS])))
        .collect();
    write_table(plan, name, full_name, method, out);

    _ = write!(out, "    def {name}(self");
    // Python takes no argument without a default behind one that has it.
    let is_optional = |shape: &Shape| plan.meanings.is_optional(shape);
    let last_required = method
        .arguments
        .iter()
        .rposition(|argument| !is_optional(&argument.shape));
    for (index, (parameter, argument)) in parameters.iter().zip(&method.arguments).enumerate() {
        let is_required = last_required.is_some_and(|last| index <= last);
        let default = if is_required { "" } else { " = None" };
        let hint = plan.hint(&argument.shape, HintTime::Late);
        _ = write!(out, ", {parameter}: {hint}{default}");
    }
    let reply = if method.oneway {
        "None".to_owned()
    } else {
        plan.hint(&method.reply, HintTime::Late)
    };
    _ = writeln!(out, ", *, timeout: Optional[float] = None) -> {reply}:");

    let mut docs = method.docs.trim().to_owned();
    if let Some(reason) = &method.deprecated {
        let gap = if docs.is_empty() { "" } else { "\n\n" };
        _ = write!(docs, "{gap}Deprecated. {reason}");
    }
    write_docs(&docs, "        ", out);
    if let Some(reason) = &method.deprecated {
        let reason = format!("{full_name} is deprecated. {reason}");
        _ = writeln!(out, "        _deprecated({})", quoted(reason.trim_end()));
    }
    let mut values = parameters.join(", ");
    if parameters.len() == 1 {
        values.push(',');
    }
    _ = writeln!(
        out,
        "        return self._call(self._method_{name}, ({values}), timeout)"
    );
}

/// Writes how a method is called.
fn write_table(
    plan: &PythonPlan<'_>,
    name: &str,
    full_name: &str,
    method: &MethodDescription,
    out: &mut String,
) {
    _ = write!(
        out,
        "\n    _method_{name} = _Method(\n        {},\n        [",
        quoted(full_name)
    );
    for (index, argument) in method.arguments.iter().enumerate() {
        let gap = if index == 0 { "" } else { ", " };
        let shape = plan.shape(&argument.shape);
        _ = write!(out, "{gap}({}, {shape})", quoted(&argument.name));
    }
    let error = method.error.as_ref();
    let error = error.map_or_else(|| "_ANY".to_owned(), |error| plan.shape(error));
    _ = writeln!(
        out,
        "],\n        {},\n        {error},",
        plan.shape(&method.reply)
    );
    if method.oneway {
        out.push_str("        oneway=True,\n");
    }
    if let Some(limit) = method.timeout_ms {
        _ = writeln!(out, "        timeout={}.{:03},", limit / 1000, limit % 1000);
    }
    out.push_str("    )\n\n");
}
