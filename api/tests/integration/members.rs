//! Members and their sign-ins: listed, changed, removed; who may, and from when on it holds.

use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    harness::{Client, World},
    subscriptions::{Socket, settled},
};

const CHANGE: &str = "mutation($m: ID!, $r: Role!) { changeRole(input: {member: $m, role: $r}) { member { id role } errors { code field } } }";
const REMOVE: &str = "mutation($m: ID!) { removeMember(input: {member: $m}) { errors { code } } }";
const INVALIDATE: &str =
    "mutation($m: ID!) { invalidateMemberAccess(input: {member: $m}) { member { id } errors { code } } }";
const END: &str = "mutation($i: ID!) { endSignIn(input: {id: $i}) { errors { code } } }";
const SIGN_INS: &str = "{ viewer { signIns { id current address userAgent createdAt lastUsedAt secondFactor how } } }";

/// The id of the membership that a client acts with.
async fn own(client: &Client) -> String {
    let viewer = client.data("{ viewer { memberships { id } } }", json!({})).await;
    viewer["viewer"]["memberships"][0]["id"].as_str().unwrap().to_owned()
}

async fn change(client: &Client, member: &str, role: &str) -> Value {
    client.data(CHANGE, json!({ "m": member, "r": role })).await["changeRole"].clone()
}

impl World {
    /// Lets no change be finished until it is given back.
    pub(crate) async fn hold_writes(&self, kind: Kind) -> DatabaseTransaction {
        let options = TransactionOptions {
            sqlite_transaction_mode: (kind == Kind::Sqlite).then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let held = self.tables().await.begin_with_options(options).await.unwrap();
        if kind == Kind::Postgres {
            held.execute_unprepared("SELECT id FROM audit_chain FOR UPDATE")
                .await
                .unwrap();
        }
        held
    }

    /// Waits until two changes wait for each other, or for what is held.
    pub(crate) async fn wait_for_two(&self, kind: Kind) {
        if kind == Kind::Sqlite {
            tokio::time::sleep(Duration::from_millis(300)).await;
            return;
        }
        let tables = self.tables().await;
        let query = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        let waiting = || async {
            let statement = Statement::from_string(DbBackend::Postgres, query);
            let row = tables.query_one_raw(statement).await.unwrap().unwrap();
            row.try_get::<i64>("", "n").unwrap()
        };
        while waiting().await < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn both() -> [Kind; 2] {
    [Kind::Sqlite, Kind::Postgres]
}

#[tokio::test]
async fn members_are_listed_page_by_page_and_found_by_name_or_address() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let hash = world.demo.users[0].organisation.clone();
    for n in 0..5 {
        world
            .join(&format!("zed{n}@northwind.example"), &hash, "nanoUser")
            .await;
    }
    let query = "query($n: Int, $a: String, $t: String) { organisation { members(first: $n, after: $a, text: $t) {
        totalCount pageInfo { hasNextPage endCursor } nodes { id user name email role joinedAt lastSeenAt secondFactor signIns { current } } } } }";
    let mut seen = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = admin.data(query, json!({ "n": 3, "a": after })).await["organisation"]["members"].clone();
        assert_eq!(page["totalCount"], 8);
        seen.extend(page["nodes"].as_array().unwrap().clone());
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    let mut emails: Vec<_> = seen.iter().map(|one| one["email"].as_str().unwrap()).collect();
    assert_eq!(emails.len(), 8);
    emails.sort_unstable();
    emails.dedup();
    assert_eq!(emails.len(), 8);
    let admins = seen.iter().find(|one| one["role"] == "nanoAdmin").unwrap();
    assert_eq!(admins["name"], "Ada Admin");
    assert_eq!(admins["signIns"], json!([{ "current": true }]));
    assert!(admins["lastSeenAt"].is_string());
    assert_eq!(admins["secondFactor"], false);
    let idle = seen
        .iter()
        .find(|one| one["email"] == "zed0@northwind.example")
        .unwrap();
    assert_eq!((&idle["lastSeenAt"], &idle["signIns"]), (&Value::Null, &json!([])));

    for (text, found) in [
        ("ZED", 5),
        ("ada", 1),
        ("readonly@", 1),
        ("%", 0),
        ("southgate", 0),
        ("Sol", 0),
    ] {
        let page = admin.data(query, json!({ "t": text })).await["organisation"]["members"].clone();
        assert_eq!(page["totalCount"], found, "{text}");
    }
}

#[tokio::test]
async fn a_changed_role_holds_from_the_next_request_on_and_ends_what_is_open() {
    for kind in both() {
        let world = World::on(kind).await;
        let address = world.serve().await;
        let admin = world.as_role("nanoAdmin").await;
        let user = world.as_role("nanoUser").await;
        let mut socket = Socket::open(address, &user, None).await.unwrap();
        socket
            .subscribe("s", "subscription { sessionEvents { address } }")
            .await;
        settled(&mut socket).await;
        let member = own(&user).await;
        let changed = change(&admin, &member, "nanoReadOnly").await;
        assert_eq!(changed["member"], json!({ "id": member, "role": "nanoReadOnly" }));
        let make = "mutation { createStream(input: {}) { errors { code } } }";
        assert_eq!(user.code(make, json!({})).await, "FORBIDDEN");
        assert_eq!(socket.next("s").await["errors"][0]["extensions"]["code"], "FORBIDDEN");
        assert_eq!(socket.hear().await["type"], "complete");
        change(&admin, &member, "nanoUser").await;
        user.data(make, json!({})).await;
    }
}

#[tokio::test]
async fn a_demotion_revokes_the_members_api_tokens_above_the_new_role_and_no_others() {
    let world = World::new().await;
    let hash = world.demo.users[0].organisation.clone();
    let admin = world.as_role("nanoAdmin").await;
    let member = world.join("two@northwind.example", &hash, "nanoAdmin").await;
    let other = own(&admin).await.parse().unwrap();
    let high = world.software(&hash, Some(member), "nanoAdmin").await;
    let low = world.software(&hash, Some(member), "nanoUser").await;
    let theirs = world.software(&hash, Some(other), "nanoAdmin").await;
    let key = world.software(&hash, None, "nanoAdmin").await;
    assert_eq!(high.role().await, "nanoAdmin");
    change(&admin, &member.to_string(), "nanoUser").await;
    assert_eq!(high.role().await, "UNAUTHENTICATED");
    assert_eq!(low.role().await, "nanoUser");
    // What was revoked stays so, whatever role comes after.
    change(&admin, &member.to_string(), "nanoAdmin").await;
    assert_eq!(high.role().await, "UNAUTHENTICATED");
    assert_eq!(theirs.role().await, "nanoAdmin");
    assert_eq!(key.role().await, "nanoAdmin");
}

#[tokio::test]
async fn who_is_removed_or_invalidated_is_out_at_once_with_their_software_and_nobody_else_is() {
    for kind in both() {
        for mutation in [REMOVE, INVALIDATE] {
            let world = World::on(kind).await;
            let address = world.serve().await;
            let hash = world.demo.users[0].organisation.clone();
            let elsewhere = world.demo.users[3].organisation.clone();
            let admin = world.as_role("nanoAdmin").await;
            let user = world.as_role("nanoUser").await;
            let member: ids::MemberId = own(&user).await.parse().unwrap();
            world.join(&world.demo.users[1].email, &elsewhere, "nanoUser").await;
            let token = world.software(&hash, Some(member), "nanoReadOnly").await;
            let key = world.software(&hash, None, "nanoAdmin").await;
            let mut user_here = user.clone();
            user_here.organisation = Some(hash.clone());
            let mut socket = Socket::open(address, &user_here, None).await.unwrap();
            socket
                .subscribe("s", "subscription { sessionEvents { address } }")
                .await;
            settled(&mut socket).await;

            admin.data(mutation, json!({ "m": member.to_string() })).await;
            let removed = mutation == REMOVE;
            let code = if removed { "NOT_FOUND" } else { "UNAUTHENTICATED" };
            assert_eq!(user_here.code("{ organisation { name } }", json!({})).await, code);
            assert_eq!(socket.next("s").await["errors"][0]["extensions"]["code"], code);
            assert_eq!(token.role().await, "UNAUTHENTICATED");
            assert_eq!(key.role().await, "nanoAdmin");
            // In their other organisation nothing changed.
            let mut there = user.clone();
            there.organisation = Some(elsewhere);
            there.data("{ organisation { name } }", json!({})).await;
            // Everybody else goes on.
            admin.data("{ organisation { name } }", json!({})).await;
            assert_eq!(world.member(&world.demo.users[1].email, &hash).await.is_none(), removed);
            if !removed {
                world.pass(Duration::from_secs(1));
                let mut again = world.as_role("nanoUser").await;
                again.organisation = Some(hash);
                again.data("{ organisation { name } }", json!({})).await;
            }
        }
    }
}

#[tokio::test]
async fn playback_tokens_of_a_removed_member_stay_valid_until_they_are_revoked() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let user = world.as_role("nanoUser").await;
    let made = user.make_token(json!({ "streams": [world.stream()] })).await;
    admin.data(REMOVE, json!({ "m": own(&user).await })).await;
    let token = made["token"].as_str().unwrap();
    assert_eq!(world.node.denies(world.stream(), token, world.clock.now()), None);
}

#[tokio::test]
async fn the_last_administrator_can_be_neither_demoted_nor_removed() {
    for kind in both() {
        let world = World::on(kind).await;
        let admin = world.as_role("nanoAdmin").await;
        let me = own(&admin).await;
        for role in ["nanoUser", "nanoReadOnly"] {
            let refused = change(&admin, &me, role).await;
            assert_eq!(
                refused,
                json!({ "member": null, "errors": [{ "code": "LAST_ADMIN", "field": ["input", "member"] }] })
            );
        }
        let refused = admin.data(REMOVE, json!({ "m": me })).await;
        assert_eq!(refused["removeMember"]["errors"][0]["code"], "LAST_ADMIN");
        assert_eq!(change(&admin, &me, "nanoAdmin").await["errors"], json!([]));
        // Another one takes over.
        let user = world.as_role("nanoUser").await;
        change(&admin, &own(&user).await, "nanoAdmin").await;
        assert_eq!(change(&user, &me, "nanoReadOnly").await["errors"], json!([]));
    }
}

#[tokio::test]
async fn two_administrators_who_demote_or_remove_each_other_at_once_leave_one() {
    for kind in both() {
        for query in [CHANGE, REMOVE] {
            let world = World::on(kind).await;
            let hash = world.demo.users[0].organisation.clone();
            let one = world.as_role("nanoAdmin").await;
            let first = own(&one).await;
            let second = world
                .join("second@northwind.example", &hash, "nanoAdmin")
                .await
                .to_string();
            let other = world.enter("second@northwind.example").await;
            // Both are under way, as far as they come beside each other, before either is done.
            let held = world.hold_writes(kind).await;
            let demote = |client: Client, member: String| {
                tokio::spawn(async move { client.ask(query, json!({ "m": member, "r": "nanoReadOnly" })).await })
            };
            let both = [demote(one, second), demote(other, first)];
            world.wait_for_two(kind).await;
            held.rollback().await.unwrap();
            let mut outcomes = Vec::new();
            for one in both {
                let answer = one.await.unwrap();
                let payload = &answer.body["data"];
                let payload = payload["changeRole"]
                    .as_object()
                    .or(payload["removeMember"].as_object());
                // Whose turn comes second is no administrator any more, or no member.
                outcomes.push(payload.map_or_else(|| json!(answer.code()), |one| one["errors"][0]["code"].clone()));
            }
            outcomes.sort_by_key(Value::is_null);
            let refusal = if query == CHANGE { "FORBIDDEN" } else { "NOT_FOUND" };
            assert_eq!(outcomes, [json!(refusal), Value::Null]);
            let mut left = 0;
            for email in [&world.demo.users[0].email, "second@northwind.example"] {
                let member = world.member(email, &hash).await;
                left += usize::from(member.is_some_and(|member| member.role == "nanoAdmin"));
            }
            assert_eq!(left, 1);
        }
    }
}

#[tokio::test]
async fn whoever_is_no_administrator_manages_nobody_but_themselves() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let admins = own(&admin).await;
    for role in ["nanoUser", "nanoReadOnly"] {
        let client = world.as_role(role).await;
        let me = own(&client).await;
        for nobody in [admins.as_str(), "nonsense", "mem_00000000000000000000000000"] {
            let there = json!({ "m": nobody, "r": "nanoAdmin" });
            assert_eq!(client.code(CHANGE, there.clone()).await, "FORBIDDEN");
            assert_eq!(client.code(REMOVE, json!({ "m": nobody })).await, "FORBIDDEN");
            assert_eq!(client.code(INVALIDATE, json!({ "m": nobody })).await, "FORBIDDEN");
        }
        assert_eq!(
            client.code(CHANGE, json!({ "m": me, "r": "nanoAdmin" })).await,
            "FORBIDDEN"
        );
        let members = "{ organisation { members { totalCount } } }";
        assert_eq!(client.code(members, json!({})).await, "FORBIDDEN");
        client.data(INVALIDATE, json!({ "m": me })).await;
        assert_eq!(
            client.code("{ organisation { name } }", json!({})).await,
            "UNAUTHENTICATED"
        );
        world.pass(Duration::from_secs(1));
        // A member may leave.
        let again = world.as_role(role).await;
        again.data(REMOVE, json!({ "m": me })).await;
        let left = again.data("{ viewer { role memberships { id } } }", json!({})).await;
        assert_eq!(left["viewer"], json!({ "role": null, "memberships": [] }));
    }
}

#[tokio::test]
async fn a_person_sees_their_sign_ins_and_ends_each_of_them_everywhere() {
    let world = World::new().await;
    let address = world.serve().await;
    let one = world.as_role("nanoReadOnly").await;
    world.pass(Duration::from_secs(1));
    let other = world.as_role("nanoReadOnly").await;
    let mut socket = Socket::open(address, &one, None).await.unwrap();
    socket.subscribe("s", "subscription { live { viewers } }").await;
    socket.next("s").await;

    let rows = other.data(SIGN_INS, json!({})).await["viewer"]["signIns"].clone();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0]["current"], &rows[1]["current"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        (&rows[1]["address"], &rows[1]["how"]),
        (&json!("192.0.2.77"), &json!("password"))
    );
    let end = other.data(END, json!({ "i": rows[1]["id"] })).await;
    assert_eq!(end["endSignIn"]["errors"], json!([]));
    assert_eq!(one.code("{ viewer { id } }", json!({})).await, "UNAUTHENTICATED");
    assert_eq!(
        socket.next("s").await["errors"][0]["extensions"]["code"],
        "UNAUTHENTICATED"
    );
    assert_eq!(other.code(END, json!({ "i": rows[1]["id"] })).await, "NOT_FOUND");
    assert_eq!(
        world.anonymous().code(END, json!({ "i": rows[0]["id"] })).await,
        "UNAUTHENTICATED"
    );
}

#[tokio::test]
async fn an_administrator_ends_a_members_sign_in_in_the_own_organisation_only() {
    for kind in both() {
        let world = World::on(kind).await;
        let hash = world.demo.users[0].organisation.clone();
        let elsewhere = world.demo.users[3].organisation.clone();
        world.join(&world.demo.users[1].email, &elsewhere, "nanoUser").await;
        let admin = world.as_role("nanoAdmin").await;
        let mut user = world.as_role("nanoUser").await;
        let query = "{ organisation { members(text: \"user@northwind\") { nodes { signIns { id address } } } } }";
        let rows = admin.data(query, json!({})).await["organisation"]["members"]["nodes"][0]["signIns"].clone();
        assert_eq!(rows.as_array().unwrap().len(), 1);
        assert_eq!(rows[0]["address"], "192.0.2.77");
        // Who is no administrator does not learn that there is such a one.
        let reader = world.as_role("nanoReadOnly").await;
        assert_eq!(reader.code(END, json!({ "i": rows[0]["id"] })).await, "NOT_FOUND");
        admin.data(END, json!({ "i": rows[0]["id"] })).await;
        user.organisation = Some(hash);
        assert_eq!(
            user.code("{ organisation { name } }", json!({})).await,
            "UNAUTHENTICATED"
        );
        user.organisation = Some(elsewhere);
        user.data("{ organisation { name } }", json!({})).await;
        let rows = admin.data(query, json!({})).await["organisation"]["members"]["nodes"][0]["signIns"].clone();
        assert_eq!(rows, json!([]));
    }
}
