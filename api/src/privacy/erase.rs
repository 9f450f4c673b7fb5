//! A viewer, erased from what is remembered: sessions, findings, records of tokens, refusals, calls, and the audit log's
//! objects. What is in force about them (a ban, a revocation, a token that others hold) goes on under their name until it
//! is taken back or ends.

use std::collections::HashMap;

use authz::Action;
use entity::{Tenanted, audit_entry, denial, finding, outbox, playback_token, session, webhook_delivery};
use guard::Step;
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, DbErr, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, LikeExpr, SimpleExpr},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    cases,
    masked::{Mask, mask_claims, put_for_address},
    responses,
};
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
    // What is on its way is written without the name, or is there by then.
    state.privacy.late.erase(acting.id, user, state.now()).await;
    state.live.forget(acting.id, user);
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
    cases::erase(&work, user).await?;
    let forgotten = responses::erase(&work, user).await?.then_some(None);
    refusals(&work, user).await?;
    calls(&work, user).await?;
    changes(&work, user).await?;
    entries(&work, user).await?;
    let detail = json!({ "sessions": erased.sessions, "findings": erased.findings, "tokens": erased.tokens });
    work.telling(forgotten)
        .finish_untold(Action::ViewerErase, "user", detail)
        .await?;
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

/// Records of tokens lose the name, in what they claim too, and the last part of the addresses that they were for.
async fn tokens(work: &Work<'_>, user: &str) -> Result<u64, DbErr> {
    let rows = playback_token::Entity::in_tenant(work.organisation)
        .filter(playback_token::Column::Viewer.eq(user))
        .all(&*work.write)
        .await?;
    let many = rows.len() as u64;
    for row in rows {
        let mut claims = row.claims;
        erase_claims(&mut claims);
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

fn erase_claims(claims: &mut Value) {
    if let Some(claims) = claims.as_object_mut() {
        claims.remove("user");
    }
    mask_claims(claims, &Mask::Truncate);
}

/// Refusals of tokens that name them, and steps of others that do; and from where those were.
async fn refusals(work: &Work<'_>, user: &str) -> Result<(), DbErr> {
    let rows = denial::Entity::in_tenant(work.organisation)
        .filter(may_name(denial::Column::Trace, user).or(denial::Column::Viewer.eq(user)))
        .all(&*work.write)
        .await?;
    for mut row in rows {
        let is_named = erase_from(&mut row.trace, user);
        if !is_named && row.viewer.as_deref() != Some(user) {
            continue;
        }
        let address = Mask::Truncate.of(&row.address);
        put_for_address(&mut row.trace, &row.address, &address);
        denial::ActiveModel {
            id: Set(row.id),
            trace: Set(row.trace),
            address: Set(address),
            viewer: Set(None),
            user_agent: Set(None),
            ..Default::default()
        }
        .update_without_returning(&*work.write)
        .await?;
    }
    Ok(())
}

/// What customers' addresses were told of them; what still waits is told first, and goes once it was.
async fn calls(work: &Work<'_>, user: &str) -> Result<(), DbErr> {
    use webhook_delivery::Column;
    let rows = webhook_delivery::Entity::in_tenant(work.organisation)
        .filter(may_name(Column::Content, user))
        .all(&*work.write)
        .await?;
    let theirs = rows
        .iter()
        .filter(|row| row.content.as_ref().is_some_and(|content| tells_of(content, user)));
    let ids: Vec<_> = theirs.map(|row| row.id).collect();
    for some in ids.chunks(ROWS) {
        let these = || {
            webhook_delivery::Entity::change_in_tenant(work.organisation).filter(Column::Id.is_in(some.iter().copied()))
        };
        // First: whoever makes one of them at the moment finds it marked, or has it over by now.
        these()
            .col_expr(Column::Forget, Expr::value(true))
            .exec(&*work.write)
            .await?;
        these()
            .filter(Column::NextAt.is_null())
            .col_expr(Column::Content, Expr::cust("NULL"))
            .exec(&*work.write)
            .await?;
    }
    Ok(())
}

/// What nodes were told of them, once they were: nothing reads it any more.
async fn changes(work: &Work<'_>, user: &str) -> Result<(), DbErr> {
    use outbox::Column;
    outbox::Entity::change_in_tenant(work.organisation)
        .filter(Column::DeliveredAt.is_not_null())
        .filter(may_name(Column::Updates, user))
        .col_expr(Column::Updates, Expr::value(json!([])))
        .exec(&*work.write)
        .await
        .map(drop)
}

/// Entries of the audit log whose object they are: it stands outside the hash.
async fn entries(work: &Work<'_>, user: &str) -> Result<(), DbErr> {
    use audit_entry::Column;
    let rows = audit_entry::Entity::in_tenant(work.organisation)
        .filter(may_name(Column::Personal, user))
        .all(&*work.write)
        .await?;
    for row in rows {
        let mut personal = row.personal;
        // What else is called so is no viewer.
        let of_viewer = row.object == "user";
        let of = |object: &str| {
            let entries = object.strip_prefix("entries of ");
            before_name(object, user).is_some() || entries == Some(user) || of_viewer && object == user
        };
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

/// Whether a text of a document may end in the name. What is found so is looked at again, since much ends alike, and since
/// SQLite takes capitals for small letters.
fn may_name<C: ColumnTrait>(column: C, user: &str) -> SimpleExpr {
    let pattern = format!("%{}\"%", escaped(&inner(user)));
    Expr::col(column.as_column_ref())
        .cast_as("text")
        .like(LikeExpr::new(pattern).escape('\\'))
}

/// What stands before the name in a text that ends in `user` and the name, as traces and entries write it.
fn before_name<'a>(text: &'a str, user: &str) -> Option<&'a str> {
    let before = text.strip_suffix(user)?;
    let apart = before.strip_suffix("user ")?;
    (apart.is_empty() || apart.ends_with(' ')).then_some(before)
}

/// Takes the name out of a step that ends in it; whether it did.
pub(super) fn erased_step(step: &mut Step, user: &str) -> bool {
    let mut found = false;
    for text in [&mut step.looked_at, &mut step.because] {
        let erased = before_name(text, user).map(|before| format!("{before}{ERASED}"));
        found |= erased.is_some();
        if let Some(erased) = erased {
            *text = erased;
        }
    }
    found
}

/// Takes the name out of every text of a document that ends in it; whether one did.
fn erase_from(document: &mut Value, user: &str) -> bool {
    match document {
        Value::String(text) => {
            let erased = before_name(text, user).map(|before| format!("{before}{ERASED}"));
            let found = erased.is_some();
            if let Some(erased) = erased {
                *text = erased;
            }
            found
        }
        Value::Array(all) => erase_from_each(all.iter_mut(), user),
        Value::Object(fields) => erase_from_each(fields.values_mut(), user),
        _ => false,
    }
}

fn erase_from_each<'a>(documents: impl Iterator<Item = &'a mut Value>, user: &str) -> bool {
    let mut found = false;
    for document in documents {
        found |= erase_from(document, user);
    }
    found
}

/// Whether a call told of them: as the viewer of a session, or as who was taken back from or banned.
fn tells_of(content: &Value, user: &str) -> bool {
    let is = |field: &str, text: &str| content.get(field).is_some_and(|value| value == text);
    is("user", user) || is("subject", user) && (is("by", "user") || is("by", "ban"))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{before_name, erase_claims, erase_from, tells_of};

    #[test]
    fn only_texts_that_name_the_viewer_wholly_are_theirs() {
        for (text, user, before) in [
            ("user anna", "anna", Some("user ")),
            ("by user anna", "anna", Some("by user ")),
            ("sessions of user anna", "anna", Some("sessions of user ")),
            ("user annabel", "anna", None),
            ("user annabel", "bel", None),
            ("user 42nd", "42", None),
            ("superuser anna", "anna", None),
            ("anna", "anna", None),
            ("by key 1", "1", None),
        ] {
            assert_eq!(before_name(text, user), before, "{text}: {user}");
        }
    }

    #[test]
    fn claims_keep_neither_the_name_nor_where_exactly_the_token_was_for() {
        let networks = ["198.51.100.200", "203.0.113.7/32", "192.0.2.0/24", "2001:db8:1:2::/64"];
        let mut claims = json!({ "jti": "tok_x", "user": "anna", "ip": networks });
        erase_claims(&mut claims);
        let networks = ["198.51.100.0/24", "203.0.113.0/24", "192.0.2.0/24", "2001:db8:1::/48"];
        assert_eq!(claims, json!({ "jti": "tok_x", "ip": networks }));
    }

    #[test]
    fn a_document_keeps_everything_but_the_name() {
        let trace = json!([
            { "check": "banned", "looked_at": "user 1", "outcome": "PASSED", "because": "at 2026-11-29T10:11:12Z" },
            { "check": "revoked", "looked_at": "by user 1", "outcome": "DENIED", "because": "org_01m8jr4" },
        ]);
        for other in ["check", "7", "11", "user", "DENIED", "annabel"] {
            let mut same = trace.clone();
            assert!(!erase_from(&mut same, other), "{other}");
            assert_eq!(same, trace);
        }
        let mut erased = trace;
        assert!(erase_from(&mut erased, "1"));
        assert_eq!(erased[0]["looked_at"], "user (erased)");
        assert_eq!(erased[1]["looked_at"], "by user (erased)");
        assert_eq!(erased[0]["because"], "at 2026-11-29T10:11:12Z");
        assert_eq!(erased[1]["because"], "org_01m8jr4");
    }

    #[test]
    fn a_call_tells_of_its_viewer_and_of_nobody_who_is_called_alike() {
        let done = json!({ "call": "play_done", "user": "7", "tag": "8", "session": "ses_7", "bytes": 7 });
        assert!(tells_of(&done, "7"));
        for other in ["8", "play_done", "call", "ses_7", ""] {
            assert!(!tells_of(&done, other), "{other}");
        }
        let by = |by: &str| json!({ "by": by, "subject": "7" });
        assert!(tells_of(&by("user"), "7") && tells_of(&by("ban"), "7"));
        assert!(!tells_of(&by("tag"), "7"));
    }
}
