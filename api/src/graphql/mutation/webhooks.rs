//! Setting, trying and removing webhooks.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use authz::Action;

use super::answer;
use crate::{
    fault::UserError,
    graphql::{
        caller, state,
        types::{Change, Webhook, WebhookCall, WebhookDelivery, WebhookEncoding, WebhookOutage},
    },
    service::webhooks::{self, Wish},
};

#[derive(Default)]
pub(super) struct Webhooks;

#[Object]
impl Webhooks {
    /// Makes a webhook, or changes one; what is left out stays. A new one's secret is in the answer, and nowhere else. What
    /// it is asked, it is asked about running sessions too.
    async fn set_webhook(&self, context: &Context<'_>, input: SetWebhookInput) -> Result<Option<SetWebhookPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::WebhookUpdate)?;
        answer(
            webhooks::set(state, acting, input.into()).await,
            |changed| SetWebhookPayload {
                webhook: Some(changed.row.into()),
                secret: changed.secret.map(|secret| secret.to_string()),
                change: Some(changed.progress.into()),
                errors: vec![],
            },
            |errors| SetWebhookPayload {
                webhook: None,
                secret: None,
                change: None,
                errors,
            },
        )
    }

    /// Gives a webhook another secret, which is in the answer, and nowhere else. The old one signs as well for a day.
    async fn rotate_webhook_secret(
        &self,
        context: &Context<'_>,
        input: RotateWebhookSecretInput,
    ) -> Result<Option<RotateWebhookSecretPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::WebhookUpdate)?;
        answer(
            webhooks::rotate(state, acting, &input.id).await,
            |(row, secret)| RotateWebhookSecretPayload {
                webhook: Some(row.into()),
                secret: Some(secret.to_string()),
                errors: vec![],
            },
            |errors| RotateWebhookSecretPayload {
                webhook: None,
                secret: None,
                errors,
            },
        )
    }

    /// Removes a webhook with its log.
    async fn remove_webhook(
        &self,
        context: &Context<'_>,
        input: RemoveWebhookInput,
    ) -> Result<Option<RemoveWebhookPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::WebhookUpdate)?;
        answer(
            webhooks::remove(state, acting, &input.id).await,
            |(id, progress)| RemoveWebhookPayload {
                id: Some(id.to_string().into()),
                change: Some(progress.into()),
                errors: vec![],
            },
            |errors| RemoveWebhookPayload {
                id: None,
                change: None,
                errors,
            },
        )
    }

    /// Calls a webhook once, with `call` being `test`, and says what it answered; whether it is switched on does not matter.
    async fn test_webhook(&self, context: &Context<'_>, input: TestWebhookInput) -> Result<Option<TestWebhookPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::WebhookTest)?;
        answer(
            webhooks::test(state, acting, &input.id).await,
            |row| TestWebhookPayload {
                delivery: Some(WebhookDelivery(row)),
                errors: vec![],
            },
            |errors| TestWebhookPayload { delivery: None, errors },
        )
    }

    /// Has a call made again, under its old id; only what is told, since the answer to a question would come too late.
    async fn redeliver_webhook(
        &self,
        context: &Context<'_>,
        input: RedeliverWebhookInput,
    ) -> Result<Option<RedeliverWebhookPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::WebhookTest)?;
        answer(
            webhooks::redeliver(state, acting, &input.id).await,
            |row| RedeliverWebhookPayload {
                delivery: Some(WebhookDelivery(row)),
                errors: vec![],
            },
            |errors| RedeliverWebhookPayload { delivery: None, errors },
        )
    }
}

/// What a webhook is to be.
#[derive(InputObject)]
pub(super) struct SetWebhookInput {
    /// Which one; absent: a new one, of which an organisation may have 10.
    id: Option<ID>,
    /// The address: https, and not of a private network, unless the installation allows it.
    url: Option<String>,
    /// Whether it is called at all; new ones are.
    enabled: Option<bool>,
    /// For what it is called. What it is asked, no other webhook of the organisation can be asked.
    calls: Option<Vec<WebhookCall>>,
    /// Whether it judges tokens that are neither a JWT nor a handle; new ones do not.
    judges_tokens: Option<bool>,
    /// How calls are written; for new ones `FORM`.
    encoding: Option<WebhookEncoding>,
    /// What holds where it does not answer a question; for new ones `CLOSED`.
    outage: Option<WebhookOutage>,
}

impl From<SetWebhookInput> for Wish {
    fn from(input: SetWebhookInput) -> Self {
        Self {
            id: input.id.map(|id| id.0),
            url: input.url,
            enabled: input.enabled,
            calls: input.calls.map(|calls| calls.into_iter().map(Into::into).collect()),
            judges_tokens: input.judges_tokens,
            encoding: input.encoding.map(Into::into),
            outage: input.outage.map(Into::into),
        }
    }
}

/// Which webhook.
#[derive(InputObject)]
pub(super) struct RotateWebhookSecretInput {
    /// Its id.
    id: ID,
}

/// Which webhook.
#[derive(InputObject)]
pub(super) struct RemoveWebhookInput {
    /// Its id.
    id: ID,
}

/// Which webhook.
#[derive(InputObject)]
pub(super) struct TestWebhookInput {
    /// Its id.
    id: ID,
}

/// Which call.
#[derive(InputObject)]
pub(super) struct RedeliverWebhookInput {
    /// Its id.
    id: ID,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct SetWebhookPayload {
    /// The webhook afterwards.
    webhook: Option<Webhook>,
    /// What signs its calls, as in `whsec_…`; of a new one only, and never again.
    secret: Option<String>,
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct RotateWebhookSecretPayload {
    /// The webhook afterwards.
    webhook: Option<Webhook>,
    /// What signs its calls from now on, as in `whsec_…`; never again.
    secret: Option<String>,
    /// Always empty.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct RemoveWebhookPayload {
    /// Which one is gone.
    id: Option<ID>,
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// Always empty.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct TestWebhookPayload {
    /// The call, as it is in the log.
    delivery: Option<WebhookDelivery>,
    /// Always empty.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct RedeliverWebhookPayload {
    /// The call, which waits now.
    delivery: Option<WebhookDelivery>,
    /// What can be mended.
    errors: Vec<UserError>,
}
