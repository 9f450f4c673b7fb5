//! An organisation as far as a decision needs it.

use ids::{OrganisationHash, OrganisationId};
use serde::{Deserialize, Serialize};

use crate::OriginPattern;

/// Settings and standing of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Its id; what tokens carry as `sub`.
    pub id: OrganisationId,
    /// What its stream names begin with.
    pub hash: OrganisationHash,
    /// Whether it may act at all.
    pub standing: Standing,
    /// What the platform operator enabled.
    pub packages: Packages,
    /// Whether playback needs a token, where a stream does not say.
    pub secure_playback: bool,
    /// What a broadcaster shows, where a stream does not say.
    pub ingest: IngestAuthorisation,
    /// Whether sessions end when their token expires, where the token does not say.
    pub force_disconnect: bool,
    /// How many may watch its streams at once; no limit where none.
    pub viewers: Option<u32>,
    /// How many megabits a second may go out to them; no limit where none.
    pub bandwidth_mbit_s: Option<u32>,
    /// Who judges what is neither a JWT nor a handle, where a stream does not say.
    pub judges: Judges,
    /// What its own backend is asked about.
    pub asks: Asks,
    /// Whether broadcasters must come encrypted.
    pub encrypted_ingest: bool,
    /// Pages that may read what their players fetch; all of them where none is named. It decides about no viewer, but from
    /// which pages a cookie counts by WebSocket.
    #[serde(default)]
    pub origins: Vec<OriginPattern>,
}

/// Who judges a credential that is neither a JWT nor a handle. Signed tokens are always judged by their signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judges {
    /// The list of static tokens.
    pub static_tokens: bool,
    /// The customer's backend, after that list.
    pub backend: bool,
}

/// What an organisation's backend is asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asks {
    /// Each viewer.
    pub play: bool,
    /// Each broadcaster.
    pub publish: bool,
    /// Credentials that nobody else can judge, where [`Judges::backend`] says so.
    #[serde(default)]
    pub tokens: bool,
    /// The backend's edition: what an earlier one said is asked anew.
    #[serde(default)]
    pub edition: i64,
}

/// Whether an organisation may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// It may.
    Active,
    /// The platform operator stopped it.
    Suspended,
}

/// What a broadcaster has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IngestAuthorisation {
    /// Nothing.
    Open,
    /// The stream's key.
    Key,
    /// A publish token.
    Token,
}

/// A capability that the platform operator enables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Package {
    /// Without it nothing is ingested.
    Live,
    /// Without it playback is open, and tokens cannot be made.
    Secure,
    /// Rules that act.
    Guardian,
    /// Views over more than the last hour.
    Analytics,
    /// The customer's own hooks.
    Webhooks,
    /// Segments encrypted with rotating keys.
    Encryption,
    /// Streams that are kept.
    Recording,
}

impl Package {
    /// The catalogue.
    pub const ALL: [Self; 7] = [
        Self::Live,
        Self::Secure,
        Self::Guardian,
        Self::Analytics,
        Self::Webhooks,
        Self::Encryption,
        Self::Recording,
    ];

    /// The public name, as in `LIVE`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "LIVE",
            Self::Secure => "SECURE",
            Self::Guardian => "GUARDIAN",
            Self::Analytics => "ANALYTICS",
            Self::Webhooks => "WEBHOOKS",
            Self::Encryption => "ENCRYPTION",
            Self::Recording => "RECORDING",
        }
    }
}

/// The packages of one organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Packages(Vec<Package>);

impl Packages {
    /// Whether `package` is enabled.
    pub fn has(&self, package: Package) -> bool {
        self.0.contains(&package)
    }
}

impl FromIterator<Package> for Packages {
    fn from_iter<I: IntoIterator<Item = Package>>(packages: I) -> Self {
        Self(packages.into_iter().collect())
    }
}
