//! Looks at every rule once a second, and writes down what comes of it. Reads no sessions: rules hold their own sums.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use entity::{Table, Tenanted, alert, alert_delivery, alert_rule, organisation, package_grant};
use guard::{Timestamp, policy::Package};
use ids::{AlertId, AlertRuleId, OrganisationId};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, OnConflict},
};
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Event, Watches,
    notify::{self, Ending, GATHERING},
    rule::{Comparison, Definition},
    warm,
    watch::{Open, Reading, Turn, Watch},
    words,
};
use crate::state::State;

/// A rule that is at work, and whose.
struct Rule {
    organisation: OrganisationId,
    id: AlertRuleId,
    name: String,
    definition: Definition,
}

/// Reads rules and open alerts before anything happens.
pub(crate) async fn recover(state: &State) -> Result<(), DbErr> {
    refresh(state).await
}

/// The task. Ends with `stop`.
pub(crate) async fn run(state: Arc<State>, stop: CancellationToken) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (begun, mut pruned) = (Instant::now(), Instant::now());
    // When rules were read.
    let mut read = None;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = state.alerts.changed.notified() => read = None,
            _ = tick.tick() => {}
        }
        // Packages, labels, and what other processes do, change without a word.
        if read.is_none_or(|read: Instant| read.elapsed() >= GLANCE) {
            match refresh(&state).await {
                Ok(()) => read = Some(Instant::now()),
                Err(error) => tracing::error!(%error, "alert rules are those that were known before"),
            }
        }
        let turns = look(&state, begun.elapsed() >= SETTLING);
        if let Err(error) = act(&state, turns).await {
            tracing::error!(%error, "alerts wait: the database refused");
        }
        if let Err(error) = notify::due(&state).await {
            tracing::error!(%error, "alerts are told later: the database refused");
        }
        if pruned.elapsed() >= PRUNE {
            pruned = Instant::now();
            if let Err(error) = prune(&state).await {
                tracing::error!(%error, "old alerts are not removed: the database refused");
            }
        }
    }
}

/// Brings the rules at work to what the tables say.
async fn refresh(state: &State) -> Result<(), DbErr> {
    let connection = state.store.read();
    let open = alert::Entity::across_tenants("open alerts, by their rules")
        .filter(alert::Column::OpenRule.is_not_null())
        .all(connection)
        .await?;
    let open: HashMap<Uuid, alert::Model> = open.into_iter().map(|row| (row.rule_id, row)).collect();
    // Read behind what is open: whose rule is not among them is at work no more.
    let rules = rules(state).await?;
    let wanted: HashSet<_> = rules.iter().map(|rule| rule.id).collect();
    state.alerts.watches().retain(&wanted);
    for row in open
        .values()
        .filter(|row| !wanted.contains(&AlertRuleId::from_uuid(row.rule_id)))
    {
        stop(state, row).await?;
    }
    for rule in rules {
        let scope = warm::scope(connection, rule.organisation, &rule.definition).await?;
        let open = open.get(&rule.id.uuid());
        let known = state.alerts.watches().edit(&rule, scope.clone(), open);
        let (organisation, id) = (rule.organisation, rule.id);
        if known {
            await_no_more(state, organisation, id).await?;
            continue;
        }
        // It is new, or measures something else.
        let turn = state.alerts.folding().await;
        let since = warm::known_since(connection, rule.organisation).await?;
        let mut watch = Watch::new((rule.id, rule.name, rule.definition), scope, since);
        warm::fill(connection, rule.organisation, &mut watch, state.now()).await?;
        if let Some(row) = open {
            watch.opened(standing(row));
        }
        state.alerts.watches().put(organisation, watch);
        drop(turn);
        await_no_more(state, organisation, id).await?;
    }
    Ok(())
}

/// Has a rule forget streams that went away, and that somebody here stopped, locked or deleted since.
async fn await_no_more(state: &State, organisation: OrganisationId, rule: AlertRuleId) -> Result<(), DbErr> {
    let away = match state.alerts.watches().find(organisation, rule) {
        Some(watch) => watch.away(),
        None => return Ok(()),
    };
    let ended = warm::ended_here(state.store.read(), organisation, &away).await?;
    if let Some(watch) = state.alerts.watches().find(organisation, rule) {
        for name in &ended {
            watch.was_ended(name);
        }
    }
    Ok(())
}

/// The rules that are at work: those of organisations that have the package for it and are not suspended.
async fn rules(state: &State) -> Result<Vec<Rule>, DbErr> {
    let connection = state.store.read();
    let rows = alert_rule::Entity::across_tenants("alert rules of all organisations are at work")
        .filter(alert_rule::Column::Enabled.eq(true))
        .order_by_asc(alert_rule::Column::Id)
        .all(connection)
        .await?;
    if rows.is_empty() {
        return Ok(vec![]);
    }
    let whose: HashSet<_> = rows.iter().map(|row| row.organisation_id).collect();
    let granted: Vec<Uuid> = package_grant::Entity::across_tenants("whose alert rules are at work")
        .select_only()
        .column(package_grant::Column::OrganisationId)
        .filter(package_grant::Column::Package.eq(Package::Analytics.as_str()))
        .filter(package_grant::Column::OrganisationId.is_in(whose.iter().copied()))
        .into_tuple()
        .all(connection)
        .await?;
    let active: HashSet<Uuid> = organisation::Entity::across_tenants("whose alert rules are at work")
        .select_only()
        .column(organisation::Column::Id)
        .filter(organisation::Column::Id.is_in(granted))
        .filter(organisation::Column::Standing.eq("active"))
        .into_tuple::<Uuid>()
        .all(connection)
        .await?
        .into_iter()
        .collect();
    let rule = |row: alert_rule::Model| {
        Some(Rule {
            organisation: OrganisationId::from_uuid(row.organisation_id),
            id: AlertRuleId::from_uuid(row.id),
            definition: words::definition(&row.definition)?,
            name: row.name,
        })
    };
    let rows = rows.into_iter().filter(|row| active.contains(&row.organisation_id));
    Ok(rows.filter_map(rule).collect())
}

impl Watches {
    fn retain(&mut self, wanted: &HashSet<AlertRuleId>) {
        self.of.retain(|_, watches| {
            watches.retain(|watch| wanted.contains(&watch.id));
            !watches.is_empty()
        });
    }

    fn find(&mut self, organisation: OrganisationId, id: AlertRuleId) -> Option<&mut Watch> {
        self.of.get_mut(&organisation)?.iter_mut().find(|watch| watch.id == id)
    }

    /// Takes a rule's newest edition; whether it was at work, and goes on measuring what it did.
    fn edit(
        &mut self,
        rule: &Rule,
        scope: Option<HashMap<ids::StreamName, ids::StreamId>>,
        open: Option<&alert::Model>,
    ) -> bool {
        let Some(watch) = self.find(rule.organisation, rule.id) else {
            return false;
        };
        let goes_on = watch.edit(rule.name.clone(), rule.definition.clone(), scope);
        match (open, watch.open()) {
            // Another process, or somebody, ended it; or another process opened it.
            (None, Some(_)) => watch.closed(),
            (Some(row), known) if known.map(AlertId::uuid) != Some(row.id) => watch.opened(standing(row)),
            _ => {}
        }
        goes_on
    }

    fn put(&mut self, organisation: OrganisationId, watch: Watch) {
        let watches = self.of.entry(organisation).or_default();
        watches.retain(|known| known.id != watch.id);
        watches.push(watch);
    }
}

/// An open alert's row, as its rule knows it.
fn standing(row: &alert::Model) -> Open {
    Open {
        alert: AlertId::from_uuid(row.id),
        usual: row.usual,
        value: row.value,
        peak: row.peak,
        written: Timestamp::from_us(row.changed_at),
        over: None,
    }
}

/// What every rule says now.
fn look(state: &State, is_settled: bool) -> Vec<(OrganisationId, AlertRuleId, Turn)> {
    let now = state.now();
    let mut turns = Vec::new();
    for (organisation, watches) in &mut state.alerts.watches().of {
        for watch in watches {
            // Until nodes have told what they carry, little is no news.
            if !is_settled && watch.open().is_none() && watch.rule.comparison == Comparison::AtMost {
                continue;
            }
            let on = match (watch.rule.metric.is_now(), &watch.scope) {
                (false, _) => super::On::default(),
                (true, None) => state.live.on(*organisation),
                (true, Some(scope)) => state.live.on_streams(scope.values()),
            };
            let turn = watch.look(now, on);
            turns.extend(turn.map(|turn| (*organisation, watch.id, turn)));
        }
    }
    turns
}

async fn act(state: &State, turns: Vec<(OrganisationId, AlertRuleId, Turn)>) -> Result<(), DbErr> {
    for (organisation, rule, turn) in turns {
        match turn {
            Turn::Opens(reading) => open(state, organisation, rule, &reading).await?,
            Turn::Changes(alert, reading) => change(state, organisation, (rule, alert), &reading).await?,
            Turn::Resolves(alert, reading) => resolve(state, organisation, (rule, alert), &reading).await?,
        }
    }
    Ok(())
}

/// Opens an alert; where another process did, it is that one.
async fn open(state: &State, organisation: OrganisationId, id: AlertRuleId, reading: &Reading) -> Result<(), DbErr> {
    let write = state.store.write_in(organisation).await?;
    let rule = alert_rule::Entity::in_tenant(organisation)
        .filter(alert_rule::Column::Id.eq(id.uuid()))
        .filter(alert_rule::Column::Enabled.eq(true))
        .one(&*write)
        .await?;
    // It was removed meanwhile.
    let Some(rule) = rule else { return Ok(()) };
    let now = state.now();
    let alert: AlertId = state.mint();
    let row = alert::ActiveModel {
        id: Set(alert.uuid()),
        organisation_id: Set(organisation.uuid()),
        rule_id: Set(rule.id),
        open_rule: Set(Some(rule.id)),
        name: Set(rule.name),
        definition: Set(rule.definition),
        value: Set(reading.value),
        peak: Set(reading.peak),
        usual: Set(reading.usual),
        streams: Set(json!(reading.streams)),
        opened_at: Set(now.us()),
        changed_at: Set(now.us()),
        resolved_at: Set(None),
        ending: Set(None),
        acknowledged_at: Set(None),
        notify_at: Set(Some(now.plus(GATHERING).us())),
        notices: Set(0),
    };
    alert::Entity::insert_many([row])
        .on_conflict(OnConflict::column(alert::Column::OpenRule).do_nothing().to_owned())
        .exec_without_returning(&*write)
        .await?;
    let standing_now = alert::Entity::in_tenant(organisation)
        .filter(alert::Column::OpenRule.eq(rule.id))
        .one(&*write)
        .await?;
    write.commit().await?;
    let Some(row) = standing_now else { return Ok(()) };
    if let Some(watch) = state.alerts.watches().find(organisation, id) {
        watch.opened(standing(&row));
    }
    if row.id == alert.uuid() {
        tracing::info!(organisation.id = %organisation, alert.id = %alert, rule = %row.name, "an alert opened");
        crate::count::alert("opened");
        state.alerts.tell(Event::Opened, row);
    }
    Ok(())
}

async fn change(
    state: &State,
    organisation: OrganisationId,
    (rule, alert): (AlertRuleId, AlertId),
    reading: &Reading,
) -> Result<(), DbErr> {
    let now = state.now();
    let write = state.store.write().await?;
    write_reading(&write, organisation, alert, reading, now).await?;
    let row = alert::Entity::in_tenant(organisation)
        .filter(alert::Column::Id.eq(alert.uuid()))
        .one(&*write)
        .await?;
    write.commit().await?;
    if let Some(watch) = state.alerts.watches().find(organisation, rule) {
        watch.written(now, reading);
    }
    if let Some(row) = row.filter(|row| row.resolved_at.is_none()) {
        state.alerts.tell(Event::Changed, row);
    }
    Ok(())
}

async fn resolve(
    state: &State,
    organisation: OrganisationId,
    (rule, alert): (AlertRuleId, AlertId),
    reading: &Reading,
) -> Result<(), DbErr> {
    let write = state.store.write_in(organisation).await?;
    let now = state.now();
    write_reading(&write, organisation, alert, reading, now).await?;
    let ended = notify::settle(&*write, organisation, rule, Ending::Cleared, now).await?;
    write.commit().await?;
    if let Some(watch) = state.alerts.watches().find(organisation, rule) {
        watch.closed();
    }
    if let Some(row) = ended {
        tracing::info!(organisation.id = %organisation, alert.id = %alert, rule = %row.name, "an alert is over");
        crate::count::alert("resolved");
        state.alerts.tell(Event::Resolved, row);
    }
    Ok(())
}

/// Ends an alert whose rule is at work no more: the organisation lost the package for it, or is suspended.
async fn stop(state: &State, row: &alert::Model) -> Result<(), DbErr> {
    let organisation = OrganisationId::from_uuid(row.organisation_id);
    let write = state.store.write_in(organisation).await?;
    let rule = AlertRuleId::from_uuid(row.rule_id);
    let ended = notify::settle(&*write, organisation, rule, Ending::Disabled, state.now()).await?;
    write.commit().await?;
    if let Some(row) = ended {
        crate::count::alert("resolved");
        state.alerts.tell(Event::Resolved, row);
    }
    Ok(())
}

async fn write_reading(
    write: &crate::store::Write,
    organisation: OrganisationId,
    alert: AlertId,
    reading: &Reading,
    now: Timestamp,
) -> Result<(), DbErr> {
    let mut update = alert::Entity::change_in_tenant(organisation)
        .filter(alert::Column::Id.eq(alert.uuid()))
        .filter(alert::Column::ResolvedAt.is_null())
        .col_expr(alert::Column::Value, Expr::value(reading.value))
        .col_expr(alert::Column::Peak, Expr::value(reading.peak))
        .col_expr(alert::Column::ChangedAt, Expr::value(now.us()));
    // Streams that came back are no reason to forget which they were.
    if !reading.streams.is_empty() {
        update = update.col_expr(alert::Column::Streams, Expr::value(json!(reading.streams)));
    }
    update.exec(&**write).await.map(drop)
}

/// Removes what was told long ago, some rows at a time.
async fn prune(state: &State) -> Result<(), DbErr> {
    let write = state.store.write().await?;
    let over = alert::Entity::across_tenants("alerts that were over long ago")
        .select_only()
        .column(alert::Column::Id)
        .filter(alert::Column::ResolvedAt.lt(state.now().minus(KEPT).us()))
        .limit(ROWS)
        .into_query();
    alert::Entity::remove_across_tenants("alerts that were over long ago")
        .filter(alert::Column::Id.in_subquery(over))
        .exec(&*write)
        .await?;
    let made = alert_delivery::Entity::across_tenants("notifications that were made long ago")
        .select_only()
        .column(alert_delivery::Column::Id)
        .filter(alert_delivery::Column::CreatedAt.lt(state.now().minus(LOGGED).us()))
        .limit(ROWS)
        .into_query();
    alert_delivery::Entity::remove_across_tenants("notifications that were made long ago")
        .filter(alert_delivery::Column::Id.in_subquery(made))
        .exec(&*write)
        .await?;
    write.commit().await
}

const TICK: Duration = Duration::from_secs(1);
/// How often rules are read, where nobody says that one is another.
const GLANCE: Duration = Duration::from_secs(10);
/// How long after a start nodes may take to tell what they carry.
const SETTLING: Duration = Duration::from_secs(30);
const PRUNE: Duration = Duration::from_mins(1);
/// How long alerts are kept once they are over, and how long notifications are.
const KEPT: Duration = Duration::from_hours(90 * 24);
const LOGGED: Duration = Duration::from_hours(30 * 24);
const ROWS: u64 = 500;
