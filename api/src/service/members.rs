//! Members: listed, given another role, removed, their access invalidated.
//!
//! An organisation keeps one nanoAdmin: whoever demotes or removes holds the organisation's row first, so that two who do
//! it at once take turns. A member may remove themselves; that is leaving.

use std::collections::HashMap;

use authz::{Action, Role};
use entity::{Table, Tenanted, app_user, member, organisation};
use ids::{ApiTokenId, MemberId, OrganisationId, UserId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, IntoActiveModel, Order, PaginatorTrait,
    QueryFilter, QuerySelect, QueryTrait, sea_query::LockType,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    Work,
    api_tokens::{self, end_of_member},
    page::{Page, Wanted},
    reading::contains,
};
use crate::{
    fault::{Fault, UserError},
    people::{Acting, Whose},
    state::State,
};

/// A member, and who it is.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) member: member::Model,
    pub(crate) user: app_user::Model,
}

/// A page of an organisation's members, the newest first; those with `text` in their name or address.
pub(crate) async fn page(
    state: &State,
    organisation: OrganisationId,
    text: Option<&str>,
    wanted: Wanted,
) -> Result<Page<Known>, Fault> {
    let mut select = member::Entity::in_tenant(organisation);
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        let found = app_user::Entity::across_tenants("which of the caller's members a text names")
            .select_only()
            .column(app_user::Column::Id)
            .filter(contains(&[app_user::Column::Name, app_user::Column::Email], text)?)
            .into_query();
        select = select.filter(member::Column::UserId.in_subquery(found));
    }
    let key = |key: &str| key.parse::<MemberId>().ok().map(|id| id.uuid().into());
    let page = wanted
        .of(state.store.read(), select, member::Column::Id, Order::Desc, key)
        .await?;
    Ok(Page {
        rows: known(state.store.read(), page.rows).await?,
        has_previous: page.has_previous,
        has_next: page.has_next,
        total: page.total,
    })
}

/// Gives a member another role, and revokes those of their API tokens that may more. Returns the member.
pub(crate) async fn change_role(state: &State, acting: &Acting, id: &str, role: Role) -> Result<Known, Fault> {
    let work = Work::begin(state, acting).await?;
    let one = held(&*work.write, acting.id, id).await?;
    let before = one.member.role.clone();
    if role != Role::Admin {
        keeps_an_admin(&*work.write, acting.id, &one).await?;
    }
    let mut row = one.member.into_active_model();
    row.role = Set(role.as_str().to_owned());
    let after = row.update(&*work.write).await?;
    let revoked = end_of_member(&work, MemberId::from_uuid(after.id), Some(role)).await?;
    let detail = json!({ "before": before, "after": role.as_str(), "apiTokensRevoked": revoked.len() });
    let work = work.concerning(&one.user.email);
    work.finish_untold(Action::MemberChangeRole, &name(&after), detail)
        .await?;
    tell(state, &after, &revoked);
    Ok(Known {
        member: after,
        user: one.user,
    })
}

/// Removes a member, and revokes their API tokens.
pub(crate) async fn remove(state: &State, acting: &Acting, id: &str) -> Result<(), Fault> {
    let work = Work::begin(state, acting).await?;
    let one = held(&*work.write, acting.id, id).await?;
    keeps_an_admin(&*work.write, acting.id, &one).await?;
    let revoked = end_of_member(&work, MemberId::from_uuid(one.member.id), None).await?;
    member::Entity::remove_in_tenant(acting.id)
        .filter(member::Column::Id.eq(one.member.id))
        .exec(&*work.write)
        .await?;
    let detail = json!({ "before": one.member.role, "apiTokensRevoked": revoked.len() });
    let work = work.concerning(&one.user.email);
    work.finish_untold(Action::MemberRemove, &name(&one.member), detail)
        .await?;
    tell(state, &one.member, &revoked);
    Ok(())
}

/// Makes every sign-in of a member worth nothing here from now on, and revokes their API tokens. Returns the member.
pub(crate) async fn invalidate(state: &State, acting: &Acting, id: &str) -> Result<Known, Fault> {
    let work = Work::begin(state, acting).await?;
    let one = held(&*work.write, acting.id, id).await?;
    let mut row = one.member.into_active_model();
    row.access_since = Set(work.at.us());
    let after = row.update(&*work.write).await?;
    let revoked = end_of_member(&work, MemberId::from_uuid(after.id), None).await?;
    let work = work.concerning(&one.user.email);
    work.finish_untold(
        Action::MemberInvalidate,
        &name(&after),
        json!({ "apiTokensRevoked": revoked.len() }),
    )
    .await?;
    tell(state, &after, &revoked);
    Ok(Known {
        member: after,
        user: one.user,
    })
}

/// The organisation's members of these ids, in any order.
pub(crate) async fn by_ids(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    ids: Vec<Uuid>,
) -> Result<Vec<Known>, Fault> {
    let rows = member::Entity::in_tenant(organisation).filter(member::Column::Id.is_in(ids));
    known(connection, rows.all(connection).await?).await
}

/// Those people, in their order.
async fn known(connection: &impl ConnectionTrait, members: Vec<member::Model>) -> Result<Vec<Known>, Fault> {
    let users: HashMap<_, _> = app_user::Entity::across_tenants("the people behind the caller's members")
        .filter(app_user::Column::Id.is_in(members.iter().map(|member| member.user_id)))
        .all(connection)
        .await?
        .into_iter()
        .map(|user| (user.id, user))
        .collect();
    Ok(members
        .into_iter()
        .filter_map(|member| {
            let user = users.get(&member.user_id)?.clone();
            Some(Known { member, user })
        })
        .collect())
}

/// The member of that id, while nobody else changes members of the organisation.
async fn held(write: &impl ConnectionTrait, organisation: OrganisationId, id: &str) -> Result<Known, Fault> {
    let id: MemberId = id.parse().map_err(|_| Fault::NotFound)?;
    // Weaker than for deleting: rows that refer to the organisation, as audit entries do, are still written beside it.
    organisation::Entity::in_tenant(organisation)
        .lock(LockType::NoKeyUpdate)
        .one(write)
        .await?
        .ok_or(Fault::NotFound)?;
    let found = member::Entity::in_tenant(organisation)
        .filter(member::Column::Id.eq(id.uuid()))
        .one(write)
        .await?;
    let known = known(write, found.into_iter().collect()).await?;
    known.into_iter().next().ok_or(Fault::NotFound)
}

/// Refuses where nobody but `one` is nanoAdmin.
async fn keeps_an_admin(write: &impl ConnectionTrait, organisation: OrganisationId, one: &Known) -> Result<(), Fault> {
    let others = member::Entity::in_tenant(organisation)
        .filter(member::Column::Role.eq(Role::Admin.as_str()))
        .filter(member::Column::Id.ne(one.member.id))
        .count(write)
        .await?;
    if one.member.role != Role::Admin.as_str() || others > 0 {
        return Ok(());
    }
    Err(Fault::Caller(UserError {
        code: "LAST_ADMIN".to_owned(),
        message: "an organisation always keeps one nanoAdmin: give the role to somebody else first".to_owned(),
        field: Some(vec!["input".to_owned(), "member".to_owned()]),
    }))
}

/// Ends, or looks again at, what is open.
fn tell(state: &State, member: &member::Model, tokens: &[ApiTokenId]) {
    state.access.changed(Whose::User(UserId::from_uuid(member.user_id)));
    api_tokens::tell(state, tokens);
}

fn name(member: &member::Model) -> String {
    MemberId::from_uuid(member.id).to_string()
}
