//! A longer list asks the database for more rows, not more often.

use serde_json::{Value, json};

use crate::harness::{Client, World};

/// What a page of `n` costs. Other tasks of the control plane ask now and then: the least of several is the page's own.
async fn cost(world: &World, client: &Client, query: &str, n: usize) -> u64 {
    let mut least = u64::MAX;
    for _ in 0..8 {
        let before = world.running.statements();
        let data = client.data(query, json!({ "n": n })).await;
        least = least.min(world.running.statements() - before);
        assert_eq!(longest(&data), n, "{query}");
    }
    least
}

fn longest(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(longest).max().unwrap_or_default().max(items.len()),
        Value::Object(map) => map.values().map(longest).max().unwrap_or_default(),
        _ => 0,
    }
}

/// Lists with everything that hangs from their entries.
const LISTS: &[&str] = &[
    "query($n: Int) { organisation { streams(first: $n) { totalCount nodes {
        id name title state tags { name streams } group { id name createdAt } createdAt securePlayback ingestAuthorisation
        testSource ingestUrl ingestKey viewers playbackUrls { hls }
        sessions(first: 2) { totalCount nodes { id } } } } } }",
    "query($n: Int) { organisation { playbackTokens(first: $n) { totalCount nodes {
        id jti status user tag streams organisationWide createdAt expiresAt revokedAt revocable notRevocableBecause
        createdBy { id name kind } claims } } } }",
    "query($n: Int) { organisation { groups(first: $n) { totalCount nodes {
        id name createdAt streams(first: 2) { totalCount nodes { name tags { name streams } group { name } } } } } } }",
    "query($n: Int) { organisation { members(first: $n) { totalCount nodes {
        id user name email role joinedAt lastSeenAt secondFactor signIns { id address lastUsedAt } } } } }",
];

#[tokio::test]
async fn a_page_of_fifty_takes_as_many_statements_as_a_page_of_five() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    for n in 0..50 {
        let make = "mutation($i: CreateStreamInput!, $g: CreateGroupInput!) {
            createStream(input: $i) { stream { name } errors { code } } createGroup(input: $g) { errors { code } } }";
        let alias = format!("n{n}");
        let name = format!("{}-{alias}", world.demo.users[0].organisation);
        let input = json!({ "alias": alias, "tags": [format!("t{n}"), "all"] });
        let group = json!({ "name": format!("Group {n}"), "streams": [name] });
        admin.data(make, json!({ "i": input, "g": group })).await;
        let email = format!("n{n}@northwind.example");
        world
            .join(&email, &world.demo.users[0].organisation, "nanoReadOnly")
            .await;
        world.idle_sign_in(&email).await;
        admin
            .make_token(json!({ "streams": [name], "user": format!("u{n}") }))
            .await;
    }
    for query in LISTS {
        let (five, fifty) = (
            cost(&world, &admin, query, 5).await,
            cost(&world, &admin, query, 50).await,
        );
        assert!(five > 3, "nothing is counted");
        assert_eq!(five, fifty, "{query}");
    }
}
