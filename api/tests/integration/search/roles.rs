//! What a role may not read is not found, nor counted: for people, and for software of each role.

use serde_json::{Value, json};
use testkit::Kind;

use super::{Double, SEARCH, rule, stream};
use crate::harness::{Client, World};

const KINDS: [&str; 5] = ["STREAM", "TOKEN", "RULE", "MEMBER", "AUDIT"];

/// Which kinds each role finds.
const MAY: [(&str, &[&str]); 3] = [
    ("nanoReadOnly", &["STREAM"]),
    ("nanoUser", &["STREAM", "TOKEN", "RULE"]),
    ("nanoAdmin", &KINDS),
];

async fn counts(client: &Client, kinds: &[&str]) -> (Vec<String>, i64) {
    let data = client
        .data(SEARCH, json!({ "t": "common", "k": kinds, "n": 100 }))
        .await;
    let nodes = data["search"]["nodes"].as_array().unwrap();
    let mut found: Vec<_> = nodes
        .iter()
        .map(|node| node["kind"].as_str().unwrap().to_owned())
        .collect();
    found.dedup();
    (found, data["search"]["totalCount"].as_i64().unwrap())
}

async fn every_role_finds_what_it_may_read(world: World, outside: bool) {
    let admin = world.as_role("nanoAdmin").await;
    let hash = world.demo.users[0].organisation.clone();
    let name = stream(&admin, json!({ "alias": "common" })).await;
    admin.make_token(json!({ "streams": [name], "user": "common" })).await;
    rule(
        &admin,
        json!({ "kind": "ASN", "value": "64500", "action": "DENY", "note": "common" }),
    )
    .await;
    world.join("common@northwind.example", &hash, "nanoUser").await;
    if outside {
        world.fed().await;
    }
    for (role, may) in MAY {
        let person = world.as_role(role).await;
        let create = "mutation($i: CreateApiTokenInput!) { createApiToken(input: $i) { secret } }";
        let made = admin
            .data(create, json!({ "i": { "name": "software", "role": role } }))
            .await;
        let mut software = world.anonymous();
        software.bearer = Some(made["createApiToken"]["secret"].as_str().unwrap().to_owned());
        for client in [&person, &software] {
            let (found, total) = counts(client, &KINDS).await;
            assert_eq!(found, may, "{role}");
            assert_eq!(total, i64::try_from(may.len()).unwrap(), "{role}");
            for kind in KINDS {
                let (found, total) = counts(client, &[kind]).await;
                let allowed = may.contains(&kind);
                assert_eq!(
                    (found.len(), total),
                    (usize::from(allowed), i64::from(allowed)),
                    "{role} {kind}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_role_finds_and_counts_what_it_may_read_and_nothing_else() {
    every_role_finds_what_it_may_read(World::new().await, false).await;
}

#[tokio::test]
async fn a_role_finds_what_it_may_read_with_meilisearch_too_which_is_not_asked_for_more() {
    let double = Double::start().await;
    let world = World::with_meilisearch(Kind::Sqlite, double.settings()).await;
    every_role_finds_what_it_may_read(world, true).await;
    let asked = double.asked();
    assert!(!asked.is_empty());
    for (with_token, body) in asked {
        assert!(with_token, "a search is good in one organisation only");
        for query in body["queries"].as_array().unwrap() {
            assert!(
                query["filter"].as_str().unwrap().starts_with("organisation = \"org_"),
                "{query}"
            );
        }
    }
    let of_reader = |body: &Value| {
        body["queries"].as_array().unwrap().len() == 1 && body["queries"][0]["indexUid"] == "test_stream"
    };
    assert!(double.asked().iter().any(|(_, body)| of_reader(body)));
}

#[tokio::test]
async fn whoever_lost_a_role_finds_what_is_left_from_the_next_request_on() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let hash = &world.demo.users[0].organisation;
    stream(&admin, json!({ "alias": "common" })).await;
    let member = world.join("second@northwind.example", hash, "nanoAdmin").await;
    let second = world.enter("second@northwind.example").await;
    assert_eq!(counts(&second, &KINDS).await.0, ["STREAM", "AUDIT"]);
    let change = "mutation($m: ID!) { changeRole(input: {member: $m, role: nanoReadOnly}) { errors { code } } }";
    admin.data(change, json!({ "m": member.to_string() })).await;
    assert_eq!(counts(&second, &KINDS).await, (vec!["STREAM".to_owned()], 1));
}
