//! Two changes of one thing at one moment: one is made, the other is told that it met another, and may be tried again.
//!
//! On PostgreSQL, where transactions run beside each other; on SQLite writers take turns. The other change is made by hand,
//! so that both are under way for certain.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, Statement, TransactionTrait};
use serde_json::{Value, json};
use testkit::Kind;

use crate::harness::{Client, World};

const RENAME: &str = "mutation($i: ID!, $s: [String!]) { updateGroup(input: {id: $i, name: \"Other\", streams: $s}) {
    group { name } errors { code } } }";
const TAG: &str = "mutation($n: String!) { updateStream(input: {name: $n, tags: [\"finals\"]}) { errors { code } } }";

/// What comes of a request that meets `other`, which is committed once the request waits for it.
async fn meets(client: &Client, request: (&str, Value), other: DatabaseTransaction, last: Option<&str>) -> String {
    let asking = {
        let (client, query, variables) = (client.clone(), request.0.to_owned(), request.1);
        tokio::spawn(async move { client.ask(&query, variables).await })
    };
    until_somebody_waits(&other).await;
    if let Some(last) = last {
        other.execute_unprepared(last).await.unwrap();
    }
    other.commit().await.unwrap();
    let answer = asking.await.unwrap();
    answer.code().unwrap_or_else(|| panic!("no error: {}", answer.text))
}

async fn until_somebody_waits(connection: &impl ConnectionTrait) {
    let backend = connection.get_database_backend();
    let query = "SELECT count(*) AS many FROM pg_locks WHERE NOT granted";
    for _ in 0..500 {
        let row = connection.query_one_raw(Statement::from_string(backend, query)).await;
        if row.unwrap().unwrap().try_get::<i64>("", "many").unwrap() > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody waits");
}

async fn other(tables: &DatabaseConnection, statement: &str) -> DatabaseTransaction {
    let other = tables.begin().await.unwrap();
    let done = other.execute_unprepared(statement).await.unwrap();
    assert_eq!(done.rows_affected(), 1, "{statement}");
    other
}

#[tokio::test]
async fn of_two_changes_that_meet_one_is_told_so_and_may_be_tried_again() {
    let world = World::on(Kind::Postgres).await;
    let (admin, tables) = (world.as_role("nanoAdmin").await, world.tables().await);
    let name = world.stream().to_owned();
    let group = "mutation { createGroup(input: {name: \"Group\"}) { group { id } } }";
    let group = admin.data(group, json!({})).await["createGroup"]["group"]["id"].clone();

    // A place that both want: the same new tag of one stream.
    let tag = format!(
        "INSERT INTO stream_tag (stream_id, name, organisation_id)
         SELECT id, 'finals', organisation_id FROM stream WHERE name = '{name}'"
    );
    let request = || (TAG, json!({ "n": name }));
    let same = other(&tables, &tag).await;
    assert_eq!(meets(&admin, request(), same, None).await, "CONFLICT");
    assert_eq!(
        admin.data(request().0, request().1).await["updateStream"]["errors"],
        json!([])
    );

    // Each waits for the other.
    let streams = format!("UPDATE stream SET title = 'other' WHERE name = '{name}'");
    let crossing = other(&tables, &streams).await;
    // Who finds out that it is so gives in: that is to be the request.
    let patient = "SET LOCAL deadlock_timeout = '1min'";
    crossing.execute_unprepared(patient).await.unwrap();
    let groups = "UPDATE stream_group SET name = 'crossing'";
    let request = || (RENAME, json!({ "i": group, "s": [name] }));
    assert_eq!(meets(&admin, request(), crossing, Some(groups)).await, "CONFLICT");
    let renamed = admin.data(request().0, request().1).await["updateGroup"].clone();
    assert_eq!(renamed, json!({ "group": { "name": "Other" }, "errors": [] }));

    // What is changed is deleted meanwhile; read again, it is not there.
    let gone = other(&tables, "DELETE FROM stream_group").await;
    assert_eq!(meets(&admin, request(), gone, None).await, "CONFLICT");
    assert_eq!(admin.code(request().0, request().1).await, "NOT_FOUND");
}

/// The transaction that holds an organisation's turn.
async fn turn(tables: &DatabaseConnection, hash: &str) -> DatabaseTransaction {
    let other = tables.begin().await.unwrap();
    let backend = other.get_database_backend();
    let id = format!("SELECT id FROM organisation WHERE hash = '{hash}'");
    let row = other
        .query_one_raw(Statement::from_string(backend, id))
        .await
        .unwrap()
        .unwrap();
    let id: uuid::Uuid = row.try_get("", "id").unwrap();
    let lock = format!("SELECT pg_advisory_xact_lock({})", id.as_u64_pair().1.cast_signed());
    other.execute_unprepared(&lock).await.unwrap();
    other
}

#[tokio::test]
async fn whoever_loses_access_or_role_while_a_change_waits_for_its_turn_changes_nothing() {
    let world = World::on(Kind::Postgres).await;
    let tables = world.tables().await;
    let hash = world.demo.users[1].organisation.clone();
    let (user, email) = (world.as_role("nanoUser").await, world.demo.users[1].email.clone());
    let make = "mutation { createApiToken(input: {name: \"kept\", role: nanoUser}) { secret errors { code } } }";
    let software = user.data(make, json!({})).await["createApiToken"]["secret"].clone();
    let request = || (make, json!({}));
    let theirs = format!("user_id = (SELECT id FROM app_user WHERE email = '{email}')");

    // A demotion, and what takes it back.
    let demoted = turn(&tables, &hash).await;
    let role = |role: &str| format!("UPDATE member SET role = '{role}' WHERE {theirs}");
    assert_eq!(
        meets(&user, request(), demoted, Some(&role("nanoReadOnly"))).await,
        "FORBIDDEN"
    );
    tables.execute_unprepared(&role("nanoUser")).await.unwrap();
    // A token that is taken back, with which software asks.
    let mut program = world.anonymous();
    program.bearer = software.as_str().map(str::to_owned);
    let revoked = turn(&tables, &hash).await;
    let ends = "UPDATE api_token SET revoked_at = 1";
    let stream = (
        "mutation { createStream(input: {}) { stream { name } errors { code } } }",
        json!({}),
    );
    assert_eq!(meets(&program, stream, revoked, Some(ends)).await, "UNAUTHENTICATED");
    // Access that is invalidated: no API token is made that outlives it.
    let invalidated = turn(&tables, &hash).await;
    let since = world.clock.now().plus(Duration::from_secs(1)).us();
    let ends = format!("UPDATE member SET access_since = {since} WHERE {theirs}");
    assert_eq!(
        meets(&user, request(), invalidated, Some(&ends)).await,
        "UNAUTHENTICATED"
    );
}

#[tokio::test]
async fn requests_at_once_pass_no_limit_and_make_one_key() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::on(kind).await;
        let (admin, operator) = (
            world.as_role("nanoAdmin").await,
            crate::organisations::operator(&world).await,
        );
        let hash = &world.demo.users[0].organisation;
        let streams = "{ organisation { streams { totalCount } } }";
        let there = admin.data(streams, json!({})).await["organisation"]["streams"]["totalCount"]
            .as_u64()
            .unwrap();
        let set = "mutation($i: SetPackageInput!) { setPackage(input: $i) { errors { code } } }";
        let limit =
            json!({ "organisation": hash, "package": "LIVE", "enabled": true, "limits": { "streams": there + 2 } });
        operator.data(set, json!({ "i": limit })).await;

        let all = async |query: &'static str, times: usize| {
            // All are under way, as far as they come beside each other, before any is done.
            let held = world.hold_writes(kind).await;
            let asking: Vec<_> = (0..times)
                .map(|_| {
                    let admin = admin.clone();
                    tokio::spawn(async move { admin.ask(query, json!({})).await })
                })
                .collect();
            world.wait_for_two(kind).await;
            held.rollback().await.unwrap();
            let answers = futures_util::future::join_all(asking).await;
            answers
                .into_iter()
                .map(|answer| answer.unwrap().body)
                .collect::<Vec<_>>()
        };
        all(
            "mutation { createStream(input: {}) { stream { name } errors { code } } }",
            8,
        )
        .await;
        let now = admin.data(streams, json!({})).await["organisation"]["streams"]["totalCount"]
            .as_u64()
            .unwrap();
        assert_eq!(now, there + 2);

        let keys = all("mutation { rotateApiKey { secret } }", 5).await;
        let mut alive = 0;
        for key in keys {
            let mut program = world.anonymous();
            program.bearer = key["data"]["rotateApiKey"]["secret"].as_str().map(str::to_owned);
            let answer = program.ask("{ organisation { hash } }", json!({})).await;
            alive += usize::from(answer.code().is_none());
        }
        assert_eq!(alive, 1, "{kind:?}");
    }
}
