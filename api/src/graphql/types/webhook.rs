//! Webhooks, and the log of what was called.

use async_graphql::{Enum, ID, InputObject, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::{webhook, webhook_delivery};
use ids::{WebhookDeliveryId, WebhookId};

use super::page::connection;
use crate::{
    service::webhooks::Which,
    webhooks::{self, Call, Encoding, Outage},
};

/// An address of the organisation's that is called. Its secret is shown once, when it is made or rotated.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Webhook {
    /// Its id.
    id: ID,
    /// The address.
    url: String,
    /// Whether it is called at all.
    enabled: bool,
    /// For what it is called.
    calls: Vec<WebhookCall>,
    /// Whether it judges tokens that are neither a JWT nor a handle, after the list of static tokens.
    judges_tokens: bool,
    /// How calls are written.
    encoding: WebhookEncoding,
    /// What holds where it does not answer a question within 3 s, or not sensibly.
    outage: WebhookOutage,
    /// Until when the secret before the newest one signs as well.
    previous_secret_until: Option<DateTime<Utc>>,
    /// Calls that were not made, since there were too many at once.
    suppressed: f64,
    /// When it was made.
    created_at: DateTime<Utc>,
}

/// For what a webhook is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Call")]
pub(crate) enum WebhookCall {
    /// Asked: may this broadcaster come in?
    #[graphql(name = "ON_PUBLISH")]
    Publish,
    /// Asked every 30 s: may this broadcaster go on?
    #[graphql(name = "ON_PUBLISH_UPDATE")]
    PublishUpdate,
    /// Told: a broadcaster is gone.
    #[graphql(name = "ON_PUBLISH_DONE")]
    PublishDone,
    /// Asked: may this viewer come in? The answer may say for how long, as `lifetime_s`.
    #[graphql(name = "ON_PLAY")]
    Play,
    /// Told: a viewer is gone.
    PlayDone,
    /// Told: a viewer was refused. At most 60 a minute; the next one says how many were left out.
    ViewerDenied,
    /// Told: tokens were taken back, or a viewer was banned.
    TokenRevoked,
    /// Told: a Guardian rule is new, another, or gone.
    RuleChanged,
    /// Told: a token, a viewer or an address shows a sign of misuse, or more of it; needs the package ANALYTICS. At most 60
    /// a minute.
    Finding,
    /// Told: an alert began, goes on, or is over.
    Alert,
}

/// How calls are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Encoding")]
pub(crate) enum WebhookEncoding {
    /// As a form.
    Form,
    /// As JSON.
    Json,
}

/// What holds where a webhook does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Outage")]
pub(crate) enum WebhookOutage {
    /// Everybody comes in.
    Open,
    /// Nobody does.
    Closed,
}

/// A call: one that was made, or one that waits.
#[derive(Clone)]
pub(crate) struct WebhookDelivery(pub(crate) webhook_delivery::Model);

connection!(
    /// Calls, the newest first.
    WebhookDeliveryConnection,
    WebhookDeliveryEdge,
    WebhookDelivery
);

#[Object]
impl WebhookDelivery {
    /// Its id; what the receiver knows it by, as the header `webhook-id`.
    async fn id(&self) -> ID {
        WebhookDeliveryId::from_uuid(self.0.id).to_string().into()
    }

    /// The id of the webhook.
    async fn webhook(&self) -> ID {
        WebhookId::from_uuid(self.0.webhook_id).to_string().into()
    }

    /// What it is about, as the receiver reads it in the field `call`: as in `play`.
    async fn call(&self) -> &str {
        &self.0.call
    }

    /// The name of the stream that it is about.
    async fn stream(&self) -> Option<&str> {
        self.0.stream_name.as_deref()
    }

    /// What became of it.
    async fn state(&self) -> WebhookDeliveryState {
        match self.0.state.as_str() {
            "waiting" => WebhookDeliveryState::Waiting,
            "delivered" => WebhookDeliveryState::Delivered,
            "denied" => WebhookDeliveryState::Denied,
            _ => WebhookDeliveryState::Failed,
        }
    }

    /// The status of the newest answer.
    async fn status(&self) -> Option<i32> {
        self.0.status
    }

    /// How long the newest answer took, or how long it was waited for, in milliseconds.
    async fn took_ms(&self) -> Option<f64> {
        let took = self.0.took_ms.and_then(|ms| u64::try_from(ms).ok());
        took.map(super::float)
    }

    /// What was wrong the last time.
    async fn error(&self) -> Option<&str> {
        self.0.trouble.as_deref()
    }

    /// How often it was tried.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        super::moment(self.0.created_at)
    }

    /// When it was tried last.
    async fn tried_at(&self) -> Option<DateTime<Utc>> {
        self.0.tried_at.map(super::moment)
    }

    /// When it is tried next.
    async fn next_at(&self) -> Option<DateTime<Utc>> {
        self.0.next_at.map(super::moment)
    }

    /// What it says; none for a question, which cannot be delivered again either.
    async fn content(&self) -> Option<Json<serde_json::Value>> {
        self.0.content.clone().map(Json)
    }
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum WebhookDeliveryState {
    /// It is tried, or tried again.
    Waiting,
    /// It was taken; a question was answered with yes.
    Delivered,
    /// A question was answered with no.
    Denied,
    /// It was given up; a question was not answered, and what the webhook says of outages held.
    Failed,
}

/// Which calls.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct WebhookDeliveryFilter {
    /// To this webhook.
    webhook: Option<ID>,
    /// Of which this became.
    state: Option<WebhookDeliveryState>,
    /// About the stream of this name.
    stream: Option<String>,
}

impl From<webhook::Model> for Webhook {
    fn from(row: webhook::Model) -> Self {
        Self {
            id: WebhookId::from_uuid(row.id).to_string().into(),
            enabled: row.enabled,
            calls: webhooks::calls(&row).into_iter().map(Into::into).collect(),
            judges_tokens: row.judges_tokens,
            encoding: Encoding::of(&row).into(),
            outage: Outage::of(&row).into(),
            previous_secret_until: row.previous_until.map(super::moment),
            suppressed: super::float(u64::try_from(row.suppressed).unwrap_or(0)),
            created_at: super::moment(row.created_at),
            url: row.url,
        }
    }
}

impl WebhookDelivery {
    /// What its cursor is made of.
    pub(crate) fn key(row: &webhook_delivery::Model) -> String {
        WebhookDeliveryId::from_uuid(row.id).to_string()
    }
}

impl From<WebhookDeliveryFilter> for Which {
    fn from(filter: WebhookDeliveryFilter) -> Self {
        Self {
            webhook: filter.webhook.map(|id| id.0),
            state: filter.state.map(|state| match state {
                WebhookDeliveryState::Waiting => "waiting",
                WebhookDeliveryState::Delivered => "delivered",
                WebhookDeliveryState::Denied => "denied",
                WebhookDeliveryState::Failed => "failed",
            }),
            stream: filter.stream,
        }
    }
}
