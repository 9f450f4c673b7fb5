//! A key that a node does not know yet is looked for before the token is judged, and a flood of them asks once.

use std::time::Duration;

use guard::Update;
use link::{Answer, Question};
use serde_json::json;
use tokio::task::JoinSet;

use super::{
    client::{PATIENCE, get},
    stage::{NAME, OTHER, Stage, organisation, pair, sign},
};

#[tokio::test]
async fn a_key_that_is_new_elsewhere_is_looked_for_once_and_lets_in_at_the_first_attempt() {
    let mut stage = Stage::open().await;
    let http = stage.http;
    let (private, key) = pair("new");
    let path = |kid: &str| {
        let token = sign(&private, kid, 1, "jti", &json!([NAME]), &json!({}));
        format!("/live/{NAME}/index.m3u8?token={token}")
    };
    let mut crowd = JoinSet::new();
    for n in 0..50 {
        let (new, unknown) = (path("new"), path(&format!("nobody's {n}")));
        crowd.spawn(async move { (true, get(http, &new, &[]).await) });
        crowd.spawn(async move { (false, get(http, &unknown, &[]).await) });
    }
    let waiting = tokio::time::timeout(PATIENCE, stage.questions.recv()).await;
    let waiting = waiting.expect("a question comes").unwrap();
    let Question::Key {
        organisation: whose, ..
    } = &waiting.question
    else {
        panic!("a key is asked for, not {:?}", waiting.question);
    };
    assert_eq!(*whose, organisation(1));
    let organisation = organisation(1);
    stage.change(vec![Update::Key { organisation, key }]).await;
    waiting.answer(Answer::Looked);
    for (new, answer) in crowd.join_all().await {
        let reason = (answer.status != 200).then(|| answer.reason().to_owned());
        assert_eq!(reason.as_deref(), (!new).then_some("TOKEN_KEY"), "{}", answer.text());
    }
    // Nor is it asked again for a while, whatever is shown.
    assert_eq!(get(http, &path("another"), &[]).await.reason(), "TOKEN_KEY");
    let nothing = tokio::time::timeout(Duration::from_millis(100), stage.questions.recv()).await;
    assert!(nothing.is_err(), "nothing more was asked");
}

/// An organisation whose keys are looked for slowly keeps nobody else's viewers waiting.
#[tokio::test]
async fn keys_of_one_organisation_are_looked_for_beside_those_of_another() {
    let mut stage = Stage::open().await;
    let http = stage.http;
    let (private, _) = pair("new");
    let ask = |number: u64, name: &'static str| {
        let token = sign(&private, "new", number, "jti", &json!([name]), &json!({}));
        let path = format!("/live/{name}/index.m3u8?token={token}");
        tokio::spawn(async move { get(http, &path, &[]).await.reason().to_owned() })
    };
    let mut held = Vec::new();
    for (number, name) in [(1, NAME), (2, OTHER)] {
        let answer = ask(number, name);
        let waiting = tokio::time::timeout(PATIENCE, stage.questions.recv()).await;
        let waiting = waiting.expect("a question comes").unwrap();
        let Question::Key {
            organisation: whose, ..
        } = waiting.question
        else {
            panic!("a key is asked for, not {:?}", waiting.question);
        };
        assert_eq!(whose, organisation(number));
        held.push((waiting, answer));
    }
    // The one that came last is answered first.
    for (waiting, answer) in held.into_iter().rev() {
        waiting.answer(Answer::Looked);
        let answer = tokio::time::timeout(PATIENCE, answer).await;
        assert_eq!(answer.expect("it is answered").unwrap(), "TOKEN_KEY");
    }
}

/// Whoever hangs up while their key is looked for brings no question more.
#[tokio::test]
async fn who_hangs_up_while_a_key_is_looked_for_is_no_reason_to_look_again() {
    let mut stage = Stage::open().await;
    let http = stage.http;
    let (private, _) = pair("new");
    let path = |kid: &str| {
        let token = sign(&private, kid, 1, "jti", &json!([NAME]), &json!({}));
        format!("/live/{NAME}/index.m3u8?token={token}")
    };
    let gone = path("new");
    let asker = tokio::spawn(async move { get(http, &gone, &[]).await });
    let waiting = tokio::time::timeout(PATIENCE, stage.questions.recv()).await;
    let waiting = waiting.expect("a question comes").unwrap();
    asker.abort();
    // The door notices that nobody is there any more.
    let mut player = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..5 {
        player.tick().await;
    }
    let next = path("another");
    let next = tokio::spawn(async move { get(http, &next, &[]).await.reason().to_owned() });
    let more = tokio::time::timeout(Duration::from_millis(300), stage.questions.recv()).await;
    assert!(more.is_err(), "nothing more was asked");
    drop(waiting);
    assert_eq!(next.await.unwrap(), "TOKEN_KEY");
}
