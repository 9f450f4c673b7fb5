//! The database is away for a while: what happens meanwhile is recorded once it is back.

use std::time::Duration;

use ids::DecisionId;
use serde_json::json;
use testkit::Kind;

use crate::harness::World;

/// Coming, going and being refused, all while nothing can be written.
#[tokio::test]
async fn what_happens_while_the_database_is_away_is_recorded_to_the_second_once_it_is_back() {
    let mut world = World::on(Kind::Postgres).await;
    let admin = world.as_role("nanoAdmin").await;
    let (stays, leaves, comes) = (
        world.viewing(world.stream(), 1),
        world.viewing(world.stream(), 2),
        world.viewing(world.stream(), 3),
    );
    for facts in [&stays, &leaves] {
        world.begins(&admin, facts.clone()).await;
    }
    world.database.stop();
    world.pass(Duration::from_secs(5));
    let at = world.clock.now();
    world.node.tell(
        at,
        link::Kind::Ended(link::SessionEnd {
            session: leaves.session,
            organisation: leaves.organisation,
            stream: leaves.stream,
            bytes: 4711,
            requests: 3,
            reason: None,
        }),
    );
    world.node.tell(at, link::Kind::Started(comes.clone()));
    let decision = DecisionId::mint(1, [9; 10]);
    world.node.tell(
        at,
        link::Kind::Denied {
            organisation: Some(stays.organisation),
            stream: stays.name.clone(),
            door: guard::Door::Playback,
            protocol: link::Protocol::Hls,
            address: stays.address,
            reason: guard::Reason::TokenExpired,
            decision,
            trace: Vec::new(),
            visitor: link::Visitor::default(),
        },
    );
    // Whoever tries once, or gives up, has done so by now.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let revoked = admin
        .ask(
            "mutation { revokeTokens(input: { user: \"anna\" }) { revoked } }",
            json!({}),
        )
        .await;
    assert_eq!(revoked.code().as_deref(), Some("UNAVAILABLE"), "{revoked:?}");
    world.database.resume();
    let refusal = "query($id: ID!) { decision(id: $id) { reason } }";
    let id = json!({ "id": decision.to_string() });
    let asked = async || admin.ask(refusal, id.clone()).await.body;
    for _ in 0..300 {
        if asked().await["data"]["decision"]["reason"] == "TOKEN_EXPIRED" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(asked().await["data"]["decision"]["reason"], "TOKEN_EXPIRED");
    let sessions = "{ organisation { sessions(first: 100) { nodes { id startedAt endedAt bytes } } } }";
    let all = admin.data(sessions, json!({})).await["organisation"]["sessions"]["nodes"].clone();
    let of = |id: ids::SessionId| {
        let mut all = all.as_array().unwrap().iter();
        all.find(|session| session["id"] == id.to_string())
            .cloned()
            .unwrap_or_default()
    };
    assert!(of(stays.session)["endedAt"].is_null());
    let gone = of(leaves.session);
    assert_eq!((&gone["endedAt"], &gone["bytes"]), (&json!(AT), &json!(4711.0)));
    let came = of(comes.session);
    assert_eq!((&came["startedAt"], &came["endedAt"]), (&json!(AT), &json!(null)));
}

/// When it happens: five seconds after the clock's beginning.
const AT: &str = "2027-01-15T08:00:05+00:00";
