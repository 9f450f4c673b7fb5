//! What is asked, and what had to be found out beside it.

use std::{net::IpAddr, sync::Arc};

use ids::StreamName;
use serde::{Deserialize, Serialize};

use crate::{
    IngestKeyDigest,
    token::{Malformed, Proof, Token},
};

/// Which way a stream is to flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Door {
    /// To a viewer.
    Playback,
    /// From a broadcaster.
    Ingest,
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
    /// With what.
    pub credential: Credential,
    /// What a signature check of the credential found, once one was made.
    pub proof: Option<Proof>,
}

/// What was presented.
#[derive(Clone, Debug)]
pub enum Credential {
    /// Nothing.
    Missing,
    /// Two that differ.
    Conflicting,
    /// A text that is no token.
    Malformed(Malformed),
    /// A well-formed token.
    Token(Arc<Token>),
    /// An ingest key.
    Key(IngestKeyDigest),
    /// The node's own test source; passes where the stream's policy wants one.
    TestSource,
}

impl Credential {
    /// The credential that a token's text is.
    pub fn from_token(text: &str) -> Self {
        match Token::parse(text) {
            Ok(token) => Self::Token(Arc::new(token)),
            Err(malformed) => Self::Malformed(malformed),
        }
    }
}

/// What was counted or looked up for this request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// Whether the address is being slowed.
    pub throttled: bool,
    /// Whether the stream has a publisher, other than the one who asks.
    pub publisher: Presence,
    /// Whether the session was admitted before and is decided again: it may outlive its token.
    pub running: bool,
    /// How many others watch streams of the organisation.
    pub viewers: u32,
    /// How many bits a second go out to viewers of the organisation.
    pub bandwidth_bit_s: u64,
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
