//! The organisation itself: its packages and its settings.

use cynic::QueryBuilder;

use super::{
    client::Api,
    failure::Failure,
    misuse::{Thresholds, ThresholdsInput},
    operations::mutations,
    people::UserError,
    privacy::{PrivacyInput, PrivacySettings, RetentionInput, RetentionSettings},
    responses::{ResponseSettings, ResponseSettingsInput},
    scalar::DateTime,
    schema,
};

/// A capability that the platform operator enables.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Package {
    Live,
    Secure,
    Guardian,
    Analytics,
    Webhooks,
    Encryption,
    Recording,
}

impl Package {
    pub(crate) const ALL: [Self; 7] = [
        Self::Live,
        Self::Secure,
        Self::Guardian,
        Self::Analytics,
        Self::Webhooks,
        Self::Encryption,
        Self::Recording,
    ];

    /// What it is called.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Live => "Live",
            Self::Secure => "Secure",
            Self::Guardian => "Guardian",
            Self::Analytics => "Analytics",
            Self::Webhooks => "Webhooks",
            Self::Encryption => "Encryption",
            Self::Recording => "Recording",
        }
    }

    /// What it brings.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::Live => "Streams can be put on air.",
            Self::Secure => "Playback needs a token.",
            Self::Guardian => "Rules let in and turn away by address, network, country, site and player.",
            Self::Analytics => "Views of what was watched and by whom, and signs of misuse.",
            Self::Webhooks => "Your own systems are asked and told.",
            Self::Encryption => "Segments are encrypted with rotating keys.",
            Self::Recording => "Streams are kept, and can be watched later.",
        }
    }

    /// What is missing without it.
    pub(crate) const fn without(self) -> &'static str {
        match self {
            Self::Live => "Without it nothing is ingested.",
            Self::Secure => "Without it every stream is open, and tokens cannot be made.",
            Self::Guardian => "Without it rules stand, and do not act.",
            Self::Analytics => "Without it only counters of the last hour are kept.",
            Self::Webhooks => "Without it nobody is asked or told.",
            Self::Encryption => "Without it segments go out as they are.",
            Self::Recording => "Without it nothing is kept.",
        }
    }
}

/// A package, and what is used of it.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct PackageStatus {
    pub(crate) package: Package,
    pub(crate) enabled: bool,
    pub(crate) requested_at: Option<DateTime>,
    pub(crate) declined_at: Option<DateTime>,
    pub(crate) declined_because: Option<String>,
    pub(crate) limits: Vec<PackageLimit>,
}

impl PackageStatus {
    /// For how many days it lets something be kept, where it says.
    pub(crate) fn retention_days(&self) -> Option<i32> {
        let of = |one: &&PackageLimit| one.name == LimitName::RetentionDays;
        self.limits.iter().find(of).and_then(|one| one.limit)
    }
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct PackageLimit {
    pub(crate) name: LimitName,
    pub(crate) limit: Option<i32>,
    /// `None` where nothing counts it.
    pub(crate) used: Option<f64>,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitName {
    Streams,
    Viewers,
    BandwidthMbitS,
    Rules,
    RetentionDays,
}

impl LimitName {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Streams => "Streams",
            Self::Viewers => "Viewers at once",
            Self::BandwidthMbitS => "Bandwidth",
            Self::Rules => "Rules",
            Self::RetentionDays => "Kept for",
        }
    }

    /// What it is counted in, where the name does not say it.
    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Self::Streams | Self::Viewers | Self::Rules => "",
            Self::BandwidthMbitS => "Mbit/s",
            Self::RetentionDays => "days",
        }
    }
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
struct OverviewQuery {
    organisation: Overview,
}

/// Name, packages and settings.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Organisation")]
pub(crate) struct Overview {
    pub(crate) name: String,
    pub(crate) hash: String,
    pub(crate) packages: Vec<PackageStatus>,
    pub(crate) settings: OrganisationSettings,
}

impl Overview {
    /// Whether the operator enabled that package.
    pub(crate) fn has(&self, package: Package) -> bool {
        self.packages.iter().any(|one| one.package == package && one.enabled)
    }
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub(crate) struct OrganisationSettings {
    pub(crate) secure_playback: bool,
    pub(crate) force_disconnect: bool,
    pub(crate) ingest_authorisation: IngestAuthorisation,
    pub(crate) second_factor_required: bool,
    pub(crate) backend_tokens: bool,
    pub(crate) privacy: PrivacySettings,
    pub(crate) retention: RetentionSettings,
    pub(crate) responses: ResponseSettings,
    pub(crate) misuse_thresholds: Thresholds,
    pub(crate) allowed_origins: Vec<String>,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IngestAuthorisation {
    Inherit,
    Key,
    Open,
    Token,
}

/// What the overview shows.
pub(crate) async fn overview(api: Api) -> Result<Overview, Failure> {
    Ok(api.query(OverviewQuery::build(())).await?.organisation)
}

#[derive(cynic::InputObject, Debug, Default)]
pub(crate) struct UpdateSettingsInput {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) secure_playback: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) force_disconnect: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) ingest_authorisation: Option<IngestAuthorisation>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) second_factor_required: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) static_tokens: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) backend_tokens: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) responses: Option<ResponseSettingsInput>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) misuse_thresholds: Option<ThresholdsInput>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) privacy: Option<PrivacyInput>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) retention: Option<RetentionInput>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) allowed_origins: Option<Vec<String>>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct UpdateSettingsPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct RequestPackageInput {
    pub(crate) package: Package,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RequestPackagePayload {
    errors: Vec<UserError>,
}

mutations! {
    /// Changes settings; what is `None` stays.
    update_settings(UpdateSettingsInput) -> UpdateSettingsPayload;
    /// Asks the platform operators for a package.
    request_package(RequestPackageInput) -> RequestPackagePayload;
}
