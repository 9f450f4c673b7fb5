//! Misuse cases: what is copied into them is forgotten when the rest is, and what people wrote follows.
//!
//! A case stays for as long as somebody works on it, but not what it knows of viewers: an address is masked there after as
//! many days, wherever it stands, and a viewer who is erased is erased there too.

use std::time::Duration;

use entity::{Tenanted, case_item, case_note, case_session, misuse_case};
use ids::OrganisationId;
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, LikeExpr, SimpleExpr},
};
use uuid::Uuid;

use super::{
    mask::Keys,
    masked::{Mask, masked_within},
};
use crate::{
    analytics::findings::{ADDRESS, USER},
    service::{Work, cases::CLOSED, reading::escaped},
    state::State,
};

/// Masks addresses of a time: those that are in cases, and those that their titles and notes name.
pub(super) async fn mask(
    connection: &impl ConnectionTrait,
    keys: &mut Keys<'_>,
    from: i64,
    to: i64,
) -> Result<(), DbErr> {
    // Each field is what stands in its place, where it names an address; a row in which none does stays as it is.
    macro_rules! mask_rows {
        (
            $table:ident, $column:ident, $at:ident, [$($key:ident),+],
            |$row:ident, $mask:ident| $($field:ident: $masked:expr),+
        ) => {
            let rows = $table::Entity::in_tenant(keys.organisation)
                .filter($table::Column::$column.gte(from))
                .filter($table::Column::$column.lt(to))
                .all(connection)
                .await?;
            for $row in rows {
                let $mask = keys.of(connection, $row.$at).await?;
                $(let $field = $masked;)+
                if $($field.is_none())&&+ {
                    continue;
                }
                let after = $table::ActiveModel {
                    $($key: Set($row.$key),)+
                    $($field: Set($field.unwrap_or($row.$field)),)+
                    ..Default::default()
                };
                after.update_without_returning(connection).await?;
            }
        };
    }
    // The subject of a finding is an address, or a network that somebody named.
    mask_rows!(case_item, LastAt, last_at, [id], |row, mask|
        subject: (row.subject_kind == ADDRESS).then(|| masked_within(&row.subject, &mask)).flatten(),
        evidence: masked_within(&row.evidence, &mask)
    );
    mask_rows!(case_session, StartedAt, started_at, [item_id, session_id], |row, mask|
        address: Some(mask.of(&row.address)).filter(|masked| *masked != row.address)
    );
    mask_rows!(case_note, CreatedAt, created_at, [id], |row, mask| text: masked_within(&row.text, &mask));
    mask_rows!(misuse_case, TitledAt, titled_at, [id], |row, mask| title: masked_within(&row.title, &mask));
    Ok(())
}

/// Removes cases that were closed so many days ago; `days`: for how long sessions are kept, where that is said.
pub(super) async fn keep(state: &State, organisation: OrganisationId, days: Option<u32>) -> Result<(), DbErr> {
    use misuse_case::Column;
    let days = days.unwrap_or(DAYS);
    let before = state.now().minus(Duration::from_hours(24 * u64::from(days))).us();
    let over = misuse_case::Entity::in_tenant(organisation)
        .select_only()
        .column(Column::Id)
        .filter(Column::State.eq(CLOSED))
        .filter(Column::ClosedAt.lt(before))
        .into_tuple::<Uuid>()
        .all(state.store.read())
        .await?;
    if over.is_empty() {
        return Ok(());
    }
    // One that was opened again meanwhile stays.
    let write = state.store.write_in(organisation).await?;
    misuse_case::Entity::remove_in_tenant(organisation)
        .filter(Column::Id.is_in(over))
        .filter(Column::ClosedAt.lt(before))
        .exec(&*write)
        .await?;
    write.commit().await
}

/// Erases a viewer from cases: findings of them go, tokens and sessions lose the name, sessions the last part of their
/// address, and what people wrote names them no more.
pub(super) async fn erase(work: &Work<'_>, user: &str) -> Result<(), DbErr> {
    let (connection, organisation) = (&*work.write, work.organisation);
    case_item::Entity::remove_in_tenant(organisation)
        .filter(case_item::Column::SubjectKind.eq(USER))
        .filter(case_item::Column::Subject.eq(user))
        .exec(connection)
        .await?;
    case_item::Entity::change_in_tenant(organisation)
        .filter(case_item::Column::Viewer.eq(user))
        .col_expr(case_item::Column::Viewer, Expr::cust("NULL"))
        .exec(connection)
        .await?;
    let sessions = case_session::Entity::in_tenant(organisation)
        .filter(case_session::Column::Viewer.eq(user))
        .all(connection)
        .await?;
    for row in sessions {
        let after = case_session::ActiveModel {
            item_id: Set(row.item_id),
            session_id: Set(row.session_id),
            viewer: Set(None),
            address: Set(Mask::Truncate.of(&row.address)),
            ..Default::default()
        };
        after.update_without_returning(connection).await?;
    }
    let notes = case_note::Entity::in_tenant(organisation)
        .filter(names(case_note::Column::Text, user))
        .all(connection)
        .await?;
    for row in notes {
        if let Some(text) = without(&row.text, user) {
            let after = case_note::ActiveModel {
                id: Set(row.id),
                text: Set(text),
                ..Default::default()
            };
            after.update_without_returning(connection).await?;
        }
    }
    let titles = misuse_case::Entity::in_tenant(organisation)
        .filter(names(misuse_case::Column::Title, user))
        .all(connection)
        .await?;
    for row in titles {
        if let Some(title) = without(&row.title, user) {
            let after = misuse_case::ActiveModel {
                id: Set(row.id),
                title: Set(title),
                ..Default::default()
            };
            after.update_without_returning(connection).await?;
        }
    }
    Ok(())
}

/// Whether a text may have the name in it: SQLite takes capitals for small letters.
pub(super) fn names<C: ColumnTrait>(column: C, user: &str) -> SimpleExpr {
    let pattern = format!("%{}%", escaped(user));
    Expr::col(column.as_column_ref()).like(LikeExpr::new(pattern).escape('\\'))
}

/// A text without a viewer's name, where it has it as a word of its own. A name of one or two letters or digits is much
/// else too: it is one only where the word before says so.
pub(super) fn without(text: &str, user: &str) -> Option<String> {
    let (mut put, mut rest, mut found) = (String::new(), text, false);
    while let Some((before, behind)) = rest.split_once(user) {
        put.push_str(before);
        let begins = !put.chars().next_back().is_some_and(char::is_alphanumeric);
        let ends = !behind.chars().next().is_some_and(char::is_alphanumeric);
        let short = user.chars().count() < WORD;
        let said = || {
            let before = put.trim_end_matches([' ', ':', '"', '\'', '`', '“']).to_lowercase();
            before.ends_with("user") || before.ends_with("viewer")
        };
        let is_theirs = begins && ends && (!short || said());
        put.push_str(if is_theirs { ERASED } else { user });
        found |= is_theirs;
        rest = behind;
    }
    put.push_str(rest);
    found.then_some(put)
}

/// What stands in place of a viewer's name.
const ERASED: &str = "(erased)";
/// For how many days a case is kept once it is closed, where the organisation does not say how long sessions are.
const DAYS: u32 = 365;
/// A name of so many characters is taken for one wherever it stands.
const WORD: usize = 3;

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn a_text_loses_a_name_where_it_is_a_word_and_nothing_else() {
        for (text, user, erased) in [
            ("anna sells it", "anna", Some("(erased) sells it")),
            (
                "It is anna: \"anna\", anna.",
                "anna",
                Some("It is (erased): \"(erased)\", (erased)."),
            ),
            ("annabel", "anna", None),
            ("joanna", "anna", None),
            ("7 addresses of user 7", "7", Some("7 addresses of user (erased)")),
            ("viewer: 42!", "42", Some("viewer: (erased)!")),
            ("42 sessions", "42", None),
            ("ann@example.com wrote", "ann@example.com", Some("(erased) wrote")),
        ] {
            assert_eq!(without(text, user).as_deref(), erased, "{text}: {user}");
        }
    }
}
