//! A provider that takes connections and says nothing.

use serde_json::json;

use super::{Browser, Stage, problem, set, wish};

#[tokio::test]
async fn a_provider_that_does_not_answer_holds_up_its_own_people_only() {
    let stage = Stage::new().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut wish = wish(&stage.issuer);
    wish["issuer"] = json!(format!("http://{}", silent.local_addr().unwrap()));
    wish["domains"] = json!(["southgate.example"]);
    let set = set(&stage.world.outsider().await, wish).await;
    let theirs = set["identityProvider"]["id"].as_str().unwrap();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let (mut browser, path) = (Browser::new(&stage.world), format!("/sign-in/provider/{theirs}"));
        waiting.spawn(async move { browser.go(&path).await });
    }
    // As many as may be wait for it when one more is told so.
    assert_eq!(waiting.join_next().await.unwrap().unwrap(), problem("BUSY"));
    stage.signed_in("s-1", "nora@northwind.example").await;
}
