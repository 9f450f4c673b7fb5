//! How many Guardian rules each organisation has: kept by triggers, so that no change of rules can forget it, whoever makes
//! it and however.

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
        "m0025_rule_count"
    }
}

#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut count = owned(TABLE, [big_integer("rules")]);
        count.primary_key(Index::create().col("organisation_id"));
        manager.create_table(count).await?;
        let connection = manager.get_connection();
        let statements = match manager.get_database_backend() {
            DbBackend::Sqlite => SQLITE,
            _ => POSTGRES,
        };
        for statement in statements {
            connection.execute_unprepared(statement).await?;
        }
        // Last: on PostgreSQL a trigger keeps out whoever changes rules until the step is done.
        connection.execute_unprepared(COUNT).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["rule_count_insert", "rule_count_delete"] {
            feed::drop(manager, name, "guardian_rule").await?;
        }
        tables::drop(manager, &[TABLE]).await
    }
}

const TABLE: &str = "rule_count";

const COUNT: &str = "INSERT INTO rule_count (organisation_id, rules) \
     SELECT organisation_id, count(*) FROM guardian_rule WHERE true GROUP BY organisation_id \
     ON CONFLICT (organisation_id) DO UPDATE SET rules = excluded.rules";

const SQLITE: &[&str] = &[
    "CREATE TRIGGER IF NOT EXISTS rule_count_insert AFTER INSERT ON guardian_rule BEGIN \
     INSERT INTO rule_count (organisation_id, rules) VALUES (NEW.organisation_id, 1) \
     ON CONFLICT (organisation_id) DO UPDATE SET rules = rules + 1; END",
    "CREATE TRIGGER IF NOT EXISTS rule_count_delete AFTER DELETE ON guardian_rule BEGIN \
     UPDATE rule_count SET rules = rules - 1 WHERE organisation_id = OLD.organisation_id; END",
];

/// Once a statement: each would leave another version of the row behind.
const POSTGRES: &[&str] = &[
    "CREATE OR REPLACE FUNCTION rule_count_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
     INSERT INTO rule_count (organisation_id, rules) \
     SELECT organisation_id, count(*) FROM changed GROUP BY organisation_id \
     ON CONFLICT (organisation_id) DO UPDATE SET rules = rule_count.rules + excluded.rules; \
     RETURN NULL; END $$",
    "CREATE OR REPLACE FUNCTION rule_count_fewer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
     UPDATE rule_count SET rules = rule_count.rules - gone.rules \
     FROM (SELECT organisation_id, count(*) AS rules FROM changed GROUP BY organisation_id) AS gone \
     WHERE rule_count.organisation_id = gone.organisation_id; \
     RETURN NULL; END $$",
    "CREATE OR REPLACE TRIGGER rule_count_insert AFTER INSERT ON guardian_rule \
     REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION rule_count_more()",
    "CREATE OR REPLACE TRIGGER rule_count_delete AFTER DELETE ON guardian_rule \
     REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION rule_count_fewer()",
];
