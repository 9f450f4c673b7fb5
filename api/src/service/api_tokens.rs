//! API tokens, and the organisation's one API key.

use authz::{Action, Role};
use entity::{Tenanted, api_token, member};
use ids::{ApiTokenId, MemberId, UserId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, IntoActiveModel, Order, QueryFilter,
    sea_query::Condition,
};
use serde_json::json;

use super::{
    Work, label,
    page::{Page, Wanted},
};
use crate::{
    fault::Fault,
    people::{
        Acting, Actor, Whose,
        api_token::{Kind, Secret},
    },
    state::State,
};

/// What an API token is to be.
#[derive(Debug)]
pub(crate) struct New {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// In seconds since 1970.
    pub(crate) expires: i64,
}

/// Which API tokens.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Which {
    pub(crate) status: Option<Status>,
    /// The caller's own only.
    pub(crate) mine: bool,
}

/// What an API token is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Active,
    Revoked,
    Expired,
}

/// Makes an API token for the member who asks.
pub(crate) async fn create(state: &State, acting: &Acting, new: New) -> Result<(api_token::Model, Secret), Fault> {
    // Software does not hand on what it was given.
    let (user, member) = acting.member()?;
    let name = label("name", &new.name, NAME)?;
    if new.role.exceeds(acting.role) {
        return Err(Fault::field(
            "role",
            "ROLE_TOO_HIGH",
            "a token may at most what its maker may",
        ));
    }
    let now = state.now().s();
    if !(now < new.expires && new.expires <= now.saturating_add(LONGEST_S)) {
        return Err(Fault::field("expiresAt", "INVALID", "between now and 365 days ahead"));
    }
    let work = Work::begin(state, acting).await?;
    still_member(&work, member, new.role).await?;
    let secret = Secret::new(state, Kind::Token);
    let row = Row {
        member: Some(member),
        name,
        role: new.role,
        expires: Some(new.expires.saturating_mul(1_000_000)),
        by: user,
    };
    let row = insert(&work, row, &secret, Kind::Token).await?;
    let detail = json!({ "name": row.name, "role": row.role, "expiresAt": new.expires });
    work.finish_untold("api_token.create", &ApiTokenId::from_uuid(row.id).to_string(), detail)
        .await?;
    Ok((row, secret))
}

/// Makes the organisation's API key, in place of the one that it had.
pub(crate) async fn rotate_key(state: &State, acting: &Acting) -> Result<(api_token::Model, Secret), Fault> {
    let by = match acting.actor {
        Actor::Member { user, .. } => user,
        Actor::Software { made_by, .. } => made_by,
        _ => return Err(Fault::Forbidden),
    };
    let work = Work::begin(state, acting).await?;
    let old = api_token::Entity::in_tenant(acting.id)
        .filter(api_token::Column::MemberId.is_null())
        .filter(api_token::Column::RevokedAt.is_null());
    let ended = end(&work, old).await?;
    let secret = Secret::new(state, Kind::Key);
    let row = Row {
        member: None,
        name: "API key".to_owned(),
        role: Role::Admin,
        expires: None,
        by,
    };
    let row = insert(&work, row, &secret, Kind::Key).await?;
    let detail = json!({ "replaced": ended.iter().map(ToString::to_string).collect::<Vec<_>>() });
    work.finish_untold(Action::ApiKeyRotate, &ApiTokenId::from_uuid(row.id).to_string(), detail)
        .await?;
    tell(state, &ended);
    Ok((row, secret))
}

/// Revokes an API token: one's own, or, for who may, anybody's.
pub(crate) async fn revoke(state: &State, acting: &Acting, id: &str) -> Result<api_token::Model, Fault> {
    let work = Work::begin(state, acting).await?;
    let found = by_id(&*work.write, state, acting, id).await?;
    if found.revoked_at.is_some() {
        return Ok(found);
    }
    let id = ApiTokenId::from_uuid(found.id);
    let mut row = found.into_active_model();
    row.revoked_at = Set(Some(work.at.us()));
    let row = row.update(&*work.write).await?;
    work.finish_untold("api_token.revoke", &id.to_string(), json!({ "name": row.name }))
        .await?;
    tell(state, &[id]);
    Ok(row)
}

/// Revokes a member's API tokens whose role exceeds `at_most`, or all of them; gives back which. Whoever calls tells
/// [`tell`] of them after the commit.
pub(crate) async fn end_of_member(
    work: &Work<'_>,
    member: MemberId,
    at_most: Option<Role>,
) -> Result<Vec<ApiTokenId>, Fault> {
    let beyond = |role: &&Role| at_most.is_none_or(|at_most| role.exceeds(at_most));
    let roles: Vec<_> = Role::ALL.iter().filter(beyond).map(|role| role.as_str()).collect();
    let theirs = api_token::Entity::in_tenant(work.organisation)
        .filter(api_token::Column::MemberId.eq(member.uuid()))
        .filter(api_token::Column::Role.is_in(roles))
        .filter(api_token::Column::RevokedAt.is_null());
    end(work, theirs).await
}

/// Tells open subscriptions of tokens that were revoked.
pub(crate) fn tell(state: &State, ended: &[ApiTokenId]) {
    for id in ended {
        state.access.changed(Whose::ApiToken(*id));
    }
}

/// What an API token is now.
pub(crate) fn status(state: &State, row: &api_token::Model) -> Status {
    if row.revoked_at.is_some() {
        Status::Revoked
    } else if row.expires_at.is_some_and(|until| until <= state.now_us()) {
        Status::Expired
    } else {
        Status::Active
    }
}

/// A page of API tokens, the newest first: the caller's own, or, for who may, everybody's and the API key.
pub(crate) async fn page(
    state: &State,
    acting: &Acting,
    which: Which,
    wanted: Wanted,
) -> Result<Page<api_token::Model>, Fault> {
    use api_token::Column;
    let now = state.now_us();
    let mut select = visible(state, acting, which.mine);
    select = match which.status {
        None => select,
        Some(Status::Revoked) => select.filter(Column::RevokedAt.is_not_null()),
        Some(Status::Expired) => select
            .filter(Column::RevokedAt.is_null())
            .filter(Column::ExpiresAt.lte(now)),
        Some(Status::Active) => select.filter(Column::RevokedAt.is_null()).filter(
            Condition::any()
                .add(Column::ExpiresAt.is_null())
                .add(Column::ExpiresAt.gt(now)),
        ),
    };
    let key = |key: &str| key.parse::<ApiTokenId>().ok().map(|id| id.uuid().into());
    wanted
        .of(state.store.read(), select, Column::Id, Order::Desc, key)
        .await
}

/// What a row is made of.
struct Row {
    member: Option<MemberId>,
    name: String,
    role: Role,
    expires: Option<i64>,
    by: UserId,
}

async fn insert(work: &Work<'_>, row: Row, secret: &Secret, kind: Kind) -> Result<api_token::Model, Fault> {
    let id: ApiTokenId = work.state.mint();
    let row = api_token::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(work.organisation.uuid()),
        member_id: Set(row.member.map(MemberId::uuid)),
        name: Set(row.name),
        role: Set(row.role.as_str().to_owned()),
        prefix: Set(secret.prefix(kind)),
        secret_hash: Set(secret.hash(work.state)),
        created_by: Set(row.by.uuid()),
        created_at: Set(work.at.us()),
        expires_at: Set(row.expires),
        used_at: Set(None),
        used_address: Set(None),
        revoked_at: Set(None),
    };
    Ok(row.insert(&*work.write).await?)
}

async fn end(work: &Work<'_>, which: sea_orm::Select<api_token::Entity>) -> Result<Vec<ApiTokenId>, Fault> {
    let rows = which.all(&*work.write).await?;
    let mut ended = Vec::with_capacity(rows.len());
    for row in rows {
        ended.push(ApiTokenId::from_uuid(row.id));
        let mut row = row.into_active_model();
        row.revoked_at = Set(Some(work.at.us()));
        row.update_without_returning(&*work.write).await?;
    }
    Ok(ended)
}

/// A role may have been taken away since the request was identified; what is made now would outlive it.
async fn still_member(work: &Work<'_>, member: MemberId, role: Role) -> Result<(), Fault> {
    let row = member::Entity::in_tenant(work.organisation)
        .filter(member::Column::Id.eq(member.uuid()))
        .one(&*work.write)
        .await?;
    let theirs = row
        .and_then(|row| row.role.parse::<Role>().ok())
        .ok_or(Fault::NotFound)?;
    if role.exceeds(theirs) {
        return Err(Fault::Forbidden);
    }
    Ok(())
}

fn visible(state: &State, acting: &Acting, mine: bool) -> sea_orm::Select<api_token::Entity> {
    let all = api_token::Entity::in_tenant(acting.id);
    if acting.may(state, Action::ApiTokenManage) && !mine {
        return all;
    }
    match acting.actor {
        Actor::Member { member, .. } => all.filter(api_token::Column::MemberId.eq(member.uuid())),
        Actor::Software { token, .. } => all.filter(api_token::Column::Id.eq(token.uuid())),
        // Nobody's are nobody else's.
        _ => all.filter(api_token::Column::Id.eq(uuid::Uuid::nil())),
    }
}

async fn by_id(
    connection: &impl ConnectionTrait,
    state: &State,
    acting: &Acting,
    id: &str,
) -> Result<api_token::Model, Fault> {
    let id: ApiTokenId = id.parse().map_err(|_| Fault::NotFound)?;
    visible(state, acting, false)
        .filter(api_token::Column::Id.eq(id.uuid()))
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)
}

/// How long a token lives unless said.
pub(crate) const DEFAULT_S: i64 = 30 * 24 * 3600;
const LONGEST_S: i64 = 365 * 24 * 3600;
const NAME: usize = 100;
