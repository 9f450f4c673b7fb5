//! Every operation that a role may or may not do.

macro_rules! actions {
    ($($name:ident = $text:literal, $sentence:literal;)*) => {
        /// An operation on an organisation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $(#[doc = $sentence] $name,)*
        }

        impl Action {
            /// Every operation, in the order of the policy.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name in the policy and in the audit log, as in `stream.lock`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

actions! {
    OrganisationRead = "organisation.read", "Read the organisation, its packages and its counters.";
    StreamRead = "stream.read", "Read streams and their states.";
    StreamWatch = "stream.watch", "Watch a stream in the dashboard.";
    SessionRead = "session.read", "Read sessions, with addresses masked and without users.";
    SessionReadPersonal = "session.read_personal", "Read the addresses and users of sessions.";
    ChangeRead = "change.read", "Follow a change on its way to the nodes.";
    TokenRead = "token.read", "Read the records of tokens; never a token itself.";
    TokenCreate = "token.create", "Make playback tokens.";
    TokenRevoke = "token.revoke", "Revoke one token, a user's or a tag's.";
    TokenRevokeBulk = "token.revoke_bulk", "Revoke by stream, signing key or moment of issue.";
    StreamCreate = "stream.create", "Create streams.";
    StreamUpdate = "stream.update", "Change a stream's title, tags and settings.";
    StreamOpen = "stream.open", "Open a stream's playback or ingest to everybody.";
    StreamStop = "stream.stop", "Stop a stream.";
    StreamStart = "stream.start", "Let a stopped stream be published again.";
    StreamLock = "stream.lock", "Lock a stream.";
    StreamUnlock = "stream.unlock", "Unlock a stream.";
    StreamDelete = "stream.delete", "Delete a stream.";
    TestSourceStart = "test_source.start", "Start the built-in test source on a stream.";
    IngestKeyRead = "ingest_key.read", "Reveal a stream's ingest key.";
    IngestKeyRotate = "ingest_key.rotate", "Replace a stream's ingest key.";
    SigningKeyRead = "signing_key.read", "Read the organisation's signing keys; never a private part.";
}
