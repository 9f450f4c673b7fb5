//! A file that is on its way ends with the right to it: what was taken from whoever takes it away, they are not sent.

use std::{fmt::Write, time::Duration};

use axum::body::BodyDataStream;
use futures_util::{StreamExt, TryStreamExt};
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::{
    harness::{Client, World},
    privacy::database,
};

/// As many as five parts of a file have.
const ROWS: usize = 2_500;
/// The heading, and what was read before: one part on its way, one that waits for its turn.
const MOST: usize = 1 + 2 * 500;
const BROKE_OFF: &str = "the export broke off here: try again";

/// A world with so many sessions, each of a token of its own, and so many rules.
async fn filled() -> World {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    world.begins(&admin, world.viewing(world.stream(), 1)).await;
    let many = format!(
        "CREATE TEMP TABLE many AS WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {ROWS})
            SELECT session.* FROM session, n;
        UPDATE many SET id = randomblob(16), jti = lower(hex(randomblob(16)));
        INSERT INTO session SELECT * FROM many;
        DROP TABLE many;"
    );
    database(&world).await.execute_unprepared(&many).await.unwrap();
    let mut rules = "kind,value,action\n".to_owned();
    for n in 0..ROWS {
        writeln!(rules, "IP,10.0.{}.{},DENY", n / 250, n % 250).unwrap();
    }
    let import = "mutation($i: ImportGuardianRulesInput!) { importGuardianRules(input: $i) { made errors { code } } }";
    let made = admin.data(import, json!({ "i": { "csv": rules } })).await;
    assert_eq!(made["importGuardianRules"]["made"], ROWS);
    // Then they are of a time that is over.
    world.pass(Duration::from_secs(5));
    world
}

/// A file of which the first part was taken.
async fn begun(client: &Client, path: &str) -> BodyDataStream {
    let mut body = client.open(path).await;
    body.next().await.unwrap().unwrap();
    body
}

async fn rest(body: BodyDataStream) -> String {
    let parts: Vec<_> = body.try_collect().await.unwrap();
    String::from_utf8(parts.concat()).unwrap()
}

const SESSIONS: &str = "/sessions.csv";
const TOKENS: &str = "/token-usage.csv?from=2027-01-01T00:00:00Z";
const DEMOTED: &str = "UPDATE member SET role = 'nanoReadOnly' WHERE role = 'nanoUser'";

#[tokio::test]
async fn a_file_ends_with_the_right_to_it() {
    for (taken, paths) in [
        (DEMOTED, vec![SESSIONS, TOKENS, "/rules.csv", "/rules.json"]),
        ("DELETE FROM sign_in", vec![SESSIONS, "/rules.json"]),
        ("UPDATE organisation SET standing = 'suspended'", vec![SESSIONS]),
        ("DELETE FROM package_grant", vec![TOKENS]),
    ] {
        let world = filled().await;
        let user = world.as_role("nanoUser").await;
        let mut files = Vec::new();
        for path in paths {
            files.push((path, begun(&user, path).await));
        }
        database(&world).await.execute_unprepared(taken).await.unwrap();
        for (path, body) in files {
            let text = rest(body).await;
            let (rows, last) = (text.lines().count(), text.lines().last().unwrap_or_default());
            assert!(last.contains(BROKE_OFF), "{taken}, {path}: {last}");
            assert!(rows <= MOST + 1, "{taken}, {path}: {rows} rows");
        }
    }
}

#[tokio::test]
async fn the_log_of_an_organisation_ends_with_the_right_to_it() {
    let world = filled().await;
    let admin = world.as_role("nanoAdmin").await;
    let entries = format!(
        "CREATE TEMP TABLE many AS WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {ROWS})
            SELECT audit_entry.* FROM audit_entry, n
            WHERE organisation_id = (SELECT organisation_id FROM session LIMIT 1) LIMIT {ROWS};
        UPDATE many SET id = randomblob(16), sequence = NULL;
        INSERT INTO audit_entry SELECT * FROM many;
        DROP TABLE many;"
    );
    let database = database(&world).await;
    database.execute_unprepared(&entries).await.unwrap();
    let log = begun(&admin, "/audit.csv").await;
    let demoted = "UPDATE member SET role = 'nanoUser' WHERE role = 'nanoAdmin'";
    database.execute_unprepared(demoted).await.unwrap();
    let text = rest(log).await;
    assert!(text.ends_with(&format!("\"{BROKE_OFF}\"\r\n")));
    assert!(text.lines().count() <= MOST + 1);
}

#[tokio::test]
async fn a_file_is_whole_for_whoever_keeps_the_right_to_it() {
    let world = filled().await;
    let user = world.as_role("nanoUser").await;
    for (path, around) in [(SESSIONS, 1), (TOKENS, 0), ("/rules.csv", 0), ("/rules.json", 1)] {
        let text = rest(begun(&user, path).await).await;
        assert!(!text.contains(BROKE_OFF), "{path}");
        assert_eq!(
            text.lines().filter(|line| !line.is_empty()).count(),
            ROWS + around,
            "{path}"
        );
    }
}
