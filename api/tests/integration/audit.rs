//! The audit log: who reads it, what it says, and that nothing is done without it.

use std::{collections::BTreeMap, time::Duration};

use axum::http::StatusCode;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    harness::{Client, World},
    made::response,
    organisations,
    second_factor::{
        authenticator::{Device, code},
        make_passkey,
    },
    sweep::Operations,
};

const LOG: &str =
    "query($f: AuditFilter, $n: Int, $a: String) { organisation { auditLog(filter: $f, first: $n, after: $a) {
    totalCount pageInfo { hasNextPage endCursor } nodes {
        id sequence at actor { id name kind } actorKind role action object detail address email requestId hash } } } }";

async fn log(client: &Client, filter: Value) -> Vec<Value> {
    let found = client.data(LOG, json!({ "f": filter, "n": 100 })).await;
    found["organisation"]["auditLog"]["nodes"].as_array().unwrap().clone()
}

async fn entries_hold_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    world.pass(Duration::from_millis(1));
    let create =
        "mutation { createStream(input: {title: \"Before\", alias: \"one\", tags: [\"a\"]}) { stream { name } } }";
    let name = admin.data(create, json!({})).await["createStream"]["stream"]["name"].clone();
    world.pass(Duration::from_millis(1));
    let edit = "mutation($n: String!) { updateStream(input: {name: $n, title: \"After\", tags: [\"b\"]}) { errors { code } } }";
    let edited = admin.ask(edit, json!({ "n": name })).await;
    world.pass(Duration::from_millis(1));
    let lock = "mutation($n: String!) { lockStream(input: {name: $n}) { errors { code } } }";
    admin.data(lock, json!({ "n": name })).await;

    world.as_role("nanoUser").await;
    let signed_in = log(&admin, json!({ "action": "sign_in.succeeded" })).await;
    let signed_in: Vec<_> = signed_in.iter().map(|entry| &entry["role"]).collect();
    assert_eq!(signed_in, ["nanoUser", "nanoAdmin"]);

    let entries = log(&admin, json!({ "object": name })).await;
    let actions: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["stream.lock", "stream.update", "stream.create"]);
    let update = &entries[1];
    assert_eq!(
        update["detail"],
        json!({ "before": { "title": "Before", "tags": ["a"] }, "after": { "title": "After", "tags": ["b"] } })
    );
    assert_eq!(
        entries[0]["detail"],
        json!({ "before": { "standing": "active" }, "after": { "standing": "locked" } })
    );
    assert_eq!(update["actor"]["name"], "Ada Admin");
    assert_eq!(
        (&update["actorKind"], &update["role"]),
        (&json!("USER"), &json!("nanoAdmin"))
    );
    assert_eq!(update["address"], "192.0.2.77");
    assert_eq!(update["requestId"], edited.headers["x-request-id"].to_str().unwrap());
    assert_eq!(update["hash"].as_str().unwrap().len(), 64);
    assert_eq!(
        update["sequence"].as_i64().unwrap() + 1,
        entries[0]["sequence"].as_i64().unwrap()
    );

    let actor = &update["actor"]["id"];
    for (filter, some) in [
        (json!({ "action": "stream.update" }), true),
        (json!({ "action": "stream.*" }), true),
        (json!({ "action": "strea%" }), false),
        (json!({ "action": "str_am.update" }), false),
        (json!({ "actor": actor }), true),
        (json!({ "actor": "usr_00000000000000000000000000" }), false),
        (json!({ "actor": "nonsense" }), false),
        (json!({ "from": update["at"] }), true),
        (json!({ "to": update["at"] }), true),
        (json!({ "from": update["at"], "to": update["at"] }), false),
    ] {
        assert_eq!(!log(&admin, filter.clone()).await.is_empty(), some, "{filter}");
    }

    // Page by page, each entry once.
    let whole = log(&admin, json!({})).await;
    let (mut after, mut seen) = (Value::Null, Vec::new());
    loop {
        let page = admin.data(LOG, json!({ "n": 4, "a": after })).await["organisation"]["auditLog"].clone();
        assert_eq!(page["totalCount"], whole.len());
        seen.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["id"].clone()));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let ids: Vec<_> = whole.iter().map(|entry| entry["id"].clone()).collect();
    assert_eq!(seen, ids);

    // Nothing of it is another organisation's.
    let theirs = log(&world.outsider().await, json!({ "object": name })).await;
    assert!(theirs.is_empty(), "{theirs:?}");
}

#[tokio::test]
async fn an_entry_says_who_did_what_from_where_and_what_it_was_before() {
    entries_hold_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn an_entry_says_who_did_what_from_where_and_what_it_was_before_on_postgresql() {
    entries_hold_on(Kind::Postgres).await;
}

#[tokio::test]
async fn a_viewers_name_stands_where_it_can_be_erased() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    admin
        .make_token(json!({ "streams": [world.stream()], "user": "ann@example.com" }))
        .await;
    admin.revoke(json!({ "user": "ann@example.com" })).await;
    assert_eq!(
        log(&admin, json!({ "action": "token.revoke" })).await[0]["object"],
        "ann@example.com"
    );
    let hashed = "SELECT object, detail FROM audit_entry";
    for row in rows(&world.database, hashed).await {
        let object: String = row.try_get("", "object").unwrap();
        let detail: Value = row.try_get("", "detail").unwrap();
        assert!(!format!("{object}{detail}").contains("ann@example.com"));
    }
}

#[tokio::test]
async fn the_log_as_a_file_is_whole_harmless_and_itself_an_entry() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    // More than are read at once.
    for round in 0..20 {
        let make = |n| format!("a{n}: createGroup(input: {{name: \"{round} {n}\"}}) {{ errors {{ code }} }}");
        let make: String = (0..30).map(make).collect();
        admin.data(&format!("mutation {{ {make} }}"), json!({})).await;
    }
    admin.revoke(json!({ "user": "=cmd()" })).await;
    world.pass(Duration::from_millis(1));
    let file = admin.get("/audit.csv").await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.text);
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert_eq!(file.headers["cache-control"], "no-store");
    let lines: Vec<_> = file.text.trim_end().split("\r\n").collect();
    assert!(lines[0].starts_with("\"id\",\"sequence\",\"at\""));
    let count = admin
        .data("{ organisation { auditLog { totalCount } } }", json!({}))
        .await;
    assert_eq!(
        lines.len() - 1,
        usize::try_from(count["organisation"]["auditLog"]["totalCount"].as_u64().unwrap()).unwrap()
    );
    assert!(lines[1].contains("\"audit.export\""), "{}", lines[1]);
    assert!(file.text.contains("\"'=cmd()\"") && !file.text.contains("\"=cmd()\""));
    let ids: std::collections::BTreeSet<_> = lines.iter().map(|line| line.split(',').next()).collect();
    assert_eq!(ids.len(), lines.len(), "each entry once");

    let some = admin.get("/audit.csv?action=group.create").await;
    assert_eq!(some.text.trim_end().split("\r\n").count(), 601);
    assert_eq!(log(&admin, json!({ "action": "audit.export" })).await.len(), 2);
    for path in ["/audit.csv?action", "/audit.csv?from=yesterday", "/audit.csv?other=1"] {
        assert_eq!(
            admin.get(path).await.status,
            if path.ends_with("action") {
                StatusCode::OK
            } else {
                StatusCode::BAD_REQUEST
            }
        );
    }
}

#[tokio::test]
async fn the_log_as_a_file_is_for_administrators_of_the_organisation_alone() {
    let world = World::new().await;
    let statuses = [
        (world.anonymous(), StatusCode::UNAUTHORIZED),
        (world.as_role("nanoReadOnly").await, StatusCode::FORBIDDEN),
        (world.as_role("nanoUser").await, StatusCode::FORBIDDEN),
    ];
    for (client, status) in statuses {
        // The role is judged before the parameters are.
        for path in ["/audit.csv", "/audit.csv?from=yesterday"] {
            assert_eq!(client.get(path).await.status, status);
        }
    }
    let outsider = world.outsider().await;
    let own = &world.demo.users[0].organisation;
    let theirs = outsider.get(&format!("/audit.csv?organisation={own}")).await;
    let nowhere = outsider.get("/audit.csv?organisation=22222").await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    assert_eq!(theirs.text, nowhere.text);
    assert!(!outsider.get("/audit.csv").await.text.contains(world.stream()));
    let other_site = [("origin", "https://evil.example")];
    let admin = world.as_role("nanoAdmin").await;
    assert_eq!(
        admin.fetch("/audit.csv", &other_site).await.status,
        StatusCode::FORBIDDEN
    );
}

/// Mutations that leave nothing to record, each with why.
const SILENT: &[(&str, &str)] = &[
    (
        "requestPasswordReset",
        "whether anybody has the address is not even looked up; what is mailed is recorded when it is",
    ),
    (
        "lintToken",
        "it looks at what the caller has, and changes and keeps nothing",
    ),
    ("simulateGuardianRule", "nothing is changed"),
];

#[tokio::test]
async fn every_mutation_writes_exactly_one_entry() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let database = Database::connect(world.database.url()).await.unwrap();
    let operator = organisations::operator(&world).await;
    let mutations = Operations::of(&world, &admin).await;
    // A package that is there is not asked for.
    let own_hash = &world.demo.users[0].organisation;
    let take = format!(
        "mutation {{ setPackage(input: {{organisation: \"{own_hash}\", package: RECORDING, enabled: false}}) {{ errors {{ code }} }} }}"
    );
    operator.data(&take, json!({})).await;
    let mut names = mutations.names("Mutation");
    names.push("signOut".to_owned());
    let mut wrong = BTreeMap::new();
    for name in names {
        let (client, request) = match own(&world, &operator, &name).await {
            Some(own) => own,
            None => (admin.clone(), mutations.request("Mutation", &name).await),
        };
        let before = count(&database).await;
        let answer = client.ask(&request, json!({})).await;
        assert_eq!(answer.code(), None, "{request}: {}", answer.text);
        let wanted = i64::from(!SILENT.iter().any(|(silent, _)| *silent == name));
        // Some are recorded after the answer.
        for _ in 0..100 {
            if count(&database).await - before >= wanted {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let written = count(&database).await - before;
        if written != wanted {
            wrong.insert(name, (written, answer.text));
        }
    }
    assert!(wrong.is_empty(), "not one entry: {wrong:#?}");
}

/// What the sweep of fields asks for in vain, asked so that it is done.
async fn own(world: &World, operator: &Client, name: &str) -> Option<(Client, String)> {
    let other = &world.demo.users[3].organisation;
    Some(match name {
        "signOut" => (
            world.as_role("nanoUser").await,
            "mutation { signOut { errors { code } } }".to_owned(),
        ),
        "suspendOrganisation" | "resumeOrganisation" => (
            operator.clone(),
            format!("mutation {{ {name}(input: {{organisation: \"{other}\"}}) {{ errors {{ code }} }} }}"),
        ),
        "declinePackageRequest" => {
            let own = &world.demo.users[0].organisation;
            let ask = "mutation { requestPackage(input: {package: RECORDING}) { errors { code } } }";
            world.as_role("nanoAdmin").await.data(ask, json!({})).await;
            let decline = format!(
                "mutation {{ declinePackageRequest(input: {{organisation: \"{own}\", package: RECORDING, reason: \"x\"}}) {{ errors {{ code }} }} }}"
            );
            (operator.clone(), decline)
        }
        "resendFirstInvitation" => {
            let make = "mutation { createOrganisation(input: {name: \"Waiting\", adminEmail: \"waiting@example.com\"}) {
                organisation { hash } } }";
            let made = operator.data(make, json!({})).await;
            let hash = made["createOrganisation"]["organisation"]["hash"].as_str().unwrap();
            let resend = format!(
                "mutation {{ resendFirstInvitation(input: {{organisation: \"{hash}\"}}) {{ errors {{ code }} }} }}"
            );
            (operator.clone(), resend)
        }
        "createOrganisation" => (
            operator.clone(),
            "mutation { createOrganisation(input: {name: \"New\", adminEmail: \"new@example.com\"}) { errors { code } } }"
                .to_owned(),
        ),
        "acceptInvitation" => {
            let invite = "mutation { inviteMember(input: {email: \"outsider@example.com\", role: nanoUser}) { errors { code } } }";
            let admin = world.as_role("nanoAdmin").await;
            admin.data(&invite.replace("outsider@example.com", &world.demo.users[3].email), json!({})).await;
            let secret = world.mailed("invitation", &world.demo.users[3].email).await;
            let accept = format!("mutation {{ acceptInvitation(input: {{secret: \"{secret}\"}}) {{ errors {{ code }} }} }}");
            (world.outsider().await, accept)
        }
        "resetPassword" => {
            let email = &world.demo.users[2].email;
            let ask = format!("mutation {{ requestPasswordReset(input: {{email: \"{email}\"}}) {{ errors {{ code }} }} }}");
            world.anonymous().data(&ask, json!({})).await;
            let secret = world.mailed("reset", email).await;
            let reset = format!(
                "mutation {{ resetPassword(input: {{secret: \"{secret}\", password: \"a longer one\"}}) {{ done errors {{ code }} }} }}"
            );
            (world.anonymous(), reset)
        }
        "changePassword" | "confirmTotp" | "removeTotp" | "renewRecoveryCodes" | "addPasskey" | "renamePasskey"
        | "removePasskey" => own_account(world, name).await,
        // A second person approves.
        "approveResponse" | "undoResponse" => {
            let id = response(world, &world.as_role("nanoAdmin").await).await;
            let user = world.as_role("nanoUser").await;
            let approve = format!("mutation {{ approveResponse(input: {{id: \"{id}\"}}) {{ errors {{ code }} }} }}");
            if name == "approveResponse" {
                return Some((user, approve));
            }
            user.data(&approve, json!({})).await;
            (user, approve.replace("approveResponse", "undoResponse"))
        }
        "removeMember" => {
            let first = &world.demo.users[0].organisation;
            let leaver = world.join("leaver@example.com", first, "nanoUser").await;
            (
                world.as_role("nanoAdmin").await,
                format!("mutation {{ removeMember(input: {{member: \"{leaver}\"}}) {{ errors {{ code }} }} }}"),
            )
        }
        "setPackage" => (
            operator.clone(),
            format!(
                "mutation {{ setPackage(input: {{organisation: \"{other}\", package: LIVE, enabled: false}}) {{ errors {{ code }} }} }}"
            ),
        ),
        _ => return None,
    })
}

/// A change of an account of its own.
async fn own_account(world: &World, name: &str) -> (Client, String) {
    let (email, password) = (
        format!("{}@example.com", name.to_lowercase()),
        &world.demo.users[0].password,
    );
    world.join(&email, &world.demo.users[0].organisation, "nanoUser").await;
    let client = world.enter(&email).await;
    let mut device = Device::new(9);
    let input = match name {
        "changePassword" => format!("current: \"{password}\", new: \"a longer one\""),
        "confirmTotp" => {
            let begin = "mutation { beginTotp(input: {}) { secret } }";
            let secret = client.data(begin, json!({})).await["beginTotp"]["secret"].clone();
            format!("code: \"{}\"", code(secret.as_str().unwrap(), world.clock.now()))
        }
        "removeTotp" | "renewRecoveryCodes" => {
            let holder = world.holder_of(&email, password).await;
            let change = format!("mutation {{ {name}(input: {{password: \"{password}\"}}) {{ errors {{ code }} }} }}");
            return (holder.client, change);
        }
        "addPasskey" => {
            let begin = "mutation { beginPasskey(input: {}) { ceremony { options state } } }";
            let begun = client.data(begin, json!({})).await["beginPasskey"]["ceremony"].clone();
            let made = device.create(&begun["options"]);
            let part = |value: &Value| value.as_str().unwrap().to_owned();
            let response = &made["response"];
            format!(
                "state: \"{}\", name: \"Key\", credential: {{id: \"{id}\", rawId: \"{id}\", type: \"public-key\",
                    response: {{clientDataJSON: \"{}\", attestationObject: \"{}\"}}}}",
                part(&begun["state"]),
                part(&response["clientDataJSON"]),
                part(&response["attestationObject"]),
                id = part(&made["id"]),
            )
        }
        _ => {
            device = Device::new(name.as_bytes()[2]);
            let id = make_passkey(&client, &mut device).await;
            let with = if name == "renamePasskey" {
                "name: \"Laptop\"".to_owned()
            } else {
                format!("password: \"{password}\"")
            };
            format!("id: \"{id}\", {with}")
        }
    };
    (
        client,
        format!("mutation {{ {name}(input: {{{input}}}) {{ errors {{ code }} }} }}"),
    )
}

async fn count(database: &DatabaseConnection) -> i64 {
    let statement = Statement::from_string(database.get_database_backend(), "SELECT COUNT(*) AS n FROM audit_entry");
    database
        .query_one_raw(statement)
        .await
        .unwrap()
        .unwrap()
        .try_get("", "n")
        .unwrap()
}

async fn rows(place: &testkit::Database, query: &str) -> Vec<sea_orm::QueryResult> {
    let database = Database::connect(place.url()).await.unwrap();
    let statement = Statement::from_string(database.get_database_backend(), query);
    database.query_all_raw(statement).await.unwrap()
}
