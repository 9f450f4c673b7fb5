//! The months of tables that PostgreSQL keeps in months: they are made before they begin, and dropped once they are over
//! and empty. A month that cannot be made, because a wrong clock has already brought rows of it, does without: its rows stay
//! where those are whose month there is none of.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr};

/// Makes the month at `now`, in microseconds since 1970, and the two after it; drops what is over and empty. To be called
/// now and then; does nothing on SQLite.
///
/// # Errors
///
/// The database's.
pub async fn keep(database: &DatabaseConnection, now: i64) -> Result<(), DbErr> {
    keep_at(database, &now.div_euclid(1_000_000).to_string()).await
}

/// The same, by the database's clock.
pub(crate) async fn keep_now(database: &DatabaseConnection) -> Result<(), DbErr> {
    keep_at(database, "extract(epoch FROM now())").await
}

/// `now` in seconds since 1970, as SQL.
async fn keep_at(database: &DatabaseConnection, now: &str) -> Result<(), DbErr> {
    if database.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    database.execute_unprepared(&KEEP.replace("{now}", now)).await.map(drop)
}

/// Who waits for a lock keeps out whoever comes after, so nobody waits long: the next call tries again. The number of the
/// advisory lock is arbitrary; whoever finds it taken leaves the months to its holder.
const KEEP: &str = r"
DO $$
DECLARE
    month CONSTANT timestamp := date_trunc('month', to_timestamp({now}) AT TIME ZONE 'UTC');
    begins timestamp;
    parent text;
    key text;
    part text;
    bounds text[];
    is_there boolean;
BEGIN
    IF NOT pg_try_advisory_xact_lock(7309470956478587245) THEN
        RETURN;
    END IF;
    SET LOCAL lock_timeout = '1s';
    FOR parent, key IN VALUES
        ('session', 'id'), ('session_token', 'id'),
        ('usage_minute', 'minute'), ('denial_minute', 'minute'), ('quality_minute', 'minute')
    LOOP
        FOR n IN 0..2 LOOP
            begins := month + n * interval '1 month';
            part := parent || '_' || to_char(begins, 'YYYYMM');
            CONTINUE WHEN to_regclass(part) IS NOT NULL;
            SELECT array_agg(CASE WHEN key = 'minute' THEN (at * 1000000)::text
                    ELSE lpad(to_hex(at * 1000), 12, '0') || repeat('0', 20) END ORDER BY at)
                INTO bounds
                FROM (VALUES (extract(epoch FROM begins)::bigint),
                    (extract(epoch FROM begins + interval '1 month')::bigint)) AS of (at);
            BEGIN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                    part, parent, bounds[1], bounds[2]);
                IF parent = 'session' THEN
                    -- Each is written again with each heartbeat: with room in its page no index is.
                    EXECUTE format('ALTER TABLE %I SET (fillfactor = 80)', part);
                END IF;
            EXCEPTION
                -- The first part reaches beyond it, or there are rows of it already.
                WHEN invalid_object_definition OR check_violation OR lock_not_available THEN NULL;
            END;
        END LOOP;
        FOR part IN
            SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
            WHERE inhparent = to_regclass(parent) AND relname ~ '_[0-9]{6}$'
                AND right(relname, 6) < to_char(month - interval '1 month', 'YYYYMM')
        LOOP
            EXECUTE format('SELECT EXISTS (SELECT FROM %I)', part) INTO is_there;
            CONTINUE WHEN is_there;
            BEGIN
                EXECUTE format('LOCK TABLE %I', part);
                EXECUTE format('SELECT EXISTS (SELECT FROM %I)', part) INTO is_there;
                CONTINUE WHEN is_there;
                EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, part);
                EXECUTE format('DROP TABLE %I', part);
            EXCEPTION
                WHEN lock_not_available THEN NULL;
            END;
        END LOOP;
    END LOOP;
END
$$";
