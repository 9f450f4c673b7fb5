//! Long histories: a page of the sessions of each stream is what it would be of that stream alone; and whoever reads or
//! counts much takes turns, so that others find a connection.

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    harness::World,
    privacy::{database, eventually, watched},
};

const ALONE: &str = "query($f: SessionFilter, $a: String) { organisation { sessions(first: 2, after: $a, filter: $f) {
    totalCount pageInfo { endCursor hasNextPage hasPreviousPage } nodes { id } } } }";
const BELOW: &str = "query($l: Boolean, $a: String) { organisation { streams(first: 10) { nodes { name
    sessions(first: 2, after: $a, live: $l) {
    totalCount pageInfo { endCursor hasNextPage hasPreviousPage } nodes { id } } } } } }";

async fn pages_below_streams_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let make = "mutation { createStream(input: {alias: \"beside\"}) { stream { name } errors { code } } }";
    let made = admin.data(make, json!({})).await["createStream"]["stream"]["name"].clone();
    let beside = made.as_str().unwrap();
    for n in 1..=18 {
        let name = if n % 2 == 0 { world.stream() } else { beside };
        let facts = world.viewing(name, n);
        if n % 3 == 0 {
            world.node.tell(world.clock.now(), link::Kind::Started(facts));
        } else {
            watched(&world, &facts, world.clock.now());
        }
    }
    let known = async |live: Value| {
        let page = admin.data(ALONE, json!({ "f": { "live": live } })).await;
        page["organisation"]["sessions"]["totalCount"].clone()
    };
    eventually("they are told", async || {
        known(Value::Null).await == 18 && known(json!(false)).await == 12
    })
    .await;
    for name in [world.stream(), beside] {
        for (live, all) in [(Value::Null, 9), (json!(true), 3), (json!(false), 6)] {
            let (mut after, mut seen) = (Value::Null, 0);
            loop {
                let filter = json!({ "stream": name, "live": live });
                let alone = admin.data(ALONE, json!({ "f": filter, "a": after })).await;
                let alone = &alone["organisation"]["sessions"];
                let below = admin.data(BELOW, json!({ "l": live, "a": after })).await;
                let below = below["organisation"]["streams"]["nodes"].as_array().unwrap().clone();
                let below = below.iter().find(|stream| stream["name"] == name).unwrap();
                assert_eq!(&below["sessions"], alone, "{name} {live} {after}");
                seen += alone["nodes"].as_array().unwrap().len();
                if alone["pageInfo"]["hasNextPage"] == false {
                    break;
                }
                after = alone["pageInfo"]["endCursor"].clone();
            }
            assert_eq!(seen, all, "{name} {live}");
        }
    }
}

#[tokio::test]
async fn a_page_of_each_streams_sessions_is_what_it_is_of_that_stream_alone() {
    pages_below_streams_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_page_of_each_streams_sessions_is_what_it_is_of_that_stream_alone_on_postgresql() {
    pages_below_streams_on(Kind::Postgres).await;
}

/// Asks for much, many times at once, while a table that it needs is held: few wait for that, and others are answered.
async fn leaves_room(table: &str, ask: impl Fn(&World) -> (&'static str, Value)) {
    let world = World::on(Kind::Postgres).await;
    let admin = world.as_role("nanoAdmin").await;
    let (query, variables) = ask(&world);
    let connection = database(&world).await;
    let other = connection.begin().await.unwrap();
    let held = format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
    other.execute_unprepared(&held).await.unwrap();
    let crowd = join_all((0..16).map(|_| admin.data(query, variables.clone())));
    let waiting = async || {
        let waits = "SELECT count(*) AS waiting FROM pg_locks WHERE NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        let waits = Statement::from_string(connection.get_database_backend(), waits);
        let row = connection.query_one_raw(waits).await.unwrap().unwrap();
        row.try_get::<i64>("", "waiting").unwrap()
    };
    let beside = async {
        eventually("somebody waits", async || waiting().await > 0).await;
        for _ in 0..50 {
            // It would wait for a connection in vain.
            admin.data("{ viewer { role } }", json!({})).await;
        }
        other.rollback().await.unwrap();
    };
    let (answers, ()) = tokio::join!(crowd, beside);
    assert_eq!(answers.len(), 16, "all of them are answered in the end");
}

#[tokio::test]
async fn who_has_decisions_explained_leaves_connections_to_others() {
    leaves_room("guardian_rule", |world| {
        let input = json!({ "stream": world.stream(), "ip": "192.0.2.9" });
        (
            "query($i: ExplainInput!) { explain(input: $i) { reason } }",
            json!({ "i": input }),
        )
    })
    .await;
}

#[tokio::test]
async fn who_counts_sessions_leaves_connections_to_others() {
    let all = "{ organisation { sessions { totalCount } } }";
    leaves_room("session", |_| (all, json!({}))).await;
}

#[tokio::test]
async fn who_counts_the_sessions_of_streams_leaves_connections_to_others() {
    let below = "{ organisation { streams { nodes { sessions { totalCount } } } } }";
    leaves_room("session", |_| (below, json!({}))).await;
}
