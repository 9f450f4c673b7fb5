//! The tables as an earlier version left them. What stands in them is written in SQL: no entity knows them as they were.

use migration::Migrator;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, QueryResult, Statement};
use sea_orm_migration::MigratorTrait;
use testkit::Kind;

/// A database of a test's own.
pub(crate) struct Tables {
    pub(crate) connection: DatabaseConnection,
    // Dropped in this order: the connection before what it leads to.
    _place: testkit::Database,
}

impl Tables {
    /// With every step before the one of that name.
    pub(crate) async fn before(kind: Kind, step: &str) -> Self {
        let tables = Self::none(kind).await;
        let steps = Migrator::migrations();
        let before = steps.iter().position(|one| one.name() == step).unwrap();
        Migrator::up(&tables.connection, Some(before.try_into().unwrap()))
            .await
            .unwrap();
        tables
    }

    /// With every step that there is.
    pub(crate) async fn newest(kind: Kind) -> Self {
        let tables = Self::none(kind).await;
        tables.up().await;
        tables
    }

    async fn none(kind: Kind) -> Self {
        let place = testkit::Database::new(kind);
        Self {
            connection: Database::connect(place.url()).await.unwrap(),
            _place: place,
        }
    }

    /// Takes every step that is left.
    pub(crate) async fn up(&self) {
        migration::up(&self.connection).await.unwrap();
    }

    /// An organisation, with what its row has had from the first step on.
    pub(crate) async fn organisation(&self, n: u8, hash: &str) {
        let (id, no) = (self.id(n), self.no());
        self.run(&format!(
            "INSERT INTO organisation (id, hash, name, standing, secure_playback, ingest_authorisation, force_disconnect, \
             created_at) VALUES ({id}, '{hash}', 'One', 'active', {no}, 'key', {no}, 1)"
        ))
        .await;
    }

    /// An id as SQL has it: that byte, 16 times.
    pub(crate) fn id(&self, n: u8) -> String {
        let hex = format!("{n:02x}").repeat(16);
        if self.is_sqlite() {
            format!("x'{hex}'")
        } else {
            format!("'{hex}'::uuid")
        }
    }

    /// What is not so, as SQL has it.
    pub(crate) fn no(&self) -> &'static str {
        if self.is_sqlite() { "0" } else { "false" }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.connection.get_database_backend() == DbBackend::Sqlite
    }

    pub(crate) async fn run(&self, statements: &str) {
        self.connection.execute_unprepared(statements).await.unwrap();
    }

    pub(crate) async fn rows(&self, query: &str) -> Vec<QueryResult> {
        let statement = Statement::from_string(self.connection.get_database_backend(), query);
        self.connection.query_all_raw(statement).await.unwrap()
    }

    /// The one number that a query answers.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        self.rows(query).await[0].try_get_by_index(0).unwrap()
    }
}
