//! What events and jobs have in common.

/// The methods of a type whose fields are `command`, an [`EncodedCommand`](crate::reception::EncodedCommand), and its
/// `codec`.
macro_rules! command_accessors {
    () => {
        /// Returns the method, as the sender has named it.
        #[must_use]
        pub fn method(&self) -> $crate::command::RawMethod<'_> {
            self.command.method().into()
        }

        /// Returns the codec of the arguments.
        #[must_use]
        pub fn codec(&self) -> $crate::codec::Codec {
            self.codec
        }

        /// Returns the encoded arguments: the tuple of them or, in a self-describing codec, maybe a map by their names.
        /// Nothing of them has been checked.
        #[must_use]
        pub fn arguments(&self) -> &[u8] {
            self.command.arguments()
        }

        /// Returns the text that the sender has added under `key`.
        #[must_use]
        pub fn metadata(&self, key: &str) -> Option<&str> {
            self.command.metadata().get(key)
        }

        /// Returns an iterator over the metadata, in the order in which the sender has added it.
        pub fn metadata_iter(&self) -> impl Iterator<Item = (&str, &str)> {
            self.command.metadata().iter()
        }

        /// Returns how long it was worth executing when it arrived; `None` if for ever, as is usual.
        #[must_use]
        pub fn time_limit(&self) -> Option<std::time::Duration> {
            self.command.remaining()
        }

        /// Returns the sender's IP address, as the socket knows it; `None` over `ipc` and `inproc`.
        #[must_use]
        pub fn peer(&self) -> Option<&str> {
            self.command.peer()
        }

        /// Returns the name under which the sender logged in; `None` if it was not asked to.
        #[must_use]
        pub fn user_id(&self) -> Option<&str> {
            self.command.user_id()
        }

        /// Returns how the sender logged in, `PLAIN` or `CURVE`; `None` if it did not.
        #[must_use]
        pub fn mechanism(&self) -> Option<&str> {
            self.command.mechanism()
        }

        /// Returns the endpoint that it came over, with wildcards resolved.
        #[must_use]
        pub fn endpoint(&self) -> &str {
            self.command.endpoint()
        }

        /// Returns when it was taken in.
        #[must_use]
        pub fn received_at(&self) -> std::time::Instant {
            self.command.received_at()
        }
    };
}
pub(super) use command_accessors;

/// Says that a codec is not there, for what cannot be handed out as a command then.
pub(super) fn unknown_codec(id: u8) -> String {
    format!("its codec, {id}, is unknown to this build")
}
