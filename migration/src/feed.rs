//! What an index outside the database is fed from: triggers on the tables whose rows are searched.
//!
//! They write the feed, so that no change to a searched column can forget it, whoever makes it: it is part of the same
//! transaction. Where there is no index outside (no row in `search_index`) they write nothing.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::SchemaManager;

/// A table whose rows are searched, or say something of rows that are.
pub(crate) struct Source {
    pub(crate) table: &'static str,
    /// Which kind of object it is about.
    pub(crate) kind: &'static str,
    /// The column that names the object.
    pub(crate) object: &'static str,
    /// The columns that are searched, and those that hide a row.
    pub(crate) columns: &'static str,
}

/// Makes the triggers that are missing. On PostgreSQL they call a function that the step of the search makes.
pub(crate) async fn begin(manager: &SchemaManager<'_>, sources: &'static [Source]) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    for (
        name,
        event,
        row,
        Source {
            table, kind, object, ..
        },
    ) in triggers(sources)
    {
        let trigger = match manager.get_database_backend() {
            DbBackend::Sqlite => format!(
                "CREATE TRIGGER IF NOT EXISTS {name} AFTER {event} ON {table} \
                 WHEN {row}.organisation_id IS NOT NULL AND EXISTS (SELECT 1 FROM search_index) BEGIN \
                 INSERT INTO search_feed (organisation_id, kind, object_id) \
                 VALUES ({row}.organisation_id, '{kind}', {row}.{object}); END"
            ),
            _ => format!(
                "CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION search_feed_object('{kind}', '{object}')"
            ),
        };
        connection.execute_unprepared(&trigger).await?;
    }
    Ok(())
}

/// Drops the triggers.
pub(crate) async fn end(manager: &SchemaManager<'_>, sources: &'static [Source]) -> Result<(), DbErr> {
    for (name, _, _, Source { table, .. }) in triggers(sources) {
        drop(manager, &name, table).await?;
    }
    Ok(())
}

/// Drops a trigger.
pub(crate) async fn drop(manager: &SchemaManager<'_>, name: &str, table: &str) -> Result<(), DbErr> {
    let on = match manager.get_database_backend() {
        DbBackend::Sqlite => String::new(),
        _ => format!(" ON {table}"),
    };
    let trigger = format!("DROP TRIGGER IF EXISTS {name}{on}");
    manager.get_connection().execute_unprepared(&trigger).await.map(|_| ())
}

/// Name, event with its columns, the row that says what, and its source.
fn triggers(sources: &'static [Source]) -> impl Iterator<Item = (String, String, &'static str, &'static Source)> {
    sources.iter().flat_map(|source| {
        [
            ("insert", "INSERT".to_owned(), "NEW"),
            ("update", format!("UPDATE OF {}", source.columns), "NEW"),
            ("delete", "DELETE".to_owned(), "OLD"),
        ]
        .map(|(verb, event, row)| (format!("search_{}_{verb}", source.table), event, row, source))
    })
}
