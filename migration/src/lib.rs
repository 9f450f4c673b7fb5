//! The history of the tables, frozen: what was released is never edited, a new step is added.
//!
//! Steps are not safe beside each other, so a lock is held around them: an advisory one on PostgreSQL, a file beside
//! the database on SQLite. Knows no entity: the types of today cannot change the history of yesterday.

mod feed;
mod lock;
mod m0001_first;
mod m0002_people;
mod m0003_organising;
mod m0004_accounts;
mod m0005_provider;
mod m0006_search;
mod m0007_guardian;
mod m0008_declined;
mod m0009_places;
mod m0010_counted;
mod m0011_webhooks;
mod m0012_credentials;
mod m0014_given;
mod m0015_ended;
mod m0016_denials;
mod m0017_analytics;
mod m0018_judges;
mod m0019_renewed;
mod m0020_weak_tokens;
mod m0021_privacy;
mod m0023_origins;
mod m0024_takeover;
mod m0025_forgotten_calls;
mod m0025_rule_count;
mod m0026_alerts;
mod m0031_quality;
mod m0032_rules_of_nothing;
mod m0033_cases;
mod m0040_blocks;
mod m0041_hours;
mod m0042_responses;
mod m0043_standing;
mod m0044_refused;
mod m0045_seen;
mod m0046_partitions;
mod m0047_requests;
mod m0048_handle_keys;
mod m0049_for_good;
mod m0050_analysed;
mod m0051_finding_streams;
mod m0052_refused_countries;
mod m0053_revocations;
mod m0054_token_addresses;
mod m0055_sessions_of_streams;
mod m0056_kinds_of_rules;
pub mod partitions;
mod tables;

use sea_orm::{DatabaseConnection, DbErr};
use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait::async_trait};

/// Every step, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_first::Step),
            Box::new(m0002_people::Step),
            Box::new(m0003_organising::Step),
            Box::new(m0004_accounts::Step),
            Box::new(m0005_provider::Step),
            Box::new(m0006_search::Step),
            Box::new(m0007_guardian::Step),
            Box::new(m0008_declined::Step),
            Box::new(m0009_places::Step),
            Box::new(m0010_counted::Step),
            Box::new(m0011_webhooks::Step),
            Box::new(m0012_credentials::Step),
            Box::new(m0014_given::Step),
            Box::new(m0015_ended::Step),
            Box::new(m0016_denials::Step),
            Box::new(m0017_analytics::Step),
            Box::new(m0018_judges::Step),
            Box::new(m0019_renewed::Step),
            Box::new(m0020_weak_tokens::Step),
            Box::new(m0021_privacy::Step),
            Box::new(m0023_origins::Step),
            Box::new(m0024_takeover::Step),
            Box::new(m0025_rule_count::Step),
            Box::new(m0025_forgotten_calls::Step),
            Box::new(m0026_alerts::Step),
            Box::new(m0031_quality::Step),
            Box::new(m0032_rules_of_nothing::Step),
            Box::new(m0033_cases::Step),
            Box::new(m0040_blocks::Step),
            Box::new(m0041_hours::Step),
            Box::new(m0042_responses::Step),
            Box::new(m0043_standing::Step),
            Box::new(m0044_refused::Step),
            Box::new(m0045_seen::Step),
            Box::new(m0046_partitions::Step),
            Box::new(m0047_requests::Step),
            Box::new(m0048_handle_keys::Step),
            Box::new(m0049_for_good::Step),
            Box::new(m0050_analysed::Step),
            Box::new(m0051_finding_streams::Step),
            Box::new(m0052_refused_countries::Step),
            Box::new(m0053_revocations::Step),
            Box::new(m0054_token_addresses::Step),
            Box::new(m0055_sessions_of_streams::Step),
            Box::new(m0056_kinds_of_rules::Step),
        ]
    }
}

/// Brings the database to the newest form, and makes the months that are to come; does nothing where it is there already.
/// Waits for whoever migrates.
pub async fn up(database: &DatabaseConnection) -> Result<(), DbErr> {
    let lock = lock::Lock::take(database).await?;
    let done = async {
        Migrator::up(database, None).await?;
        partitions::keep_now(database).await
    };
    let done = done.await;
    lock.release().await?;
    done
}
