//! Types that Python has a class for, and whose form in `MessagePack` is known.

use crate::description::{Body, Fields, Payload, Shape, Type};

/// A type that Python has a class for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KnownType {
    Uuid,
    Duration,
    SystemTime,
    IpAddr,
    Ipv4Addr,
    Ipv6Addr,
}

impl KnownType {
    /// Recognizes a type by its name in Rust, if its body is what it is expected to be.
    pub(super) fn of(found: &Type) -> Option<Self> {
        let krate = found.rust.split("::").next()?;
        let name = found.rust.rsplit("::").next()?;
        let is_std = matches!(krate, "core" | "std");
        let known = match name {
            "Uuid" if krate == "uuid" => Self::Uuid,
            "Duration" if is_std => Self::Duration,
            "SystemTime" if is_std => Self::SystemTime,
            "IpAddr" if is_std => Self::IpAddr,
            "Ipv4Addr" if is_std => Self::Ipv4Addr,
            "Ipv6Addr" if is_std => Self::Ipv6Addr,
            _ => return None,
        };
        known.has_body(&found.body).then_some(known)
    }

    fn has_body(self, body: &Body) -> bool {
        match (self, body) {
            (Self::Uuid, Body::Is(Shape::Bytes)) => true,
            (Self::Duration, Body::Struct(fields)) => is_time(fields, "secs", "nanos"),
            (Self::SystemTime, Body::Struct(fields)) => {
                is_time(fields, "secs_since_epoch", "nanos_since_epoch")
            }
            (Self::IpAddr, Body::Enum(variants)) => {
                let variants = variants.variants.iter();
                variants
                    .map(|variant| (&*variant.name, matches!(variant.body, Payload::One(_))))
                    .eq([("V4", true), ("V6", true)])
            }
            (Self::Ipv4Addr, Body::Is(shape)) => is_octets(shape, 4),
            (Self::Ipv6Addr, Body::Is(shape)) => is_octets(shape, 16),
            (Self::Ipv4Addr, Body::Tuple(parts)) => are_octets(parts, 4),
            (Self::Ipv6Addr, Body::Tuple(parts)) => are_octets(parts, 16),
            _ => false,
        }
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Uuid => "UUID",
            Self::Duration => "timedelta",
            Self::SystemTime => "datetime",
            Self::IpAddr => "Union[IPv4Address, IPv6Address]",
            Self::Ipv4Addr => "IPv4Address",
            Self::Ipv6Addr => "IPv6Address",
        }
    }

    /// Returns the shape in the runtime.
    pub(super) fn shape(self) -> &'static str {
        match self {
            Self::Uuid => "_UUID",
            Self::Duration => "_DURATION",
            Self::SystemTime => "_SYSTEM_TIME",
            Self::IpAddr => "_IP",
            Self::Ipv4Addr => "_IPV4",
            Self::Ipv6Addr => "_IPV6",
        }
    }
}

fn is_time(fields: &Fields, seconds: &str, nanos: &str) -> bool {
    let fields = fields.fields.iter();
    fields
        .map(|field| (&*field.name, &field.shape))
        .eq([(seconds, &Shape::U64), (nanos, &Shape::U32)])
}

fn is_octets(shape: &Shape, len: usize) -> bool {
    match shape {
        Shape::Array(element, found) => **element == Shape::U8 && *found == len as u64,
        Shape::Tuple(parts) => are_octets(parts, len),
        _ => false,
    }
}

fn are_octets(parts: &[Shape], len: usize) -> bool {
    parts.len() == len && parts.iter().all(|part| *part == Shape::U8)
}
