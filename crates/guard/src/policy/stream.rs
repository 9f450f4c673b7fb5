//! A stream as far as a decision needs it.

use ids::{GroupId, OrganisationId, StreamId, StreamName};
use serde::{Deserialize, Serialize};

use super::{IngestAuthorisation, Judges, Organisation, Package};
use crate::{Credential, IngestKeyDigest};

/// A stream's settings and standing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// Its id.
    pub id: StreamId,
    /// Its public name; not a credential.
    pub name: StreamName,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// The group that it is in.
    pub group: Option<GroupId>,
    /// What an operator said of it.
    pub standing: StreamStanding,
    /// Whether playback needs a token.
    pub secure_playback: SecurePlayback,
    /// What a broadcaster has to show.
    pub ingest: StreamIngest,
    /// The digest of its secret ingest key.
    pub ingest_key: IngestKeyDigest,
    /// Whether the built-in test source publishes it.
    pub test_source: bool,
    /// Its own word on static tokens; as the organisation says where there is none.
    #[serde(default)]
    pub static_tokens: Option<bool>,
    /// Its own word on whether the customer's backend judges credentials; as the organisation says where there is none.
    #[serde(default)]
    pub backend: Option<bool>,
    /// Whether viewers' tokens must say that a second factor was shown.
    pub needs_mfa: bool,
    /// Whether a second broadcaster takes it over from the first.
    pub takeover: bool,
}

/// What an operator said of a stream. A deleted stream is not in a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StreamStanding {
    /// Nothing against it.
    Active,
    /// Its publisher was ended, its key is barred.
    Stopped,
    /// The same, and viewers are refused.
    Locked,
}

/// The stream's own word on tokens for playback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SecurePlayback {
    /// As the organisation says.
    Inherit,
    /// A token is needed.
    Required,
    /// None is.
    Open,
}

/// The stream's own word on ingest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StreamIngest {
    /// As the organisation says.
    Inherit,
    /// This, whatever the organisation says.
    Own(IngestAuthorisation),
}

impl Stream {
    /// Whether playback needs a token; never where the organisation lacks `SECURE`.
    pub fn needs_token(&self, organisation: &Organisation) -> bool {
        organisation.packages.has(Package::Secure)
            && match self.secure_playback {
                SecurePlayback::Inherit => organisation.secure_playback,
                SecurePlayback::Required => true,
                SecurePlayback::Open => false,
            }
    }

    /// Who judges what is neither a JWT nor a handle.
    pub fn judges(&self, organisation: &Organisation) -> Judges {
        Judges {
            static_tokens: self.static_tokens.unwrap_or(organisation.judges.static_tokens),
            backend: self.backend.unwrap_or(organisation.judges.backend),
        }
    }

    /// Whether who shows this takes the stream over from whoever publishes it. The test source never does.
    pub fn is_taken_over_with(&self, credential: &Credential) -> bool {
        self.takeover && !matches!(credential, Credential::TestSource)
    }

    /// What a broadcaster has to show.
    pub fn ingest_authorisation(&self, organisation: &Organisation) -> IngestAuthorisation {
        match self.ingest {
            StreamIngest::Inherit => organisation.ingest,
            StreamIngest::Own(own) => own,
        }
    }
}
