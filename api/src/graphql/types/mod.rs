//! The objects of the API: types of their own, so that a table never becomes public by growing a column.

mod alert;
mod analytics;
mod api_token;
mod audit;
mod case;
mod change;
mod decision;
mod factor;
mod finding;
mod geolocation;
mod group;
mod invitation;
mod live;
mod member;
mod moment;
mod order;
mod organisation;
mod package;
mod page;
mod platform;
mod privacy;
mod provider;
mod quality;
mod response;
mod rule;
mod search;
mod series;
mod session;
mod signing_key;
mod static_token;
mod stream;
mod thresholds;
mod token;
mod usage;
mod viewer;
mod weak_token;
mod webhook;

use chrono::{DateTime, SecondsFormat, Utc};

pub(crate) use alert::{
    Alert, AlertComparison, AlertConnection, AlertDelivery, AlertDeliveryConnection, AlertEvent, AlertFilter,
    AlertMetric, AlertReceiver, AlertRule, AlertSeverity,
};
pub(crate) use analytics::{Analytics, AnalyticsFilter, Dimension, Metric, TimeRange, WorldMetric, chart};
pub(crate) use api_token::{ApiToken, ApiTokenConnection, ApiTokenFilter};
pub(crate) use audit::{AuditEntry, AuditEntryConnection, AuditFilter};
pub(crate) use case::{CaseState, MisuseCase, MisuseCaseConnection};
pub(crate) use change::{Change, ChangeConnection, ChangeProgress};
pub(crate) use decision::{Decision, ExplainInput, RefusalFilter};
pub(crate) use factor::{Ceremony, Passkey, SecondFactor, SignInChallenge};
pub(crate) use finding::MisuseFinding;
pub(crate) use geolocation::Geolocation;
pub(crate) use group::{StreamGroup, StreamGroupConnection, Tag};
pub(crate) use invitation::{Invitation, InvitationOffer, Mails};
pub(crate) use live::{LiveCounters, SessionEvent, StreamStateEvent};
pub(crate) use member::{Accounts, Member, MemberConnection, SignIn};
pub(crate) use moment::Moment;
pub(crate) use order::{AddressGroup, AddressUsageOrder, OrderDirection, TokenUsageOrder, ViewerUsageOrder, ordering};
pub(crate) use organisation::Organisation;
pub(crate) use package::{Package, PackageLimitsInput};
pub(crate) use page::Part;
pub(crate) use platform::{Platform, PlatformOrganisation};
pub(crate) use privacy::{PrivacyInput, PrivacySettings, RetentionInput, RetentionSettings};
pub(crate) use provider::{IdentityProvider, SignInMethods};
pub(crate) use quality::{PlayerQuality, QualityDimension, QualityOrder};
pub(crate) use response::{
    MisuseResponse, MisuseResponseConnection, ResponseSettings, ResponseSettingsInput, ResponseState,
};
pub(crate) use rule::{
    GuardianAction, GuardianDoor, GuardianKind, GuardianMode, GuardianRule, GuardianRuleConnection, GuardianRuleFilter,
    GuardianSimulation,
};
pub(crate) use search::{SearchConnection, SearchKind, connection_of as search};
pub(crate) use series::{CountryValue, Interval, Series};
pub(crate) use session::{DenyReason, Protocol, Session, SessionConnection, SessionFilter};
pub(crate) use signing_key::{ClaimDialect, SigningKey};
pub(crate) use static_token::{BannedUser, BannedUserConnection, StaticToken, TokenDoor};
pub(crate) use stream::{IngestAuthorisation, PlaybackUrls, SecurePlayback, Stream, StreamSwitch, ingest_url};
pub(crate) use thresholds::{MisuseThresholds, MisuseThresholdsInput};
pub(crate) use token::{CredentialKind, Names, PlaybackToken, RevocationPreview, Severity, TokenAdvice};
pub(crate) use usage::{AddressUsage, TokenUsage, ViewerUsage, address_rows, token_rows, viewer_rows};
pub(crate) use viewer::{Role, Viewer};
pub(crate) use weak_token::WeakTokens;
pub(crate) use webhook::{
    Webhook, WebhookCall, WebhookDelivery, WebhookDeliveryConnection, WebhookDeliveryFilter, WebhookEncoding,
    WebhookOutage,
};

/// A moment as a column has it.
pub(crate) fn moment(us: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(us).unwrap_or_default()
}

/// A moment as a file has it.
pub(crate) fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A count as GraphQL has it.
pub(crate) fn count(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A number of bytes or microseconds as GraphQL has it: `Int` has 32 bits only.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53: 9 PB, 285 years")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}
