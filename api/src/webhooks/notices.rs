//! What addresses are only told: rows of the log, made in the transaction of what they tell of, sent afterwards.
//!
//! A flood is bounded: so many refusals and signs of misuse a minute are told to an address, and so many calls wait for it. What is more is
//! counted, beside the address, and in the next call that is made.

use std::{collections::HashMap, time::Duration};

use entity::{Table, Tenanted, package_grant, session, webhook, webhook_delivery};
use guard::{
    Door, Reason, Timestamp, Update,
    policy::{Package, Subject},
    rules::{Rule, RuleScope},
};
use ids::{ChangeId, OrganisationId, SessionId, WebhookDeliveryId, WebhookId};
use misuse::Subject as Of;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, PaginatorTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, ExprTrait},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{Call, Content, ask::APP, calls, log};
use crate::{
    analytics::Found,
    count,
    fault::Fault,
    live::{Denied, LiveSession, record},
    publisher::policy,
    service::Work,
    state::State,
    store::{Lost, once_there},
};

/// Something to tell an organisation's addresses.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    organisation: OrganisationId,
    call: Call,
    stream: Option<String>,
    content: Content,
    /// The only addresses that are told; none: all that want it.
    only: Option<Vec<WebhookId>>,
}

/// Rows that become part of a transaction.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    rows: Vec<webhook_delivery::ActiveModel>,
    suppressed: HashMap<WebhookId, i64>,
}

/// How many refusals and signs of misuse an address was told of in one minute.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flood {
    since: Timestamp,
    told: u32,
    /// Since the last one that was told.
    untold: i64,
}

impl Notice {
    /// A viewer was refused.
    pub(crate) fn denied(organisation: OrganisationId, denied: &Denied, at: Timestamp) -> Option<Self> {
        if denied.door != Door::Playback {
            return None;
        }
        let (address, protocol) = (denied.address.to_string(), denied.protocol.as_str());
        let mut content = said(Call::ViewerDenied, &denied.stream, &address, protocol, at);
        content.add(json!({ "reason": denied.reason.as_str(), "decision": denied.decision.to_string() }));
        Some(Self {
            organisation,
            call: Call::ViewerDenied,
            stream: Some(denied.stream.clone()),
            content,
            only: None,
        })
    }

    /// Somebody shows a sign of misuse, or more of it than before.
    pub(crate) fn found(Found { organisation, finding }: &Found) -> Option<Self> {
        if !finding.is_news {
            return None;
        }
        let whose = match &finding.subject {
            Of::Token(jti) => json!({ "jti": jti }),
            Of::User(user) => json!({ "user": user }),
            Of::Address(address) => json!({ "addr": address.to_string() }),
        };
        let mut content = Content::new(json!({
            "call": Call::Finding.as_str(),
            "indicator": finding.indicator.as_str(),
            "points": finding.points,
            "evidence": finding.evidence,
            "since": finding.first.s(),
            "time": finding.last.since(finding.first).as_secs(),
            "timestamp": finding.last.ms(),
        }));
        content.add(whose);
        Some(Self {
            organisation: *organisation,
            call: Call::Finding,
            stream: None,
            content,
            only: None,
        })
    }

    /// An alert began, goes on, or is over; the only addresses that are told are these, where they are named.
    pub(crate) fn alert(organisation: OrganisationId, content: Value, only: Option<Vec<WebhookId>>) -> Self {
        Self {
            organisation,
            call: Call::Alert,
            stream: None,
            content: Content::new(content),
            only,
        }
    }

    /// A viewer or a broadcaster is gone.
    pub(crate) fn ended(session: &LiveSession, reason: Option<Reason>, at: Timestamp) -> Self {
        let facts = &session.facts;
        let gone = Gone {
            organisation: facts.organisation,
            door: facts.door,
            session: facts.session,
            name: facts.name.as_str(),
            began: session.started,
            bytes: session.bytes,
            jti: facts.jti(),
            user: facts.user(),
            tag: facts.tag(),
            user_agent: facts.user_agent.as_deref(),
            referrer: facts.referrer.as_deref(),
        };
        gone.told(&facts.address.to_string(), facts.protocol.as_str(), reason, at)
    }

    /// The same of a session that a crash left open, when it was heard of last.
    pub(crate) fn abandoned(row: &session::Model) -> Self {
        let gone = Gone {
            organisation: OrganisationId::from_uuid(row.organisation_id),
            door: record::door_of(&row.door),
            session: SessionId::from_uuid(row.id),
            name: &row.stream_name,
            began: Timestamp::from_us(row.started_at),
            bytes: u64::try_from(row.bytes).unwrap_or(0),
            jti: row.jti.as_deref(),
            user: row.viewer.as_deref(),
            tag: row.tag.as_deref(),
            user_agent: row.user_agent.as_deref(),
            referrer: row.referrer.as_deref(),
        };
        gone.told(&row.address, &row.protocol, None, Timestamp::from_us(row.beat_at))
    }
}

/// A session that is over.
struct Gone<'a> {
    organisation: OrganisationId,
    door: Door,
    session: SessionId,
    name: &'a str,
    began: Timestamp,
    bytes: u64,
    jti: Option<&'a str>,
    user: Option<&'a str>,
    tag: Option<&'a str>,
    user_agent: Option<&'a str>,
    referrer: Option<&'a str>,
}

impl Gone<'_> {
    fn told(&self, address: &str, protocol: &str, reason: Option<Reason>, at: Timestamp) -> Notice {
        let (call, bytes_in, bytes_out) = match self.door {
            Door::Ingest => (Call::PublishDone, self.bytes, 0),
            Door::Playback => (Call::PlayDone, 0, self.bytes),
        };
        let session = self.session.to_string();
        let mut content = said(call, self.name, address, protocol, at);
        content.add(json!({
            "clientid": session,
            "time": at.since(self.began).as_secs(),
            "bytes_in": bytes_in,
            "bytes_out": bytes_out,
            "reason": reason.map(Reason::as_str),
        }));
        if self.door == Door::Playback {
            content.add(json!({
                "session": session,
                "jti": self.jti,
                "user": self.user,
                "tag": self.tag,
                "user_agent": self.user_agent,
                "referrer": self.referrer,
            }));
        }
        Notice {
            organisation: self.organisation,
            call,
            stream: Some(self.name.to_owned()),
            content,
            only: None,
        }
    }
}

/// What every call about somebody at a door says.
fn said(call: Call, name: &str, address: &str, protocol: &str, at: Timestamp) -> Content {
    Content::new(json!({
        "call": call.as_str(),
        "name": name,
        "app": APP,
        "addr": address,
        "protocol": protocol,
        "time": 0,
        "timestamp": at.ms(),
    }))
}

/// Queues what a change is told of, as part of its transaction; whether there is anything to send.
pub(crate) async fn of_change(work: &Work<'_>, change: ChangeId, updates: &[Update]) -> Result<bool, Fault> {
    let mut notices = Vec::new();
    for call in [Call::TokenRevoked, Call::RuleChanged] {
        let many = updates.iter().filter(|update| about(update) == Some(call)).count();
        // What changes many things at once is one call that says how many.
        let each = if many > EACH {
            vec![json!({ "count": many })]
        } else {
            updates.iter().filter_map(|update| told(call, update)).collect()
        };
        for one in each {
            let mut content = Content::new(json!({
                "call": call.as_str(),
                "change": change.to_string(),
                "time": 0,
                "timestamp": work.at.ms(),
            }));
            content.add(one);
            notices.push(Notice {
                organisation: work.organisation,
                call,
                stream: None,
                content,
                only: None,
            });
        }
    }
    if notices.is_empty() {
        return Ok(false);
    }
    let queue = wanted(work.state, &*work.write, &notices).await?;
    let some = !queue.is_empty();
    queue.insert(&*work.write).await?;
    Ok(some)
}

/// Which call an update is told by.
fn about(update: &Update) -> Option<Call> {
    match update {
        Update::Revoked { .. } | Update::Banned { .. } => Some(Call::TokenRevoked),
        Update::Rule { .. } | Update::RuleRemoved { .. } => Some(Call::RuleChanged),
        _ => None,
    }
}

/// What a call says of one update; none where it is not about that.
fn told(call: Call, update: &Update) -> Option<Value> {
    match (call, update) {
        (Call::TokenRevoked, Update::Revoked { subject, at, .. }) => {
            let (by, subject_text) = policy::subject_columns(subject);
            let subject = match subject {
                Subject::Everything => None,
                _ => Some(subject_text),
            };
            Some(json!({ "by": by, "subject": subject, "issued_before": at.s() }))
        }
        (Call::TokenRevoked, Update::Banned { user, banned, .. }) => {
            Some(json!({ "by": "ban", "subject": user, "banned": banned }))
        }
        (Call::RuleChanged, Update::Rule { rule, .. }) => Some(of_rule(rule)),
        (Call::RuleChanged, Update::RuleRemoved { id, .. }) => Some(json!({ "rule": id.to_string(), "removed": true })),
        _ => None,
    }
}

fn of_rule(rule: &Rule) -> Value {
    let (stream, group) = match rule.scope {
        RuleScope::Stream(stream) => (Some(stream.to_string()), None),
        RuleScope::Group(group) => (None, Some(group.to_string())),
        RuleScope::Organisation => (None, None),
    };
    json!({
        "rule": rule.id.to_string(),
        "removed": false,
        "kind": rule.matcher.kind().as_str(),
        "value": rule.matcher.to_string(),
        "action": rule.action,
        "mode": rule.mode,
        "door": rule.doors,
        "stream": stream,
        "group": group,
        "expires": rule.expires.map(Timestamp::s),
    })
}

/// What of these notices the organisations' addresses want, and have room for.
pub(crate) async fn wanted(
    state: &State,
    connection: &impl ConnectionTrait,
    notices: &[Notice],
) -> Result<Queue, DbErr> {
    let mut queue = Queue::default();
    if notices.is_empty() {
        return Ok(queue);
    }
    let mut organisations: Vec<_> = notices.iter().map(|notice| notice.organisation.uuid()).collect();
    organisations.sort_unstable();
    organisations.dedup();
    let hooks = webhook::Entity::across_tenants("the addresses that are told what happened in these organisations")
        .filter(webhook::Column::OrganisationId.is_in(organisations))
        .filter(webhook::Column::Enabled.eq(true))
        .order_by_asc(webhook::Column::Id)
        .all(connection)
        .await?;
    for hook in hooks {
        let on = calls(&hook);
        let its: Vec<_> = notices
            .iter()
            .filter(|notice| is_of(&hook, notice) && on.contains(&notice.call))
            .collect();
        let organisation = OrganisationId::from_uuid(hook.organisation_id);
        if its.is_empty() || !acts(connection, organisation).await? {
            continue;
        }
        let finds = !its.iter().any(|notice| notice.call == Call::Finding)
            || has(connection, organisation, Package::Analytics).await?;
        let waiting = webhook_delivery::Entity::in_tenant(organisation)
            .filter(webhook_delivery::Column::WebhookId.eq(hook.id))
            .filter(webhook_delivery::Column::State.eq("waiting"))
            .count(connection)
            .await?;
        let mut room = WAITING.saturating_sub(waiting);
        for notice in its.into_iter().filter(|notice| finds || notice.call != Call::Finding) {
            queue.add(state, &hook, notice, &mut room);
        }
    }
    Ok(queue)
}

fn is_of(hook: &webhook::Model, notice: &Notice) -> bool {
    let id = WebhookId::from_uuid(hook.id);
    let is_meant = notice.only.as_ref().is_none_or(|only| only.contains(&id));
    hook.organisation_id == notice.organisation.uuid() && is_meant
}

/// Whether the organisation's addresses are called at all.
pub(super) async fn acts(connection: &impl ConnectionTrait, organisation: OrganisationId) -> Result<bool, DbErr> {
    has(connection, organisation, Package::Webhooks).await
}

async fn has(connection: &impl ConnectionTrait, organisation: OrganisationId, package: Package) -> Result<bool, DbErr> {
    let grants =
        package_grant::Entity::in_tenant(organisation).filter(package_grant::Column::Package.eq(package.as_str()));
    Ok(grants.count(connection).await? > 0)
}

impl Queue {
    /// Whether nothing is to be sent, and nothing was left out.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.suppressed.is_empty()
    }

    fn add(&mut self, state: &State, hook: &webhook::Model, notice: &Notice, room: &mut u64) {
        let (id, now) = (WebhookId::from_uuid(hook.id), state.now());
        let mut content = notice.content.clone();
        let fits = *room > 0 && {
            let mut floods = state.hooks.floods();
            let flood = floods.entry(id).or_default();
            let is_of_crowds = matches!(notice.call, Call::ViewerDenied | Call::Finding);
            let fits = !is_of_crowds || flood.admits(now);
            if fits && flood.untold > 0 {
                content.add(json!({ "suppressed": std::mem::take(&mut flood.untold) }));
            }
            fits
        };
        if !fits {
            state.hooks.floods().entry(id).or_default().untold += 1;
            *self.suppressed.entry(id).or_default() += 1;
            count::webhook_suppressed();
            return;
        }
        *room -= 1;
        let delivery: WebhookDeliveryId = state.mint();
        self.rows.push(webhook_delivery::ActiveModel {
            id: Set(delivery.uuid()),
            organisation_id: Set(hook.organisation_id),
            webhook_id: Set(hook.id),
            call: Set(notice.call.as_str().to_owned()),
            stream_name: Set(notice.stream.clone()),
            state: Set("waiting".to_owned()),
            status: Set(None),
            took_ms: Set(None),
            trouble: Set(None),
            attempts: Set(0),
            next_at: Set(Some(now.us())),
            content: Set(Some(content.kept())),
            created_at: Set(now.us()),
            tried_at: Set(None),
            forget: Set(false),
        });
    }

    /// Writes it, as part of the caller's transaction; [`Hooks::wake`](super::Hooks::wake) after its commit sends it.
    pub(crate) async fn insert(&self, connection: &impl ConnectionTrait) -> Result<(), DbErr> {
        // The stronger lock first: whoever removes an address meanwhile waits, and neither for the other.
        self.count(connection).await?;
        log::insert(connection, &self.rows).await
    }

    /// Writes it where it could not be written together; what is lost.
    pub(crate) async fn insert_apart(&self, state: &State, stop: &CancellationToken) -> Vec<Lost> {
        let mut lost = log::insert_apart(state, &self.rows, stop).await;
        let counted = || async {
            let write = state.store.write().await?;
            self.count(&*write).await?;
            write.commit().await
        };
        let counted = once_there(stop, counted).await;
        lost.extend(counted.err().map(|error| (self.suppressed.len(), error)));
        lost
    }

    /// What was left out is counted.
    async fn count(&self, connection: &impl ConnectionTrait) -> Result<(), DbErr> {
        for (id, many) in &self.suppressed {
            webhook::Entity::change_across_tenants("how many calls were not made to an address, by its id")
                .filter(webhook::Column::Id.eq(id.uuid()))
                .col_expr(
                    webhook::Column::Suppressed,
                    Expr::col(webhook::Column::Suppressed).add(*many),
                )
                .exec(connection)
                .await?;
        }
        Ok(())
    }
}

impl Flood {
    /// Whether there is room for one more in this minute.
    fn admits(&mut self, now: Timestamp) -> bool {
        if now.since(self.since) >= MINUTE || now < self.since {
            (self.since, self.told) = (now, 0);
        }
        self.told = self.told.saturating_add(1);
        self.told <= A_MINUTE
    }
}

/// Denials of viewers that one address is told of in a minute.
const A_MINUTE: u32 = 60;
const MINUTE: Duration = Duration::from_mins(1);
/// Calls that wait for one address.
const WAITING: u64 = 10_000;
/// Things of one change that are told one by one.
const EACH: usize = 20;
