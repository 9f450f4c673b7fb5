//! The audit log's chains: whatever is done to one behind the platform's back is found, and named.

use api::{ChainReport, Defect, Verification};
use guard::Timestamp;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use testkit::Kind;

use crate::harness::{T0, World};

/// A log that was written to and signed, with nobody at work on it any more.
struct Log {
    place: testkit::Database,
    database: DatabaseConnection,
    /// The organisation whose chain is tampered with.
    hash: String,
}

impl Log {
    async fn on(kind: Kind) -> Self {
        let world = World::on(kind).await;
        let admin = world.as_role("nanoAdmin").await;
        for n in 0..8 {
            let make = "mutation($t: String!) { createStream(input: {title: $t}) { errors { code } } }";
            admin.data(make, json!({ "t": format!("Title {n}") })).await;
        }
        let hash = world.demo.users[0].organisation.clone();
        world.running.shutdown().await;
        let place = world.database;
        let database = Database::connect(place.url()).await.unwrap();
        for table in ["audit_entry", "audit_chain"] {
            let save = format!("CREATE TABLE {table}_saved AS SELECT * FROM {table}");
            database.execute_unprepared(&save).await.unwrap();
        }
        Self { place, database, hash }
    }

    /// Runs statements, in which `$own` is the organisation's id, and gives back what is found of its chain then.
    async fn after(&self, statements: &[&str]) -> ChainReport {
        for statement in statements {
            let own = format!("(SELECT id FROM organisation WHERE hash = '{}')", self.hash);
            let done = self.database.execute_unprepared(&statement.replace("$own", &own)).await;
            assert!(done.unwrap().rows_affected() > 0, "{statement}");
        }
        self.verify(Some(&self.hash)).await.pop().unwrap()
    }

    async fn verify(&self, organisation: Option<&str>) -> Vec<ChainReport> {
        self.verify_at(T0, organisation).await
    }

    async fn verify_at(&self, now: Timestamp, organisation: Option<&str>) -> Vec<ChainReport> {
        let verification = Verification {
            database_url: self.place.url().to_owned(),
            master_key_file: self.place.file("master.key"),
            heads: self.place.file("audit-heads"),
            organisation: organisation.map(str::to_owned),
            now,
        };
        api::verify_audit(&verification).await.unwrap()
    }

    async fn restore(&self) {
        for table in ["audit_entry", "audit_chain"] {
            let statement = format!("DELETE FROM {table}");
            self.database.execute_unprepared(&statement).await.unwrap();
            let statement = format!("INSERT INTO {table} SELECT * FROM {table}_saved");
            self.database.execute_unprepared(&statement).await.unwrap();
        }
    }
}

async fn tampering_is_found_on(kind: Kind) {
    let log = Log::on(kind).await;
    let all = log.verify(None).await;
    assert!(all.iter().all(ChainReport::is_intact), "{all:?}");
    assert!(all.len() >= 3, "the platform's chain, and one for each organisation");
    let own = all.iter().find(|report| report.name == log.hash).unwrap();
    let last = own.signed.unwrap();
    assert_eq!(u64::try_from(last).unwrap(), own.intact);
    assert!(last > 8);
    let json = match log.database.get_database_backend() {
        DbBackend::Sqlite => "'{}'",
        _ => "'{}'::jsonb",
    };
    let bytes = match log.database.get_database_backend() {
        DbBackend::Sqlite => "x'00'",
        _ => r"'\x00'::bytea",
    };
    let at = |n: i64| format!("organisation_id = $own AND sequence = {n}");
    let (third, fourth) = (at(3), at(4));

    let cases: Vec<(&str, Vec<String>, i64, Defect)> = vec![
        (
            "an action",
            vec![format!("UPDATE audit_entry SET action = 'stream.read' WHERE {third}")],
            3,
            Defect::Hash,
        ),
        (
            "a detail",
            vec![format!("UPDATE audit_entry SET detail = {json} WHERE {third}")],
            3,
            Defect::Hash,
        ),
        (
            "a moment",
            vec![format!(
                "UPDATE audit_entry SET created_at = created_at + 1 WHERE {third}"
            )],
            3,
            Defect::Hash,
        ),
        (
            "an actor",
            vec![format!("UPDATE audit_entry SET actor_id = NULL WHERE {third}")],
            3,
            Defect::Hash,
        ),
        (
            "a role",
            vec![format!("UPDATE audit_entry SET role = 'nanoUser' WHERE {third}")],
            3,
            Defect::Hash,
        ),
        (
            "a hash",
            vec![format!("UPDATE audit_entry SET hash = {bytes} WHERE {third}")],
            3,
            Defect::Hash,
        ),
        (
            "a link",
            vec![format!("UPDATE audit_entry SET previous_hash = {bytes} WHERE {third}")],
            3,
            Defect::Hash,
        ),
        (
            "a middle entry",
            vec![format!("DELETE FROM audit_entry WHERE {third}")],
            3,
            Defect::Gap,
        ),
        (
            "the first entry",
            vec![format!("DELETE FROM audit_entry WHERE {}", at(1))],
            1,
            Defect::Gap,
        ),
        (
            "an entry out of the chain",
            vec![format!("UPDATE audit_entry SET sequence = NULL WHERE {third}")],
            3,
            Defect::Gap,
        ),
        (
            "two swapped",
            vec![
                format!("UPDATE audit_entry SET sequence = 1000000 WHERE {third}"),
                format!("UPDATE audit_entry SET sequence = 3 WHERE {fourth}"),
                format!("UPDATE audit_entry SET sequence = 4 WHERE {}", at(1_000_000)),
            ],
            3,
            Defect::Hash,
        ),
        (
            "the tail",
            vec![format!(
                "DELETE FROM audit_entry WHERE organisation_id = $own AND sequence > {}",
                last - 2
            )],
            last - 1,
            Defect::Cut,
        ),
        (
            "the tail, and the newest link",
            vec![
                format!(
                    "DELETE FROM audit_entry WHERE organisation_id = $own AND sequence > {}",
                    last - 2
                ),
                format!(
                    "UPDATE audit_chain SET sequence = {0}, hash = (SELECT hash FROM audit_entry WHERE \
                     organisation_id = $own AND sequence = {0}) WHERE id = $own",
                    last - 2
                ),
            ],
            last - 1,
            Defect::Cut,
        ),
        (
            "everything",
            vec![
                "DELETE FROM audit_entry WHERE organisation_id = $own".to_owned(),
                "DELETE FROM audit_chain WHERE id = $own".to_owned(),
            ],
            1,
            Defect::Cut,
        ),
    ];
    for (what, statements, sequence, defect) in cases {
        let report = log
            .after(&statements.iter().map(String::as_str).collect::<Vec<_>>())
            .await;
        let broken = report.broken.clone().unwrap_or_else(|| panic!("{what} was not found"));
        assert_eq!((broken.sequence, broken.what), (sequence, defect), "{what}");
        assert_eq!(broken.id.is_some(), defect == Defect::Hash, "{what}");
        assert!(report.to_string().contains("BROKEN"), "{report}");
        let others = log.verify(None).await;
        assert_eq!(others.iter().filter(|report| !report.is_intact()).count(), 1, "{what}");
        log.restore().await;
    }

    // What can be erased is outside the chain.
    let erased = format!("UPDATE audit_entry SET personal = {json} WHERE {third}");
    assert!(log.after(&[&erased]).await.is_intact());
    log.database.close().await.unwrap();
}

#[tokio::test]
async fn whatever_is_done_to_the_audit_log_is_found_and_named() {
    tampering_is_found_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn whatever_is_done_to_the_audit_log_is_found_and_named_on_postgresql() {
    tampering_is_found_on(Kind::Postgres).await;
}

#[tokio::test]
async fn a_signed_head_that_was_altered_or_is_anothers_is_found() {
    let log = Log::on(Kind::Sqlite).await;
    let folder = log.place.file("audit-heads");
    let own = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("org_"))
        .collect::<Vec<_>>();
    let [one, other] = &own[..] else {
        panic!("a head for each organisation: {own:?}")
    };
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(one)), (0o700, 0o600));
    let kept = std::fs::read_to_string(one).unwrap();
    let lower = kept.replacen("\"sequence\":", "\"sequence\":-", 1);
    for written in [lower, std::fs::read_to_string(other).unwrap(), "{}".to_owned()] {
        std::fs::write(one, written).unwrap();
        let reports = log.verify(None).await;
        let broken: Vec<_> = reports.iter().filter_map(|report| report.broken.as_ref()).collect();
        assert_eq!(broken.len(), 1);
        assert_eq!(broken[0].what, Defect::Head);
    }
    std::fs::write(one, kept).unwrap();
    assert!(log.verify(None).await.iter().all(ChainReport::is_intact));
}

#[tokio::test]
async fn a_signed_head_that_was_taken_away_is_missed_once_there_must_have_been_one() {
    let log = Log::on(Kind::Sqlite).await;
    let heads = std::fs::read_dir(log.place.file("audit-heads")).unwrap();
    for head in heads {
        std::fs::remove_file(head.unwrap().path()).unwrap();
    }
    // As right after a first start.
    assert!(log.verify(None).await.iter().all(ChainReport::is_intact));
    let later = T0.plus(std::time::Duration::from_hours(3));
    for report in log.verify_at(later, None).await {
        let broken = report.broken.as_ref().unwrap_or_else(|| panic!("{report}"));
        assert_eq!((broken.sequence, broken.what), (1, Defect::Unsigned));
    }
}

/// Cuts the tail, and lets a control plane go on: it must not sign over what is missing.
#[tokio::test]
async fn a_control_plane_that_goes_on_does_not_sign_over_a_cut() {
    let log = Log::on(Kind::Sqlite).await;
    let last = log.verify(Some(&log.hash)).await[0].signed.unwrap();
    let cut = format!(
        "DELETE FROM audit_entry WHERE organisation_id = $own AND sequence > {}",
        last - 2
    );
    let hide = format!(
        "UPDATE audit_chain SET sequence = {0}, hash = (SELECT hash FROM audit_entry WHERE organisation_id = $own \
         AND sequence = {0}) WHERE id = $own",
        last - 2
    );
    log.after(&[&cut, &hide]).await;
    let Log { place, database, hash } = log;
    database.close().await.unwrap();
    let world = World::with(place, link::Clock::manual(crate::harness::T0)).await;
    let admin = world.as_role("nanoAdmin").await;
    for _ in 0..4 {
        admin
            .data("mutation { createStream(input: {}) { errors { code } } }", json!({}))
            .await;
    }
    world.running.shutdown().await;
    let place = world.database;
    let database = Database::connect(place.url()).await.unwrap();
    let log = Log { place, database, hash };
    let report = log.verify(Some(&log.hash)).await.pop().unwrap();
    assert_eq!(report.signed, Some(last), "the head stays where it was");
    let broken = report.broken.expect("a break");
    assert_eq!((broken.sequence, broken.what), (last, Defect::Signed));
}
