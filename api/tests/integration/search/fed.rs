//! Meilisearch beside the database: fed by what was committed, rebuilt when asked, and never anybody's trouble.

use std::time::Duration;

use link::{Clock, Entropy};
use sea_orm::ConnectionTrait;
use serde_json::json;
use testkit::{Database, Kind};
use tokio::runtime::Runtime;

use super::{Double, PAUSE, SEARCH, double::Mood, found, stream};
use crate::harness::{Client, T0, World, settings, start_with};

async fn names(client: &Client, text: &str) -> Vec<String> {
    found(client, text, "STREAM")
        .await
        .into_iter()
        .map(|(name, _)| name)
        .collect()
}

#[tokio::test]
async fn whatever_meilisearch_does_wrong_the_database_answers_and_it_is_left_alone_for_a_while() {
    let double = Double::start().await;
    let world = World::with_meilisearch(Kind::Sqlite, double.settings()).await;
    let (admin, outsider) = (world.as_role("nanoAdmin").await, world.outsider().await);
    let name = stream(&admin, json!({ "alias": "steady" })).await;
    stream(&outsider, json!({ "alias": "steady-theirs" })).await;
    world.fed().await;
    let moods = [
        Mood::Broken,
        Mood::Slow,
        Mood::Babbling,
        Mood::Mistaken,
        Mood::Leaking,
        Mood::Redirecting,
    ];
    for mood in moods {
        double.set(mood);
        let before = double.searches();
        assert_eq!(names(&admin, "steady").await, [name.as_str()], "{mood:?}");
        assert_eq!(double.searches(), before + 1, "{mood:?}");
        for _ in 0..3 {
            assert_eq!(names(&admin, "steady").await, [name.as_str()], "{mood:?}");
        }
        assert_eq!(double.searches(), before + 1, "{mood:?}: it was not left alone");
        double.set(Mood::Well);
        world.pass(PAUSE);
        assert_eq!(names(&admin, "steady").await, [name.as_str()]);
        assert_eq!(double.searches(), before + 2, "{mood:?}: it was not asked again");
    }
    double.stop();
    for _ in 0..2 {
        assert_eq!(names(&admin, "steady").await, [name.as_str()]);
    }
}

#[tokio::test]
async fn meilisearch_forgives_a_mistake_in_a_title_and_none_in_an_id() {
    let double = Double::start().await;
    let world = World::with_meilisearch(Kind::Sqlite, double.settings_without_search_key()).await;
    let admin = world.as_role("nanoAdmin").await;
    let name = stream(&admin, json!({ "alias": "derbyone", "title": "Stadium north" })).await;
    world.fed().await;
    let alike = vec![(name.clone(), "SIMILAR".to_owned())];
    assert_eq!(found(&admin, "stadum", "STREAM").await, alike);
    assert_eq!(
        found(&admin, "north stadium", "STREAM").await,
        alike,
        "words in another order"
    );
    assert_eq!(found(&admin, "derbione", "STREAM").await, []);
    assert!(double.asked().iter().all(|(with_token, _)| !with_token));
}

/// The process dies after the commit, while Meilisearch takes nothing.
fn a_crash_before_the_feed_loses_nothing(kind: Kind) {
    let database = Database::new(kind);
    let first = Runtime::new().unwrap();
    // The double outlives the process that dies.
    let stays = Runtime::new().unwrap();
    let double = stays.block_on(Double::start());
    let configured = || {
        let mut settings = settings(&database);
        settings.search = Some(double.settings());
        settings
    };
    let (created, deleted) = first.block_on(async {
        let (control, _connector) = link::in_process(16);
        let running = start_with(configured(), &Clock::manual(T0), control).await;
        let demo = api::seed_demo(&running).await.unwrap();
        let mut admin = Client::of(&running);
        admin.cookie = admin
            .sign_in(&demo.users[0].email, &demo.users[0].password)
            .await
            .cookie();
        let deleted = stream(&admin, json!({ "alias": "goes" })).await;
        while !double.holds("stream").contains(&deleted) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        double.set(Mood::Full);
        let created = stream(&admin, json!({ "alias": "comes" })).await;
        let delete = "mutation($n: String!) { deleteStream(input: {name: $n}) { errors { code } } }";
        admin.data(delete, json!({ "n": deleted })).await;
        (created, deleted)
    });
    first.shutdown_timeout(Duration::from_secs(5));
    assert!(!double.holds("stream").contains(&created) && double.holds("stream").contains(&deleted));

    double.set(Mood::Well);
    Runtime::new().unwrap().block_on(async {
        let (control, _connector) = link::in_process(16);
        // By then nobody else has the right to feed.
        let clock = Clock::manual(T0.plus(Duration::from_secs(31)));
        let running = start_with(configured(), &clock, control).await;
        while !double.holds("stream").contains(&created) || double.holds("stream").contains(&deleted) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        running.shutdown().await;
    });
}

#[test]
fn a_crash_between_the_commit_and_meilisearch_loses_nothing() {
    a_crash_before_the_feed_loses_nothing(Kind::Sqlite);
}

#[test]
fn a_crash_between_the_commit_and_meilisearch_loses_nothing_on_postgresql() {
    a_crash_before_the_feed_loses_nothing(Kind::Postgres);
}

async fn what_is_erased_leaves(kind: Kind) {
    let double = Double::start().await;
    let world = World::with_meilisearch(kind, double.settings()).await;
    let admin = world.as_role("nanoAdmin").await;
    let hash = world.demo.users[0].organisation.clone();
    let member = world.join("gone@northwind.example", &hash, "nanoUser").await;
    let remove = "mutation($m: ID!) { removeMember(input: {member: $m}) { errors { code } } }";
    admin
        .make_token(json!({ "streams": [world.stream()], "user": "viewer-to-forget" }))
        .await;
    admin.data(remove, json!({ "m": member.to_string() })).await;
    world.fed().await;
    assert!(double.holds("audit").contains("gone@northwind.example"));
    assert!(double.holds("token").contains("viewer-to-forget"));
    assert!(!double.holds("member").contains("gone@northwind.example"));
    // However it is erased.
    let tables = world.tables().await;
    for statement in [
        "UPDATE audit_entry SET personal = '{}'",
        "UPDATE playback_token SET viewer = NULL",
        "UPDATE app_user SET name = 'Another', email = 'other-' || email",
    ] {
        tables.execute_unprepared(statement).await.unwrap();
    }
    world.fed().await;
    let held = ["stream", "token", "member", "audit"]
        .map(|kind| double.holds(kind))
        .join("\n");
    for text in [
        "gone@northwind.example",
        "viewer-to-forget",
        "Ada Admin",
        "\"ada@",
        "192.0.2.77",
    ] {
        assert!(!held.contains(text), "`{text}` is still in the index");
    }
    tables.execute_unprepared("DELETE FROM audit_entry").await.unwrap();
    tables.execute_unprepared("DELETE FROM member").await.unwrap();
    world.fed().await;
    assert_eq!(double.holds("audit") + &double.holds("member"), "");
}

#[tokio::test]
async fn what_is_erased_from_the_database_leaves_the_index() {
    what_is_erased_leaves(Kind::Sqlite).await;
}

#[tokio::test]
async fn what_is_erased_from_the_database_leaves_the_index_on_postgresql() {
    what_is_erased_leaves(Kind::Postgres).await;
}

#[tokio::test]
async fn no_secret_reaches_the_index() {
    let double = Double::start().await;
    let world = World::with_meilisearch(Kind::Sqlite, double.settings()).await;
    let admin = world.as_role("nanoAdmin").await;
    let made = admin.make_token(json!({ "streams": [world.stream()] })).await;
    let key = "query($n: String!) { stream(name: $n) { ingestKey } }";
    let key = admin.data(key, json!({ "n": world.stream() })).await["stream"]["ingestKey"].clone();
    world.fed().await;
    let held = ["stream", "token", "member", "audit"]
        .map(|kind| double.holds(kind))
        .join("\n");
    assert!(held.contains(world.stream()));
    let token = made["token"].as_str().unwrap();
    let signature = token.rsplit('.').next().unwrap();
    for secret in [
        key.as_str().unwrap(),
        token,
        signature,
        &world.demo.users[0].password,
        "$argon2",
    ] {
        assert!(!held.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn an_index_that_lost_everything_is_built_anew_when_asked_while_the_database_answers() {
    let double = Double::start().await;
    let world = World::with_meilisearch(Kind::Sqlite, double.settings()).await;
    let (admin, outsider) = (world.as_role("nanoAdmin").await, world.outsider().await);
    let name = stream(&admin, json!({ "alias": "kept" })).await;
    let theirs = stream(&outsider, json!({ "alias": "kept" })).await;
    world.fed().await;
    double.lose_everything();
    assert_eq!(names(&admin, "kept").await, [name.as_str()], "the database answers");
    let mut again = settings(&world.database);
    again.search = Some(double.settings());
    // The right to feed is with who fed last for half a minute.
    world.pass(Duration::from_secs(31));
    let built = api::reindex_search(&again, world.clock.clone(), Entropy::seeded(99))
        .await
        .unwrap();
    assert!(built.to_string().contains("stream"), "{built}");
    assert_eq!(
        double.indices(),
        ["test_audit", "test_member", "test_rule", "test_stream", "test_token"]
    );
    assert!(double.holds("stream").contains(&name) && double.holds("stream").contains(&theirs));
    let before = double.searches();
    assert_eq!(names(&admin, "kept").await, [name.as_str()]);
    assert_eq!(names(&outsider, "kept").await, [theirs]);
    assert_eq!(double.searches(), before + 2);
    // What is fed afterwards goes to the new one.
    let later = stream(&admin, json!({ "alias": "later" })).await;
    world.fed().await;
    assert!(double.holds("stream").contains(&later));
    // Again, over one that is there.
    world.pass(Duration::from_secs(31));
    let again = api::reindex_search(&again, world.clock.clone(), Entropy::seeded(98))
        .await
        .unwrap();
    assert!(again.documents() > built.documents());
    again_without_one(&world).await;
}

async fn again_without_one(world: &World) {
    let refused = api::reindex_search(&settings(&world.database), world.clock.clone(), Entropy::seeded(97)).await;
    assert!(matches!(refused, Err(api::ReindexError::NotConfigured)));
}

#[tokio::test]
async fn nothing_is_written_down_for_an_index_that_nobody_configured() {
    let double = Double::start().await;
    let world = World::with_meilisearch(Kind::Sqlite, double.settings()).await;
    double.set(Mood::Full);
    let admin = world.as_role("nanoAdmin").await;
    stream(&admin, json!({ "alias": "waiting" })).await;
    assert!(rows(&world, "search_feed").await > 0);
    // Started again without it.
    let world = world.restarted().await;
    let admin = world.as_role("nanoAdmin").await;
    let name = stream(&admin, json!({ "alias": "unfed" })).await;
    assert_eq!(
        (rows(&world, "search_index").await, rows(&world, "search_feed").await),
        (0, 0)
    );
    assert_eq!(names(&admin, "unfed").await, [name]);
    assert_eq!(
        admin.data(SEARCH, json!({ "t": "waiting" })).await["search"]["totalCount"],
        2
    );
}

async fn rows(world: &World, table: &str) -> i64 {
    let tables = world.tables().await;
    let query = format!("SELECT count(*) AS n FROM {table}");
    let statement = sea_orm::Statement::from_string(tables.get_database_backend(), query);
    tables
        .query_one_raw(statement)
        .await
        .unwrap()
        .unwrap()
        .try_get("", "n")
        .unwrap()
}
