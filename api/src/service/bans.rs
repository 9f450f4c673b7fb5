//! Viewers who are banned: every token that names them is refused, whenever it was issued, until that is taken back.

use std::collections::HashSet;

use authz::Action;
use entity::{Tenanted, banned_viewer};
use guard::{Update, policy::Subject};
use ids::{OrganisationId, TokenId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, IntoActiveModel, ModelTrait, Order,
    QueryFilter,
};
use serde_json::json;

use super::{
    Work, label,
    page::{Page, Wanted},
    reading,
};
use crate::{
    fault::Fault,
    people::Acting,
    publisher::{Progress, policy::Extent},
    state::State,
};

/// Bans a viewer, as tokens name them. The role was judged. Who is banned already gets the new note.
pub(crate) async fn ban(
    state: &State,
    acting: &Acting,
    user: &str,
    note: Option<&str>,
) -> Result<(banned_viewer::Model, Progress), Fault> {
    let user = label("user", user, TEXT)?;
    let note = note
        .filter(|note| !note.trim().is_empty())
        .map(|note| label("note", note, NOTE))
        .transpose()?;
    let work = Work::begin(state, acting).await?;
    let row = if let Some(row) = find(&*work.write, acting.id, &user).await? {
        let mut row = row.into_active_model();
        row.note = Set(note);
        row.update(&*work.write).await?
    } else {
        let id: TokenId = state.mint();
        let row = banned_viewer::ActiveModel {
            id: Set(id.uuid()),
            organisation_id: Set(acting.id.uuid()),
            viewer: Set(user.clone()),
            note: Set(note),
            created_by: Set(acting.actor.uuid().ok_or(Fault::Internal)?),
            created_at: Set(work.at.us()),
        };
        row.insert(&*work.write).await?
    };
    let progress = finish(work, &user, true).await?;
    Ok((row, progress))
}

/// Takes a ban back; what was revoked stays so. The role was judged.
pub(crate) async fn unban(state: &State, acting: &Acting, user: &str) -> Result<(String, Progress), Fault> {
    super::reading::bound_in("user", Some(user))?;
    let work = Work::begin(state, acting).await?;
    let row = find(&*work.write, acting.id, user.trim())
        .await?
        .ok_or(Fault::NotFound)?;
    let user = row.viewer.clone();
    row.delete(&*work.write).await?;
    let progress = finish(work, &user, false).await?;
    Ok((user, progress))
}

/// A page of those who are banned, the last banned first.
pub(crate) async fn page(
    state: &State,
    organisation: OrganisationId,
    text: Option<&str>,
    wanted: Wanted,
) -> Result<Page<banned_viewer::Model>, Fault> {
    use banned_viewer::Column;
    let mut select = banned_viewer::Entity::in_tenant(organisation);
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        select = select.filter(reading::contains(&[Column::Viewer, Column::Note], text)?);
    }
    let key = |key: &str| key.parse::<TokenId>().ok().map(|id| id.uuid().into());
    wanted
        .of(state.store.read(), select, Column::Id, Order::Desc, key)
        .await
}

/// Which of these viewers are banned.
pub(crate) async fn among(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    users: Vec<String>,
) -> Result<HashSet<String>, DbErr> {
    use banned_viewer::Column;
    let rows = banned_viewer::Entity::in_tenant(organisation)
        .filter(Column::Viewer.is_in(users))
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| row.viewer).collect())
}

/// Everybody who is banned, for a policy; or those of them who are named.
pub(crate) async fn policy(
    connection: &impl ConnectionTrait,
    extent: Extent<'_>,
    named: Option<&HashSet<Subject>>,
) -> Result<Vec<Update>, DbErr> {
    let mut banned = extent.rows::<banned_viewer::Entity>();
    if let Some(named) = named {
        let users = named.iter().filter_map(|subject| match subject {
            Subject::User(user) => Some(user.to_string()),
            _ => None,
        });
        banned = banned.filter(banned_viewer::Column::Viewer.is_in(users));
    }
    let rows = banned.all(connection).await?;
    let update = |row: banned_viewer::Model| told(OrganisationId::from_uuid(row.organisation_id), &row.viewer, true);
    Ok(rows.into_iter().map(update).collect())
}

async fn finish(work: Work<'_>, user: &str, banned: bool) -> Result<Progress, Fault> {
    let update = told(work.organisation, user, banned);
    let detail = json!({ "banned": banned });
    // A viewer can be erased.
    let work = work.about(user);
    work.finish(Action::ViewerBan, "user", detail, &[update]).await
}

fn told(organisation: OrganisationId, user: &str, banned: bool) -> Update {
    Update::Banned {
        organisation,
        user: user.into(),
        banned,
    }
}

async fn find(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    user: &str,
) -> Result<Option<banned_viewer::Model>, DbErr> {
    banned_viewer::Entity::in_tenant(organisation)
        .filter(banned_viewer::Column::Viewer.eq(user))
        .one(connection)
        .await
}

const TEXT: usize = 256;
const NOTE: usize = 500;
