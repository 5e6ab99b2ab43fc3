//! Services: which of them answers whom.

use std::collections::HashMap;

use super::super::{Description, MethodDescription, ServiceDescription};
use super::Verdict::{Breaks, Fine};
use super::report::{Audience, Report};
use super::text::short;

/// Compares all services and methods.
pub(super) fn compare_services(report: &mut Report<'_>) {
    let (old, new) = report.descriptions();
    let (before, now) = (Versions::of(old), Versions::of(new));
    for (index, service) in old.services.iter().enumerate() {
        let is_same = |other: &&ServiceDescription| {
            other.name == service.name && other.version == service.version
        };
        let same = new.services.get(index).filter(is_same);
        let same = same.or_else(|| now.find(service));
        let highest = now.highest.get(&*service.name).copied();
        let is_highest = before.highest.get(&*service.name) == Some(&service.version);
        let place = place_of(&service.name);
        match (same, highest) {
            (_, None) => report.say(place, "the service is gone", (Breaks, Breaks)),
            (None, Some(_)) if !is_highest => {
                let what = format!("version {} is gone", service.version);
                report.say(place, &what, (Breaks, Breaks));
            }
            (None, Some(version)) => {
                let what = format!("version {} became {version}", service.version);
                report.say(place, &what, (Breaks, Fine));
                if let Some(other) = now.by_version.get(&(&*service.name, version)) {
                    compare_service(report, service, other, Audience::All);
                }
            }
            (Some(same), Some(version)) if !is_highest || version == service.version => {
                compare_service(report, service, same, Audience::All);
            }
            (Some(same), Some(version)) => {
                let what = format!("version {version} answers by name now");
                report.say(place, &what, (Fine, Fine));
                compare_service(report, service, same, Audience::ByKey);
                if let Some(other) = now.by_version.get(&(&*service.name, version)) {
                    compare_service(report, service, other, Audience::ByName);
                }
            }
        }
    }
    for service in &new.services {
        let place = place_of(&service.name);
        if !before.highest.contains_key(&*service.name) {
            report.say(place, "the service is new", (Fine, Fine));
        } else if before.find(service).is_none()
            // The highest has been told of: it answers who calls by name.
            && now.highest.get(&*service.name) != Some(&service.version)
        {
            let what = format!("version {} is new", service.version);
            report.say(place, &what, (Fine, Fine));
        }
    }
}

fn place_of(service: &str) -> String {
    if service.is_empty() {
        "commands without a service".to_owned()
    } else {
        short(service)
    }
}

/// The services of a description.
struct Versions<'d> {
    by_version: HashMap<(&'d str, u32), &'d ServiceDescription>,
    highest: HashMap<&'d str, u32>,
}

impl<'d> Versions<'d> {
    fn of(description: &'d Description) -> Self {
        let mut by_version = HashMap::new();
        let mut highest = HashMap::new();
        for service in &description.services {
            by_version
                .entry((&*service.name, service.version))
                .or_insert(service);
            let version = highest.entry(&*service.name).or_insert(service.version);
            *version = service.version.max(*version);
        }
        Self {
            by_version,
            highest,
        }
    }

    fn find(&self, service: &ServiceDescription) -> Option<&'d ServiceDescription> {
        let key = (&*service.name, service.version);
        self.by_version.get(&key).copied()
    }
}

fn compare_service<'d>(
    report: &mut Report<'d>,
    old: &'d ServiceDescription,
    new: &'d ServiceDescription,
    audience: Audience,
) {
    let methods = |service: &'d ServiceDescription| -> HashMap<&'d str, &'d MethodDescription> {
        let methods = service.methods.iter().rev();
        methods.map(|method| (&*method.name, method)).collect()
    };
    let (before, now) = (methods(old), methods(new));
    for (index, method) in old.methods.iter().enumerate() {
        let same = new
            .methods
            .get(index)
            .filter(|same| same.name == method.name);
        let name = short(&old.full_name(method));
        match same.or_else(|| now.get(&*method.name).copied()) {
            Some(other) => report.compare(name, method, other, audience),
            None => report.say_of(name, "the method is gone", (Breaks, Breaks), audience),
        }
    }
    for method in &new.methods {
        if !before.contains_key(&*method.name) {
            let name = short(&new.full_name(method));
            report.say_of(name, "the method is new", (Fine, Fine), audience);
        }
    }
}
