//! What a node is told that joins.

use std::{collections::BTreeMap, time::Duration};

use guard::rules::{Action, Doors, Kind, Matcher, Mode, Rule, RuleScope};
use ids::RuleId;
use serde_json::json;

use crate::{
    guardian::create,
    harness::{Node, T0, World},
};

/// The rules of the first organisation, as a node has them that joins now.
async fn told(world: &World) -> BTreeMap<RuleId, Rule> {
    let node = Node::join(&world.connector, 8).await;
    let policy = node.policy.lock().unwrap().clone();
    let tenant = policy.tenant_of(&world.stream().parse().unwrap()).unwrap();
    tenant.rules.iter().map(|rule| (rule.id, rule.clone())).collect()
}

async fn each_rule_is_told_as_it_was_written_on(kind: testkit::Kind) {
    let world = World::on(kind).await;
    let (admin, outsider) = (world.as_role("nanoAdmin").await, world.outsider().await);
    let group = "mutation { createGroup(input: {name: \"Both\"}) { group { id } } }";
    let group = admin.data(group, json!({})).await["createGroup"]["group"]["id"].clone();
    let in_group = RuleScope::Group(group.as_str().unwrap().parse().unwrap());
    let on_stream = RuleScope::Stream(world.viewing(world.stream(), 1).stream);
    let of = |kind, value: &str| Rule {
        id: RuleId::mint(1, [0; 10]),
        matcher: Matcher::parse(kind, value).unwrap(),
        action: Action::Deny,
        scope: RuleScope::Organisation,
        doors: Doors::Playback,
        mode: Mode::Enforce,
        expires: None,
    };
    let rules = [
        (
            json!({ "kind": "IP", "value": "192.0.2.0/24", "action": "DENY" }),
            of(Kind::Ip, "192.0.2.0/24"),
        ),
        (
            json!({ "kind": "IP", "value": "2001:db8::/32", "action": "ALLOW", "stream": world.stream() }),
            Rule {
                action: Action::Allow,
                scope: on_stream,
                ..of(Kind::Ip, "2001:db8::/32")
            },
        ),
        (
            json!({ "kind": "ASN", "value": "64500", "action": "DENY", "group": group, "note": "thieves" }),
            Rule {
                scope: in_group,
                ..of(Kind::Asn, "64500")
            },
        ),
        (
            json!({ "kind": "COUNTRY", "value": "none", "action": "ALLOW", "door": "INGEST" }),
            Rule {
                action: Action::Allow,
                doors: Doors::Ingest,
                ..of(Kind::Country, "none")
            },
        ),
        (
            json!({ "kind": "REFERRER", "value": "*.example.com", "action": "DENY", "door": "BOTH" }),
            Rule {
                doors: Doors::Both,
                ..of(Kind::Referrer, "*.example.com")
            },
        ),
        (
            json!({ "kind": "USER_AGENT", "value": "curl/*", "action": "DENY", "mode": "MONITOR",
                "expiresAt": "2027-01-15T09:00:00Z" }),
            Rule {
                mode: Mode::Monitor,
                expires: Some(T0.plus(Duration::from_hours(1))),
                ..of(Kind::UserAgent, "curl/*")
            },
        ),
    ];
    let mut written = BTreeMap::new();
    for (input, rule) in rules {
        let made = create(&admin, input).await;
        assert_eq!(made["errors"], json!([]));
        let id: RuleId = made["rule"]["id"].as_str().unwrap().parse().unwrap();
        written.insert(id, Rule { id, ..rule });
    }
    let theirs = json!({ "kind": "IP", "value": "198.51.100.0/24", "action": "DENY" });
    assert_eq!(create(&outsider, theirs).await["errors"], json!([]));
    assert_eq!(told(&world).await, written);

    // What is over is as if it were not there.
    world.pass(Duration::from_hours(1));
    written.retain(|_, rule| rule.expires.is_none());
    assert_eq!((written.len(), told(&world).await), (5, written));
}

#[tokio::test]
async fn a_node_that_joins_is_told_each_rule_as_it_was_written() {
    each_rule_is_told_as_it_was_written_on(testkit::Kind::Sqlite).await;
}

#[tokio::test]
async fn a_node_that_joins_is_told_each_rule_as_it_was_written_on_postgresql() {
    each_rule_is_told_as_it_was_written_on(testkit::Kind::Postgres).await;
}
