//! A viewer, erased from what is remembered: sessions, findings, records of tokens, refusals, calls, and the audit log's
//! objects. What is in force about them (a ban, a revocation, a token that others hold) goes on under their name until it
//! is taken back or ends.

use std::collections::HashMap;

use authz::Action;
use entity::{Tenanted, audit_entry, denial, finding, outbox, playback_token, session, webhook_delivery};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, DbErr, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, LikeExpr, SimpleExpr},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::masked::Mask;
use crate::{
    analytics::findings,
    fault::Fault,
    people::Acting,
    service::{Work, reading::escaped},
    state::State,
};

/// How much there was of a viewer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Erased {
    pub(crate) sessions: u64,
    pub(crate) findings: u64,
    pub(crate) tokens: u64,
}

/// Erases a viewer, as tokens name them. The role was judged. Whoever was never there leaves an entry of nothing.
pub(crate) async fn erase(state: &State, acting: &Acting, user: &str) -> Result<Erased, Fault> {
    // Customers name their viewers as they like.
    let is_name = !user.is_empty() && user.len() <= TEXT && !user.contains('\0');
    if !is_name {
        return Err(Fault::field("user", "INVALID", "a viewer's name, as tokens say it"));
    }
    let work = Work::begin(state, acting).await?;
    let erased = Erased {
        sessions: sessions(&work, user).await?,
        findings: finding::Entity::remove_in_tenant(work.organisation)
            .filter(finding::Column::Kind.eq(findings::USER))
            .filter(finding::Column::Subject.eq(user))
            .exec(&*work.write)
            .await?
            .rows_affected,
        tokens: tokens(&work, user).await?,
    };
    refusals(&work, user).await?;
    calls(&work, user).await?;
    changes(&work, user).await?;
    entries(&work, user).await?;
    let detail = json!({ "sessions": erased.sessions, "findings": erased.findings, "tokens": erased.tokens });
    work.finish_untold(Action::ViewerErase, "user", detail).await?;
    Ok(erased)
}

/// Sessions lose the name, the player's name for itself, and the last part of the address.
async fn sessions(work: &Work<'_>, user: &str) -> Result<u64, DbErr> {
    use session::Column;
    let rows: Vec<(Uuid, String, Option<String>)> = session::Entity::in_tenant(work.organisation)
        .select_only()
        .columns([Column::Id, Column::Address, Column::AddressBlock])
        .filter(Column::Viewer.eq(user))
        .into_tuple()
        .all(&*work.write)
        .await?;
    let many = rows.len() as u64;
    let mut alike: HashMap<(String, Option<String>), Vec<Uuid>> = HashMap::new();
    for (id, address, block) in rows {
        let masked = (
            Mask::Truncate.of(&address),
            block.map(|block| Mask::Truncate.of(&block)),
        );
        alike.entry(masked).or_default().push(id);
    }
    for ((address, block), ids) in &alike {
        for some in ids.chunks(ROWS) {
            session::Entity::change_in_tenant(work.organisation)
                .filter(Column::Id.is_in(some.iter().copied()))
                .col_expr(Column::Viewer, Expr::cust("NULL"))
                .col_expr(Column::UserAgent, Expr::cust("NULL"))
                .col_expr(Column::Address, Expr::value(address.as_str()))
                .col_expr(Column::AddressBlock, Expr::value(block.as_deref()))
                .exec(&*work.write)
                .await?;
        }
    }
    Ok(many)
}

/// Records of tokens lose the name, in what they claim too.
async fn tokens(work: &Work<'_>, user: &str) -> Result<u64, DbErr> {
    let rows = playback_token::Entity::in_tenant(work.organisation)
        .filter(playback_token::Column::Viewer.eq(user))
        .all(&*work.write)
        .await?;
    let many = rows.len() as u64;
    for row in rows {
        let mut claims = row.claims;
        if let Some(claims) = claims.as_object_mut() {
            claims.remove("user");
        }
        playback_token::ActiveModel {
            id: Set(row.id),
            viewer: Set(None),
            claims: Set(claims),
            ..Default::default()
        }
        .update_without_returning(&*work.write)
        .await?;
    }
    Ok(many)
}

/// Steps of refusals that name them.
async fn refusals(work: &Work<'_>, user: &str) -> Result<(), DbErr> {
    let rows = denial::Entity::in_tenant(work.organisation)
        .filter(names(denial::Column::Trace, user))
        .all(&*work.write)
        .await?;
    for row in rows {
        denial::ActiveModel {
            id: Set(row.id),
            trace: Set(without(&row.trace, user)),
            ..Default::default()
        }
        .update_without_returning(&*work.write)
        .await?;
    }
    Ok(())
}

/// What customers' addresses were told of them; what still waits is told first.
async fn calls(work: &Work<'_>, user: &str) -> Result<(), DbErr> {
    use webhook_delivery::Column;
    webhook_delivery::Entity::change_in_tenant(work.organisation)
        .filter(Column::NextAt.is_null())
        .filter(names(Column::Content, user))
        .col_expr(Column::Content, Expr::cust("NULL"))
        .exec(&*work.write)
        .await
        .map(drop)
}

/// What nodes were told of them, once they were.
async fn changes(work: &Work<'_>, user: &str) -> Result<(), DbErr> {
    use outbox::Column;
    outbox::Entity::change_in_tenant(work.organisation)
        .filter(Column::DeliveredAt.is_not_null())
        .filter(names(Column::Updates, user))
        .col_expr(Column::Updates, Expr::value(json!([])))
        .exec(&*work.write)
        .await
        .map(drop)
}

/// Entries of the audit log whose object they are: it stands outside the hash.
async fn entries(work: &Work<'_>, user: &str) -> Result<(), DbErr> {
    use audit_entry::Column;
    let rows = audit_entry::Entity::in_tenant(work.organisation)
        .filter(names(Column::Personal, user))
        .all(&*work.write)
        .await?;
    for row in rows {
        let mut personal = row.personal;
        let of = |object: &str| object == user || object.contains(&format!("user {user}"));
        let is_theirs = personal.get("object").and_then(Value::as_str).is_some_and(of);
        if let (true, Some(fields)) = (is_theirs, personal.as_object_mut()) {
            fields.remove("object");
            audit_entry::Entity::change_in_tenant(work.organisation)
                .filter(Column::Id.eq(row.id))
                .col_expr(Column::Personal, Expr::value(personal))
                .exec(&*work.write)
                .await?;
        }
    }
    Ok(())
}

/// Whether a document has a text somewhere.
fn names<C: ColumnTrait>(column: C, user: &str) -> SimpleExpr {
    let pattern = format!("%{}%", escaped(&inner(user)));
    Expr::col(column.as_column_ref())
        .cast_as("text")
        .like(LikeExpr::new(pattern).escape('\\'))
}

/// The document with something else in its place.
fn without(document: &Value, user: &str) -> Value {
    let text = document.to_string().replace(&inner(user), ERASED);
    serde_json::from_str(&text).unwrap_or_else(|_| json!([]))
}

/// As it stands within a text of JSON.
fn inner(user: &str) -> String {
    let quoted = Value::from(user).to_string();
    let inner = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.unwrap_or_default().to_owned()
}

/// What stands in place of a viewer's name.
const ERASED: &str = "(erased)";
const TEXT: usize = 2048;
/// SQLite allows 32766 parameters in a statement.
const ROWS: usize = 10_000;
