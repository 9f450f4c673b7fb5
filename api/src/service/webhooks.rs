//! An organisation's webhooks: set, removed, tried; and the log of what was called.

use authz::Action;
use entity::{Tenanted, organisation, webhook, webhook_delivery};
use guard::{Update, policy::Package};
use ids::{OrganisationId, WebhookDeliveryId, WebhookId};
use reqwest::Url;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, IntoActiveModel, ModelTrait, Order, QueryFilter,
    QueryOrder,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    Work, difference, organisations,
    page::{Page, Wanted},
};
use crate::{
    fault::{Fault, UserError},
    people::Acting,
    publisher::Progress,
    state::State,
    webhooks::{self, Call, Content, Encoding, Outage, ask::APP},
};

/// What a webhook is to be; what is left out stays, or is as it is for new ones.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    /// Which; none: a new one.
    pub(crate) id: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) enabled: Option<bool>,
    pub(crate) calls: Option<Vec<Call>>,
    pub(crate) judges_tokens: Option<bool>,
    pub(crate) encoding: Option<Encoding>,
    pub(crate) outage: Option<Outage>,
}

/// A webhook after a change; its secret where that is new; how far the change got.
pub(crate) struct Changed {
    pub(crate) row: webhook::Model,
    pub(crate) secret: Option<Zeroizing<String>>,
    pub(crate) progress: Progress,
}

/// Which calls of the log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Which {
    /// To this address.
    pub(crate) webhook: Option<String>,
    /// As in `waiting`.
    pub(crate) state: Option<&'static str>,
    /// About the stream of this name.
    pub(crate) stream: Option<String>,
}

/// An organisation's webhooks, the oldest first.
pub(crate) async fn all(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
) -> Result<Vec<webhook::Model>, Fault> {
    let rows = webhook::Entity::in_tenant(organisation)
        .order_by_asc(webhook::Column::Id)
        .all(connection)
        .await?;
    Ok(rows)
}

/// Sets a webhook, or makes one. From the answer on it is asked, about running sessions too.
pub(crate) async fn set(state: &State, acting: &Acting, wish: Wish) -> Result<Changed, Fault> {
    acting.needs(state, Package::Webhooks).await?;
    let work = Work::begin(state, acting).await?;
    // Held until the end: of two who set webhooks at once, the second sees what the first made.
    let organisation = organisations::row(&*work.write, acting.id).await?;
    let before = all(&*work.write, acting.id).await?;
    let found = match &wish.id {
        Some(id) => Some(among(&before, id)?),
        None => None,
    };
    let calls = wish.calls.as_deref().map(sorted);
    let others = before.iter().filter(|row| found.is_none_or(|found| found.id != row.id));
    check_alone(&others, calls.as_deref(), wish.judges_tokens)?;
    let url = wish.url.map(|url| address(state, &url)).transpose()?;
    let (row, secret) = if let Some(found) = found {
        let mut row = found.clone().into_active_model();
        if let Some(url) = url {
            row.url = Set(url);
        }
        if let Some(enabled) = wish.enabled {
            row.enabled = Set(enabled);
        }
        if let Some(calls) = &calls {
            row.calls = Set(names(calls));
        }
        if let Some(judges) = wish.judges_tokens {
            row.judges_tokens = Set(judges);
        }
        if let Some(encoding) = wish.encoding {
            row.encoding = Set(encoding.as_str().to_owned());
        }
        if let Some(outage) = wish.outage {
            row.outage = Set(outage.as_str().to_owned());
        }
        (row.update(&*work.write).await?, None)
    } else {
        if before.len() >= MOST {
            return Err(Fault::Caller(UserError {
                code: "LIMIT_REACHED".to_owned(),
                message: format!("the organisation may have {MOST} webhooks"),
                field: None,
            }));
        }
        let url = url.ok_or_else(|| Fault::field("url", "REQUIRED", "a new webhook needs an address"))?;
        let id: WebhookId = state.mint();
        let secret = state.entropy.bytes::<{ webhooks::KEY }>();
        let row = webhook::ActiveModel {
            id: Set(id.uuid()),
            organisation_id: Set(acting.id.uuid()),
            url: Set(url),
            enabled: Set(wish.enabled.unwrap_or(true)),
            calls: Set(names(calls.as_deref().unwrap_or_default())),
            judges_tokens: Set(wish.judges_tokens.unwrap_or(false)),
            encoding: Set(wish.encoding.unwrap_or(Encoding::Form).as_str().to_owned()),
            outage: Set(wish.outage.unwrap_or(Outage::Closed).as_str().to_owned()),
            secret_sealed: Set(webhooks::sealed(&state.seal, id, &secret)),
            previous_sealed: Set(None),
            previous_until: Set(None),
            suppressed: Set(0),
            created_at: Set(work.at.us()),
        };
        (row.insert(&*work.write).await?, Some(webhooks::shown(&secret)))
    };
    let after: Vec<_> = others.chain([&row]).cloned().collect();
    let edited = found.is_none_or(|found| *found != row) && found.into_iter().chain([&row]).any(asks);
    let update = asked(&work, organisation, &after, edited).await?;
    let detail = difference(found.map_or_else(|| json!({}), settings), settings(&row));
    let object = WebhookId::from_uuid(row.id).to_string();
    let progress = work.finish(Action::WebhookUpdate, &object, detail, &[update]).await?;
    Ok(Changed { row, secret, progress })
}

/// Removes a webhook with its log.
pub(crate) async fn remove(state: &State, acting: &Acting, id: &str) -> Result<(WebhookId, Progress), Fault> {
    let work = Work::begin(state, acting).await?;
    let organisation = organisations::row(&*work.write, acting.id).await?;
    let before = all(&*work.write, acting.id).await?;
    let row = among(&before, id)?;
    let id = WebhookId::from_uuid(row.id);
    row.clone().delete(&*work.write).await?;
    let after: Vec<_> = before.iter().filter(|one| one.id != row.id).cloned().collect();
    let update = asked(&work, organisation, &after, asks(row)).await?;
    let detail = json!({ "before": settings(row), "after": null });
    let progress = work
        .finish(Action::WebhookUpdate, &id.to_string(), detail, &[update])
        .await?;
    Ok((id, progress))
}

/// Gives a webhook another secret. The old one signs as well for a day, so that a receiver can change at leisure.
pub(crate) async fn rotate(
    state: &State,
    acting: &Acting,
    id: &str,
) -> Result<(webhook::Model, Zeroizing<String>), Fault> {
    acting.needs(state, Package::Webhooks).await?;
    let work = Work::begin(state, acting).await?;
    let organisation = organisations::row(&*work.write, acting.id).await?;
    let row = by_id(&*work.write, acting.id, id).await?;
    let id = WebhookId::from_uuid(row.id);
    let secret = state.entropy.bytes::<{ webhooks::KEY }>();
    let old = row.secret_sealed.clone();
    let mut row = row.into_active_model();
    row.secret_sealed = Set(webhooks::sealed(&state.seal, id, &secret));
    row.previous_sealed = Set(Some(old));
    row.previous_until = Set(Some(work.at.plus(OVERLAP).us()));
    let row = row.update(&*work.write).await?;
    let hooks = all(&*work.write, acting.id).await?;
    let update = asked(&work, organisation, &hooks, asks(&row)).await?;
    let detail = json!({ "secret": "rotated" });
    work.finish(Action::WebhookUpdate, &id.to_string(), detail, &[update])
        .await?;
    Ok((row, webhooks::shown(&secret)))
}

/// Calls a webhook once to see what it answers; whether it is switched on does not matter.
pub(crate) async fn test(state: &State, acting: &Acting, id: &str) -> Result<webhook_delivery::Model, Fault> {
    acting.needs(state, Package::Webhooks).await?;
    let row = by_id(state.store.read(), acting.id, id).await?;
    let delivery: WebhookDeliveryId = state.mint();
    let content = Content::new(json!({
        "call": TEST,
        "name": format!("{}-test", acting.row.hash),
        "app": APP,
        "time": 0,
        "timestamp": state.now().ms(),
    }));
    let exchange = webhooks::call(state, &row, delivery, &content).await;
    let work = Work::begin(state, acting).await?;
    // It may have been removed meanwhile.
    let row = by_id(&*work.write, acting.id, id).await?;
    let logged = webhook_delivery::ActiveModel {
        id: Set(delivery.uuid()),
        organisation_id: Set(acting.id.uuid()),
        webhook_id: Set(row.id),
        call: Set(TEST.to_owned()),
        stream_name: Set(None),
        state: Set(if exchange.is_taken() { "delivered" } else { "failed" }.to_owned()),
        status: Set(exchange.status.map(i32::from)),
        took_ms: Set(Some(exchange.took_ms())),
        trouble: Set(exchange.trouble()),
        attempts: Set(1),
        next_at: Set(None),
        content: Set(Some(content.kept())),
        created_at: Set(work.at.us()),
        tried_at: Set(Some(work.at.us())),
        forget: Set(false),
    }
    .insert(&*work.write)
    .await?;
    let object = WebhookId::from_uuid(row.id).to_string();
    let detail = json!({ "status": exchange.status });
    work.finish_untold(Action::WebhookTest, &object, detail).await?;
    Ok(logged)
}

/// Has a call made again, from the beginning of its attempts.
pub(crate) async fn redeliver(state: &State, acting: &Acting, id: &str) -> Result<webhook_delivery::Model, Fault> {
    acting.needs(state, Package::Webhooks).await?;
    let work = Work::begin(state, acting).await?;
    let delivery: WebhookDeliveryId = id.parse().map_err(|_| Fault::NotFound)?;
    let row = webhook_delivery::Entity::in_tenant(acting.id)
        .filter(webhook_delivery::Column::Id.eq(delivery.uuid()))
        .one(&*work.write)
        .await?
        .ok_or(Fault::NotFound)?;
    if row.content.is_none() {
        let why = "a question is asked once: its answer would come too late";
        return Err(Fault::field("id", "NOT_REDELIVERABLE", why));
    }
    let hook = webhook::Entity::in_tenant(acting.id)
        .filter(webhook::Column::Id.eq(row.webhook_id))
        .one(&*work.write)
        .await?
        .ok_or(Fault::NotFound)?;
    if !hook.enabled {
        return Err(Fault::field("id", "DISABLED", "the webhook is switched off"));
    }
    let mut row = row.into_active_model();
    row.state = Set("waiting".to_owned());
    row.attempts = Set(0);
    row.next_at = Set(Some(work.at.us()));
    let row = row.update(&*work.write).await?;
    work.finish_untold(Action::WebhookTest, &delivery.to_string(), json!({ "call": row.call }))
        .await?;
    state.hooks.wake();
    Ok(row)
}

/// A page of the log, the newest first.
pub(crate) async fn page(
    state: &State,
    organisation: OrganisationId,
    which: Which,
    wanted: Wanted,
) -> Result<Page<webhook_delivery::Model>, Fault> {
    let mut select = webhook_delivery::Entity::in_tenant(organisation);
    if let Some(id) = which.webhook {
        // What is no id names none: its log is empty, like that of one which does not exist.
        let id: Option<WebhookId> = id.parse().ok();
        select = select.filter(webhook_delivery::Column::WebhookId.eq(id.map(WebhookId::uuid).unwrap_or_default()));
    }
    if let Some(state) = which.state {
        select = select.filter(webhook_delivery::Column::State.eq(state));
    }
    if let Some(stream) = which.stream {
        select = select.filter(webhook_delivery::Column::StreamName.eq(super::reading::bound(&stream)?));
    }
    let key = |key: &str| key.parse::<WebhookDeliveryId>().ok().map(|id| id.uuid().into());
    wanted
        .of(
            state.store.read(),
            select,
            webhook_delivery::Column::Id,
            Order::Desc,
            key,
        )
        .await
}

async fn by_id(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    id: &str,
) -> Result<webhook::Model, Fault> {
    let id: WebhookId = id.parse().map_err(|_| Fault::NotFound)?;
    webhook::Entity::in_tenant(organisation)
        .filter(webhook::Column::Id.eq(id.uuid()))
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)
}

fn among<'a>(rows: &'a [webhook::Model], id: &str) -> Result<&'a webhook::Model, Fault> {
    let id: WebhookId = id.parse().map_err(|_| Fault::NotFound)?;
    rows.iter().find(|row| row.id == id.uuid()).ok_or(Fault::NotFound)
}

/// Whether a webhook is asked anything.
fn asks(row: &webhook::Model) -> bool {
    row.enabled && (row.judges_tokens || webhooks::calls(row).iter().any(|call| call.asks()))
}

/// Writes down what the organisation's webhooks are asked about, and gives back what the nodes have to know. Whatever was
/// said before one of them was `edited` is asked anew.
async fn asked(
    work: &Work<'_>,
    organisation: organisation::Model,
    hooks: &[webhook::Model],
    edited: bool,
) -> Result<Update, Fault> {
    let edition = organisation.webhook_edition + i64::from(edited);
    let any = |call| hooks.iter().any(|hook| webhooks::wants(hook, call));
    let mut row = organisation.into_active_model();
    row.asks_play = Set(any(Call::Play));
    row.asks_publish = Set(any(Call::Publish) || any(Call::PublishUpdate));
    row.judges_backend = Set(hooks.iter().any(|hook| hook.enabled && hook.judges_tokens));
    row.webhook_edition = Set(edition);
    let row = row.update(&*work.write).await?;
    Ok(organisations::told(work, &row).await?)
}

/// Refuses two webhooks that are asked the same: whose word would hold?
fn check_alone<'a>(
    others: &(impl Iterator<Item = &'a webhook::Model> + Clone),
    calls: Option<&[Call]>,
    judges: Option<bool>,
) -> Result<(), Fault> {
    for call in calls.unwrap_or_default().iter().filter(|call| call.asks()) {
        if others.clone().any(|other| webhooks::calls(other).contains(call)) {
            let why = format!("another webhook is asked `{}`; only one can be", call.setting());
            return Err(Fault::field("calls", "TAKEN", why));
        }
    }
    if judges == Some(true) && others.clone().any(|other| other.judges_tokens) {
        let why = "another webhook judges tokens; only one can";
        return Err(Fault::field("judgesTokens", "TAKEN", why));
    }
    Ok(())
}

fn address(state: &State, text: &str) -> Result<String, Fault> {
    let text = text.trim();
    let url = Url::parse(text).ok().filter(|url| state.outbound.allows(url));
    match url {
        Some(url) if url.fragment().is_none() && text.len() <= LONGEST => Ok(url.into()),
        _ => {
            let why =
                "an https address without a fragment, of 2048 characters at most, which is not of a private network";
            Err(Fault::field("url", "INVALID", why))
        }
    }
}

/// What the audit log compares. A query may hold what its owner would rather not have there.
fn settings(row: &webhook::Model) -> Value {
    let url = row.url.split('?').next().unwrap_or_default();
    json!({
        "url": url,
        "enabled": row.enabled,
        "calls": row.calls,
        "judgesTokens": row.judges_tokens,
        "encoding": row.encoding,
        "outage": row.outage,
    })
}

fn sorted(calls: &[Call]) -> Vec<Call> {
    let mut calls = calls.to_vec();
    calls.sort_unstable();
    calls.dedup();
    calls
}

fn names(calls: &[Call]) -> Value {
    calls.iter().map(|call| Value::from(call.setting())).collect()
}

/// What `call` says of a test.
const TEST: &str = "test";
/// Webhooks of one organisation.
const MOST: usize = 10;
const LONGEST: usize = 2048;
const OVERLAP: std::time::Duration = std::time::Duration::from_hours(24);
