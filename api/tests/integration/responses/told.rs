//! What becomes of responses is told by subscription: to who may read them, and to nobody else.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use testkit::Kind;

use super::{changed, in_state, settings, shared};
use crate::{
    cases::thief,
    harness::World,
    privacy::{database, eventually},
    subscriptions::{Socket, settled},
};

const TOLD: &str = "subscription { responses { id state ip until isOwn proposedBy { name } } }";

/// The next that is told.
async fn next(socket: &mut Socket) -> Value {
    socket.next("r").await["data"]["responses"].clone()
}

async fn told_on(kind: Kind) {
    let world = World::on(kind).await;
    let address = world.serve().await;
    let (admin, user) = (world.as_role("nanoAdmin").await, world.as_role("nanoUser").await);
    let (finding, _) = thief(&world, &admin).await;
    let mut own = Socket::open(address, &admin, None).await.unwrap();
    let mut others = Socket::open(address, &world.outsider().await, None).await.unwrap();
    for socket in [&mut own, &mut others] {
        socket.subscribe("r", TOLD).await;
        settled(socket).await;
    }

    // By another person, at each step.
    let wish = json!({ "finding": finding["id"], "lengthSeconds": 600 });
    let first = changed(&user, "suggestResponse", wish.clone()).await["response"]["id"].clone();
    let told = next(&mut own).await;
    assert_eq!(
        (&told["id"], &told["state"], &told["ip"], &told["isOwn"]),
        (&first, &json!("SUGGESTED"), &finding["ip"], &json!(false))
    );
    assert!(told["proposedBy"]["name"].is_string(), "{told}");
    let applied = changed(&admin, "approveResponse", json!({ "id": first })).await["response"].clone();
    let told = next(&mut own).await;
    assert_eq!((&told["state"], &told["until"]), (&json!("APPLIED"), &applied["until"]));
    changed(&user, "undoResponse", json!({ "id": first })).await;
    assert_eq!(next(&mut own).await["state"], "UNDONE");
    let second = changed(&user, "suggestResponse", wish.clone()).await["response"]["id"].clone();
    assert_eq!(next(&mut own).await["state"], "SUGGESTED");
    changed(&user, "refuseResponse", json!({ "id": second })).await;
    let told = next(&mut own).await;
    assert_eq!((&told["id"], &told["state"]), (&second, &json!("REFUSED")));

    // Its rule is deleted by hand; the next one's time is over.
    for (over, state) in [(false, "UNDONE"), (true, "OVER")] {
        let id = changed(&user, "suggestResponse", wish.clone()).await["response"]["id"].clone();
        assert_eq!(next(&mut own).await["state"], "SUGGESTED");
        let applied = changed(&admin, "approveResponse", json!({ "id": id })).await["response"].clone();
        assert_eq!(next(&mut own).await["state"], "APPLIED");
        if over {
            world.pass(Duration::from_mins(11));
        } else {
            let delete = "mutation($i: ID!) { deleteGuardianRule(input: {id: $i}) { errors { code } } }";
            admin.data(delete, json!({ "i": applied["rule"] })).await;
        }
        let told = next(&mut own).await;
        assert_eq!((&told["id"], &told["state"]), (&id, &json!(state)));
    }
    // Another organisation heard nothing of it all.
    settled(&mut others).await;

    // Who only reads hears nothing, nor does who only reads from now on.
    let reader = world.as_role("nanoReadOnly").await;
    let mut closed = Socket::open(address, &reader, None).await.unwrap();
    closed.subscribe("r", TOLD).await;
    assert_eq!(closed.next("r").await["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let mut hers = Socket::open(address, &user, None).await.unwrap();
    hers.subscribe("r", TOLD).await;
    settled(&mut hers).await;
    let demoted = "UPDATE member SET role = 'nanoReadOnly' WHERE role = 'nanoUser'";
    database(&world).await.execute_unprepared(demoted).await.unwrap();
    assert_eq!(hers.next("r").await["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(hers.hear().await["type"], "complete");
}

#[tokio::test]
async fn what_becomes_of_a_response_is_told_at_each_step_to_who_may_read_it() {
    told_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn what_becomes_of_a_response_is_told_at_each_step_to_who_may_read_it_on_postgresql() {
    told_on(Kind::Postgres).await;
}

#[tokio::test]
async fn what_the_platform_suggests_is_told_and_that_nobody_took_it_up() {
    let world = World::new().await;
    let address = world.serve().await;
    let admin = world.as_role("nanoAdmin").await;
    settings(&admin, json!({ "suggest": ["ADDRESSES"] })).await;
    let mut socket = Socket::open(address, &admin, None).await.unwrap();
    socket
        .subscribe("r", "subscription { responses { state jti proposedBy { name } } }")
        .await;
    settled(&mut socket).await;
    shared(&world, 1, "shared");
    assert_eq!(
        next(&mut socket).await,
        json!({ "state": "SUGGESTED", "jti": "shared", "proposedBy": null })
    );
    world.pass(Duration::from_hours(25));
    assert_eq!(next(&mut socket).await, Value::Null);
    eventually("it is gone", async || in_state(&admin, "SUGGESTED").await == 0).await;
}
