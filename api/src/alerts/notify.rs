//! Notifications of alerts: due by the alert's row, and written down for every receiver in one transaction with that.
//!
//! An alert waits a moment before it is told, so that what comes at once is told as one number. Whoever takes its turn
//! moves it on in the same transaction that queues what is sent; sent it is afterwards, as often as it takes, under one id.

use std::time::Duration;

use entity::{Table, Tenanted, alert, alert_delivery, alert_receiver, alert_rule, organisation};
use guard::Timestamp;
use ids::{AlertDeliveryId, AlertId, AlertRuleId, OrganisationId, WebhookId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;

use super::{
    Event,
    receiver::{self, Place},
    rule::{Definition, Metric},
    subjects::Subjects,
    words,
};
use crate::{
    analytics::findings,
    fault::Fault,
    mail::{self, Outgoing},
    state::State,
    webhooks::notices::{self, Notice},
};

/// Why an alert is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// What was measured went back.
    Cleared,
    /// Its rule measures something else now.
    Changed,
    /// Its rule was switched off, or the organisation may not have it at work any more.
    Disabled,
    /// Its rule is gone.
    Deleted,
}

impl Ending {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Cleared => "cleared",
            Self::Changed => "changed",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
        }
    }
}

/// Ends what is open of a rule, as part of a transaction; who was told of it is told. The alert, where there was one.
pub(crate) async fn settle(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    rule: AlertRuleId,
    ending: Ending,
    at: Timestamp,
) -> Result<Option<alert::Model>, DbErr> {
    let open = alert::Entity::in_tenant(organisation)
        .filter(alert::Column::OpenRule.eq(rule.uuid()))
        .one(connection)
        .await?;
    let Some(open) = open else { return Ok(None) };
    let ended = alert::ActiveModel {
        id: Set(open.id),
        open_rule: Set(None),
        resolved_at: Set(Some(at.us())),
        ending: Set(Some(ending.as_str().to_owned())),
        // Who never heard that it began need not hear that it is over.
        notify_at: Set((open.notices > 0).then_some(at.us())),
        ..Default::default()
    };
    Ok(Some(ended.update(connection).await?))
}

/// Tells what is due.
pub(super) async fn due(state: &State) -> Result<(), DbErr> {
    let rows: Vec<(uuid::Uuid, uuid::Uuid)> =
        alert::Entity::across_tenants("alerts of all organisations are told when due")
            .select_only()
            .columns([alert::Column::Id, alert::Column::OrganisationId])
            .filter(alert::Column::NotifyAt.lte(state.now_us()))
            .order_by_asc(alert::Column::NotifyAt)
            .limit(AT_ONCE)
            .into_tuple()
            .all(state.store.read())
            .await?;
    for (id, organisation) in rows {
        // What fails of one alert keeps no other from being told.
        if let Err(error) = one(state, OrganisationId::from_uuid(organisation), id).await {
            tracing::error!(?error, alert.id = %AlertId::from_uuid(id), "an alert is told later");
        }
    }
    Ok(())
}

async fn one(state: &State, organisation: OrganisationId, id: uuid::Uuid) -> Result<(), Fault> {
    let write = state.store.write_in(organisation).await?;
    let now = state.now();
    let row = alert::Entity::in_tenant(organisation)
        .filter(alert::Column::Id.eq(id))
        .filter(alert::Column::NotifyAt.lte(now.us()))
        .one(&*write)
        .await?;
    // Another process was faster.
    let Some(row) = row else { return Ok(()) };
    let rule = alert_rule::Entity::in_tenant(organisation)
        .filter(alert_rule::Column::Id.eq(row.rule_id))
        .one(&*write)
        .await?;
    let (event, over) = match (row.resolved_at, row.notices) {
        (Some(_), _) => (Event::Resolved, true),
        (None, 0) => (Event::Opened, false),
        (None, _) => (Event::Reminded, false),
    };
    let muted = rule
        .as_ref()
        .and_then(|rule| rule.muted_until)
        .filter(|until| *until > now.us());
    let remind = words::definition(&row.definition).and_then(|rule| rule.remind_s);
    let next = remind
        .filter(|_| !over && row.acknowledged_at.is_none())
        .map(|pause| now.plus(Duration::from_secs(pause.into())).us());
    let told = muted.is_none() && (event != Event::Reminded || row.acknowledged_at.is_none());
    let mut moved = alert::ActiveModel {
        id: Set(row.id),
        notify_at: Set(next),
        ..Default::default()
    };
    if let Some(until) = muted.filter(|_| !over) {
        // What still goes on by then is told then.
        moved.notify_at = Set(Some(until));
    }
    if told {
        moved.notices = Set(row.notices.saturating_add(1));
    }
    let row = moved.update(&*write).await?;
    if told {
        queue(state, &*write, organisation, event, &row, now).await?;
    }
    write.commit().await?;
    if told {
        state.post.wake();
        state.hooks.wake();
        state.alerts.wake();
        if event == Event::Reminded {
            state.alerts.tell(event, row);
        }
    }
    Ok(())
}

/// Writes down what every receiver is to be told.
async fn queue(
    state: &State,
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    event: Event,
    row: &alert::Model,
    now: Timestamp,
) -> Result<(), Fault> {
    let rule = words::definition(&row.definition);
    let only = rule.as_ref().map(|rule| rule.receivers.clone()).unwrap_or_default();
    let is_wanted = |id: &str| only.is_empty() || only.iter().any(|one| one == id);
    let facts = Facts::of(state, connection, organisation, event, row, rule, now).await?;
    let whose = organisation_name(connection, organisation).await?;
    let receivers = alert_receiver::Entity::in_tenant(organisation)
        .filter(alert_receiver::Column::Enabled.eq(true))
        .order_by_asc(alert_receiver::Column::Id)
        .all(connection)
        .await?;
    for one in receivers.iter().filter(|one| is_wanted(&receiver::id(one).to_string())) {
        let about = (Some(row.id), event_column(event));
        match receiver::place(one) {
            Place::Email(addresses) => {
                for address in addresses {
                    let letter = mail::alert(&facts.told(&whose));
                    post(state, connection, one, about, (&address, letter), now).await?;
                }
            }
            Place::Syslog(collector) => {
                let mut delivery = delivery(state, one, about, collector.to_string(), now);
                delivery.next_at = Set(Some(now.us()));
                delivery.insert(connection).await?;
            }
        }
    }
    let hooks = (!only.is_empty()).then(|| only.iter().filter_map(|id| id.parse().ok()).collect::<Vec<WebhookId>>());
    if hooks.as_ref().is_none_or(|hooks| !hooks.is_empty()) {
        let notice = Notice::alert(organisation, facts.call(), hooks);
        notices::wanted(state, connection, &[notice])
            .await?
            .insert(connection)
            .await?;
    }
    Ok(())
}

/// Queues a mail, and its row in the log.
pub(super) async fn post(
    state: &State,
    connection: &impl ConnectionTrait,
    receiver: &alert_receiver::Model,
    about: (Option<uuid::Uuid>, &str),
    (address, letter): (&str, mail::Letter),
    now: Timestamp,
) -> Result<alert_delivery::Model, Fault> {
    let mail = Outgoing {
        kind: mail::Kind::Alert,
        organisation: Some(OrganisationId::from_uuid(receiver.organisation_id)),
        recipient: address.to_owned(),
        content: mail::Content::Written(letter),
    };
    let mail = mail::queue(state, connection, mail).await?;
    let mut delivery = delivery(state, receiver, about, address.to_owned(), now);
    delivery.mail_id = Set(Some(mail.uuid()));
    Ok(delivery.insert(connection).await?)
}

/// A row of the log that waits.
pub(super) fn delivery(
    state: &State,
    receiver: &alert_receiver::Model,
    (alert, event): (Option<uuid::Uuid>, &str),
    recipient: String,
    now: Timestamp,
) -> alert_delivery::ActiveModel {
    let id: AlertDeliveryId = state.mint();
    alert_delivery::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(receiver.organisation_id),
        alert_id: Set(alert),
        receiver_id: Set(receiver.id),
        event: Set(event.to_owned()),
        recipient: Set(recipient),
        mail_id: Set(None),
        state: Set("waiting".to_owned()),
        attempts: Set(0),
        next_at: Set(None),
        trouble: Set(None),
        created_at: Set(now.us()),
        tried_at: Set(None),
    }
}

/// The column `event`.
pub(super) const fn event_column(event: Event) -> &'static str {
    match event {
        Event::Opened | Event::Changed => "opened",
        Event::Reminded | Event::Acknowledged => "reminded",
        Event::Resolved => "resolved",
    }
}

/// What a notification says, before it has a form.
pub(super) struct Facts {
    pub(super) event: &'static str,
    pub(super) row: alert::Model,
    pub(super) rule: Option<Definition>,
    pub(super) sentence: String,
    pub(super) link: String,
    /// Tokens, viewers and addresses that it is about, where it is about any; never kept with it.
    pub(super) subjects: Option<Subjects>,
    pub(super) at: Timestamp,
}

impl Facts {
    pub(super) async fn of(
        state: &State,
        connection: &impl ConnectionTrait,
        organisation: OrganisationId,
        event: Event,
        row: &alert::Model,
        rule: Option<Definition>,
        at: Timestamp,
    ) -> Result<Self, DbErr> {
        let subjects = match &rule {
            Some(rule) if rule.metric == Metric::Findings && event != Event::Resolved => {
                Some(Subjects::of(connection, organisation, rule, at).await?)
            }
            _ => None,
        };
        Ok(Self {
            event: event_column(event),
            sentence: words::sentence(row),
            link: format!("{}/alerts", state.addresses.http),
            row: row.clone(),
            rule,
            subjects,
            at,
        })
    }

    pub(super) fn severity(&self) -> &'static str {
        self.rule.as_ref().map_or("warning", |rule| rule.severity.as_str())
    }

    /// What a mail says.
    fn told<'a>(&'a self, organisation: &'a str) -> mail::Alert<'a> {
        mail::Alert {
            event: self.event,
            severity: self.severity(),
            name: &self.row.name,
            organisation,
            sentence: &self.sentence,
            lines: self.lines(),
            since: Timestamp::from_us(self.row.opened_at),
            lasted: words::span(words::lasted(&self.row, self.at)),
            link: &self.link,
        }
    }

    /// Streams, and what was found of whom.
    pub(super) fn lines(&self) -> Vec<String> {
        let streams = words::streams(&self.row);
        let mut lines = Vec::new();
        if !streams.is_empty() {
            lines.push(format!("Streams: {}", streams.join(", ")));
        }
        let worst = self.subjects.iter().flat_map(|subjects| &subjects.worst);
        lines.extend(worst.map(|found| {
            let (kind, subject, indicator) = (&found.kind, &found.subject, misuse::label(&found.indicator));
            format!("{kind} {subject}: {indicator} (+{}), {}", found.points, found.evidence)
        }));
        lines
    }

    /// What a webhook is told. It stays in the log of calls: tokens by their ids, and nobody's name or address.
    fn call(&self) -> serde_json::Value {
        let row = &self.row;
        let mut call = json!({
            "call": "alert",
            "event": self.event,
            "alert": AlertId::from_uuid(row.id).to_string(),
            "rule": AlertRuleId::from_uuid(row.rule_id).to_string(),
            "title": row.name,
            "severity": self.severity(),
            "metric": self.rule.as_ref().map(|rule| rule.metric),
            "value": row.value,
            "peak": row.peak,
            "bar": self.rule.as_ref().map(|rule| rule.bar(row.usual)),
            "usual": row.usual,
            "window_s": self.rule.as_ref().map(|rule| rule.window_s),
            "summary": self.sentence,
            "streams": words::streams(row),
            "opened": Timestamp::from_us(row.opened_at).s(),
            "resolved": row.resolved_at.map(|at| Timestamp::from_us(at).s()),
            "ending": row.ending,
            "notification": row.notices,
            "url": self.link,
            "time": words::lasted(row, self.at).as_secs(),
            "timestamp": self.at.ms(),
        });
        if let (Some(subjects), Some(fields)) = (&self.subjects, call.as_object_mut()) {
            let tokens = subjects.worst.iter().filter(|found| found.kind == findings::TOKEN);
            let tokens: Vec<_> = tokens.map(|found| &found.subject).collect();
            fields.insert("tokens".to_owned(), json!(tokens));
            fields.insert("token_count".to_owned(), json!(subjects.many(findings::TOKEN)));
            fields.insert("addresses".to_owned(), json!(subjects.many(findings::ADDRESS)));
            fields.insert("viewers".to_owned(), json!(subjects.many(findings::USER)));
        }
        call
    }
}

async fn organisation_name(connection: &impl ConnectionTrait, organisation: OrganisationId) -> Result<String, DbErr> {
    let row = organisation::Entity::in_tenant(organisation).one(connection).await?;
    Ok(row.map(|row| row.name).unwrap_or_default())
}

/// How long an alert waits for more of its kind before it is told.
pub(super) const GATHERING: Duration = Duration::from_secs(3);
/// Alerts that are told in one go.
const AT_ONCE: u64 = 100;
