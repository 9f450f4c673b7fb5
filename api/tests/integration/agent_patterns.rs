//! Rules on players with a pattern: every request is compared with each of them, so there is a limit of their own.

use std::time::Duration;

use guard::{Credential, Door, Reason, Request};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    harness::{Client, World},
    privacy::database,
    rule_files::import,
};

const CREATE: &str = "mutation($i: CreateGuardianRuleInput!) { createGuardianRule(input: $i) {
    rule { id } errors { code field message } } }";
const UPDATE: &str = "mutation($i: UpdateGuardianRuleInput!) { updateGuardianRule(input: $i) { errors { code } } }";
const DELETE: &str = "mutation($i: DeleteGuardianRuleInput!) { deleteGuardianRule(input: $i) { errors { code } } }";
const NAMED: &str = "query($text: String!) { organisation {
    guardianRules(filter: { kind: USER_AGENT, text: $text }) { totalCount nodes { id } } } }";

fn player(value: &str) -> Value {
    json!({ "kind": "USER_AGENT", "value": value, "action": "DENY" })
}

async fn create(client: &Client, input: Value) -> Value {
    client.data(CREATE, json!({ "i": input })).await["createGuardianRule"].clone()
}

/// The rules on players in whose value a text stands.
async fn named(client: &Client, text: &str) -> Value {
    client.data(NAMED, json!({ "text": text })).await["organisation"]["guardianRules"].clone()
}

/// Whether it is refused for the limit, about this field, in words that name it.
fn check_refused(errors: &Value, field: &[&str]) {
    assert_eq!(errors.as_array().map(Vec::len), Some(1), "{errors}");
    assert_eq!(
        (&errors[0]["code"], &errors[0]["field"]),
        (&json!("LIMIT_REACHED"), &json!(field))
    );
    let message = errors[0]["message"].as_str().unwrap();
    assert!(
        message.contains("at most 1000 rules on players with a pattern"),
        "{message}"
    );
}

/// What rules of viewers say to a player of that name.
fn denied(world: &World, agent: &str) -> Option<Reason> {
    let request = Request {
        agent: Some(agent.into()),
        ..Request::new(
            Door::Playback,
            world.stream().parse().ok(),
            [192, 0, 2, 77].into(),
            Credential::Missing,
        )
    };
    let policy = world.node.policy.lock().unwrap().clone();
    let judged = guard::judge_rules(&request, &policy, world.clock.now());
    judged.err().map(|denial| denial.reason)
}

async fn limited_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    // Whatever they say, at whichever door, decided or only counted, and one of which is over soon.
    let says = ["DENY,,,", "ALLOW,,BOTH,", "DENY,MONITOR,,", "DENY,,INGEST,"];
    let patterns = (1..997).map(|n| format!("USER_AGENT,Leech {n}/*,{}\n", says[n % 4]));
    let csv = format!(
        "kind,value,action,mode,door,expiresAt\nUSER_AGENT,Over/*,DENY,,,2027-01-15T08:30:00Z\n\
         USER_AGENT,VLC/3,DENY,,,\nUSER_AGENT,*,DENY,MONITOR,,\nUSER_AGENT,none,DENY,MONITOR,,\n\
         REFERRER,*.example.com,DENY,,,\n{}",
        patterns.collect::<String>()
    );
    assert_eq!(import(&admin, json!({ "csv": csv })).await["made"], 1001);
    world.pass(Duration::from_hours(1));
    let admin = world.as_role("nanoAdmin").await;

    // There is room for three: neither what is there already takes any, nor what is no pattern.
    let some = "kind,value,action,door\nUSER_AGENT,Leech 4/*,DENY,\nUSER_AGENT,First/*,DENY,\n\
                USER_AGENT,Whole/1,DENY,\nUSER_AGENT,*Second*,DENY,\nUSER_AGENT,Third/*,DENY,INGEST\n\
                IP,203.0.113.9,DENY,\n";
    let more = format!("{some}USER_AGENT,*Fourth,DENY,\nUSER_AGENT,Fifth/*,DENY,\n");
    for dry in [true, false] {
        let refused = import(&admin, json!({ "csv": more, "dryRun": dry })).await;
        assert_eq!(refused["made"], 0);
        check_refused(&refused["errors"], &["input", "csv", "8", "value"]);
        let message = refused["errors"][0]["message"].as_str().unwrap();
        assert!(message.starts_with("line 8, value: "), "{message}");
    }
    let fits = import(&admin, json!({ "csv": some, "dryRun": true })).await;
    assert_eq!(
        (&fits["made"], &fits["unchanged"], &fits["errors"]),
        (&json!(5), &json!(1), &json!([]))
    );

    // Of all that are made at once so many as well.
    let all: Vec<_> = (0..6)
        .map(|n| {
            let admin = admin.clone();
            tokio::spawn(async move {
                let at_once = |m: u32| player(&format!("At once {n}/{m}/*"));
                if n % 3 == 0 {
                    import(&admin, json!({ "rules": [at_once(1), at_once(2)] })).await["errors"].clone()
                } else {
                    create(&admin, at_once(1)).await["errors"].clone()
                }
            })
        })
        .collect();
    for done in all {
        let errors = done.await.unwrap();
        assert!(
            errors == json!([]) || errors[0]["code"] == "LIMIT_REACHED",
            "{kind:?}: {errors}"
        );
    }
    assert_eq!(named(&admin, "At once").await["totalCount"], 3, "{kind:?}");

    for more in [json!({}), json!({ "mode": "MONITOR" }), json!({ "door": "INGEST" })] {
        let mut rule = player("*one more*");
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        check_refused(&create(&admin, rule).await["errors"], &["input", "value"]);
    }
    let listed = import(&admin, json!({ "rules": [player("Whole/2"), player("One more/*")] })).await;
    check_refused(&listed["errors"], &["input", "rules", "1", "value"]);
    for rule in [
        player("Whole/1"),
        player("none"),
        json!({ "kind": "USER_AGENT", "value": "**", "action": "ALLOW", "mode": "MONITOR" }),
        json!({ "kind": "REFERRER", "value": "*.example.org", "action": "DENY" }),
        json!({ "kind": "IP", "value": "203.0.113.7", "action": "DENY" }),
    ] {
        assert_eq!(create(&admin, rule.clone()).await["errors"], json!([]), "{rule}");
    }
    let outsider = world.outsider().await;
    assert_eq!(create(&outsider, player("One more/*")).await["errors"], json!([]));

    // One is changed; one, which was over, goes and leaves room for another.
    let id = async |text: &str| named(&admin, text).await["nodes"][0]["id"].clone();
    let change = json!({ "i": { "id": id("Leech 4/").await, "mode": "MONITOR" } });
    assert_eq!(
        admin.data(UPDATE, change).await["updateGuardianRule"]["errors"],
        json!([])
    );
    admin.data(DELETE, json!({ "i": { "id": id("Over/").await } })).await;
    assert_eq!(create(&admin, player("*one more*")).await["errors"], json!([]));
    check_refused(
        &create(&admin, player("Too much/*")).await["errors"],
        &["input", "value"],
    );

    // What was there before is in force, and may be changed.
    let before = "UPDATE guardian_rule SET value = 'VLC/*' WHERE value = 'VLC/3'";
    database(&world).await.execute_unprepared(before).await.unwrap();
    let world = world.restarted().await;
    let admin = world.as_role("nanoAdmin").await;
    for (agent, reason) in [
        ("VLC/4", Some(Reason::GuardianUserAgent)),
        ("just one more, please", Some(Reason::GuardianUserAgent)),
        ("Firefox", None),
    ] {
        assert_eq!(denied(&world, agent), reason, "{agent}");
    }
    let id = named(&admin, "VLC/").await["nodes"][0]["id"].clone();
    let change = json!({ "i": { "id": id, "note": "kept" } });
    assert_eq!(
        admin.data(UPDATE, change).await["updateGuardianRule"]["errors"],
        json!([])
    );
    check_refused(
        &create(&admin, player("Too much/*")).await["errors"],
        &["input", "value"],
    );
}

#[tokio::test]
async fn patterns_of_players_are_a_thousand_at_most_whatever_is_done_at_once() {
    limited_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn patterns_of_players_are_a_thousand_at_most_whatever_is_done_at_once_on_postgresql() {
    limited_on(Kind::Postgres).await;
}
