//! Webhooks: which addresses are called for what, and what came of the calls.

use cynic::QueryBuilder;

use super::{
    client::Api,
    failure::Failure,
    operations::mutations,
    organisation::Package,
    page::{Json, Page},
    people::UserError,
    scalar::DateTime,
    schema,
    streams::PageInfo,
};

/// An address that is called; never its secret.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct Webhook {
    pub(crate) id: cynic::Id,
    pub(crate) url: String,
    pub(crate) enabled: bool,
    pub(crate) calls: Vec<WebhookCall>,
    pub(crate) judges_tokens: bool,
    pub(crate) encoding: WebhookEncoding,
    pub(crate) outage: WebhookOutage,
    pub(crate) previous_secret_until: Option<DateTime>,
    pub(crate) suppressed: f64,
}

/// For what an address is called.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WebhookCall {
    OnPublish,
    OnPublishUpdate,
    OnPublishDone,
    OnPlay,
    PlayDone,
    ViewerDenied,
    TokenRevoked,
    RuleChanged,
    Finding,
    Alert,
}

impl WebhookCall {
    /// What it is asked.
    pub(crate) const ASKED: [Self; 3] = [Self::OnPublish, Self::OnPublishUpdate, Self::OnPlay];
    /// What it is told.
    pub(crate) const TOLD: [Self; 7] = [
        Self::OnPublishDone,
        Self::PlayDone,
        Self::ViewerDenied,
        Self::TokenRevoked,
        Self::RuleChanged,
        Self::Finding,
        Self::Alert,
    ];

    /// What it is called.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::OnPublish => "Broadcaster comes (on_publish)",
            Self::OnPublishUpdate => "Broadcaster goes on (on_publish_update)",
            Self::OnPublishDone => "Broadcaster is gone (on_publish_done)",
            Self::OnPlay => "Viewer comes (on_play)",
            Self::PlayDone => "Viewer is gone",
            Self::ViewerDenied => "Viewer was refused",
            Self::TokenRevoked => "Tokens were revoked",
            Self::RuleChanged => "A rule was changed",
            Self::Finding => "Signs of misuse",
            Self::Alert => "Alerts",
        }
    }

    /// What it means, in a sentence.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::OnPublish => "Nobody is on air without its yes.",
            Self::OnPublishUpdate => "Every 30 seconds; a no ends the broadcast.",
            Self::OnPublishDone => "With how long it was and how much came in.",
            Self::OnPlay => "Nobody watches without its yes, which may last for a while only.",
            Self::PlayDone => "With how long they watched and how much went out.",
            Self::ViewerDenied => "With the reason. 60 a minute at most; the rest is counted.",
            Self::TokenRevoked => "One, or many at once; and whoever is banned.",
            Self::RuleChanged => "Made, changed or deleted.",
            Self::Finding => "With the evidence; of whom, when it is new or more. 60 a minute at most.",
            Self::Alert => "That one begins, goes on, or is over.",
        }
    }
}

/// How calls are written.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WebhookEncoding {
    Form,
    Json,
}

impl WebhookEncoding {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Form => "Form",
            Self::Json => "JSON",
        }
    }
}

/// What holds where it does not answer.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WebhookOutage {
    Open,
    Closed,
}

impl WebhookOutage {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Closed => "Nobody comes in",
            Self::Open => "Everybody comes in",
        }
    }
}

/// A call that was made, or that waits.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct WebhookDelivery {
    pub(crate) id: cynic::Id,
    pub(crate) webhook: cynic::Id,
    pub(crate) call: String,
    pub(crate) stream: Option<String>,
    pub(crate) state: WebhookDeliveryState,
    pub(crate) status: Option<i32>,
    pub(crate) took_ms: Option<f64>,
    pub(crate) error: Option<String>,
    pub(crate) attempts: i32,
    pub(crate) created_at: DateTime,
    pub(crate) next_at: Option<DateTime>,
    pub(crate) content: Option<Json>,
}

impl WebhookDelivery {
    /// What it was answered, as in "200 in 12 ms".
    pub(crate) fn answered(&self) -> String {
        let took = self.took_ms.map(|ms| format!(" in {ms} ms")).unwrap_or_default();
        match self.status {
            Some(status) => format!("{status}{took}"),
            None if self.attempts == 0 => "Not tried yet".to_owned(),
            None => "No answer".to_owned(),
        }
    }
}

/// What became of a call.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WebhookDeliveryState {
    Waiting,
    Delivered,
    Denied,
    Failed,
}

impl WebhookDeliveryState {
    pub(crate) const ALL: [Self; 4] = [Self::Waiting, Self::Delivered, Self::Denied, Self::Failed];

    /// As the address of a page has it.
    pub(crate) const fn as_word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Delivered => "Delivered",
            Self::Denied => "Denied",
            Self::Failed => "Failed",
        }
    }
}

/// What the page opens with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Webhooks {
    pub(crate) webhooks: Vec<Webhook>,
    /// Whether the organisation has the package; without it they stand, and are not called.
    pub(crate) act: bool,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
struct WebhooksQuery {
    organisation: WebhooksOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation")]
struct WebhooksOfOrganisation {
    packages: Vec<Enabled>,
    webhooks: Option<Vec<Webhook>>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "PackageStatus")]
struct Enabled {
    package: Package,
    enabled: bool,
}

/// The organisation's webhooks.
pub(crate) async fn webhooks(api: Api) -> Result<Webhooks, Failure> {
    let found = api.query(WebhooksQuery::build(())).await?.organisation;
    let act = |one: &Enabled| one.package == Package::Webhooks && one.enabled;
    Ok(Webhooks {
        webhooks: found.webhooks.ok_or(Failure::Forbidden)?,
        act: found.packages.iter().any(act),
    })
}

/// Which calls are wanted.
#[derive(cynic::InputObject, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WebhookDeliveryFilter {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) webhook: Option<cynic::Id>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<WebhookDeliveryState>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) stream: Option<String>,
}

#[derive(cynic::QueryVariables, Debug)]
struct DeliveryVariables {
    after: Option<String>,
    filter: WebhookDeliveryFilter,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "DeliveryVariables")]
struct DeliveryQuery {
    organisation: DeliveriesOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "DeliveryVariables")]
struct DeliveriesOfOrganisation {
    #[arguments(first: 50, after: $after, filter: $filter)]
    webhook_deliveries: Option<WebhookDeliveryConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct WebhookDeliveryConnection {
    nodes: Vec<WebhookDelivery>,
    page_info: PageInfo,
    total_count: i32,
}

/// Calls, the newest first.
pub(crate) async fn deliveries(
    api: Api,
    filter: WebhookDeliveryFilter,
    after: Option<String>,
) -> Result<Page<WebhookDelivery>, Failure> {
    let query = DeliveryQuery::build(DeliveryVariables { after, filter });
    let found = api.query(query).await?.organisation.webhook_deliveries;
    let found = found.ok_or(Failure::Forbidden)?;
    Ok(Page::new(found.nodes, found.page_info, found.total_count))
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct SetWebhookInput {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<cynic::Id>,
    pub(crate) url: Option<String>,
    pub(crate) enabled: Option<bool>,
    pub(crate) calls: Option<Vec<WebhookCall>>,
    pub(crate) judges_tokens: Option<bool>,
    pub(crate) encoding: Option<WebhookEncoding>,
    pub(crate) outage: Option<WebhookOutage>,
}

impl SetWebhookInput {
    /// Leaves out what is as it was: whatever another set meanwhile stays.
    pub(crate) fn keep(&mut self, before: &Webhook) {
        self.url.take_if(|url| *url == before.url);
        self.enabled.take_if(|enabled| *enabled == before.enabled);
        self.calls
            .take_if(|calls| calls.len() == before.calls.len() && calls.iter().all(|call| before.calls.contains(call)));
        self.judges_tokens.take_if(|judges| *judges == before.judges_tokens);
        self.encoding.take_if(|encoding| *encoding == before.encoding);
        self.outage.take_if(|outage| *outage == before.outage);
    }
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct SetWebhookPayload {
    pub(crate) secret: Option<String>,
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct RotateWebhookSecretInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RotateWebhookSecretPayload {
    pub(crate) secret: Option<String>,
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct RemoveWebhookInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RemoveWebhookPayload {
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct TestWebhookInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct TestWebhookPayload {
    pub(crate) delivery: Option<WebhookDelivery>,
    errors: Vec<UserError>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct RedeliverWebhookInput {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RedeliverWebhookPayload {
    errors: Vec<UserError>,
}

mutations! {
    /// Makes a webhook, or changes one.
    set_webhook(SetWebhookInput) -> SetWebhookPayload;
    /// Gives it another secret; the old one signs as well for a day.
    rotate_webhook_secret(RotateWebhookSecretInput) -> RotateWebhookSecretPayload;
    /// Removes it with its log.
    remove_webhook(RemoveWebhookInput) -> RemoveWebhookPayload;
    /// Calls it once.
    test_webhook(TestWebhookInput) -> TestWebhookPayload;
    /// Has a call made again.
    redeliver_webhook(RedeliverWebhookInput) -> RedeliverWebhookPayload;
}
