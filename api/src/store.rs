//! The database: how it is opened, and how it is written.
//!
//! On SQLite every connection has WAL, `synchronous=FULL` (what was answered survives a power cut), foreign keys and a
//! busy timeout; writers take turns, and begin with the write lock, because a transaction that begins by reading fails
//! beside another one. Where the disk is full SQLite ends a transaction by itself; a connection that takes itself to be
//! in one afterwards is closed, since nothing that it commits from then on would be kept.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use guard::Timestamp;
use ids::OrganisationId;
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, RuntimeErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
    sqlx::{
        self, Connection,
        sqlite::{SqliteError, SqliteJournalMode, SqliteSynchronous},
    },
};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::state::State;

/// The control plane's database.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    connection: DatabaseConnection,
    statements: Arc<AtomicU64>,
    turn: Arc<Mutex<()>>,
}

/// A transaction that writes; rolled back where it is dropped.
#[derive(Debug)]
pub(crate) struct Write {
    transaction: DatabaseTransaction,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Store {
    /// Opens the database at `url` (`sqlite:` or `postgres:`) and brings it to the newest form.
    pub(crate) async fn open(url: &str) -> Result<Self, DbErr> {
        let store = Self::connect(url).await?;
        migration::up(&store.connection).await?;
        if store.connection.get_database_backend() == DbBackend::Sqlite {
            store.connection.execute_unprepared(ANALYSE).await?;
        }
        Ok(store)
    }

    /// Opens the database at `url` for reading only what is there: it is neither made nor migrated.
    pub(crate) async fn open_as_it_is(url: &str) -> Result<Self, DbErr> {
        Self::connect(&url.replace("mode=rwc", "mode=rw")).await
    }

    async fn connect(url: &str) -> Result<Self, DbErr> {
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .sqlx_logging(false)
            .map_sqlx_sqlite_opts(|options| {
                options
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(PATIENCE)
            })
            .map_sqlx_sqlite_pool_opts(|pool| {
                pool.after_release(|connection, _| {
                    Box::pin(async move {
                        // By its answer the rollback of what was dropped is over.
                        connection.ping().await?;
                        Ok(!connection.is_in_transaction())
                    })
                })
            });
        let mut connection = Database::connect(options).await?;
        let statements = Arc::<AtomicU64>::default();
        let counted = statements.clone();
        connection.set_metric_callback(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        Ok(Self {
            connection,
            statements,
            turn: Arc::default(),
        })
    }

    /// For reading.
    pub(crate) fn read(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// How many statements the database was given so far.
    pub(crate) fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// For reading several things as they stood at one moment.
    pub(crate) async fn moment(&self) -> Result<DatabaseTransaction, DbErr> {
        match self.connection.get_database_backend() {
            DbBackend::Sqlite => self.connection.begin().await,
            _ => {
                self.connection
                    .begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly))
                    .await
            }
        }
    }

    /// For writing.
    pub(crate) async fn write(&self) -> Result<Write, DbErr> {
        let sqlite = self.connection.get_database_backend() == DbBackend::Sqlite;
        let turn = if sqlite {
            Some(self.turn.clone().lock_owned().await)
        } else {
            None
        };
        let options = TransactionOptions {
            sqlite_transaction_mode: sqlite.then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(Write {
            transaction: self.connection.begin_with_options(options).await?,
            _turn: turn,
        })
    }

    /// Begins a transaction that changes something of an organisation; those of one organisation take turns, so that what
    /// one of them looked at is so until it is done.
    pub(crate) async fn write_in(&self, organisation: OrganisationId) -> Result<Write, DbErr> {
        let write = self.write().await?;
        if write.get_database_backend() == DbBackend::Postgres {
            let (_, low) = organisation.uuid().as_u64_pair();
            let statement = format!("SELECT pg_advisory_xact_lock({})", low.cast_signed());
            write.execute_unprepared(&statement).await?;
        }
        Ok(write)
    }

    /// Commits a transaction that changes nothing, but has to be written all the same.
    pub(crate) async fn takes_writes(&self) -> Result<(), DbErr> {
        let write = self.write().await?;
        let statement = match write.get_database_backend() {
            DbBackend::Sqlite => "PRAGMA user_version = 0",
            _ => "SELECT txid_current()",
        };
        write.execute_unprepared(statement).await?;
        write.commit().await
    }

    /// Brings its tables up to date: on PostgreSQL the months that they are kept in, on SQLite what is known of their rows,
    /// by which it chooses indices.
    async fn tend(&self, now: Timestamp) -> Result<(), DbErr> {
        match self.connection.get_database_backend() {
            DbBackend::Sqlite => {
                let _turn = self.turn.lock().await;
                self.connection.execute_unprepared(ANALYSE).await.map(drop)
            }
            _ => migration::partitions::keep(&self.connection, now.us()).await,
        }
    }

    /// Waits for what is under way, then closes every connection.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        self.connection.close_by_ref().await
    }
}

/// The task that tends the database. Ends when `stop` is cancelled.
pub(crate) async fn tend(state: Arc<State>, stop: CancellationToken) {
    let mut look = tokio::time::interval_at(Instant::now() + LOOK, LOOK);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _ = look.tick() => {}
        }
        if let Err(error) = state.store.tend(state.now()).await {
            tracing::error!(%error, "the database is not tended");
        }
    }
}

impl Write {
    /// Makes it durable.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        self.transaction.commit().await
    }
}

impl Deref for Write {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.transaction
    }
}

/// Attempts what has to be done, again and again while the database is away, once more after `stop` was cancelled. What it
/// refuses for what it was given is not attempted again. Where the connection breaks at the very commit, nobody knows
/// whether it was done: it is done again.
pub(crate) async fn once_there<T, F>(stop: &CancellationToken, attempt: impl Fn() -> F) -> Result<T, DbErr>
where
    F: Future<Output = Result<T, DbErr>>,
{
    let mut waits = false;
    loop {
        let is_last = stop.is_cancelled();
        match attempt().await {
            Err(error) if is_away(&error) && !is_last => {
                if !waits {
                    tracing::error!(%error, "the database is away; what has to be written waits");
                }
                waits = true;
            }
            outcome => {
                if waits && outcome.is_ok() {
                    tracing::info!("the database is there again");
                }
                return outcome;
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}

/// Whether the database does not answer, or has no room: it refuses nothing for what it was given.
pub(crate) fn is_away(error: &DbErr) -> bool {
    let cause = match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => return true,
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => cause,
        _ => return false,
    };
    match &**cause {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(said) => {
            let code = said.code().unwrap_or_default();
            match said.try_downcast_ref::<SqliteError>() {
                // The extended code has the primary one in its last byte.
                Some(_) => code
                    .parse::<u32>()
                    .is_ok_and(|code| AWAY_SQLITE.contains(&(code & 0xff))),
                None => AWAY_POSTGRES.iter().any(|class| code.starts_with(class)),
            }
        }
        _ => false,
    }
}

/// What is to be written in as few transactions as the database allows: all of it at once, and what it refuses together in
/// halves, in their order. So what cannot be written takes nothing else along.
#[derive(Debug)]
pub(crate) struct Parts<'a, T> {
    left: Vec<&'a [T]>,
    refused: Vec<Lost>,
}

/// So many that were not written, and why.
pub(crate) type Lost = (usize, DbErr);

impl<'a, T> Parts<'a, T> {
    pub(crate) fn of(all: &'a [T]) -> Self {
        let left = if all.is_empty() { vec![] } else { vec![all] };
        Self { left, refused: vec![] }
    }

    /// What is to be written next, in a transaction of its own.
    pub(crate) fn next(&mut self) -> Option<&'a [T]> {
        self.left.pop()
    }

    /// What came of it.
    pub(crate) fn tried(&mut self, part: &'a [T], outcome: Result<(), DbErr>) {
        let Err(error) = outcome else { return };
        let (first, second) = part.split_at(part.len() / 2);
        if is_away(&error) {
            // Nothing is won by halves, nor by what else is left.
            let left: usize = self.left.drain(..).map(<[T]>::len).sum();
            self.refused.push((part.len() + left, error));
        } else if first.is_empty() {
            self.refused.push((part.len(), error));
        } else {
            self.left.extend([second, first]);
        }
    }

    /// What was not written.
    pub(crate) fn refused(self) -> Vec<Lost> {
        self.refused
    }
}

/// Looks at all tables (0x10000), and at 100 000 rows by each index of those that were never looked at or have ten times the
/// rows by now (0x2): a few tenths of a second among ten million. By 2000 rows, as it would by itself (0x10), one
/// organisation's part of a table was taken for hundreds of rows, and a view for seconds became one of minutes. Source:
/// <https://sqlite.org/pragma.html#pragma_optimize>.
const ANALYSE: &str = "PRAGMA analysis_limit = 100000; PRAGMA optimize(0x10002)";
const LOOK: Duration = Duration::from_mins(5);
/// How long after an attempt in vain there is another.
const AGAIN: Duration = Duration::from_millis(500);
/// `SQLITE_BUSY`, `SQLITE_IOERR`, `SQLITE_FULL` and `SQLITE_CANTOPEN`. Source: <https://sqlite.org/rescode.html>.
const AWAY_SQLITE: [u32; 4] = [5, 10, 13, 14];
/// No connection; no room, memory or connection left; read-only, as what takes over is at first; stopping, stopped or
/// starting; its files cannot be read or written. Source:
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
const AWAY_POSTGRES: [&str; 5] = ["08", "53", "25006", "57P0", "58"];
/// To the database, at once.
pub(crate) const CONNECTIONS: u32 = 8;
const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
pub(crate) mod tests {
    use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
    use testkit::{Database, Kind};

    use super::*;

    /// The organisation `x'01'`.
    pub(crate) const ORGANISATION: &str = "INSERT INTO organisation (id, hash, name, standing, secure_playback, \
         ingest_authorisation, force_disconnect, created_at) VALUES (x'01', '7KQ2M', 'One', 'active', 0, 'key', 0, 1)";

    /// The steps that SQLite would take for a statement, as it says them.
    pub(crate) async fn plan(store: &Store, statement: Statement) -> Vec<String> {
        let explain = Statement {
            sql: format!("EXPLAIN QUERY PLAN {}", statement.sql),
            ..statement
        };
        // Nothing is read for an explanation: a connection that is older than the newest index would explain without it.
        let work = store.read().begin().await.unwrap();
        let read = Statement::from_string(DbBackend::Sqlite, "SELECT count(*) FROM sqlite_schema");
        work.query_one_raw(read).await.unwrap();
        let rows = work.query_all_raw(explain).await.unwrap();
        rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect()
    }

    /// Adds 30 000 rows to its only organisation, of `columns` and what those are of the number `n`, and learns of them.
    pub(crate) async fn crowd(store: &Store, table: &str, columns: &str, values: &str) {
        let rows = format!(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 30000) INSERT INTO {table} \
             (id, organisation_id, {columns}) SELECT CAST(n AS blob), x'01', {values} FROM n; \
             PRAGMA analysis_limit = 100000; ANALYZE"
        );
        for statement in [ORGANISATION, &rows] {
            store.read().execute_unprepared(statement).await.unwrap();
        }
    }

    /// Without that it chooses indices blindly.
    #[tokio::test]
    async fn sqlite_knows_how_many_rows_there_are() {
        let database = Database::new(Kind::Sqlite);
        let store = Store::open(database.url()).await.unwrap();
        store.read().execute_unprepared(ORGANISATION).await.unwrap();
        let known = async |store: &Store| {
            let of = "SELECT count(*) AS known FROM sqlite_stat1 WHERE tbl = 'organisation'";
            let statement = Statement::from_string(DbBackend::Sqlite, of);
            let row = store.read().query_one_raw(statement).await.unwrap().unwrap();
            row.try_get::<i64>("", "known").unwrap() > 0
        };
        assert!(!known(&store).await);
        store.tend(Timestamp::default()).await.unwrap();
        assert!(known(&store).await);
        // From the start, where there are rows already.
        store
            .read()
            .execute_unprepared("DELETE FROM sqlite_stat1")
            .await
            .unwrap();
        store.close().await.unwrap();
        let store = Store::open(database.url()).await.unwrap();
        assert!(known(&store).await);
    }

    /// A sample that is too small takes the rows of one organisation for few, whatever they are.
    #[tokio::test]
    async fn sqlite_knows_that_one_organisation_may_have_nearly_all_rows() {
        let database = Database::new(Kind::Sqlite);
        let store = Store::open(database.url()).await.unwrap();
        store.read().execute_unprepared(ORGANISATION).await.unwrap();
        let rows = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 30000) INSERT INTO revocation \
             (id, kind, subject, at, keep_until, created_at, organisation_id) \
             SELECT CAST(n AS blob), 'token', n, 1, 1, 1, x'01' FROM n";
        store.read().execute_unprepared(rows).await.unwrap();
        store.tend(Timestamp::default()).await.unwrap();
        let of = "SELECT stat FROM sqlite_stat1 WHERE idx = 'revocation_organisation_id_kind_subject'";
        let statement = Statement::from_string(DbBackend::Sqlite, of);
        let row = store.read().query_one_raw(statement).await.unwrap().unwrap();
        let known: String = row.try_get("", "stat").unwrap();
        let mut known = known.split(' ').map(|many| many.parse::<u32>().unwrap());
        assert_eq!(known.next(), Some(30_000));
        assert!(known.next() > Some(20_000), "as many are of one organisation");
    }

    /// No crash of the process shows it: what the kernel holds survives that, and no power cut.
    #[tokio::test]
    async fn what_was_answered_survives_a_power_cut() {
        let database = Database::new(Kind::Sqlite);
        let store = Store::open(database.url()).await.unwrap();
        // Every connection has it: that many are in use at once.
        let mut held = Vec::new();
        for _ in 1..CONNECTIONS {
            held.push(store.moment().await.unwrap());
        }
        let write = store.write().await.unwrap();
        for transaction in held.iter().chain([&*write]) {
            // 2 is FULL.
            assert_eq!(pragma::<i64>(transaction, "synchronous").await, 2);
            assert_eq!(pragma::<String>(transaction, "journal_mode").await, "wal");
            assert_eq!(pragma::<i64>(transaction, "foreign_keys").await, 1);
        }
    }

    /// Where the disk is full SQLite rolls a transaction back by itself, which whoever holds it does not hear of.
    #[tokio::test]
    async fn what_was_answered_is_kept_after_the_disk_was_full() {
        let database = Database::new(Kind::Sqlite);
        let store = Store::open(database.url()).await.unwrap();
        let begun = store.write().await.unwrap();
        begun
            .execute_unprepared("CREATE TABLE filled (content BLOB)")
            .await
            .unwrap();
        begun.commit().await.unwrap();
        for round in 0..20 {
            let full = store.write().await.unwrap();
            full.execute_unprepared("INSERT INTO filled VALUES (x'ff')")
                .await
                .unwrap();
            full.execute_unprepared("ROLLBACK").await.unwrap();
            drop(full);
            // One more that comes to nothing: within what the connection takes for a transaction it would leave one open.
            let again = store.write().await.unwrap();
            again
                .execute_unprepared("INSERT INTO filled VALUES (x'ff')")
                .await
                .unwrap();
            drop(again);
            store.takes_writes().await.unwrap();

            // Whichever connections are used by now: what they say to have kept others find.
            let write = store.write().await.unwrap();
            write
                .execute_unprepared("INSERT INTO filled VALUES (x'00')")
                .await
                .unwrap();
            write.commit().await.unwrap();
            let other = Store::open_as_it_is(database.url()).await.unwrap();
            let count = Statement::from_string(DbBackend::Sqlite, "SELECT count(*) AS kept FROM filled");
            let kept = other.read().query_one_raw(count).await.unwrap().unwrap();
            assert_eq!(kept.try_get::<i64>("", "kept").unwrap(), round + 1);
            other.close().await.unwrap();
        }
    }

    async fn pragma<T: sea_orm::TryGetable>(transaction: &DatabaseTransaction, name: &str) -> T {
        let statement = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {name}"));
        let row = transaction.query_one_raw(statement).await.unwrap().unwrap();
        row.try_get("", name).unwrap()
    }
}
