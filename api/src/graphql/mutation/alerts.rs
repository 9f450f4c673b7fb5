//! What organisations want to be told of: rules saved and deleted, alerts taken on.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use authz::Action;

use super::answer;
use crate::{
    fault::{Fault, UserError},
    graphql::{
        caller, state,
        types::{Alert, AlertComparison, AlertMetric, AlertRule, AlertSeverity, DenyReason, Moment, Protocol},
    },
    service::{
        alert_rules::{self, Wish},
        alerts,
    },
};

#[derive(Default)]
pub(super) struct Alerts;

#[Object]
impl Alerts {
    /// Makes an alert rule, or changes one; what is left out stays. What is open of it goes on, unless it is to measure
    /// something else. Needs the package `ANALYTICS`; without it rules stand, and nothing is told.
    async fn save_alert_rule(
        &self,
        context: &Context<'_>,
        input: SaveAlertRuleInput,
    ) -> Result<Option<SaveAlertRulePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::AlertRuleWrite)?;
        answer(
            alert_rules::save(state, acting, input.try_into()?).await,
            |row| SaveAlertRulePayload {
                alert_rule: AlertRule::of(row),
                errors: vec![],
            },
            |errors| SaveAlertRulePayload {
                alert_rule: None,
                errors,
            },
        )
    }

    /// Deletes an alert rule; what is open of it is over. Its alerts stay in the history.
    async fn delete_alert_rule(
        &self,
        context: &Context<'_>,
        input: DeleteAlertRuleInput,
    ) -> Result<Option<DeleteAlertRulePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::AlertRuleWrite)?;
        answer(
            alert_rules::delete(state, acting, &input.id).await,
            |id| DeleteAlertRulePayload {
                id: Some(id.to_string().into()),
                errors: vec![],
            },
            |errors| DeleteAlertRulePayload { id: None, errors },
        )
    }

    /// Takes an open alert on: receivers are not reminded of it any more. They are told when it is over.
    async fn acknowledge_alert(
        &self,
        context: &Context<'_>,
        input: AcknowledgeAlertInput,
    ) -> Result<Option<AcknowledgeAlertPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::AlertAcknowledge)?;
        answer(
            alerts::acknowledge(state, acting, &input.id).await,
            |row| AcknowledgeAlertPayload {
                alert: Some(Alert(row)),
                errors: vec![],
            },
            |errors| AcknowledgeAlertPayload { alert: None, errors },
        )
    }
}

/// What an alert rule is to be.
#[derive(InputObject)]
pub(super) struct SaveAlertRuleInput {
    /// Which one; absent: a new one, of which an organisation may have 50.
    id: Option<ID>,
    /// What people call it.
    name: Option<String>,
    /// Whether it is watched for; new ones are.
    enabled: Option<bool>,
    /// What is measured.
    metric: Option<AlertMetric>,
    /// How it is compared; for new ones `AT_LEAST`.
    comparison: Option<AlertComparison>,
    /// With what: a number, a percentage, bytes, or how many times the usual.
    threshold: Option<f64>,
    /// The bar behind which it is over, on the better side of the threshold.
    resolve_at: MaybeUndefined<f64>,
    /// What is less than that is never told: requests or players of a ratio (20 unless said), seconds of playback (600), or
    /// whatever is compared with the usual.
    least: Option<f64>,
    /// Over how many seconds it is measured: 10 to 86400; for new ones 300.
    window_s: Option<i64>,
    /// For how many seconds it has to hold before it is told: 86400 at most; for new ones 0.
    for_s: Option<i64>,
    /// For how many seconds it has to be over before that is told: 5 to 86400; for new ones 60.
    hold_s: Option<i64>,
    /// After how many seconds it is told again: 10 to 604800; null: never; for new ones 14400.
    remind_s: MaybeUndefined<i64>,
    /// How bad it is; for new ones `WARNING`.
    severity: Option<AlertSeverity>,
    /// The name of the only stream that counts.
    stream: MaybeUndefined<String>,
    /// The label of the only streams that count.
    tag: MaybeUndefined<String>,
    /// The only protocol that counts: of sessions, bytes, refusals, and how it plays.
    protocol: MaybeUndefined<Protocol>,
    /// The only country that counts (ISO 3166-1 alpha-2): of sessions, bytes, refusals, and how it plays.
    country: MaybeUndefined<String>,
    /// The only reason of refusals that counts.
    reason: MaybeUndefined<DenyReason>,
    /// The only indicator of misuse that counts, as in `SESSIONS`.
    indicator: MaybeUndefined<String>,
    /// From which score on a token, viewer or address counts: 0 to 100.
    min_score: Option<i64>,
    /// The ids of receivers and webhooks that are told, 20 at most; none: all of them.
    receivers: Option<Vec<ID>>,
    /// Until when nobody is told; null: from now on they are.
    muted_until: MaybeUndefined<Moment>,
}

impl TryFrom<SaveAlertRuleInput> for Wish {
    type Error = Fault;

    fn try_from(input: SaveAlertRuleInput) -> Result<Self, Fault> {
        Ok(Self {
            id: input.id.map(|id| id.0),
            name: input.name,
            enabled: input.enabled,
            metric: input.metric.map(Into::into),
            comparison: input.comparison.map(Into::into),
            threshold: input.threshold,
            resolve_at: wished(input.resolve_at),
            least: input.least,
            window_s: input.window_s,
            for_s: input.for_s,
            hold_s: input.hold_s,
            remind_s: wished(input.remind_s),
            severity: input.severity.map(Into::into),
            stream: wished(input.stream),
            tag: wished(input.tag),
            protocol: wished(input.protocol).map(|protocol| {
                let protocol: Option<link::Protocol> = protocol.map(Into::into);
                protocol.map(|protocol| protocol.as_str().to_owned())
            }),
            country: wished(input.country),
            reason: wished(input.reason).map(|reason| {
                let reason: Option<guard::Reason> = reason.map(Into::into);
                reason.map(|reason| reason.as_str().to_owned())
            }),
            indicator: wished(input.indicator),
            min_score: input.min_score,
            receivers: input.receivers.map(|ids| ids.into_iter().map(|id| id.0).collect()),
            muted_until: match wished(input.muted_until) {
                Some(Some(until)) => Some(Some(until.read()?)),
                Some(None) => Some(None),
                None => None,
            },
        })
    }
}

/// What was said, if anything was; null is nothing, said.
#[expect(clippy::option_option, reason = "left out, or said to be none")]
fn wished<T>(value: MaybeUndefined<T>) -> Option<Option<T>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

/// Which alert rule.
#[derive(InputObject)]
pub(super) struct DeleteAlertRuleInput {
    /// Its id.
    id: ID,
}

/// Which alert.
#[derive(InputObject)]
pub(super) struct AcknowledgeAlertInput {
    /// Its id.
    id: ID,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct SaveAlertRulePayload {
    /// The rule afterwards.
    alert_rule: Option<AlertRule>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct DeleteAlertRulePayload {
    /// Which one is gone.
    id: Option<ID>,
    /// Always empty.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct AcknowledgeAlertPayload {
    /// The alert afterwards.
    alert: Option<Alert>,
    /// What can be mended.
    errors: Vec<UserError>,
}
