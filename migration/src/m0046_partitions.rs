//! Sessions, their tokens and the sums by minute are kept in months on PostgreSQL: what comes goes into a small table with
//! small indices, and a month that is past its time goes as a whole.
//!
//! An id begins with its time, so sessions need no other key. The table that was there becomes the first month's, with all
//! that it has: no row is copied but those whose ids lie beyond it.
//!
//! A session's row is written again with each heartbeat. Where its page has room for that, no index is written.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait::async_trait};

/// This step.
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0046_partitions"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        manager.get_connection().execute_unprepared(DIVIDE).await.map(drop)
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

const DIVIDE: &str = r"
DO $$
DECLARE
    until CONSTANT timestamp := date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month';
    seconds CONSTANT bigint := extract(epoch FROM until);
    parent text;
    key text;
    first text;
    bound text;
    one record;
    statements text[];
    statement text;
    beyond bigint;
BEGIN
    ALTER TABLE session_token DROP CONSTRAINT IF EXISTS session_token_session_id;
    FOR parent, key IN VALUES
        ('session', 'id'), ('session_token', 'session_id'),
        ('usage_minute', 'minute_at'), ('denial_minute', 'minute_at'), ('quality_minute', 'minute_at')
    LOOP
        CONTINUE WHEN (SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass(parent));
        first := parent || '_before_' || to_char(until, 'YYYYMM');
        bound := CASE WHEN key = 'minute_at' THEN (seconds * 1000000)::text
            ELSE lpad(to_hex(seconds * 1000), 12, '0') || repeat('0', 20) END;
        -- What the whole is to have, as its first part has it under other names: then nothing is built or looked at anew.
        statements := '{}';
        FOR one IN
            SELECT conname AS name, format('ALTER TABLE %I ADD CONSTRAINT %I %s', parent, conname,
                pg_get_constraintdef(oid)) AS same
            FROM pg_constraint WHERE conrelid = to_regclass(parent) AND contype IN ('p', 'f') ORDER BY contype DESC
        LOOP
            statements := statements || one.same;
            EXECUTE format('ALTER TABLE %I RENAME CONSTRAINT %I TO %I', parent, one.name, left(one.name, 57) || '_first');
        END LOOP;
        FOR one IN
            SELECT indexrelid::regclass AS name, pg_get_indexdef(indexrelid) AS same
            FROM pg_index WHERE indrelid = to_regclass(parent) AND NOT indisprimary
        LOOP
            statements := statements || one.same;
            EXECUTE format('ALTER INDEX %s RENAME TO %I', one.name, left(one.name::text, 57) || '_first');
        END LOOP;
        EXECUTE format('ALTER TABLE %I RENAME TO %I', parent, first);
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS) PARTITION BY RANGE (%I)', parent, first, key);
        FOREACH statement IN ARRAY statements LOOP
            EXECUTE statement;
        END LOOP;
        EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', parent || '_other', parent);
        EXECUTE format('WITH beyond AS (DELETE FROM %I WHERE %I >= %L RETURNING *) INSERT INTO %I SELECT * FROM beyond',
            first, key, bound, parent || '_other');
        IF parent = 'session' THEN
            EXECUTE format('ALTER TABLE %I SET (fillfactor = 80)', first);
            EXECUTE format('ALTER TABLE %I SET (fillfactor = 80)', parent || '_other');
        END IF;
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)', parent, first, bound);
    END LOOP;
    ALTER TABLE session_token ADD CONSTRAINT session_token_session_id
        FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE;
END
$$";
