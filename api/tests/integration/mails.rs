//! The page on which a demo shows its mails: on this machine, in a demo, and nowhere else.

use axum::http::StatusCode;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use testkit::Kind;

use crate::harness::{Client, World};

const LOCAL: (&str, &str) = ("host", "localhost:8080");

fn near(world: &World) -> Client {
    let mut client = world.anonymous();
    client.address = ([127, 0, 0, 1], 50_000).into();
    client
}

async fn invite(world: &World, email: &str) {
    let admin = world.as_role("nanoAdmin").await;
    let invite = "mutation($e: String!) { inviteMember(input: {email: $e, role: nanoUser}) { errors { code } } }";
    admin.data(invite, json!({ "e": email })).await;
}

#[tokio::test]
async fn a_demo_shows_its_mails_the_newest_first_with_links_that_work() {
    let world = World::new().await;
    let browser = near(&world);
    let empty = browser.fetch("/mails", &[LOCAL]).await;
    assert_eq!(empty.status, StatusCode::OK);
    assert!(empty.text.contains("Nothing was mailed yet"), "{}", empty.text);
    for email in ["nora@example.com", "otto@example.com"] {
        invite(&world, email).await;
        world.pass(std::time::Duration::from_secs(1));
    }
    let secret = world.mailed("invitation", "nora@example.com").await;
    world.mailed("invitation", "otto@example.com").await;
    let page = browser.fetch("/mails", &[LOCAL]).await;
    let link = format!("<a href=\"http://live.example.com/invitation#{secret}\"");
    assert!(page.text.contains(&link), "{}", page.text);
    let at = |text: &str| {
        page.text
            .find(text)
            .unwrap_or_else(|| panic!("{text} in {}", page.text))
    };
    assert!(at("to otto@example.com") < at("to nora@example.com"));
    assert_eq!(page.headers["cache-control"], "no-store");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(page.headers.get("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn the_page_of_mails_is_nothing_to_other_machines_and_to_other_names() {
    let world = World::new().await;
    let never = near(&world).fetch("/no-such-page", &[LOCAL]).await;
    let mut far = near(&world);
    far.address = ([192, 0, 2, 77], 50_000).into();
    for (client, headers) in [
        (&far, &[LOCAL][..]),
        (&near(&world), &[("host", "evil.example.com")]),
        (&near(&world), &[("host", "live.example.com")]),
        (
            &near(&world),
            &[("host", "live.example.com"), ("x-forwarded-host", "localhost")],
        ),
        (&near(&world), &[]),
    ] {
        let answer = client.fetch("/mails", headers).await;
        assert_eq!(
            (answer.status, &answer.text),
            (never.status, &never.text),
            "{headers:?}"
        );
    }
    assert_eq!(never.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_a_demo_there_is_no_page_of_mails_and_nothing_that_it_could_show() {
    let world = World::tuned(Kind::Sqlite, |settings| settings.demo = false).await;
    invite(&world, "nora@example.com").await;
    world.mailed("invitation", "nora@example.com").await;
    let answer = near(&world).fetch("/mails", &[LOCAL]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let path = world.database.file("portcullis.db");
    let left = async || {
        let database = sea_orm::Database::connect(format!("sqlite://{}", path.display()))
            .await
            .unwrap();
        let query = "SELECT sum(length(content_sealed)) AS n FROM mail";
        let statement = Statement::from_string(database.get_database_backend(), query);
        let row = database.query_one_raw(statement).await.unwrap().unwrap();
        row.try_get::<i64>("", "n").unwrap()
    };
    // The file is there a moment before the table says so.
    while left().await > 0 {
        tokio::task::yield_now().await;
    }
}
