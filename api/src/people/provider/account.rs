//! Whose account it is that a provider vouches for, and what they may do in its organisation.

use std::str::FromStr;

use authz::{Action, Role};
use entity::{Table, Tenanted, app_user, identity_provider, member, organisation, provider_identity};
use ids::{ApiTokenId, MemberId, OrganisationId, ProviderId, UserId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect, sea_query::LockType,
};
use serde_json::json;

use super::{Problem, client::Vouched, settings::Mapping};
use crate::{
    audit,
    people::{Actor, Presented},
    service::{Work, api_tokens},
    state::State,
    store::Write,
};

/// The role that the groups of a person give: the most powerful of them, else that for everybody.
pub(super) fn role(row: &identity_provider::Model, groups: &[String]) -> Result<Role, Problem> {
    let map = Mapping::all(row);
    let given = |role: &Role| {
        map.iter()
            .any(|one| one.role == role.as_str() && groups.contains(&one.group))
    };
    Role::ALL
        .into_iter()
        .find(given)
        .or_else(|| row.default_role.as_deref().and_then(|role| Role::from_str(role).ok()))
        .ok_or(Problem::NoRole)
}

/// The account of whoever `subject` is to this provider: the one that it vouched for before, else the one with the address,
/// else a new one.
pub(super) async fn find_or_make(
    state: &State,
    write: &Write,
    row: &identity_provider::Model,
    vouched: &Vouched,
    email: &str,
) -> Result<app_user::Model, Problem> {
    let here = OrganisationId::from_uuid(row.organisation_id);
    let linked = provider_identity::Entity::in_tenant(here)
        .filter(provider_identity::Column::ProviderId.eq(row.id))
        .filter(provider_identity::Column::Subject.eq(&vouched.subject))
        .one(&**write)
        .await?;
    if let Some(linked) = linked {
        let user = app_user::Entity::across_tenants("the person whom an identity provider vouched for before")
            .filter(app_user::Column::Id.eq(linked.user_id))
            .one(&**write)
            .await?;
        return user.ok_or(Problem::Internal);
    }
    let known = app_user::Entity::across_tenants("the account with the address that an identity provider vouches for")
        .filter(app_user::Column::Email.eq(email))
        .one(&**write)
        .await?;
    let user = if let Some(user) = known {
        let other = provider_identity::Entity::in_tenant(here)
            .filter(provider_identity::Column::ProviderId.eq(row.id))
            .filter(provider_identity::Column::UserId.eq(user.id))
            .one(&**write)
            .await?;
        if other.is_some() {
            return Err(Problem::AccountTaken);
        }
        user
    } else {
        let row = app_user::ActiveModel {
            id: Set(state.mint::<UserId>().uuid()),
            email: Set(email.to_owned()),
            name: Set(name(vouched.name.as_deref(), email)),
            password_hash: Set(String::new()),
            operator: Set(false),
            created_at: Set(state.now_us()),
        };
        row.insert(&**write).await?
    };
    let link = provider_identity::ActiveModel {
        id: Set(state.mint::<ProviderId>().uuid()),
        organisation_id: Set(row.organisation_id),
        provider_id: Set(row.id),
        user_id: Set(user.id),
        subject: Set(vouched.subject.clone()),
        created_at: Set(state.now_us()),
    };
    link.insert(&**write).await?;
    Ok(user)
}

/// What giving somebody their place changed for what is open.
#[derive(Debug, Default)]
pub(super) struct Placed {
    /// Whether the person had the place, with another role.
    pub(super) changed: bool,
    /// API tokens of theirs that may more than they do, and are revoked.
    pub(super) ended: Vec<ApiTokenId>,
}

/// Gives the person their place in the provider's organisation, and in no other, with `role`. The last administrator stays
/// one, whatever the provider says.
pub(super) async fn place(work: &Work<'_>, presented: &Presented, user: UserId, role: Role) -> Result<Placed, Problem> {
    let (state, write, here) = (work.state, &work.write, work.organisation);
    // Two who change roles at once take turns; rows that refer to the organisation are written beside it.
    organisation::Entity::in_tenant(here)
        .lock(LockType::NoKeyUpdate)
        .one(&**write)
        .await?;
    let members = member::Entity::in_tenant(here).all(&**write).await?;
    let before = members.iter().find(|member| member.user_id == user.uuid()).cloned();
    let now = state.now();
    let mut placed = Placed::default();
    let (member, action, detail) = if let Some(member) = before {
        let admin = Role::Admin.as_str();
        let last = member.role == admin && members.iter().filter(|other| other.role == admin).count() == 1;
        if member.role == role.as_str() || last {
            return Ok(Placed::default());
        }
        placed.changed = true;
        placed.ended = api_tokens::end_of_member(work, MemberId::from_uuid(member.id), Some(role)).await?;
        let detail = json!({
            "before": member.role,
            "after": role.as_str(),
            "apiTokensRevoked": placed.ended.len(),
            "how": "provider",
        });
        let mut changed = member.into_active_model();
        changed.role = Set(role.as_str().to_owned());
        (
            changed.update(&**write).await?,
            Action::MemberChangeRole.as_str(),
            detail,
        )
    } else {
        let joined = member::ActiveModel {
            id: Set(state.mint::<MemberId>().uuid()),
            organisation_id: Set(here.uuid()),
            user_id: Set(user.uuid()),
            role: Set(role.as_str().to_owned()),
            access_since: Set(0),
            given: Set(true),
            created_at: Set(now.us()),
        };
        let detail = json!({ "after": role.as_str(), "how": "provider" });
        (joined.insert(&**write).await?, "member.joined", detail)
    };
    let entry = audit::Entry {
        organisation: Some(here),
        actor: Actor::User(user),
        role: None,
        action,
        object: MemberId::from_uuid(member.id).to_string(),
        detail,
        personal: audit::from_address(presented.address),
        request: Some(presented.request),
        at: now,
    };
    audit::append(state, &**write, entry).await?;
    Ok(placed)
}

/// What others see of a new account.
fn name(told: Option<&str>, email: &str) -> String {
    let clean = |text: &str| -> String {
        let text = text.chars().filter(|character| !character.is_control()).take(NAME);
        text.collect::<String>().trim().to_owned()
    };
    let told = told.map(clean).filter(|name| !name.is_empty());
    told.unwrap_or_else(|| clean(email.split('@').next().unwrap_or(email)))
}

const NAME: usize = 100;
