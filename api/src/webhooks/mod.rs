//! Customers' addresses that are called: asked whether somebody may come in, and told of what happened.
//!
//! A question is asked once and has an answer within 3 s, or the organisation's word for outages holds. What is only told
//! is a row first, and is tried again until somebody takes it. Each organisation has turns of its own, so an address that
//! does not answer delays nobody else's. Calls are signed as the Standard Webhooks specification says.

pub(crate) mod ask;
mod content;
mod exchange;
mod log;
pub(crate) mod notices;
mod sender;
mod sign;

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

pub(crate) use ask::hand;
pub(crate) use content::Content;
use entity::webhook;
pub(crate) use exchange::{Exchange, call};
use ids::WebhookId;
pub(crate) use log::run as log;
pub(crate) use sender::run;
pub(crate) use sign::{KEY, sealed, shown};
use tokio::sync::Notify;

/// What every part of the control plane needs to call customers.
#[derive(Debug, Default)]
pub(crate) struct Hooks {
    turns: ask::Turns,
    log: log::Log,
    wanted: Notify,
    /// How many denials were told of late.
    floods: Mutex<HashMap<WebhookId, notices::Flood>>,
}

impl Hooks {
    /// Has what is due sent at once; call it after the commit.
    pub(crate) fn wake(&self) {
        self.wanted.notify_one();
    }

    fn floods(&self) -> std::sync::MutexGuard<'_, HashMap<WebhookId, notices::Flood>> {
        self.floods.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For what an address is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Call {
    /// May this broadcaster come in?
    Publish,
    /// May this broadcaster go on?
    PublishUpdate,
    /// A broadcaster is gone.
    PublishDone,
    /// May this viewer come in?
    Play,
    /// A viewer is gone.
    PlayDone,
    /// A viewer was refused.
    ViewerDenied,
    /// Tokens were taken back.
    TokenRevoked,
    /// A Guardian rule is new, another, or gone.
    RuleChanged,
    /// Somebody shows a sign of misuse.
    Finding,
    /// An alert began, goes on, or is over.
    Alert,
}

impl Call {
    /// Every one of them.
    pub(crate) const ALL: [Self; 10] = [
        Self::Publish,
        Self::PublishUpdate,
        Self::PublishDone,
        Self::Play,
        Self::PlayDone,
        Self::ViewerDenied,
        Self::TokenRevoked,
        Self::RuleChanged,
        Self::Finding,
        Self::Alert,
    ];

    /// As the settings have it.
    pub(crate) const fn setting(self) -> &'static str {
        match self {
            Self::Publish => "on_publish",
            Self::PublishUpdate => "on_publish_update",
            Self::PublishDone => "on_publish_done",
            Self::Play => "on_play",
            Self::PlayDone => "play_done",
            Self::ViewerDenied => "viewer_denied",
            Self::TokenRevoked => "token_revoked",
            Self::RuleChanged => "rule_changed",
            Self::Finding => "finding",
            Self::Alert => "alert",
        }
    }

    /// As the receiver reads it, in the field `call`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::PublishUpdate => "update_publish",
            Self::PublishDone => "publish_done",
            Self::Play => "play",
            other => other.setting(),
        }
    }

    /// Whether its answer decides something: one address only can be asked.
    pub(crate) const fn asks(self) -> bool {
        matches!(self, Self::Publish | Self::PublishUpdate | Self::Play)
    }
}

/// How a call is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/json`.
    Json,
}

impl Encoding {
    /// The column.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Json => "json",
        }
    }

    /// That of a row.
    pub(crate) fn of(row: &webhook::Model) -> Self {
        if row.encoding == Self::Json.as_str() {
            Self::Json
        } else {
            Self::Form
        }
    }
}

/// What holds where an address does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outage {
    /// Everybody comes in.
    Open,
    /// Nobody does.
    Closed,
}

impl Outage {
    /// The column.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }

    /// That of a row; whatever is unclear lets nobody in.
    pub(crate) fn of(row: &webhook::Model) -> Self {
        if row.outage == Self::Open.as_str() {
            Self::Open
        } else {
            Self::Closed
        }
    }
}

/// For what a row's address is called.
pub(crate) fn calls(row: &webhook::Model) -> Vec<Call> {
    let names: Vec<String> = serde_json::from_value(row.calls.clone()).unwrap_or_default();
    let is_on = |call: &Call| names.iter().any(|name| name == call.setting());
    Call::ALL.into_iter().filter(is_on).collect()
}

/// Whether a row's address is called for that.
pub(crate) fn wants(row: &webhook::Model, call: Call) -> bool {
    row.enabled && calls(row).contains(&call)
}
