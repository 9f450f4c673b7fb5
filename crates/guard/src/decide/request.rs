//! What is asked, and what had to be found out beside it.

use std::{fmt, net::IpAddr, sync::Arc};

use ids::StreamName;
use serde::{Deserialize, Serialize};

use crate::{
    IngestKeyDigest, Timestamp,
    form::Form,
    host::Host,
    place::Place,
    policy::CredentialDigest,
    token::{Malformed, Proofs, Token},
};

/// Which way a stream is to flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Door {
    /// To a viewer.
    Playback,
    /// From a broadcaster.
    Ingest,
}

impl Door {
    /// The name in metrics and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Playback => "playback",
            Self::Ingest => "ingest",
        }
    }

    /// What a token's `aud` is for it.
    pub const fn audience(self) -> &'static str {
        match self {
            Self::Playback => "play",
            Self::Ingest => "publish",
        }
    }
}

/// A request to pass, as any protocol states it.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which way.
    pub door: Door,
    /// Which stream; `None` where what was asked for is not a stream's name at all.
    pub stream: Option<StreamName>,
    /// From where; folded.
    pub address: IpAddr,
    /// What was looked up about that address.
    pub place: Place,
    /// The host of the page that it comes from.
    pub referrer: Option<Host>,
    /// What the player or encoder calls itself.
    pub agent: Option<Arc<str>>,
    /// Whether nobody on the way can read it.
    pub encrypted: bool,
    /// With what.
    pub credential: Credential,
    /// What signature checks of the credential found, once they were made.
    pub proofs: Proofs,
}

impl Request {
    /// A request of which nothing more is known.
    pub fn new(door: Door, stream: Option<StreamName>, address: IpAddr, credential: Credential) -> Self {
        Self {
            door,
            stream,
            address,
            place: Place::default(),
            referrer: None,
            agent: None,
            encrypted: false,
            credential,
            proofs: Proofs::default(),
        }
    }
}

/// What was presented.
#[derive(Clone, Debug)]
pub enum Credential {
    /// Nothing.
    Missing,
    /// Two that differ.
    Conflicting,
    /// A token that cannot be one.
    Malformed(Malformed),
    /// A well-formed token.
    Token(Arc<Token>),
    /// `h_` and 22 characters.
    Handle(CredentialDigest),
    /// Neither a token nor a handle: the static list knows it, or the customer's backend does.
    Opaque(Arc<Opaque>),
    /// An ingest key.
    Key(IngestKeyDigest),
    /// The node's own test source; passes where the stream's policy wants one.
    TestSource,
}

/// A text that means something to the customer only.
pub struct Opaque {
    text: Box<str>,
    digest: CredentialDigest,
}

impl Credential {
    /// The credential that a text is by its form; of the text what is visible.
    pub fn from_token(text: &str) -> Self {
        match Form::of(text) {
            Ok(Form::Jwt(token)) => Self::Token(token),
            Ok(Form::Handle(text)) => Self::Handle(CredentialDigest::of(text)),
            Ok(Form::Static(text) | Form::Opaque(text)) => Self::Opaque(Arc::new(Opaque {
                text: text.into(),
                digest: CredentialDigest::of(text),
            })),
            Err(malformed) => Self::Malformed(malformed),
        }
    }

    /// What tells it from every other credential; `None` where nothing was presented that could be told apart.
    pub fn digest(&self) -> Option<[u8; 32]> {
        match self {
            Self::Token(token) => Some(token.digest()),
            Self::Handle(digest) => Some(digest.bytes()),
            Self::Opaque(opaque) => Some(opaque.digest.bytes()),
            Self::Missing | Self::Conflicting | Self::Malformed(_) | Self::Key(_) | Self::TestSource => None,
        }
    }
}

impl Opaque {
    /// The text, for the customer's backend and nobody else.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it is recognised by.
    pub fn digest(&self) -> &CredentialDigest {
        &self.digest
    }
}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What was counted or looked up for this request.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Facts {
    /// Whether it came from elsewhere than the networks that alone may connect.
    pub off_origin: bool,
    /// Whether the address is being slowed.
    pub throttled: bool,
    /// Whether the stream has a publisher, other than the one who asks.
    pub publisher: Presence,
    /// Whether the session was admitted before and is decided again: it may outlive its token, and is counted already.
    pub running: bool,
    /// When the customer's backend was asked, where its word lets it in.
    pub since: Option<Timestamp>,
    /// Whether a key signed what it was let in with, where it runs: if none fits any more, that one is gone.
    pub signed: bool,
    /// How many others watch streams of the organisation.
    pub viewers: u32,
    /// How many bits a second go out to viewers of the organisation.
    pub bandwidth_bit_s: u64,
    /// The answer to [`Question::Sessions`](super::Question::Sessions).
    pub sessions: Option<u32>,
    /// The answer to [`Question::Backend`](super::Question::Backend).
    pub backend: Option<Verdict>,
    /// The answer to [`Question::Binding`](super::Question::Binding).
    pub binding: Option<Binding>,
    /// The answer to [`Question::Use`](super::Question::Use).
    pub uses: Option<Use>,
}

/// Whether somebody publishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    /// It does not matter: a running session is decided again.
    #[default]
    Unasked,
    /// Nobody does.
    Absent,
    /// Somebody does.
    Present,
}

/// What a customer's backend said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Let them in, until then at most.
    Allowed {
        /// The end of what it allowed; no end where it did not say.
        until: Option<Timestamp>,
    },
    /// Do not.
    Denied,
    /// It does not answer, and the organisation wants nobody let in then.
    Unavailable,
}

/// Whether an address is one of those that a token locked itself to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Binding {
    /// It is, or it has become one.
    Bound,
    /// It is not, and there are as many as there may be.
    Elsewhere,
    /// It is not known, and cannot be asked.
    Unknown,
}

/// Whether a token has a use left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Use {
    /// One was reserved.
    Reserved,
    /// None is left.
    Exhausted,
    /// It cannot be asked.
    Unknown,
}
