//! Guardian rules: in force when they are answered, within roles, packages and organisations.

use std::time::Duration;

use guard::{Asn, Place, Reason};
use ids::RuleId;
use link::{Kind, SessionEnd, SessionFacts};
use serde_json::{Value, json};

use crate::{
    harness::{Client, World, granted},
    organisations::operator,
    rule_files::beside,
};

const CREATE: &str = "mutation($i: CreateGuardianRuleInput!) { createGuardianRule(input: $i) {
    rule { id kind value action mode door stream { name } group { id } expiresAt note }
    change { nodes { acknowledged } } errors { code field message } } }";
const UPDATE: &str = "mutation($i: UpdateGuardianRuleInput!) { updateGuardianRule(input: $i) {
    rule { action mode door expiresAt note } change { nodes { acknowledged } } errors { code field } } }";
const DELETE: &str = "mutation($i: DeleteGuardianRuleInput!) { deleteGuardianRule(input: $i) {
    id change { nodes { acknowledged } } errors { code } } }";
const LIST: &str =
    "query($f: GuardianRuleFilter) { organisation { guardianRules(filter: $f) { totalCount nodes { value } } } }";
const SET: &str = "mutation($i: SetPackageInput!) { setPackage(input: $i) { errors { code } } }";

pub(crate) async fn create(client: &Client, input: Value) -> Value {
    client.data(CREATE, json!({ "i": input })).await["createGuardianRule"].clone()
}

/// The values of the rules that a filter finds.
async fn listed(client: &Client, filter: Value) -> Vec<String> {
    let list = client.data(LIST, json!({ "f": filter })).await["organisation"]["guardianRules"].clone();
    let values = list["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["value"].as_str().unwrap().to_owned());
    let values: Vec<_> = values.collect();
    assert_eq!(list["totalCount"], values.len());
    values
}

fn denied(world: &World) -> Option<Reason> {
    let token = &world.demo.streams[1].token;
    world.node.denies(world.stream(), token, world.clock.now())
}

#[tokio::test]
async fn a_rule_is_in_force_when_it_is_answered_until_it_is_taken_away_and_after_a_restart() {
    let world = World::new().await;
    let user = world.as_role("nanoUser").await;
    assert_eq!(denied(&world), None);
    let made = create(
        &user,
        json!({ "kind": "IP", "value": "::ffff:192.0.2.99/120", "action": "DENY", "note": "thieves" }),
    )
    .await;
    assert_eq!(made["errors"], json!([]));
    assert_eq!(made["change"]["nodes"], json!([{ "acknowledged": true }]));
    let id = made["rule"]["id"].clone();
    assert_eq!(
        made["rule"],
        json!({ "id": id, "kind": "IP", "value": "192.0.2.0/24", "action": "DENY", "mode": "ENFORCE", "door": "PLAYBACK",
            "stream": null, "group": null, "expiresAt": null, "note": "thieves" })
    );
    assert_eq!(denied(&world), Some(Reason::GuardianIp));

    let excepted = create(
        &user,
        json!({ "kind": "IP", "value": "192.0.2.77", "action": "ALLOW", "stream": world.stream() }),
    )
    .await;
    assert_eq!(excepted["errors"], json!([]));
    assert_eq!(denied(&world), None);
    let exception = json!({ "i": { "id": excepted["rule"]["id"] } });
    assert_eq!(
        user.data(DELETE, exception).await["deleteGuardianRule"]["id"],
        excepted["rule"]["id"]
    );
    assert_eq!(denied(&world), Some(Reason::GuardianIp));

    let monitored = json!({ "i": { "id": id, "mode": "MONITOR", "note": "" } });
    let monitored = user.data(UPDATE, monitored).await["updateGuardianRule"].clone();
    assert_eq!(
        (&monitored["rule"]["mode"], &monitored["rule"]["note"]),
        (&json!("MONITOR"), &Value::Null)
    );
    assert_eq!(denied(&world), None);
    user.data(UPDATE, json!({ "i": { "id": id, "mode": "ENFORCE" } })).await;
    assert_eq!(denied(&world), Some(Reason::GuardianIp));

    let world = world.restarted().await;
    assert_eq!(denied(&world), Some(Reason::GuardianIp));
    let user = world.as_role("nanoUser").await;
    assert_eq!(listed(&user, json!({})).await, ["192.0.2.0/24"]);
}

async fn rules_go_with_what_they_are_for_on(kind: testkit::Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let group = "mutation($s: [String!]) { createGroup(input: {name: \"Both\", streams: $s}) { group { id } } }";
    let group = admin.data(group, json!({ "s": [world.stream()] })).await["createGroup"]["group"]["id"].clone();
    for more in [
        json!({ "value": "192.0.2.0/24", "group": group }),
        json!({ "value": "192.0.2.0/25", "stream": world.stream() }),
        json!({ "value": "203.0.113.0/24" }),
    ] {
        let mut rule = json!({ "kind": "IP", "action": "DENY" });
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(create(&admin, rule).await["errors"], json!([]));
    }
    assert_eq!(denied(&world), Some(Reason::GuardianIp));
    let gone = "mutation($i: ID!) { deleteGroup(input: {id: $i}) { errors { code } } }";
    admin.data(gone, json!({ "i": group })).await;
    assert_eq!(listed(&admin, json!({})).await, ["203.0.113.0/24", "192.0.2.0/25"]);
    assert_eq!(denied(&world), Some(Reason::GuardianIp), "by the stream's own rule");
    let gone = "mutation($n: String!) { deleteStream(input: {name: $n}) { errors { code } } }";
    admin.data(gone, json!({ "n": world.stream() })).await;
    assert_eq!(listed(&admin, json!({})).await, ["203.0.113.0/24"]);
    let world = world.restarted().await;
    let admin = world.as_role("nanoAdmin").await;
    assert_eq!(listed(&admin, json!({})).await, ["203.0.113.0/24"]);
}

#[tokio::test]
async fn rules_go_with_the_group_or_stream_that_they_are_for() {
    rules_go_with_what_they_are_for_on(testkit::Kind::Sqlite).await;
}

#[tokio::test]
async fn rules_go_with_the_group_or_stream_that_they_are_for_on_postgresql() {
    rules_go_with_what_they_are_for_on(testkit::Kind::Postgres).await;
}

#[tokio::test]
async fn rules_are_listed_the_newest_first_by_whatever_they_are() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let stream = world.stream();
    for rule in [
        json!({ "kind": "IP", "value": "192.0.2.0/24", "action": "DENY", "note": "Thieves" }),
        json!({ "kind": "REFERRER", "value": "*.example.com", "action": "ALLOW", "stream": stream }),
        json!({ "kind": "COUNTRY", "value": "AQ", "action": "DENY", "mode": "MONITOR", "door": "BOTH" }),
        json!({ "kind": "ASN", "value": "64500", "action": "DENY", "expiresAt": "2027-06-01T00:00:00Z" }),
    ] {
        assert_eq!(create(&admin, rule).await["errors"], json!([]));
        world.pass(Duration::from_secs(1));
    }
    let all = ["64500", "AQ", "*.example.com", "192.0.2.0/24"];
    for (filter, found) in [
        (json!({}), all.to_vec()),
        (json!({ "kind": "IP" }), vec!["192.0.2.0/24"]),
        (json!({ "action": "ALLOW" }), vec!["*.example.com"]),
        (json!({ "mode": "MONITOR" }), vec!["AQ"]),
        (json!({ "door": "BOTH" }), vec!["AQ"]),
        (json!({ "stream": stream }), vec!["*.example.com"]),
        (json!({ "stream": "22222-none" }), vec![]),
        (json!({ "text": "thIEVES" }), vec!["192.0.2.0/24"]),
        (json!({ "text": "2.0/2" }), vec!["192.0.2.0/24"]),
        (json!({ "text": "%" }), vec![]),
        (json!({ "kind": "IP", "action": "ALLOW" }), vec![]),
        (json!({ "expired": false }), all.to_vec()),
        (json!({ "expired": true }), vec![]),
    ] {
        assert_eq!(listed(&admin, filter.clone()).await, found, "{filter}");
    }
    world.pass(Duration::from_hours(24 * 365));
    let admin = world.as_role("nanoAdmin").await;
    assert_eq!(listed(&admin, json!({ "expired": true })).await, ["64500"]);
    assert_eq!(listed(&admin, json!({ "expired": false })).await, all[1..]);
}

#[tokio::test]
async fn rules_that_reach_everybody_or_broadcasters_are_the_administrators() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let user = world.as_role("nanoUser").await;
    let reader = world.as_role("nanoReadOnly").await;
    for wide in [
        json!({ "kind": "COUNTRY", "value": "*", "action": "DENY", "mode": "MONITOR" }),
        json!({ "kind": "IP", "value": "0.0.0.0/0", "action": "DENY", "mode": "MONITOR" }),
        json!({ "kind": "IP", "value": "0.0.0.0/1", "action": "DENY", "mode": "MONITOR" }),
        json!({ "kind": "IP", "value": "128.0.0.0/1", "action": "DENY", "mode": "MONITOR" }),
        json!({ "kind": "IP", "value": "2000::/3", "action": "DENY", "mode": "MONITOR" }),
        json!({ "kind": "USER_AGENT", "value": " ** ", "action": "DENY", "mode": "MONITOR" }),
        json!({ "kind": "ASN", "value": "64500", "action": "DENY", "door": "INGEST" }),
        json!({ "kind": "ASN", "value": "64500", "action": "DENY", "door": "BOTH" }),
    ] {
        assert_eq!(user.code(CREATE, json!({ "i": wide })).await, "FORBIDDEN", "{wide}");
        let made = create(&admin, wide.clone()).await;
        assert_eq!(made["errors"], json!([]), "{wide}");
        let id = &made["rule"]["id"];
        assert_eq!(
            user.code(UPDATE, json!({ "i": { "id": id, "mode": "MONITOR" } })).await,
            "FORBIDDEN"
        );
        assert_eq!(user.code(DELETE, json!({ "i": { "id": id } })).await, "FORBIDDEN");
    }
    let narrow = create(&user, json!({ "kind": "ASN", "value": "AS64501", "action": "DENY" })).await;
    let id = &narrow["rule"]["id"];
    assert_eq!(
        user.code(UPDATE, json!({ "i": { "id": id, "door": "BOTH" } })).await,
        "FORBIDDEN"
    );
    let input = json!({ "i": { "kind": "ASN", "value": "x", "action": "DENY" } });
    assert_eq!(reader.code(CREATE, input).await, "FORBIDDEN");
    assert_eq!(reader.code(LIST, json!({})).await, "FORBIDDEN");
}

#[tokio::test]
async fn rules_of_others_are_not_there_and_theirs_reach_nobody_here() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let outsider = world.outsider().await;
    let made = create(&admin, json!({ "kind": "COUNTRY", "value": "de", "action": "DENY" })).await;
    let id = made["rule"]["id"].clone();
    for unknown in [id, json!("rul_00000000000000000000000000"), json!("nonsense")] {
        assert_eq!(
            outsider.code(UPDATE, json!({ "i": { "id": unknown } })).await,
            "NOT_FOUND"
        );
        assert_eq!(
            outsider.code(DELETE, json!({ "i": { "id": unknown } })).await,
            "NOT_FOUND"
        );
    }
    let ours = json!({ "kind": "COUNTRY", "value": "FR", "action": "DENY", "stream": world.stream() });
    assert_eq!(outsider.code(CREATE, json!({ "i": ours })).await, "NOT_FOUND");
    create(
        &outsider,
        json!({ "kind": "IP", "value": "192.0.2.0/24", "action": "DENY" }),
    )
    .await;
    assert_eq!(denied(&world), None);
}

#[tokio::test]
async fn what_is_no_rule_is_told_why() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    for (input, field) in [
        (
            json!({ "kind": "IP", "value": "1.2.3.4/33", "action": "DENY" }),
            "value",
        ),
        (json!({ "kind": "IP", "value": "*", "action": "DENY" }), "value"),
        (json!({ "kind": "ASN", "value": "DE", "action": "DENY" }), "value"),
        (json!({ "kind": "COUNTRY", "value": "UK", "action": "DENY" }), "value"),
        (
            json!({ "kind": "REFERRER", "value": "*.*.com", "action": "DENY" }),
            "value",
        ),
        (json!({ "kind": "USER_AGENT", "value": " ", "action": "DENY" }), "value"),
        (
            json!({ "kind": "ASN", "value": "1", "action": "DENY", "expiresAt": "2001-01-01T00:00:00Z" }),
            "expiresAt",
        ),
        (
            json!({ "kind": "ASN", "value": "1", "action": "DENY", "note": "x".repeat(501) }),
            "note",
        ),
    ] {
        let refused = create(&admin, input.clone()).await;
        assert_eq!(refused["errors"][0]["field"], json!(["input", field]), "{input}");
        assert_eq!(refused["rule"], Value::Null);
    }
}

#[tokio::test]
async fn rules_need_their_package_and_stay_within_its_limit() {
    let world = World::new().await;
    let operator = operator(&world).await;
    let admin = world.as_role("nanoAdmin").await;
    let hash = &world.demo.users[0].organisation;
    let set = |enabled: bool, rules: u32| json!({ "i": { "organisation": hash, "package": "GUARDIAN", "enabled": enabled, "limits": { "rules": rules } } });
    let deny = json!({ "kind": "IP", "value": "192.0.2.0/24", "action": "DENY" });
    operator.data(SET, set(true, 1)).await;
    let used = async || {
        let packages = admin
            .data(
                "{ organisation { packages { package limits { limit used } } } }",
                json!({}),
            )
            .await;
        let packages = packages["organisation"]["packages"].as_array().unwrap().clone();
        let guardian = packages.into_iter().find(|one| one["package"] == "GUARDIAN").unwrap();
        guardian["limits"][0].clone()
    };
    assert_eq!(used().await, json!({ "limit": 1, "used": 0.0 }));
    assert_eq!(create(&admin, deny.clone()).await["errors"], json!([]));
    assert_eq!(used().await, json!({ "limit": 1, "used": 1.0 }));
    assert_eq!(create(&admin, deny.clone()).await["errors"][0]["code"], "LIMIT_REACHED");
    assert_eq!(denied(&world), Some(Reason::GuardianIp));
    let off = json!({ "i": { "organisation": hash, "package": "GUARDIAN", "enabled": false } });
    operator.data(SET, off).await;
    assert_eq!(denied(&world), None, "without the package rules stand and do not act");
    assert_eq!(admin.code(CREATE, json!({ "i": deny })).await, "PACKAGE_REQUIRED");
}

#[tokio::test]
async fn how_often_a_rule_was_met_is_added_up_within_the_organisation() {
    let world = World::new().await;
    let (admin, outsider) = (world.as_role("nanoAdmin").await, world.outsider().await);
    let made = create(
        &admin,
        json!({ "kind": "ASN", "value": "64500", "action": "DENY", "mode": "MONITOR" }),
    )
    .await;
    let met = "{ organisation { guardianRules { nodes { matches lastMatchAt } } } }";
    let of =
        async |client: &Client| client.data(met, json!({})).await["organisation"]["guardianRules"]["nodes"].clone();
    assert_eq!(of(&admin).await, json!([{ "matches": 0, "lastMatchAt": null }]));
    let rule: RuleId = made["rule"]["id"].as_str().unwrap().parse().unwrap();
    let theirs = outsider.data("{ organisation { id } }", json!({})).await["organisation"]["id"].clone();
    let ours = world.viewing(world.stream(), 1).organisation;
    for (organisation, times) in [(theirs.as_str().unwrap().parse().unwrap(), 90), (ours, 3), (ours, 2)] {
        let rules = vec![(rule, times)];
        world
            .node
            .tell(world.clock.now(), Kind::RulesMet { organisation, rules });
    }
    while of(&admin).await[0]["matches"] != 5 {
        tokio::task::yield_now().await;
    }
    assert_eq!(of(&admin).await[0]["lastMatchAt"], "2027-01-15T08:00:00+00:00");
}

/// With so many rules beside those that it is about.
async fn a_rule_is_tried_among(many: usize) {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    beside(&admin, many).await;
    let simulate = async |input: Value| {
        let query =
            "mutation($i: SimulateGuardianRuleInput!) { simulateGuardianRule(input: $i) { errors { field } simulation {
            running past viewers addresses examined complete excepts sessions { address endedAt } } } }";
        admin.data(query, json!({ "i": input })).await["simulateGuardianRule"].clone()
    };
    let known = Place {
        country: Some("DE".parse().unwrap()),
        asn: Some(Asn::new(64500)),
    };
    let came = |number: u64, address: [u8; 4], agent: &str, user: &str| SessionFacts {
        address: address.into(),
        user_agent: Some(agent.into()),
        referrer: Some("app.example.com".into()),
        grant: Some(guard::Grant {
            user: Some(user.into()),
            ..granted(user)
        }),
        place: if number % 2 == 1 { known } else { Place::default() },
        ..world.viewing(world.stream(), number)
    };
    let over = [
        came(1, [198, 51, 100, 1], "curl/8", "ann"),
        came(2, [198, 51, 100, 2], "VLC/3", "ben"),
    ];
    let go_on = [
        came(3, [198, 51, 100, 3], "VLC/3", "ann"),
        came(4, [203, 0, 113, 1], "VLC/3", "cat"),
    ];
    for viewing in over.iter().chain(&go_on) {
        world.node.tell(world.clock.now(), Kind::Started(viewing.clone()));
    }
    for viewing in &over {
        world.node.tell(
            world.clock.now(),
            Kind::Ended(SessionEnd {
                session: viewing.session,
                organisation: viewing.organisation,
                stream: viewing.stream,
                bytes: 1,
                requests: 1,
                reason: None,
            }),
        );
    }
    let live = "{ organisation { sessions(filter: {live: false}) { totalCount } } }";
    while admin.data(live, json!({})).await["organisation"]["sessions"]["totalCount"] != 2 {
        tokio::task::yield_now().await;
    }
    let deny = |kind: &str, value: &str| json!({ "kind": kind, "value": value, "action": "DENY" });
    let only = |sites: &[&str]| json!({ "kind": "REFERRER", "value": "*", "action": "DENY", "exceptions": sites });
    let found = simulate(deny("IP", "198.51.100.0/24")).await["simulation"].clone();
    assert_eq!(
        found,
        json!({ "running": 1, "past": 2, "viewers": 2, "addresses": 3, "examined": 4, "complete": true, "excepts": null,
            "sessions": [
                { "address": "198.51.100.3", "endedAt": null },
                { "address": "198.51.100.2", "endedAt": "2027-01-15T08:00:00+00:00" },
                { "address": "198.51.100.1", "endedAt": "2027-01-15T08:00:00+00:00" },
            ] })
    );
    for (input, running, past) in [
        (deny("USER_AGENT", "VLC/*"), 2, 1),
        (deny("REFERRER", "*.example.com"), 2, 2),
        (deny("REFERRER", "none"), 0, 0),
        (deny("COUNTRY", "DE"), 1, 1),
        (deny("COUNTRY", "FR"), 0, 0),
        (deny("COUNTRY", "none"), 1, 1),
        (deny("COUNTRY", "*"), 2, 2),
        (deny("ASN", "64500"), 1, 1),
        (deny("ASN", "none"), 1, 1),
        (deny("REFERRER", "*"), 2, 2),
        (only(&["app.example.com"]), 0, 0),
        (only(&["*.example.com"]), 0, 0),
        (only(&["example.com", "none"]), 2, 2),
        (
            json!({ "kind": "IP", "value": "198.51.100.0/24", "action": "DENY", "door": "INGEST" }),
            0,
            0,
        ),
        (
            json!({ "kind": "IP", "value": "198.51.100.0/24", "action": "ALLOW" }),
            0,
            0,
        ),
    ] {
        let found = simulate(input.clone()).await["simulation"].clone();
        assert_eq!(
            (&found["running"], &found["past"]),
            (&json!(running), &json!(past)),
            "{input}"
        );
    }

    // Exceptions that stand save; what an other rule cuts is not held against this one.
    let allow = json!({ "kind": "IP", "value": "198.51.100.3", "action": "ALLOW" });
    assert_eq!(simulate(allow.clone()).await["simulation"]["excepts"], false);
    let exception = create(&admin, allow.clone()).await["rule"]["id"].clone();
    let found = simulate(deny("IP", "198.51.100.0/24")).await["simulation"].clone();
    assert_eq!((&found["running"], &found["past"]), (&json!(0), &json!(2)));
    let replaced = json!({ "kind": "IP", "value": "198.51.100.3", "action": "DENY", "replaces": exception });
    assert_eq!(simulate(replaced).await["simulation"]["running"], 1);
    create(&admin, deny("IP", "198.51.100.0/25")).await;
    assert_eq!(simulate(deny("IP", "198.51.100.0/24")).await["simulation"]["past"], 0);
    let other = json!({ "kind": "IP", "value": "198.51.100.77", "action": "ALLOW" });
    assert_eq!(simulate(other).await["simulation"]["excepts"], true);

    assert_eq!(
        simulate(deny("IP", "nonsense")).await["errors"],
        json!([{ "field": ["input", "value"] }])
    );
    assert_eq!(
        simulate(only(&["app.example.com", "a b"])).await["errors"],
        json!([{ "field": ["input", "exceptions"] }])
    );
    world.pass(Duration::from_hours(2));
    let found = simulate(deny("USER_AGENT", "VLC/*")).await["simulation"].clone();
    assert_eq!((&found["running"], &found["past"]), (&json!(2), &json!(0)));
    let day = json!({ "kind": "USER_AGENT", "value": "VLC/*", "action": "DENY", "window": "DAY" });
    assert_eq!(simulate(day).await["simulation"]["past"], 1);
}

#[tokio::test]
async fn a_rule_is_tried_on_sessions_that_go_on_and_on_those_of_the_last_hour() {
    a_rule_is_tried_among(1).await;
}

#[tokio::test]
async fn a_rule_is_tried_among_thousands_as_among_few() {
    a_rule_is_tried_among(3_000).await;
}

async fn an_exception_is_tried_among(many: usize) {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    beside(&admin, many).await;
    let excepts = async |input: Value| {
        let query =
            "mutation($i: SimulateGuardianRuleInput!) { simulateGuardianRule(input: $i) { simulation { excepts } } }";
        admin.data(query, json!({ "i": input })).await["simulateGuardianRule"]["simulation"]["excepts"].clone()
    };
    let rule = |kind: &str, value: &str, action: &str| json!({ "kind": kind, "value": value, "action": action });
    let at = |mut rule: Value, field: &str, value: &str| {
        rule[field] = value.into();
        rule
    };
    for standing in [
        rule("IP", "10.0.0.0/8", "DENY"),
        // More specific than what would be let in: it goes on keeping out.
        rule("IP", "10.1.0.0/24", "DENY"),
        rule("REFERRER", "*", "DENY"),
        at(rule("REFERRER", "*.shop.example", "DENY"), "stream", world.stream()),
        rule("USER_AGENT", "*bot*", "DENY"),
        at(rule("COUNTRY", "*", "DENY"), "door", "INGEST"),
        at(rule("ASN", "64500", "DENY"), "mode", "MONITOR"),
    ] {
        create(&admin, standing).await;
    }
    for (kind, value, expected) in [
        ("IP", "10.1.0.0/16", true),
        ("IP", "10.1.0.7", true),
        ("IP", "10.0.0.0/8", false),
        ("IP", "0.0.0.0/0", false),
        ("IP", "192.0.2.1", false),
        ("IP", "2001:db8::/32", false),
        ("REFERRER", "example.com", true),
        ("REFERRER", "*.example.com", true),
        ("REFERRER", "none", true),
        ("REFERRER", "*", false),
        ("USER_AGENT", "Good bot/*", true),
        ("USER_AGENT", "VLC/*", false),
        // It stands at another door, or only counts.
        ("COUNTRY", "DE", false),
        ("ASN", "64500", false),
    ] {
        assert_eq!(excepts(rule(kind, value, "ALLOW")).await, expected, "{kind} {value}");
    }
    assert_eq!(excepts(at(rule("COUNTRY", "DE", "ALLOW"), "door", "BOTH")).await, true);
    // Equal, and wider than the rule of one stream: it excepts on the other streams from the catch-all alone.
    assert_eq!(excepts(rule("REFERRER", "*.shop.example", "ALLOW")).await, true);
    assert_eq!(excepts(rule("REFERRER", "*", "DENY")).await, Value::Null);
}

#[tokio::test]
async fn an_exception_that_excepts_nothing_is_told() {
    an_exception_is_tried_among(1).await;
}

#[tokio::test]
async fn an_exception_that_excepts_nothing_is_told_among_thousands_of_rules() {
    an_exception_is_tried_among(3_000).await;
}
