//! What an organisation wants to be told of: made, changed, muted, deleted.

use authz::Action;
use entity::{Tenanted, alert_receiver, alert_rule, stream, stream_tag, webhook};
use guard::{Country, Timestamp, policy::Package};
use ids::{AlertReceiverId, AlertRuleId, OrganisationId, WebhookId};
use misuse::Indicator;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, IntoActiveModel, ModelTrait, PaginatorTrait,
    QueryFilter, QueryOrder,
};
use serde_json::{Value, json};

use super::{Work, difference, label};
use crate::{
    alerts::{
        self, Event,
        rule::{Comparison, Definition, Metric, Severity},
        words,
    },
    fault::{Fault, UserError},
    people::Acting,
    state::State,
};

/// What a rule is to be; what is left out stays, or is as it is for new ones.
#[derive(Debug, Default, PartialEq)]
#[expect(clippy::option_option, reason = "left out, or said to be none")]
pub(crate) struct Wish {
    /// Which; none: a new one.
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) enabled: Option<bool>,
    pub(crate) metric: Option<Metric>,
    pub(crate) comparison: Option<Comparison>,
    pub(crate) threshold: Option<f64>,
    pub(crate) resolve_at: Option<Option<f64>>,
    pub(crate) least: Option<f64>,
    pub(crate) window_s: Option<i64>,
    pub(crate) for_s: Option<i64>,
    pub(crate) hold_s: Option<i64>,
    pub(crate) remind_s: Option<Option<i64>>,
    pub(crate) severity: Option<Severity>,
    pub(crate) stream: Option<Option<String>>,
    pub(crate) tag: Option<Option<String>>,
    /// As columns have it.
    pub(crate) protocol: Option<Option<String>>,
    pub(crate) country: Option<Option<String>>,
    pub(crate) reason: Option<Option<String>>,
    pub(crate) indicator: Option<Option<String>>,
    pub(crate) min_score: Option<i64>,
    pub(crate) receivers: Option<Vec<String>>,
    pub(crate) muted_until: Option<Option<Timestamp>>,
}

impl Wish {
    /// Whether all that it does is to switch a rule off, or to mute it.
    fn only_quietens(&self) -> bool {
        let quiet = Self {
            id: self.id.clone(),
            enabled: self.enabled.filter(|on| !on),
            muted_until: self.muted_until.filter(Option::is_some),
            ..Self::default()
        };
        self.id.is_some() && *self == quiet
    }
}

/// An organisation's rules, the oldest first.
pub(crate) async fn all(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
) -> Result<Vec<alert_rule::Model>, Fault> {
    let rows = alert_rule::Entity::in_tenant(organisation)
        .order_by_asc(alert_rule::Column::Id)
        .all(connection)
        .await?;
    Ok(rows)
}

/// Makes a rule, or changes one. The role was judged. What is open of it goes on where it still measures the same.
pub(crate) async fn save(state: &State, acting: &Acting, wish: Wish) -> Result<alert_rule::Model, Fault> {
    // What makes less of a rule needs nothing.
    if !wish.only_quietens() {
        acting.needs(state, Package::Analytics).await?;
    }
    let work = Work::begin(state, acting).await?;
    let before = match &wish.id {
        Some(id) => Some(by_id(&*work.write, acting.id, id).await?),
        None => None,
    };
    if before.is_none() && alert_rule::Entity::in_tenant(acting.id).count(&*work.write).await? >= MOST {
        return Err(Fault::Caller(UserError {
            code: "LIMIT_REACHED".to_owned(),
            message: format!("the organisation may have {MOST} alert rules"),
            field: None,
        }));
    }
    let old = before.as_ref().and_then(|row| words::definition(&row.definition));
    let new = merged(old.as_ref(), &wish)?;
    let enabled = wish
        .enabled
        .unwrap_or_else(|| before.as_ref().is_none_or(|row| row.enabled));
    // One that another version let pass can still be muted, and switched off: not on again.
    let may_stay = old.as_ref() == Some(&new) && (wish.only_quietens() || !enabled);
    if !may_stay {
        check(&new)?;
    }
    exists(&work, acting.id, &new, old.as_ref()).await?;
    let name = match (&wish.name, &before) {
        (Some(name), _) => label("name", name, NAME)?,
        (None, Some(row)) => row.name.clone(),
        (None, None) => return Err(Fault::field("name", "REQUIRED", "a new rule needs a name")),
    };
    let definition = serde_json::to_value(&new).map_err(|error| Fault::bug(&error))?;
    let muted = match wish.muted_until {
        Some(until) => until.map(Timestamp::us),
        None => before.as_ref().and_then(|row| row.muted_until),
    };
    let mut ended = None;
    let row = if let Some(row) = before.clone() {
        let ending = match &old {
            _ if !enabled => Some(alerts::Ending::Disabled),
            Some(old) if old.measures_like(&new) && old.comparison == new.comparison => None,
            _ => Some(alerts::Ending::Changed),
        };
        if let Some(ending) = ending {
            let id = AlertRuleId::from_uuid(row.id);
            ended = alerts::settle(&*work.write, acting.id, id, ending, work.at).await?;
        }
        let mut row = row.into_active_model();
        row.name = Set(name);
        row.enabled = Set(enabled);
        row.definition = Set(definition);
        row.muted_until = Set(muted);
        row.updated_at = Set(work.at.us());
        row.update(&*work.write).await?
    } else {
        let id: AlertRuleId = state.mint();
        let row = alert_rule::ActiveModel {
            id: Set(id.uuid()),
            organisation_id: Set(acting.id.uuid()),
            name: Set(name),
            enabled: Set(enabled),
            definition: Set(definition),
            muted_until: Set(muted),
            created_at: Set(work.at.us()),
            updated_at: Set(work.at.us()),
        };
        row.insert(&*work.write).await?
    };
    let detail = difference(before.as_ref().map_or_else(|| json!({}), settings), settings(&row));
    let object = AlertRuleId::from_uuid(row.id).to_string();
    work.finish_untold(Action::AlertRuleWrite, &object, detail).await?;
    after(state, ended);
    Ok(row)
}

/// Deletes a rule; what is open of it is over. The role was judged.
pub(crate) async fn delete(state: &State, acting: &Acting, id: &str) -> Result<AlertRuleId, Fault> {
    let work = Work::begin(state, acting).await?;
    let row = by_id(&*work.write, acting.id, id).await?;
    let id = AlertRuleId::from_uuid(row.id);
    let ended = alerts::settle(&*work.write, acting.id, id, alerts::Ending::Deleted, work.at).await?;
    let detail = json!({ "before": settings(&row), "after": null });
    row.delete(&*work.write).await?;
    work.finish_untold(Action::AlertRuleWrite, &id.to_string(), detail)
        .await?;
    after(state, ended);
    Ok(id)
}

fn after(state: &State, ended: Option<entity::alert::Model>) {
    state.alerts.rules_changed();
    if let Some(alert) = ended {
        state.alerts.tell(Event::Resolved, alert);
    }
}

async fn by_id(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    id: &str,
) -> Result<alert_rule::Model, Fault> {
    let id: AlertRuleId = id.parse().map_err(|_| Fault::NotFound)?;
    alert_rule::Entity::in_tenant(organisation)
        .filter(alert_rule::Column::Id.eq(id.uuid()))
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)
}

/// What the rule was, with what is wished.
fn merged(known: Option<&Definition>, wish: &Wish) -> Result<Definition, Fault> {
    let required = |field: &str| Fault::field(field, "REQUIRED", format!("a new rule needs `{field}`"));
    let seconds = |field: &str, wished: Option<i64>, old: Option<u32>, unless: u32| match wished {
        Some(wished) => u32::try_from(wished).map_err(|_| Fault::field(field, "INVALID", "a number of seconds")),
        None => Ok(old.unwrap_or(unless)),
    };
    let text = |wished: &Option<Option<String>>, old: Option<&Option<String>>| match wished {
        Some(wished) => wished.clone().filter(|text| !text.is_empty()),
        None => old.cloned().flatten(),
    };
    let metric = wish
        .metric
        .or(known.map(|old| old.metric))
        .ok_or_else(|| required("metric"))?;
    let remind = match &wish.remind_s {
        Some(None) => None,
        Some(Some(_)) => Some(seconds("remindS", wish.remind_s.flatten(), None, 0)?),
        None => known.map_or(Some(REMIND_S), |old| old.remind_s),
    };
    Ok(Definition {
        metric,
        comparison: wish
            .comparison
            .or(known.map(|old| old.comparison))
            .unwrap_or(Comparison::AtLeast),
        threshold: wish
            .threshold
            .or(known.map(|old| old.threshold))
            .ok_or_else(|| required("threshold"))?,
        resolve_at: match wish.resolve_at {
            Some(wished) => wished,
            None => known.and_then(|old| old.resolve_at),
        },
        least: wish.least.or(known.map(|old| old.least)).unwrap_or(match metric {
            Metric::FailureRatio | Metric::StartFailures => LEAST_REQUESTS,
            Metric::Buffering => LEAST_SECONDS,
            _ => 0.0,
        }),
        window_s: seconds("windowS", wish.window_s, known.map(|old| old.window_s), WINDOW_S)?,
        for_s: seconds("forS", wish.for_s, known.map(|old| old.for_s), 0)?,
        hold_s: seconds("holdS", wish.hold_s, known.map(|old| old.hold_s), HOLD_S)?,
        remind_s: remind,
        severity: wish
            .severity
            .or(known.map(|old| old.severity))
            .unwrap_or(Severity::Warning),
        stream: text(&wish.stream, known.map(|old| &old.stream)),
        tag: text(&wish.tag, known.map(|old| &old.tag)),
        protocol: text(&wish.protocol, known.map(|old| &old.protocol)),
        country: text(&wish.country, known.map(|old| &old.country))
            .map(|code| country(&code))
            .transpose()?,
        reason: text(&wish.reason, known.map(|old| &old.reason)),
        indicator: text(&wish.indicator, known.map(|old| &old.indicator)),
        min_score: match wish.min_score {
            Some(score) => u32::try_from(score)
                .ok()
                .filter(|score| *score <= 100)
                .ok_or_else(|| Fault::field("minScore", "INVALID", "a score is 0 to 100"))?,
            None => known.map_or(0, |old| old.min_score),
        },
        receivers: match &wish.receivers {
            Some(receivers) => {
                let mut receivers = receivers.clone();
                receivers.sort();
                receivers.dedup();
                receivers
            }
            None => known.map(|old| old.receivers.clone()).unwrap_or_default(),
        },
    })
}

/// A country's code, as minutes have it.
fn country(code: &str) -> Result<String, Fault> {
    let known: Result<Country, _> = code.parse();
    let known = known.map_err(|error| Fault::field("country", "INVALID", error.to_string()))?;
    Ok(known.to_string())
}

/// Whether the parts of a rule go together.
fn check(rule: &Definition) -> Result<(), Fault> {
    let invalid = |field: &str, why: &str| Err(Fault::field(field, "INVALID", why));
    let amount = |value: f64| value.is_finite() && (0.0..=1e18).contains(&value);
    if !amount(rule.threshold) {
        return invalid("threshold", "a number, 0 or more");
    }
    if rule.comparison == Comparison::TimesUsual {
        if !rule.metric.has_usual() {
            return invalid("comparison", "what is usual of this metric is not known");
        }
        if rule.threshold < 1.0 {
            return invalid("threshold", "so many times what is usual: 1 or more");
        }
        if rule.least <= 0.0 {
            return invalid("least", "above 0: where nothing is usual, everything is unusual");
        }
        if !rule.metric.is_now() && !(60..=3600).contains(&rule.window_s) {
            return invalid("windowS", "60 to 3600 seconds, to be compared with what is usual");
        }
    } else if rule.comparison == Comparison::AtLeast && rule.threshold <= 0.0 {
        return invalid("threshold", "above 0: as much as that is always");
    }
    if rule.metric.is_ratio() && rule.comparison != Comparison::TimesUsual && rule.threshold > 100.0 {
        return invalid("threshold", "of a hundred: 100 at most");
    }
    if rule.comparison == Comparison::AtMost && rule.is_all(rule.threshold) {
        return invalid("threshold", "below 100: as little as that is always");
    }
    if !amount(rule.least) {
        return invalid("least", "a number, 0 or more");
    }
    if let Some(bar) = rule.resolve_at {
        let fits = match rule.comparison {
            Comparison::AtMost => bar >= rule.threshold,
            Comparison::AtLeast | Comparison::TimesUsual => bar <= rule.threshold,
        };
        if !amount(bar) || !fits {
            return invalid("resolveAt", "on the better side of the threshold, or the same");
        }
    }
    if !(10..=DAY_S).contains(&rule.window_s) {
        return invalid("windowS", "10 to 86400 seconds");
    }
    if rule.for_s > DAY_S {
        return invalid("forS", "86400 seconds at most");
    }
    if !(5..=DAY_S).contains(&rule.hold_s) {
        return invalid("holdS", "5 to 86400 seconds");
    }
    if rule.remind_s.is_some_and(|remind| !(10..=7 * DAY_S).contains(&remind)) {
        return invalid("remindS", "10 seconds to 7 days; none: never");
    }
    if rule.stream.is_some() && rule.tag.is_some() {
        return invalid("tag", "one stream, or a tag, not both");
    }
    if !rule.metric.is_of_streams() && (rule.stream.is_some() || rule.tag.is_some()) {
        let field = if rule.stream.is_some() { "stream" } else { "tag" };
        return invalid(field, "this metric is of the whole organisation");
    }
    if rule.protocol.is_some() && !rule.metric.is_of_places() {
        return invalid("protocol", "this metric is of all protocols");
    }
    if rule.country.is_some() && !rule.metric.is_of_places() {
        return invalid("country", "this metric is of all countries");
    }
    if let Some(reason) = &rule.reason {
        if !matches!(rule.metric, Metric::Denials | Metric::FailureRatio) {
            return invalid("reason", "refusals only have a reason");
        }
        if !guard::Reason::ALL.iter().any(|one| one.as_str() == reason) {
            return invalid("reason", "a reason of refusals, as in TOKEN_EXPIRED");
        }
    }
    if let Some(indicator) = &rule.indicator {
        if rule.metric != Metric::Findings {
            return invalid("indicator", "findings of misuse only have an indicator");
        }
        if Indicator::named(indicator).is_none() {
            return invalid("indicator", "an indicator of misuse, as in SESSIONS");
        }
    }
    if rule.min_score > 0 && rule.metric != Metric::Findings {
        return invalid("minScore", "findings of misuse only have a score");
    }
    if rule.receivers.len() > RECEIVERS {
        return invalid("receivers", "20 at most; none: all of them");
    }
    Ok(())
}

/// Whether the organisation has what a rule names, as far as it did not name it before.
async fn exists(
    work: &Work<'_>,
    organisation: OrganisationId,
    rule: &Definition,
    before: Option<&Definition>,
) -> Result<(), Fault> {
    if let Some(name) = &rule.stream
        && before.is_none_or(|before| before.stream != rule.stream)
    {
        super::reading::bound_in("stream", Some(name))?;
        let known = stream::Entity::in_tenant(organisation)
            .filter(stream::Column::Name.eq(name))
            .filter(stream::Column::DeletedAt.is_null());
        if known.count(&*work.write).await? == 0 {
            return Err(Fault::field("stream", "NOT_FOUND", "there is no such stream here"));
        }
    }
    if let Some(tag) = &rule.tag
        && before.is_none_or(|before| before.tag != rule.tag)
    {
        super::reading::bound_in("tag", Some(tag))?;
        let known = stream_tag::Entity::in_tenant(organisation).filter(stream_tag::Column::Name.eq(tag));
        if known.count(&*work.write).await? == 0 {
            return Err(Fault::field("tag", "NOT_FOUND", "no stream here has this tag"));
        }
    }
    for one in &rule.receivers {
        if before.is_some_and(|before| before.receivers.contains(one)) {
            continue;
        }
        let is_known = if let Ok(id) = one.parse::<AlertReceiverId>() {
            let known =
                alert_receiver::Entity::in_tenant(organisation).filter(alert_receiver::Column::Id.eq(id.uuid()));
            known.count(&*work.write).await? > 0
        } else if let Ok(id) = one.parse::<WebhookId>() {
            let known = webhook::Entity::in_tenant(organisation).filter(webhook::Column::Id.eq(id.uuid()));
            known.count(&*work.write).await? > 0
        } else {
            false
        };
        if !is_known {
            return Err(Fault::field(
                "receivers",
                "NOT_FOUND",
                "there is no such receiver or webhook here",
            ));
        }
    }
    Ok(())
}

/// What the audit log compares.
fn settings(row: &alert_rule::Model) -> Value {
    let mut settings = row.definition.clone();
    if let Some(fields) = settings.as_object_mut() {
        fields.insert("name".to_owned(), json!(row.name));
        fields.insert("enabled".to_owned(), json!(row.enabled));
        fields.insert("muted_until".to_owned(), json!(row.muted_until));
    }
    settings
}

/// Rules of one organisation.
const MOST: u64 = 50;
const RECEIVERS: usize = 20;
const NAME: usize = 100;
const DAY_S: u32 = 24 * 3600;
const WINDOW_S: u32 = 300;
const HOLD_S: u32 = 60;
const REMIND_S: u32 = 4 * 3600;
/// Requests or players.
const LEAST_REQUESTS: f64 = 20.0;
/// Of playback.
const LEAST_SECONDS: f64 = 600.0;
