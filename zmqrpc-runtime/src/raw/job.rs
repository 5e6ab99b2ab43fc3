//! A job that is still encoded, and what comes of a puller.

use std::fmt;

use super::accessors::{command_accessors, unknown_codec};
use crate::codec::Codec;
use crate::reception::{EncodedCommand, JobArrival, UndecodedMessage};

/// A job that is still encoded, with its method.
pub struct RawJob {
    codec: Codec,
    command: EncodedCommand,
}

/// What a [`RawPuller`](super::RawPuller) hands out, in the order in which it came.
#[derive(Debug)]
#[non_exhaustive]
pub enum RawJobArrival {
    /// A job.
    Job(RawJob),
    /// A message that is no job, or none of a codec that this build has.
    Undecoded(UndecodedMessage),
}

impl RawJob {
    command_accessors! {}
}

impl fmt::Debug for RawJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither arguments nor metadata: they may hold secrets.
        f.debug_struct("RawJob")
            .field("method", &self.method())
            .field("codec", &self.codec)
            .finish_non_exhaustive()
    }
}

impl From<JobArrival> for RawJobArrival {
    fn from(arrival: JobArrival) -> Self {
        match arrival {
            JobArrival::Job(command) => {
                let id = command.codec_id();
                match Codec::from_id(id) {
                    Some(codec) => Self::Job(RawJob { codec, command }),
                    None => Self::Undecoded(command.into_undecoded(unknown_codec(id))),
                }
            }
            JobArrival::Undecoded(message) => Self::Undecoded(message),
        }
    }
}
