//! Revocations that cover many tokens are found without those of one, and those of one by when the token is over. How many
//! are kept for long is kept by triggers. A static token that was revoked is kept for good: one of its name has its id.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait::async_trait, schema::big_integer, sea_query::Index,
};

use crate::{
    feed,
    tables::{self, owned},
};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0053_revocations"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut count = owned(TABLE, [big_integer("revocations")]);
        count.primary_key(Index::create().col("organisation_id"));
        manager.create_table(count).await?;
        let connection = manager.get_connection();
        let triggers = match manager.get_database_backend() {
            DbBackend::Sqlite => SQLITE,
            _ => POSTGRES,
        };
        for statement in [KEEP].iter().chain(INDICES).chain(triggers) {
            connection.execute_unprepared(statement).await?;
        }
        // Last: on PostgreSQL a trigger keeps out whoever revokes until the step is done.
        connection.execute_unprepared(COUNT).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["revocation_count_insert", "revocation_count_delete"] {
            feed::drop(manager, name, "revocation").await?;
        }
        tables::drop(manager, &[TABLE]).await
    }
}

const TABLE: &str = "revocation_count";

/// A day and the leeway of customers' clocks after the last second that a token can name, in microseconds.
const KEEP: &str = "UPDATE revocation SET keep_until = 10000086430000000 \
     WHERE kind = 'token' AND substr(subject, 1, 7) = 'static:'";

const INDICES: &[&str] = &[
    "CREATE INDEX IF NOT EXISTS revocation_bulk ON revocation (organisation_id, \"at\") WHERE kind <> 'token'",
    "CREATE INDEX IF NOT EXISTS revocation_over ON revocation (keep_until) WHERE kind = 'token'",
    "CREATE INDEX IF NOT EXISTS revocation_old ON revocation (organisation_id, keep_until) WHERE kind = 'token'",
];

/// Longer than 400 days, in microseconds.
const COUNT: &str = "INSERT INTO revocation_count (organisation_id, revocations) \
     SELECT organisation_id, count(*) FROM revocation WHERE keep_until - created_at > 34560000000000 \
     GROUP BY organisation_id \
     ON CONFLICT (organisation_id) DO UPDATE SET revocations = excluded.revocations";

const SQLITE: &[&str] = &[
    "CREATE TRIGGER IF NOT EXISTS revocation_count_insert AFTER INSERT ON revocation \
     WHEN NEW.keep_until - NEW.created_at > 34560000000000 BEGIN \
     INSERT INTO revocation_count (organisation_id, revocations) VALUES (NEW.organisation_id, 1) \
     ON CONFLICT (organisation_id) DO UPDATE SET revocations = revocations + 1; END",
    "CREATE TRIGGER IF NOT EXISTS revocation_count_delete AFTER DELETE ON revocation \
     WHEN OLD.keep_until - OLD.created_at > 34560000000000 BEGIN \
     UPDATE revocation_count SET revocations = revocations - 1 WHERE organisation_id = OLD.organisation_id; END",
];

/// Once a statement: each would leave another version of the row behind.
const POSTGRES: &[&str] = &[
    "CREATE OR REPLACE FUNCTION revocation_count_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
     INSERT INTO revocation_count (organisation_id, revocations) \
     SELECT organisation_id, count(*) FROM changed WHERE keep_until - created_at > 34560000000000 \
     GROUP BY organisation_id \
     ON CONFLICT (organisation_id) DO UPDATE SET revocations = revocation_count.revocations + excluded.revocations; \
     RETURN NULL; END $$",
    "CREATE OR REPLACE FUNCTION revocation_count_fewer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
     UPDATE revocation_count SET revocations = revocation_count.revocations - gone.revocations \
     FROM (SELECT organisation_id, count(*) AS revocations FROM changed \
     WHERE keep_until - created_at > 34560000000000 GROUP BY organisation_id) AS gone \
     WHERE revocation_count.organisation_id = gone.organisation_id; \
     RETURN NULL; END $$",
    "CREATE OR REPLACE TRIGGER revocation_count_insert AFTER INSERT ON revocation \
     REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION revocation_count_more()",
    "CREATE OR REPLACE TRIGGER revocation_count_delete AFTER DELETE ON revocation \
     REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION revocation_count_fewer()",
];
