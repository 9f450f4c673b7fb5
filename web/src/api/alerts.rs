//! Alerts: what opened, the rules that they are of, and where they go.

use cynic::{QueryBuilder, StreamingOperation, SubscriptionBuilder};

use super::{
    alert_saving::{SaveAlertReceiverInput, SaveAlertRuleInput},
    client::Api,
    failure::Failure,
    operations::mutations,
    page::Page,
    people::UserError,
    scalar::DateTime,
    schema,
    sessions::{Protocol, Reason},
    streams::PageInfo,
    webhooks::WebhookCall,
};

/// Something that a rule watched for.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct Alert {
    pub(crate) id: cynic::Id,
    pub(crate) name: String,
    pub(crate) state: AlertState,
    pub(crate) severity: Option<Severity>,
    pub(crate) summary: String,
    pub(crate) streams: Vec<String>,
    pub(crate) opened_at: DateTime,
    pub(crate) resolved_at: Option<DateTime>,
    pub(crate) ending: Option<AlertEnding>,
    pub(crate) acknowledged_at: Option<DateTime>,
    pub(crate) notifications: i32,
    pub(crate) metric: Option<Metric>,
}

/// Whether an alert goes on.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AlertState {
    Open,
    Resolved,
}

/// Why an alert is over.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AlertEnding {
    Cleared,
    Changed,
    Disabled,
    Deleted,
}

impl AlertEnding {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Cleared => "Back to normal",
            Self::Changed => "Its rule was changed",
            Self::Disabled => "Its rule was switched off",
            Self::Deleted => "Its rule was deleted",
        }
    }
}

/// How bad it is.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "AlertSeverity")]
pub(crate) enum Severity {
    Info,
    Warning,
    Critical,
}

impl Severity {
    pub(crate) const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Info => "Info",
            Self::Warning => "Warning",
            Self::Critical => "Critical",
        }
    }
}

/// What is measured.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "AlertMetric")]
pub(crate) enum Metric {
    Viewers,
    Ingests,
    Sessions,
    BytesOut,
    Denials,
    FailureRatio,
    Findings,
    StreamsOffline,
    WebhookFailures,
    StartFailures,
    Buffering,
}

impl Metric {
    pub(crate) const ALL: [Self; 11] = [
        Self::FailureRatio,
        Self::Denials,
        Self::StreamsOffline,
        Self::Findings,
        Self::Viewers,
        Self::Ingests,
        Self::Sessions,
        Self::BytesOut,
        Self::StartFailures,
        Self::Buffering,
        Self::WebhookFailures,
    ];

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Viewers => "Viewers now",
            Self::Ingests => "Broadcasts now",
            Self::Sessions => "Sessions that begin",
            Self::BytesOut => "Megabytes to viewers",
            Self::Denials => "Refusals",
            Self::FailureRatio => "Share of requests refused (%)",
            Self::Findings => "Tokens, viewers and addresses with signs of misuse",
            Self::StreamsOffline => "Streams that went offline by themselves",
            Self::WebhookFailures => "Failed webhook calls",
            Self::StartFailures => "Share of players that see no picture (%)",
            Self::Buffering => "Share of time that pictures stand still (%)",
        }
    }

    /// Whether it is a state of now, and no sum over a window.
    pub(crate) const fn is_now(self) -> bool {
        matches!(self, Self::Viewers | Self::Ingests)
    }

    /// Whether it can be compared with what is usual.
    pub(crate) const fn has_usual(self) -> bool {
        matches!(self, Self::Viewers | Self::Sessions | Self::BytesOut | Self::Denials) || self.is_ratio()
    }

    /// Whether it is how many of a hundred.
    pub(crate) const fn is_ratio(self) -> bool {
        matches!(self, Self::FailureRatio | Self::StartFailures | Self::Buffering)
    }

    /// Of how much at least a ratio is told, unless said.
    pub(crate) const fn least(self) -> &'static str {
        match self {
            Self::FailureRatio | Self::StartFailures => "20",
            Self::Buffering => "600",
            _ => "0",
        }
    }

    /// Whether it can be that of a protocol or a country.
    pub(crate) const fn is_of_places(self) -> bool {
        matches!(self, Self::Sessions | Self::BytesOut | Self::Denials) || self.is_ratio()
    }

    /// Whether it can be that of a stream.
    pub(crate) const fn is_of_streams(self) -> bool {
        !matches!(self, Self::WebhookFailures)
    }

    /// Whether it can be that of one reason.
    pub(crate) const fn has_reason(self) -> bool {
        matches!(self, Self::Denials | Self::FailureRatio)
    }

    /// How much one of what people write is.
    pub(crate) const fn unit(self) -> f64 {
        match self {
            Self::BytesOut => 1e6,
            _ => 1.0,
        }
    }
}

/// How it is compared.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "AlertComparison")]
pub(crate) enum Comparison {
    AtLeast,
    AtMost,
    TimesUsual,
}

/// What an organisation wants to be told of.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct AlertRule {
    pub(crate) id: cynic::Id,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) metric: Metric,
    pub(crate) comparison: Comparison,
    pub(crate) threshold: f64,
    pub(crate) resolve_at: Option<f64>,
    pub(crate) least: f64,
    pub(crate) window_s: i32,
    pub(crate) for_s: i32,
    pub(crate) hold_s: i32,
    pub(crate) remind_s: Option<i32>,
    pub(crate) severity: Severity,
    pub(crate) stream: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) country: Option<String>,
    pub(crate) reason: Option<Reason>,
    pub(crate) indicator: Option<String>,
    pub(crate) min_score: i32,
    pub(crate) receivers: Vec<cynic::Id>,
    pub(crate) muted_until: Option<DateTime>,
}

/// Where alerts go.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct AlertReceiver {
    pub(crate) id: cynic::Id,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) emails: Vec<String>,
    pub(crate) syslog: Option<SyslogCollector>,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyslogCollector {
    pub(crate) host: String,
    pub(crate) port: i32,
    pub(crate) tls: bool,
    pub(crate) certificate: Option<String>,
}

/// A notification to a receiver.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct AlertDelivery {
    pub(crate) id: cynic::Id,
    pub(crate) event: AlertDeliveryEvent,
    pub(crate) recipient: String,
    pub(crate) state: AlertDeliveryState,
    pub(crate) error: Option<String>,
    pub(crate) attempts: i32,
    pub(crate) created_at: DateTime,
}

/// What a notification tells.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AlertDeliveryEvent {
    Opened,
    Reminded,
    Resolved,
    Test,
}

impl AlertDeliveryEvent {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Opened => "Alert began",
            Self::Reminded => "Alert goes on",
            Self::Resolved => "Alert is over",
            Self::Test => "Test",
        }
    }
}

/// What became of a notification.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AlertDeliveryState {
    Waiting,
    Delivered,
    Failed,
}

impl AlertDeliveryState {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Delivered => "Delivered",
            Self::Failed => "Failed",
        }
    }
}

#[derive(cynic::InputObject, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AlertFilter {
    pub(crate) state: Option<AlertState>,
}

#[derive(cynic::QueryVariables, Debug)]
struct AlertVariables {
    after: Option<String>,
    filter: AlertFilter,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "AlertVariables")]
struct AlertsQuery {
    organisation: AlertsOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "AlertVariables")]
struct AlertsOfOrganisation {
    #[arguments(first: 50, after: $after, filter: $filter)]
    alerts: Option<AlertConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct AlertConnection {
    nodes: Vec<Alert>,
    page_info: PageInfo,
    total_count: i32,
}

/// Alerts in that state, the newest first.
pub(crate) async fn alerts(api: Api, state: AlertState, after: Option<String>) -> Result<Page<Alert>, Failure> {
    let filter = AlertFilter { state: Some(state) };
    let query = AlertsQuery::build(AlertVariables { after, filter });
    let found = api.query(query).await?.organisation.alerts;
    let found = found.ok_or(Failure::Forbidden)?;
    Ok(Page::new(found.nodes, found.page_info, found.total_count))
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
struct RulesQuery {
    organisation: RulesOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation")]
struct RulesOfOrganisation {
    alert_rules: Option<Vec<AlertRule>>,
}

/// The rules, the oldest first.
pub(crate) async fn rules(api: Api) -> Result<Vec<AlertRule>, Failure> {
    let found = api.query(RulesQuery::build(())).await?.organisation.alert_rules;
    found.ok_or(Failure::Forbidden)
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
struct ReceiversQuery {
    organisation: ReceiversOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation")]
struct ReceiversOfOrganisation {
    alert_receivers: Option<Vec<AlertReceiver>>,
    webhooks: Option<Vec<Hook>>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Webhook")]
struct Hook {
    id: cynic::Id,
    url: String,
    calls: Vec<WebhookCall>,
}

/// Where alerts go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Receivers {
    pub(crate) receivers: Vec<AlertReceiver>,
    /// Webhooks that are told: ids and addresses.
    pub(crate) hooks: Vec<(cynic::Id, String)>,
}

/// Where alerts go, the oldest first; for administrators.
pub(crate) async fn receivers(api: Api) -> Result<Receivers, Failure> {
    let found = api.query(ReceiversQuery::build(())).await?.organisation;
    let hooks = found.webhooks.unwrap_or_default().into_iter();
    Ok(Receivers {
        receivers: found.alert_receivers.ok_or(Failure::Forbidden)?,
        hooks: hooks
            .filter(|hook| hook.calls.contains(&WebhookCall::Alert))
            .map(|hook| (hook.id, hook.url))
            .collect(),
    })
}

#[derive(cynic::QueryVariables, Debug)]
struct After {
    after: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "After")]
struct DeliveriesQuery {
    organisation: DeliveriesOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "After")]
struct DeliveriesOfOrganisation {
    #[arguments(first: 20, after: $after)]
    alert_deliveries: Option<AlertDeliveryConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct AlertDeliveryConnection {
    nodes: Vec<AlertDelivery>,
    page_info: PageInfo,
    total_count: i32,
}

/// What was sent, the newest first.
pub(crate) async fn deliveries(api: Api, after: Option<String>) -> Result<Page<AlertDelivery>, Failure> {
    let found = api.query(DeliveriesQuery::build(After { after })).await?.organisation;
    let found = found.alert_deliveries.ok_or(Failure::Forbidden)?;
    Ok(Page::new(found.nodes, found.page_info, found.total_count))
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Subscription")]
pub(crate) struct News {
    pub(crate) alerts: AlertEvent,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
pub(crate) struct AlertEvent {
    pub(crate) alert: Alert,
}

/// What becomes of alerts.
pub(crate) fn news() -> StreamingOperation<News, ()> {
    News::build(())
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct SaveAlertRulePayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct DeleteAlertRuleInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct DeleteAlertRulePayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct AcknowledgeAlertInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct AcknowledgeAlertPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct SaveAlertReceiverPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct DeleteAlertReceiverInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct DeleteAlertReceiverPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct TestAlertReceiverInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct TestAlertReceiverPayload {
    pub(crate) deliveries: Vec<AlertDelivery>,
    errors: Vec<UserError>,
}

mutations! {
    /// Makes a rule, or changes one.
    save_alert_rule(SaveAlertRuleInput) -> SaveAlertRulePayload;
    /// Deletes a rule; what is open of it is over.
    delete_alert_rule(DeleteAlertRuleInput) -> DeleteAlertRulePayload;
    /// Takes an alert on, which ends its reminders.
    acknowledge_alert(AcknowledgeAlertInput) -> AcknowledgeAlertPayload;
    /// Makes a receiver, or changes one.
    save_alert_receiver(SaveAlertReceiverInput) -> SaveAlertReceiverPayload;
    /// Removes a receiver with its log.
    delete_alert_receiver(DeleteAlertReceiverInput) -> DeleteAlertReceiverPayload;
    /// Sends a trial.
    test_alert_receiver(TestAlertReceiverInput) -> TestAlertReceiverPayload;
}
