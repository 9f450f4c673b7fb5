//! One migrates, the others wait. The lock goes with its holder: a crash leaves none behind.

use std::fs::File;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement, TransactionTrait,
};

/// The right to migrate.
pub(crate) enum Lock {
    /// An advisory lock that ends with its transaction.
    Postgres(DatabaseTransaction),
    /// A locked file beside the database; none where the database is in memory.
    Sqlite(Option<File>),
}

impl Lock {
    /// Waits until nobody else migrates.
    pub(crate) async fn take(database: &DatabaseConnection) -> Result<Self, DbErr> {
        if database.get_database_backend() == DbBackend::Postgres {
            let transaction = database.begin().await?;
            let statement = format!("SELECT pg_advisory_xact_lock({ADVISORY})");
            transaction.execute_unprepared(&statement).await?;
            return Ok(Self::Postgres(transaction));
        }
        let statement = Statement::from_string(DbBackend::Sqlite, "PRAGMA database_list");
        let row = database.query_one_raw(statement).await?;
        let path: String = row.map(|row| row.try_get("", "file")).transpose()?.unwrap_or_default();
        if path.is_empty() {
            return Ok(Self::Sqlite(None));
        }
        let locked = tokio::task::spawn_blocking(move || {
            let file = File::create(format!("{path}.migrating"))?;
            file.lock().map(|()| file)
        });
        let file = locked.await.map_err(|error| DbErr::Custom(error.to_string()))?;
        Ok(Self::Sqlite(Some(file.map_err(|error| {
            DbErr::Custom(format!("cannot lock the database for migrating: {error}"))
        })?)))
    }

    /// Lets the next one migrate.
    pub(crate) async fn release(self) -> Result<(), DbErr> {
        match self {
            Self::Postgres(transaction) => transaction.commit().await,
            Self::Sqlite(file) => {
                drop(file);
                Ok(())
            }
        }
    }
}

/// An arbitrary number that no other program on the same database should use.
const ADVISORY: i64 = 0x0070_6f72_7463_756c;
