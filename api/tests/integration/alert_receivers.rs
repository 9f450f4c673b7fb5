//! Where alerts are sent.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Database};
use serde_json::json;
use testkit::Kind;

use crate::{
    alerts::{RECEIVER, receiver},
    harness::World,
};

#[tokio::test]
async fn a_collector_in_a_private_network_is_none_unless_the_installation_allows_it() {
    let world = World::tuned(Kind::Sqlite, |settings| settings.danger_allow_private_networks = false).await;
    let admin = world.as_role("nanoAdmin").await;
    for host in [
        "127.0.0.1",
        "10.0.0.1",
        "[::1]",
        "::ffff:127.0.0.1",
        "localhost",
        "a.localhost.",
    ] {
        let input = json!({ "name": "n", "syslog": { "host": host, "port": 514 } });
        let saved = admin.data(RECEIVER, json!({ "i": input })).await["saveAlertReceiver"].clone();
        assert_eq!(
            saved["errors"][0]["field"],
            json!(["input", "syslog", "host"]),
            "{host}"
        );
    }
    // Where another name leads is found out when it is reached.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let input = json!({ "name": "n", "syslog": { "host": "logs.example", "port": port, "tls": false } });
    let id = receiver(&admin, input).await;
    let database = Database::connect(world.database.url()).await.unwrap();
    let leads_here = "UPDATE alert_receiver SET host = 'localhost'";
    database.execute_unprepared(leads_here).await.unwrap();
    let test =
        "mutation($i: ID!) { testAlertReceiver(input: {id: $i}) { deliveries { state error } errors { code } } }";
    let tried = admin.data(test, json!({ "i": id })).await["testAlertReceiver"]["deliveries"].clone();
    assert_eq!(tried[0]["state"], "FAILED");
    assert!(
        tried[0]["error"].as_str().unwrap().contains("private network"),
        "{tried}"
    );
    let knock = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(knock.is_err(), "nobody even knocked");
    // Nobody is flooded with trials, whoever they are.
    for _ in 0..9 {
        assert_eq!(admin.ask(test, json!({ "i": id })).await.code(), None);
    }
    let eleventh = admin.ask(test, json!({ "i": id })).await;
    assert_eq!(eleventh.code().as_deref(), Some("RATE_LIMITED"), "{}", eleventh.text);
    assert_eq!(eleventh.headers["retry-after"], "600");
}
