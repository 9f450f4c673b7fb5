//! Guardian rules in files: made all at once or not at all, and written as they are read.

use std::fmt::Write;

use axum::http::StatusCode;
use guard::Reason;
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    harness::{Client, World},
    organisations::operator,
};

const IMPORT: &str = "mutation($i: ImportGuardianRulesInput!) { importGuardianRules(input: $i) {
    made unchanged change { nodes { acknowledged } } errors { code message field } } }";
const TOTAL: &str = "{ organisation { guardianRules { totalCount } } }";

pub(crate) async fn import(client: &Client, input: Value) -> Value {
    client.data(IMPORT, json!({ "i": input })).await["importGuardianRules"].clone()
}

/// So many rules beside what a test is about: each refuses one address of 172.16.0.0/12.
pub(crate) async fn beside(admin: &Client, many: usize) {
    let rules = (0..many).map(|n| format!("IP,172.16.{}.{},DENY\n", n / 256, n % 256));
    let csv = format!("kind,value,action\n{}", rules.collect::<String>());
    assert_eq!(import(admin, json!({ "csv": csv })).await["made"], many);
}

async fn total(client: &Client) -> u64 {
    client.data(TOTAL, json!({})).await["organisation"]["guardianRules"]["totalCount"]
        .as_u64()
        .unwrap()
}

/// How many entries of the audit log say so.
async fn entries(client: &Client, action: &str) -> u64 {
    let query = "query($a: String!) { organisation { auditLog(filter: {action: $a}) { totalCount } } }";
    client.data(query, json!({ "a": action })).await["organisation"]["auditLog"]["totalCount"]
        .as_u64()
        .unwrap()
}

fn denied(world: &World) -> Option<Reason> {
    let token = &world.demo.streams[1].token;
    world.node.denies(world.stream(), token, world.clock.now())
}

#[tokio::test]
async fn many_rules_are_made_by_one_change_and_one_entry_and_only_once() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let stream = world.stream();
    let csv = format!(
        "kind,value,action,stream,note\nIP,192.0.2.0/24,DENY,,\"thieves, all\"\nCOUNTRY,fr,DENY,,\nREFERRER,*.example.com,ALLOW,{stream},\n"
    );
    let dry = import(&admin, json!({ "csv": csv, "dryRun": true })).await;
    assert_eq!((&dry["made"], &dry["change"]), (&json!(3), &Value::Null), "{dry}");
    assert_eq!((total(&admin).await, entries(&admin, "rule.import").await), (0, 0));

    let made = import(&admin, json!({ "csv": csv })).await;
    assert_eq!((&made["made"], &made["unchanged"]), (&json!(3), &json!(0)), "{made}");
    assert_eq!(made["change"]["nodes"], json!([{ "acknowledged": true }]));
    assert_eq!(denied(&world), Some(Reason::GuardianIp));
    assert_eq!((total(&admin).await, entries(&admin, "rule.import").await), (3, 1));
    let changes =
        "{ organisation { auditLog(first: 1, filter: {action: \"rule.import\"}) { nodes { action detail } } } }";
    let entry = admin.data(changes, json!({})).await["organisation"]["auditLog"]["nodes"][0].clone();
    assert_eq!(
        (&entry["detail"]["made"], &entry["detail"]["format"]),
        (&json!(3), &json!("csv"))
    );
    assert_eq!(entry["detail"]["rules"][0]["value"], "192.0.2.0/24");

    // The same once more, and something new, twice.
    let json = json!([
        { "kind": "IP", "value": "192.0.2.9/24", "action": "DENY", "note": "thieves, all" },
        { "kind": "ASN", "value": 64500, "action": "DENY", "mode": "MONITOR" },
        { "kind": "ASN", "value": "AS64500", "action": "DENY", "mode": "MONITOR", "door": "PLAYBACK" },
    ]);
    let again = import(&admin, json!({ "json": json.to_string() })).await;
    assert_eq!((&again["made"], &again["unchanged"]), (&json!(1), &json!(2)), "{again}");
    let nothing = import(&admin, json!({ "csv": csv })).await;
    assert_eq!(
        (&nothing["made"], &nothing["unchanged"]),
        (&json!(0), &json!(3)),
        "{nothing}"
    );
    assert_eq!(nothing["change"], Value::Null);
    let list = json!([
        { "kind": "REFERRER", "value": "app.example.com", "action": "ALLOW" },
        { "kind": "REFERRER", "value": "*", "action": "DENY" },
    ]);
    assert_eq!(import(&admin, json!({ "rules": list })).await["made"], 2);
    assert_eq!((total(&admin).await, entries(&admin, "rule.import").await), (6, 3));
}

#[tokio::test]
async fn one_mistake_and_nothing_is_made() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let outsider = world.outsider().await;
    let theirs = outsider
        .data("mutation { createStream(input: {}) { stream { name } } }", json!({}))
        .await["createStream"]["stream"]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let csv = format!(
        "kind,value,action,mode,stream,group,expiresAt,note\r\nIP,192.0.2.0/24,DENY\r\nIP,300.1.1.1,DENY\r\nCOUNTRY,FR,DENY,,{theirs}\r\nCOUNTRY,FR,DENY,,22222-never\r\nASN,1,DENY,,,no group\r\nASN,1,DENY,,,,2001-01-01T00:00:00Z\r\nASN,1,DENY,,,,,{}\r\n",
        "x".repeat(501)
    );
    let refused = import(&admin, json!({ "csv": csv })).await;
    let told: Vec<_> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].clone())
        .collect();
    let path = |line: &str, field: &str| json!(["input", "csv", line, field]);
    assert_eq!(
        told,
        [
            path("3", "value"),
            path("4", "stream"),
            path("5", "stream"),
            path("6", "group"),
            path("7", "expiresAt"),
            path("8", "note"),
        ],
        "{refused}"
    );
    let message = |at: usize| {
        refused["errors"][at]["message"]
            .as_str()
            .unwrap()
            .split_once(": ")
            .unwrap()
            .1
    };
    assert_eq!(message(1), message(2), "a stream of others is none");
    assert!(
        refused["errors"][0]["message"]
            .as_str()
            .unwrap()
            .starts_with("line 3, value: ")
    );
    let refused = import(
        &admin,
        json!({ "rules": [{ "kind": "IP", "value": "192.0.2.1", "action": "DENY" }, { "kind": "ASN", "value": "x", "action": "DENY" }] }),
    )
    .await;
    assert_eq!(refused["errors"][0]["field"], json!(["input", "rules", "1", "value"]));
    for unclear in [json!({}), json!({ "csv": "", "json": "[]" })] {
        assert_eq!(
            import(&admin, unclear).await["errors"][0]["field"],
            json!(["input", "csv"])
        );
    }
    assert_eq!((total(&admin).await, entries(&admin, "rule.import").await), (0, 0));
    assert_eq!(denied(&world), None);
}

const USED: &str = "{ organisation { packages { package limits { limit used } } } }";

/// How many rules the package says that there are.
async fn used(client: &Client) -> u64 {
    let packages = client.data(USED, json!({})).await["organisation"]["packages"].clone();
    let mut packages = packages.as_array().unwrap().iter();
    let guardian = packages.find(|one| one["package"] == "GUARDIAN").unwrap();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of rules"
    )]
    let used = guardian["limits"][0]["used"].as_f64().unwrap() as u64;
    used
}

/// The limit is compared with a number that is kept, not counted: it is right whatever comes together.
async fn the_limit_of_rules_holds_on(kind: Kind) {
    const CREATE: &str = "mutation($i: CreateGuardianRuleInput!) { createGuardianRule(input: $i) { errors { code } } }";
    const DELETE: &str = "mutation($i: DeleteGuardianRuleInput!) { deleteGuardianRule(input: $i) { errors { code } } }";
    const IDS: &str = "{ organisation { guardianRules(first: 50) { nodes { id } } } }";
    let world = World::on(kind).await;
    let (operator, admin) = (operator(&world).await, world.as_role("nanoAdmin").await);
    let hash = &world.demo.users[0].organisation;
    let limited =
        json!({ "i": { "organisation": hash, "package": "GUARDIAN", "enabled": true, "limits": { "rules": 10 } } });
    let set = "mutation($i: SetPackageInput!) { setPackage(input: $i) { errors { code } } }";
    operator.data(set, limited).await;
    let csv = |from: u32, many: u32| {
        (from..from + many).fold("kind,value,action\n".to_owned(), |mut csv, n| {
            writeln!(csv, "IP,10.0.{}.{},DENY", n >> 8, n & 255).unwrap();
            csv
        })
    };
    let one = |n: u32| {
        (
            CREATE,
            json!({ "i": { "kind": "ASN", "value": n.to_string(), "action": "DENY" } }),
        )
    };
    let file = |n: u32| (IMPORT, json!({ "i": { "csv": csv(n * 3, 3) } }));
    for round in 0..3 {
        let ids = admin.data(IDS, json!({})).await["organisation"]["guardianRules"]["nodes"].clone();
        let ids = ids.as_array().unwrap().iter().take(6).map(|node| node["id"].clone());
        let removals = ids.map(|id| (DELETE, json!({ "i": { "id": id } })));
        let all: Vec<_> = (0..5)
            .flat_map(|n| [one(round * 5 + n), file(round * 5 + n)])
            .chain(removals)
            .map(|(query, variables)| {
                let admin = admin.clone();
                tokio::spawn(async move { admin.data(query, variables).await })
            })
            .collect();
        for done in all {
            done.await.unwrap();
        }
        let total = total(&admin).await;
        assert!((3..=10).contains(&total), "{total}");
        assert_eq!(used(&admin).await, total, "{kind:?}, round {round}");
    }
    let ids = admin.data(IDS, json!({})).await["organisation"]["guardianRules"]["nodes"].clone();
    for node in ids.as_array().unwrap() {
        admin.data(DELETE, json!({ "i": { "id": node["id"] } })).await;
    }
    assert_eq!((total(&admin).await, used(&admin).await), (0, 0));
    assert_eq!(import(&admin, json!({ "csv": csv(100, 10) })).await["made"], 10);
    let (query, variables) = one(1000);
    let refused = admin.data(query, variables).await;
    assert_eq!(refused["createGuardianRule"]["errors"][0]["code"], "LIMIT_REACHED");
    // What is rolled back was not there.
    let mistaken = import(&admin, json!({ "csv": format!("{}IP,x,DENY\n", csv(200, 1)) })).await;
    assert_eq!(mistaken["made"], 0);
    assert_eq!(used(&admin).await, 10);
    assert_eq!(used(&world.outsider().await).await, 0, "it is each organisation's own");
}

#[tokio::test]
async fn the_limit_of_rules_holds_whatever_is_done_at_once() {
    the_limit_of_rules_holds_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn the_limit_of_rules_holds_whatever_is_done_at_once_on_postgresql() {
    the_limit_of_rules_holds_on(Kind::Postgres).await;
}

#[tokio::test]
async fn an_import_stays_within_the_package_and_ten_thousand_rules() {
    let world = World::new().await;
    let operator = operator(&world).await;
    let admin = world.as_role("nanoAdmin").await;
    let hash = &world.demo.users[0].organisation;
    let set = "mutation($i: SetPackageInput!) { setPackage(input: $i) { errors { code } } }";
    let limited =
        json!({ "i": { "organisation": hash, "package": "GUARDIAN", "enabled": true, "limits": { "rules": 4 } } });
    operator.data(set, limited).await;
    let rules = |count: u32| {
        (0..count).fold("kind,value,action\n".to_owned(), |mut csv, n| {
            writeln!(csv, "IP,10.{}.{}.{},DENY", n >> 16, n >> 8 & 255, n & 255).unwrap();
            csv
        })
    };
    assert_eq!(import(&admin, json!({ "csv": rules(3) })).await["made"], 3);
    let over = import(&admin, json!({ "csv": rules(5) })).await;
    assert_eq!(
        (&over["errors"][0]["code"], &over["made"]),
        (&json!("LIMIT_REACHED"), &json!(0))
    );
    assert_eq!(import(&admin, json!({ "csv": rules(4) })).await["made"], 1);
    let many = rules(10_001);
    let length = json!({ "query": IMPORT, "variables": { "i": { "csv": many } } })
        .to_string()
        .len()
        .to_string();
    let body = json!({ "query": IMPORT, "variables": { "i": { "csv": many } } });
    let answer = admin.send(&body, &[("content-length", &length)]).await;
    assert_eq!(
        answer.body["data"]["importGuardianRules"]["errors"][0]["code"], "TOO_MANY",
        "{}",
        answer.text
    );
    let off = json!({ "i": { "organisation": hash, "package": "GUARDIAN", "enabled": false } });
    operator.data(set, off).await;
    assert_eq!(
        admin.code(IMPORT, json!({ "i": { "csv": "nonsense" } })).await,
        "PACKAGE_REQUIRED"
    );
    assert_eq!(total(&admin).await, 4);
}

#[tokio::test]
async fn what_a_role_may_not_make_it_may_not_import_whatever_else_is_wrong() {
    let world = World::new().await;
    let (user, reader) = (world.as_role("nanoUser").await, world.as_role("nanoReadOnly").await);
    for wide in [
        "COUNTRY,*,DENY,",
        "IP,0.0.0.0/0,ALLOW,",
        "IP,128.0.0.0/1,DENY,",
        "IP,192.0.2.1,DENY,INGEST",
    ] {
        let csv = format!("kind,value,action,door\nIP,300.1.1.1,DENY,\n{wide}\n");
        assert_eq!(
            user.code(IMPORT, json!({ "i": { "csv": csv } })).await,
            "FORBIDDEN",
            "{wide}"
        );
    }
    assert_eq!(
        import(&user, json!({ "csv": "kind,value,action\nIP,192.0.2.1,DENY\n" })).await["made"],
        1
    );
    for client in [reader, world.anonymous()] {
        let code = client.code(IMPORT, json!({ "i": { "csv": "nonsense" } })).await;
        assert!(matches!(code.as_str(), "FORBIDDEN" | "UNAUTHENTICATED"));
    }
}

#[tokio::test]
async fn a_large_request_is_read_from_who_may_import_and_says_its_length() {
    let world = World::new().await;
    let (user, reader) = (world.as_role("nanoUser").await, world.as_role("nanoReadOnly").await);
    let padded = |bytes: usize| {
        let csv = format!("kind,value,action\nIP,192.0.2.1,DENY\n{}", "\n".repeat(bytes));
        json!({ "query": IMPORT, "variables": { "i": { "csv": csv, "dryRun": true } } })
    };
    let send = async |client: &Client, body: &Value| {
        let length = body.to_string().len().to_string();
        client.send(body, &[("content-length", &length)]).await.status
    };
    let (large, huge) = (padded(1_000_000), padded(2_200_000));
    assert_eq!(send(&user, &large).await, StatusCode::OK);
    assert_eq!(user.send(&large, &[]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(send(&user, &huge).await, StatusCode::PAYLOAD_TOO_LARGE);
    for client in [reader, world.anonymous()] {
        assert_eq!(send(&client, &large).await, StatusCode::PAYLOAD_TOO_LARGE);
    }
}

#[tokio::test]
async fn what_is_exported_is_imported_the_same() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let group =
        "mutation($s: String!) { createGroup(input: {name: \"=Cup; final\", streams: [$s]}) { errors { code } } }";
    admin.data(group, json!({ "s": world.stream() })).await;
    let stream = world.stream();
    let rules = json!([
        { "kind": "IP", "value": "192.0.2.0/24", "action": "DENY", "note": "a, \"b\"; c" },
        { "kind": "IP", "value": "2001:db8::/32", "action": "ALLOW", "stream": stream },
        { "kind": "ASN", "value": "none", "action": "DENY", "mode": "MONITOR" },
        { "kind": "COUNTRY", "value": "*", "action": "DENY", "door": "BOTH", "expiresAt": "2030-01-31T12:00:00.5Z" },
        { "kind": "REFERRER", "value": "*.example.com", "action": "ALLOW", "note": "'=quoted" },
        { "kind": "USER_AGENT", "value": "=cmd|' /C calc'!A0", "action": "DENY", "note": "-1" },
        { "kind": "USER_AGENT", "value": "@SUM(1+1)*", "action": "DENY", "note": "+1" },
    ]);
    assert_eq!(import(&admin, json!({ "rules": rules })).await["made"], 7);
    let grouped = "kind,value,action,group\nREFERRER,*,DENY,=Cup; final\n";
    assert_eq!(import(&admin, json!({ "csv": grouped })).await["made"], 1);

    for format in ["csv", "json"] {
        let path = format!("/rules.{format}");
        let file = admin.get(&path).await;
        assert_eq!(file.status, StatusCode::OK, "{}", file.text);
        assert!(
            file.headers["content-disposition"]
                .to_str()
                .unwrap()
                .contains(&format!(".{format}\""))
        );
        if format == "csv" {
            assert!(
                file.text.contains("\"'=cmd|' /C calc'!A0\"") && file.text.contains("\"'-1\""),
                "{}",
                file.text
            );
            assert!(!file.text.contains("\"=") && !file.text.contains("\"@") && !file.text.contains("\"+"));
        }
        let same = import(&admin, json!({ format: file.text })).await;
        assert_eq!((&same["made"], &same["unchanged"]), (&json!(0), &json!(8)), "{same}");
        let ids = "{ organisation { guardianRules(first: 50) { nodes { id } } } }";
        let ids = admin.data(ids, json!({})).await["organisation"]["guardianRules"]["nodes"].clone();
        for node in ids.as_array().unwrap() {
            let delete = "mutation($id: ID!) { deleteGuardianRule(input: {id: $id}) { errors { code } } }";
            admin.data(delete, json!({ "id": node["id"] })).await;
        }
        assert_eq!(total(&admin).await, 0);
        let back = import(&admin, json!({ format: file.text })).await;
        assert_eq!(back["made"], 8, "{back}");
        world.pass(std::time::Duration::from_millis(2));
        let again = admin.get(&path).await.text;
        let sorted = |text: &str| {
            let mut lines: Vec<_> = text.lines().map(|line| line.trim_end_matches(',').to_owned()).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&again), sorted(&file.text), "{format}");
    }
}

#[tokio::test]
async fn rules_as_a_file_are_whole_filtered_and_for_who_may_read_them() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    // More than are read at once.
    let csv = (0..1200).fold("kind,value,action\n".to_owned(), |mut csv, n| {
        writeln!(
            csv,
            "{},DENY",
            if n % 2 == 0 {
                format!("ASN,{}", 64_512 + n)
            } else {
                format!("IP,10.0.{}.{}", n >> 8, n & 255)
            }
        )
        .unwrap();
        csv
    });
    assert_eq!(import(&admin, json!({ "csv": csv })).await["made"], 1200);
    let lines = async |path: &str| admin.get(path).await.text.trim_end().split("\r\n").count() - 1;
    assert_eq!(lines("/rules.csv").await, 1200);
    assert_eq!(lines("/rules.csv?kind=ASN").await, 600);
    assert_eq!(lines("/rules.csv?kind=ASN&text=64512").await, 1);
    assert_eq!(lines("/rules.csv?action=ALLOW").await, 0);
    let list: Value = serde_json::from_str(&admin.get("/rules.json").await.text).unwrap();
    let values: std::collections::BTreeSet<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["value"].as_str())
        .collect();
    assert_eq!(values.len(), 1200, "each once");
    assert_eq!(
        admin
            .get("/rules.json?action=ALLOW")
            .await
            .text
            .split_whitespace()
            .collect::<String>(),
        "[]"
    );
    assert_eq!(entries(&admin, "rule.export").await, 6);

    for (client, status) in [
        (world.anonymous(), StatusCode::UNAUTHORIZED),
        (world.as_role("nanoReadOnly").await, StatusCode::FORBIDDEN),
    ] {
        // The role is judged before the parameters are.
        for path in [
            "/rules.csv",
            "/rules.json",
            "/rules.csv?kind=COLOUR",
            "/rules.json?other=1",
        ] {
            assert_eq!(client.get(path).await.status, status);
        }
    }
    for path in ["/rules.csv?kind=COLOUR", "/rules.json?other=1"] {
        assert_eq!(admin.get(path).await.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(
        world.as_role("nanoUser").await.get("/rules.csv").await.status,
        StatusCode::OK
    );
    let outsider = world.outsider().await;
    let own = &world.demo.users[0].organisation;
    for format in ["csv", "json"] {
        let theirs = outsider.get(&format!("/rules.{format}?organisation={own}")).await;
        let nowhere = outsider.get(&format!("/rules.{format}?organisation=22222")).await;
        assert_eq!((theirs.status, &theirs.text), (StatusCode::NOT_FOUND, &nowhere.text));
        assert!(!outsider.get(&format!("/rules.{format}")).await.text.contains("64512"));
        let other_site = [("origin", "https://evil.example")];
        let answer = admin.fetch(&format!("/rules.{format}"), &other_site).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
}
