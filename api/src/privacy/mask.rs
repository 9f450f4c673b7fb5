//! Takes the last part of addresses away once their days are over, some rows at a time, the oldest first.
//!
//! A step is one transaction: the rows of a time, and how far it got. Whatever knows a viewer's address follows: sessions,
//! findings, responses, misuse cases, refusals with their traces, records of tokens that are over, calls that were made, and
//! changes that were handed on.

use std::{collections::HashMap, time::Duration};

use aws_lc_rs::hmac;
use entity::{
    Tenanted, address_key, address_mask, case_item, case_note, case_session, denial, finding, organisation, outbox,
    playback_token, response, session, webhook_delivery,
};
use guard::Timestamp;
use ids::OrganisationId;
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict, SimpleExpr},
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    cases,
    masked::{Mask, Masking, mask_claims, masked_within, put_for_address},
    responses,
};
use crate::{analytics::findings::ADDRESS, state::State};

/// Masks the next rows of an organisation; whether there may be more.
pub(super) async fn step(state: &State, row: &organisation::Model) -> Result<bool, DbErr> {
    let organisation = OrganisationId::from_uuid(row.id);
    let days = u64::try_from(row.address_days).unwrap_or(1).max(1);
    let due = state.now().minus(Duration::from_hours(24 * days)).us();
    let known = address_mask::Entity::in_tenant(organisation)
        .one(state.store.read())
        .await?;
    let from = known.map_or(0, |row| row.until_at);
    if from.saturating_add(LAG_US) > due {
        return Ok(false);
    }
    let write = state.store.write().await?;
    let to = end(&*write, organisation, from, due).await?;
    let mut keys = Keys {
        state,
        organisation,
        masking: Masking::of_column(&row.address_after),
        known: HashMap::new(),
    };
    sessions(&*write, &mut keys, from, to).await?;
    findings(&*write, &mut keys, from, to).await?;
    responses::mask(&*write, &mut keys, from, to).await?;
    denials(&*write, &mut keys, from, to).await?;
    tokens(&*write, &mut keys, from, to).await?;
    cases::mask(&*write, &mut keys, from, to).await?;
    calls(&*write, organisation, from, to).await?;
    changes(&*write, organisation, from, to).await?;
    // INVARIANT: of what is hashed no key is left once all of its time is.
    address_key::Entity::remove_in_tenant(organisation)
        .filter(address_key::Column::PeriodAt.lte(to.saturating_sub(PERIOD_US)))
        .exec(&*write)
        .await?;
    let reached = address_mask::ActiveModel {
        organisation_id: Set(organisation.uuid()),
        until_at: Set(to),
    };
    let on_conflict = OnConflict::column(address_mask::Column::OrganisationId)
        .update_column(address_mask::Column::UntilAt)
        .to_owned();
    address_mask::Entity::insert(reached)
        .on_conflict(on_conflict)
        .exec_without_returning(&*write)
        .await?;
    write.commit().await?;
    Ok(to < due)
}

/// Goes back to what is recorded only now, of a time whose addresses are masked already.
pub(crate) async fn go_back(
    connection: &impl ConnectionTrait,
    recorded: impl Iterator<Item = (OrganisationId, Timestamp)>,
    now: Timestamp,
) -> Result<(), DbErr> {
    // No organisation's days are fewer.
    let late = now.minus(Duration::from_hours(24));
    let mut first: HashMap<OrganisationId, Timestamp> = HashMap::new();
    for (organisation, at) in recorded.filter(|(_, at)| *at < late) {
        let known = first.entry(organisation).or_insert(at);
        *known = at.min(*known);
    }
    for (organisation, at) in first {
        address_mask::Entity::change_in_tenant(organisation)
            .filter(address_mask::Column::UntilAt.gt(at.us()))
            .col_expr(address_mask::Column::UntilAt, Expr::value(at.us()))
            .exec(connection)
            .await?;
    }
    Ok(())
}

/// Until when a step reaches: no more than so many rows of each table lie before it.
async fn end(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    from: i64,
    due: i64,
) -> Result<i64, DbErr> {
    macro_rules! beyond {
        ($table:ident, $at:ident $(, $only:expr)?) => {
            $table::Entity::in_tenant(organisation)
                .select_only()
                .column($table::Column::$at)
                $(.filter($only))?
                .filter($table::Column::$at.gte(from))
                .filter($table::Column::$at.lt(due))
                .order_by_asc($table::Column::$at)
                .offset(ROWS)
                .limit(1)
                .into_tuple::<i64>()
                .one(connection)
                .await?
        };
    }
    let ends = [
        beyond!(session, StartedAt),
        beyond!(finding, LastAt),
        beyond!(denial, CreatedAt),
        beyond!(playback_token, ExpiresAt, names_addresses(connection)),
        beyond!(webhook_delivery, CreatedAt),
        beyond!(case_item, LastAt),
        beyond!(case_session, StartedAt),
        beyond!(case_note, CreatedAt),
        beyond!(response, LastAt),
        beyond!(response, ProposedAt),
    ];
    let end = ends.into_iter().flatten().min().unwrap_or(due);
    // Many of one moment are one step.
    Ok(end.max(from.saturating_add(1)))
}

async fn sessions(connection: &impl ConnectionTrait, keys: &mut Keys<'_>, from: i64, to: i64) -> Result<(), DbErr> {
    use session::Column;
    let rows: Vec<(Uuid, i64, String, Option<String>)> = session::Entity::in_tenant(keys.organisation)
        .select_only()
        .columns([Column::Id, Column::StartedAt, Column::Address, Column::AddressBlock])
        .filter(Column::StartedAt.gte(from))
        .filter(Column::StartedAt.lt(to))
        .into_tuple()
        .all(connection)
        .await?;
    let mut alike: HashMap<(String, Option<String>), Vec<Uuid>> = HashMap::new();
    for (id, at, address, block) in rows {
        let mask = keys.of(connection, at).await?;
        let masked = (mask.of(&address), block.as_deref().map(|block| mask.of(block)));
        // Where masking went back it is there already.
        if masked != (address, block) {
            alike.entry(masked).or_default().push(id);
        }
    }
    for ((address, block), ids) in alike {
        session::Entity::change_in_tenant(keys.organisation)
            .filter(Column::Id.is_in(ids))
            .col_expr(Column::Address, Expr::value(address))
            .col_expr(Column::AddressBlock, Expr::value(block))
            .exec(connection)
            .await?;
    }
    Ok(())
}

/// Findings: the address that one is of, and those that its evidence names. Two that become one are one: the one with more
/// points.
async fn findings(connection: &impl ConnectionTrait, keys: &mut Keys<'_>, from: i64, to: i64) -> Result<(), DbErr> {
    use finding::Column;
    let rows = finding::Entity::in_tenant(keys.organisation)
        .filter(Column::LastAt.gte(from))
        .filter(Column::LastAt.lt(to))
        .all(connection)
        .await?;
    for row in rows {
        let mask = keys.of(connection, row.last_at).await?;
        if let Some(evidence) = masked_within(&row.evidence, &mask) {
            let after = finding::ActiveModel {
                id: Set(row.id),
                evidence: Set(evidence),
                ..Default::default()
            };
            after.update_without_returning(connection).await?;
        }
        let subject = (row.kind == ADDRESS).then(|| mask.of(&row.subject));
        let Some(subject) = subject.filter(|subject| *subject != row.subject) else {
            continue;
        };
        let same = finding::Entity::in_tenant(keys.organisation)
            .filter(Column::Kind.eq(row.kind.as_str()))
            .filter(Column::Subject.eq(subject.as_str()))
            .filter(Column::Indicator.eq(row.indicator.as_str()))
            .filter(Column::FirstAt.eq(row.first_at))
            .one(connection)
            .await?;
        if let Some(same) = same {
            let less = if same.points < row.points { same.id } else { row.id };
            finding::Entity::remove_in_tenant(keys.organisation)
                .filter(Column::Id.eq(less))
                .exec(connection)
                .await?;
            if less == row.id {
                continue;
            }
        }
        finding::Entity::change_in_tenant(keys.organisation)
            .filter(Column::Id.eq(row.id))
            .col_expr(Column::Subject, Expr::value(subject))
            .exec(connection)
            .await?;
    }
    Ok(())
}

/// Refusals: the address, and wherever their steps name it.
async fn denials(connection: &impl ConnectionTrait, keys: &mut Keys<'_>, from: i64, to: i64) -> Result<(), DbErr> {
    use denial::Column;
    let rows = denial::Entity::in_tenant(keys.organisation)
        .filter(Column::CreatedAt.gte(from))
        .filter(Column::CreatedAt.lt(to))
        .all(connection)
        .await?;
    for mut row in rows {
        let address = keys.of(connection, row.created_at).await?.of(&row.address);
        put_for_address(&mut row.trace, &row.address, &address);
        denial::ActiveModel {
            id: Set(row.id),
            trace: Set(row.trace),
            address: Set(address),
            ..Default::default()
        }
        .update_without_returning(connection)
        .await?;
    }
    Ok(())
}

/// Records of tokens by when those were over: the addresses that they were for. Nobody comes in by them, nor watches on.
async fn tokens(connection: &impl ConnectionTrait, keys: &mut Keys<'_>, from: i64, to: i64) -> Result<(), DbErr> {
    use playback_token::Column;
    let rows: Vec<(Uuid, i64, Value)> = playback_token::Entity::in_tenant(keys.organisation)
        .select_only()
        .columns([Column::Id, Column::ExpiresAt, Column::Claims])
        .filter(names_addresses(connection))
        .filter(Column::ExpiresAt.gte(from))
        .filter(Column::ExpiresAt.lt(to))
        .into_tuple()
        .all(connection)
        .await?;
    for (id, expired_at, mut claims) in rows {
        if mask_claims(&mut claims, &keys.of(connection, expired_at).await?) {
            playback_token::ActiveModel {
                id: Set(id),
                claims: Set(claims),
                ..Default::default()
            }
            .update_without_returning(connection)
            .await?;
        }
    }
    Ok(())
}

/// Records of tokens that were for some addresses only. The condition is that of the index that holds nothing else, to the
/// letter: `SQLite` knows it by nothing else.
fn names_addresses(connection: &impl ConnectionTrait) -> SimpleExpr {
    Expr::cust(match connection.get_database_backend() {
        DbBackend::Sqlite => "json_extract(playback_token.claims, '$.ip') IS NOT NULL",
        _ => "(playback_token.claims -> 'ip') IS NOT NULL",
    })
}

/// What customers' addresses were told; what still waits is told first.
async fn calls(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    from: i64,
    to: i64,
) -> Result<(), DbErr> {
    use webhook_delivery::Column;
    webhook_delivery::Entity::change_in_tenant(organisation)
        .filter(Column::CreatedAt.gte(from))
        .filter(Column::CreatedAt.lt(to))
        .filter(Column::NextAt.is_null())
        .col_expr(Column::Content, Expr::cust("NULL"))
        .exec(connection)
        .await
        .map(drop)
}

/// What nodes were told, once they were: an ended session has its address there.
async fn changes(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    from: i64,
    to: i64,
) -> Result<(), DbErr> {
    use outbox::Column;
    outbox::Entity::change_in_tenant(organisation)
        .filter(Column::CreatedAt.gte(from))
        .filter(Column::CreatedAt.lt(to))
        .filter(Column::DeliveredAt.is_not_null())
        .col_expr(Column::Updates, Expr::value(serde_json::json!([])))
        .exec(connection)
        .await
        .map(drop)
}

/// The masks of an organisation, by their time.
pub(super) struct Keys<'a> {
    state: &'a State,
    pub(super) organisation: OrganisationId,
    masking: Masking,
    known: HashMap<i64, Mask>,
}

impl Keys<'_> {
    /// The one of a moment; its key is made where there is none yet.
    pub(super) async fn of(&mut self, connection: &impl ConnectionTrait, at: i64) -> Result<Mask, DbErr> {
        if self.masking == Masking::Truncated {
            return Ok(Mask::Truncate);
        }
        let period = at.div_euclid(PERIOD_US).saturating_mul(PERIOD_US);
        if let Some(mask) = self.known.get(&period) {
            return Ok(mask.clone());
        }
        let place = format!("address_key:{}:{period}", self.organisation);
        let row = address_key::Entity::in_tenant(self.organisation)
            .filter(address_key::Column::PeriodAt.eq(period))
            .one(connection)
            .await?;
        let secret = if let Some(row) = row {
            let opened = self.state.seal.open(&place, &row.secret_sealed);
            opened
                .map_err(|_| DbErr::Custom("a key of addresses is sealed by another master key".to_owned()))?
                .to_vec()
        } else {
            let secret = self.state.entropy.bytes::<32>().to_vec();
            let id: ids::KeyId = self.state.mint();
            let row = address_key::ActiveModel {
                id: Set(id.uuid()),
                organisation_id: Set(self.organisation.uuid()),
                period_at: Set(period),
                secret_sealed: Set(self.state.seal.close(&place, &secret)),
            };
            address_key::Entity::insert(row)
                .exec_without_returning(connection)
                .await?;
            secret
        };
        let mask = Mask::Hash(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &secret)));
        self.known.insert(period, mask.clone());
        Ok(mask)
    }
}

/// The time of one key: within it the same address has the same name.
const PERIOD_US: i64 = Timestamp::from_s(7 * 24 * 3600).us();
/// One looks so often, whatever is due.
const LAG_US: i64 = Timestamp::from_s(600).us();
/// Of each table, in one step.
const ROWS: u64 = 500;
