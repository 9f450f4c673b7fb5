//! What a misuse case's report says, and whom cases are for.

use std::time::Duration;

use axum::http::StatusCode;
use guard::{Asn, Grant, Place};
use link::SessionFacts;
use serde_json::{Value, json};
use testkit::Kind;

use super::{case, changed, created, thief};
use crate::{
    analytics::viewing,
    harness::{World, granted},
    organisations::operator,
    privacy::{database, eventually, texts, watched},
};

#[tokio::test]
async fn a_report_is_one_page_of_text_that_runs_and_fetches_nothing() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let evil = "<script>alert(1)</script>\"'&";
    let (finding, _) = thief(&world, &admin).await;
    let theirs = SessionFacts {
        grant: Some(Grant {
            user: Some(format!("user {evil}").into()),
            tag: Some(format!("tag {evil}").into()),
            ..granted(&format!("jti {evil}"))
        }),
        provider: Some(format!("net {evil}").into()),
        ..viewing(&world, 2, "x", "203.0.113.77", "FR", 64_501)
    };
    watched(&world, &theirs, world.clock.now());
    let over = "{ organisation { sessions(filter: {live: false}) { totalCount } } }";
    eventually("it is written", async || {
        admin.data(over, json!({})).await["organisation"]["sessions"]["totalCount"] == 2
    })
    .await;
    let made = created(&admin, &format!("case {evil}"), &[finding["id"].clone()]).await["case"].clone();
    let id = made["id"].as_str().unwrap();
    let more = json!({ "id": id, "tokens": [format!("jti {evil}")], "addresses": ["203.0.113.77"] });
    assert_eq!(changed(&admin, "addToCase", more).await["errors"], json!([]));
    changed(
        &admin,
        "addCaseNote",
        json!({ "id": id, "text": format!("note {evil}") }),
    )
    .await;

    let path = format!("/cases/{id}/report.html");
    let page = admin.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe") && !policy.contains("script"), "{policy}");
    assert!(
        !page.text.contains("<script") && !page.text.contains("http:") && !page.text.contains("https:"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("src=") && !page.text.contains("href=") && !page.text.contains("url("));
    let escaped = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;";
    for what in ["case", "tag", "jti", "net"] {
        assert!(page.text.contains(&format!("{what} {escaped}")), "{what}");
    }
    let evidence = finding["evidence"].as_str().unwrap();
    for text in [
        "Northwind",
        "Ada Admin",
        "198.51.100.200",
        "AS64501",
        "FR",
        "Turned away again and again",
        evidence,
        world.stream(),
    ] {
        assert!(page.text.contains(text), "{text}");
    }
    // Strangers read it: what people wrote for themselves, and viewers' names, are in it only on demand.
    assert!(
        !page.text.contains("note &lt;") && !page.text.contains("user &lt;") && !page.text.contains("user of stolen")
    );
    let whole = admin.get(&format!("{path}?notes=true&viewers=true")).await;
    assert!(whole.text.contains(&format!("note {escaped}")) && whole.text.contains(&format!("user {escaped}")));

    let head = admin.head(&path).await;
    assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""));
    let wrong = admin.get(&format!("{path}?notes=perhaps")).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        admin.get(&format!("{path}?other=1")).await.status,
        StatusCode::BAD_REQUEST
    );
    let other_site = [("origin", "https://evil.example")];
    assert_eq!(admin.fetch(&path, &other_site).await.status, StatusCode::FORBIDDEN);
    let log = "{ organisation { auditLog(filter: {action: \"case.export\"}) { nodes { object detail role } } } }";
    let log = admin.data(log, json!({})).await["organisation"]["auditLog"]["nodes"].clone();
    let details: Vec<_> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (&entry["object"], &entry["detail"]))
        .collect();
    let (plain, all) = (
        json!({ "notes": false, "viewers": false }),
        json!({ "notes": true, "viewers": true }),
    );
    assert_eq!(
        details,
        [(&json!(id), &all), (&json!(id), &plain)],
        "one for each that was taken away"
    );

    // An empty one says so.
    let empty = created(&admin, "Empty", &[]).await["case"]["id"].clone();
    let empty = admin
        .get(&format!("/cases/{}/report.html", empty.as_str().unwrap()))
        .await;
    assert!(empty.text.contains("nothing in it yet") && !empty.text.contains("<table"));
}

#[tokio::test]
async fn of_an_address_that_nobody_watched_from_a_case_says_whose_it_is_and_no_times() {
    let located = api::Located {
        place: Place {
            country: "SE".parse().ok(),
            asn: Some(Asn::new(3_301)),
        },
        provider: Some("Telecom of the files".into()),
    };
    let places = api::Places::new(move |_| located.clone(), api::Known::default, vec![]);
    let world = World::tuned(Kind::Sqlite, |settings| settings.places = places).await;
    let admin = world.as_role("nanoAdmin").await;
    let (finding, _) = thief(&world, &admin).await;
    let made = created(&admin, "Theirs", &[finding["id"].clone()]).await["case"].clone();
    let id = made["id"].as_str().unwrap();
    let path = format!("/cases/{id}/report.html");
    let before = admin.get(&path).await.text;

    world.pass(Duration::from_hours(1));
    let admin = world.as_role("nanoAdmin").await;
    let named = json!({ "id": id, "addresses": ["2001:db8::1"] });
    let filled = changed(&admin, "addToCase", named.clone()).await["case"].clone();
    let theirs = |case: &Value| {
        let mut all = case["addresses"].as_array().unwrap().iter();
        all.find(|one| one["ip"] == "2001:db8::1").unwrap().clone()
    };
    let one = theirs(&filled);
    assert_eq!(
        (&one["country"], &one["asn"], &one["provider"], &one["sessions"]),
        (&json!("SE"), &json!(3_301), &json!("Telecom of the files"), &json!(0))
    );
    assert_eq!((&one["firstAt"], &one["lastAt"]), (&Value::Null, &Value::Null));
    let other = filled["addresses"].as_array().unwrap().iter();
    let mut other = other.filter(|one| one["ip"] == "198.51.100.200");
    assert_eq!(
        other.next().unwrap()["provider"],
        "Telecom 64500",
        "as its session said"
    );
    let page = admin.get(&path).await.text;
    assert!(page.contains("AS3301 Telecom of the files") && page.contains("Nobody watched from it"));
    let header = |page: &str| page.split_once("</header>").unwrap().0.to_owned();
    assert_eq!(header(&page), header(&before), "the time that it is about is the same");
    let alone = created(&admin, "Alone", &[]).await["case"]["id"].clone();
    changed(
        &admin,
        "addToCase",
        json!({ "id": alone, "addresses": ["2001:db8::1"] }),
    )
    .await;
    let alone = admin
        .get(&format!("/cases/{}/report.html", alone.as_str().unwrap()))
        .await;
    assert!(alone.text.contains("nobody was seen yet"), "{}", alone.text);

    // Once somebody watches, it is since then.
    world.pass(Duration::from_mins(1));
    watched(
        &world,
        &viewing(&world, 3, "y", "2001:db8::1", "SE", 3_301),
        world.clock.now(),
    );
    let over = "{ organisation { sessions(filter: {live: false}) { totalCount } } }";
    eventually("it is written", async || {
        admin.data(over, json!({})).await["organisation"]["sessions"]["totalCount"] == 2
    })
    .await;
    let seen = changed(&admin, "addToCase", named).await["case"].clone();
    let mut sessions = seen["sessions"].as_array().unwrap().iter();
    let session = sessions.find(|one| one["address"] == "2001:db8::1").unwrap();
    let one = theirs(&seen);
    assert_eq!(
        (&one["firstAt"], &one["lastAt"]),
        (&session["startedAt"], &session["endedAt"])
    );
}

#[tokio::test]
async fn a_report_breaks_ids_and_words_that_are_too_long_and_no_address() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let long = "x".repeat(300);
    let theirs = SessionFacts {
        grant: Some(granted(&long)),
        ..viewing(&world, 1, "x", "2001:db8:85a3:8d3:1319:8a2e:370:7348", "DE", 64_500)
    };
    watched(&world, &theirs, world.clock.now());
    let over = "{ organisation { sessions(filter: {live: false}) { totalCount } } }";
    eventually("it is written", async || {
        admin.data(over, json!({})).await["organisation"]["sessions"]["totalCount"] == 1
    })
    .await;
    let id = created(&admin, "Long", &[]).await["case"]["id"].clone();
    let address = theirs.address.to_string();
    changed(
        &admin,
        "addToCase",
        json!({ "id": id, "tokens": [long], "addresses": [address] }),
    )
    .await;
    let page = admin
        .get(&format!("/cases/{}/report.html", id.as_str().unwrap()))
        .await
        .text;
    assert!(page.contains(&format!("<bdi class=\"l\">{long}</bdi>")), "{page}");
    for (place, _) in page.match_indices(&address) {
        let cell = &page[..place];
        let cell = &cell[cell.rfind("<t").unwrap()..];
        assert!(cell.contains("class=\"a\""), "{cell}");
    }
    // What stands in a cell is broken nowhere unless it says so.
    for (rule, times) in [("overflow-wrap: anywhere", 3), (".l { overflow-wrap: anywhere; }", 1)] {
        assert_eq!(page.matches(rule).count(), times, "{rule}");
    }
    assert!(page.contains(".a, time span { white-space: nowrap; }"));
}

#[tokio::test]
async fn a_case_is_for_who_works_on_misuse_in_its_organisation() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let (finding, _) = thief(&world, &admin).await;
    let id = created(&admin, "Theirs", &[finding["id"].clone()]).await["case"]["id"].clone();
    let never = format!("{}0000", &id.as_str().unwrap()[..26]);
    let path = |id: &str, more: &str| format!("/cases/{id}/report.html{more}");
    let (own, never) = (id.as_str().unwrap(), never.as_str());

    // Who only reads is told the same of what is there and of what is not, and before anything is looked at.
    let reader = world.as_role("nanoReadOnly").await;
    for query in [
        "query($id: ID!) { organisation { case(id: $id) { title } } }",
        "mutation($id: ID!) { deleteCase(input: {id: $id}) { id } }",
    ] {
        let answers = [own, never, "nonsense"].map(async |id| reader.ask(query, json!({ "id": id })).await.text);
        let [one, other, third] = futures_util::future::join_all(answers).await.try_into().unwrap();
        assert!(one.contains("FORBIDDEN") && one == other && one == third, "{one}");
    }
    assert_eq!(
        reader
            .code("{ organisation { cases { totalCount } } }", json!({}))
            .await,
        "FORBIDDEN"
    );
    let outsider = world.outsider().await;
    for (client, status) in [
        (&world.anonymous(), StatusCode::UNAUTHORIZED),
        (&reader, StatusCode::FORBIDDEN),
        (&outsider, StatusCode::NOT_FOUND),
    ] {
        let one = client.get(&path(own, "")).await;
        let other = client.get(&path(never, "")).await;
        assert_eq!((one.status, &one.text), (status, &other.text));
        if status != StatusCode::NOT_FOUND {
            assert_eq!(
                client.get(&path(own, "?other=1")).await.status,
                status,
                "the role is judged first"
            );
        }
    }
    let first = &world.demo.users[0].organisation;
    let theirs = outsider.get(&path(own, &format!("?organisation={first}"))).await;
    assert_eq!(
        (theirs.status, &theirs.text),
        (StatusCode::NOT_FOUND, &outsider.get(&path(never, "")).await.text)
    );
    // A finding of theirs is none.
    let nothing = json!("fnd_00000000000000000000000000");
    let one = created(&outsider, "x", &[finding["id"].clone()]).await;
    let other = created(&outsider, "x", &[nothing]).await;
    assert_eq!(one, other);
    assert_eq!(
        world.as_role("nanoUser").await.get(&path(own, "")).await.status,
        StatusCode::OK
    );

    // Without the package nothing new is copied; what is there can be read, annotated, closed and taken away.
    let take = format!(
        "mutation {{ setPackage(input: {{organisation: \"{first}\", package: ANALYTICS, enabled: false}}) {{ errors {{ code }} }} }}"
    );
    operator(&world).await.data(&take, json!({})).await;
    for query in [
        "mutation($id: ID!) { addToCase(input: {id: $id}) { errors { code } } }",
        "mutation($id: ID!) { n: createCase(input: {title: \"x\", findings: [$id]}) { errors { code } } }",
    ] {
        assert_eq!(
            admin.code(query, json!({ "id": id })).await,
            "PACKAGE_REQUIRED",
            "{query}"
        );
    }
    assert_eq!(case(&admin, &id).await["title"], "Theirs");
    assert_eq!(
        changed(&admin, "addCaseNote", json!({ "id": id, "text": "x" })).await["errors"],
        json!([])
    );
    assert_eq!(
        changed(&admin, "updateCase", json!({ "id": id, "state": "CLOSED" })).await["errors"],
        json!([])
    );
    assert_eq!(admin.get(&path(own, "")).await.status, StatusCode::OK);
    let delete = "mutation($id: ID!) { deleteCase(input: {id: $id}) { id errors { code } } }";
    assert_eq!(admin.data(delete, json!({ "id": id })).await["deleteCase"]["id"], id);
    assert_eq!(admin.code(delete, json!({ "id": id })).await, "NOT_FOUND");
    let place = database(&world).await;
    for table in ["case_item", "case_session", "case_note"] {
        assert!(
            texts(&place, &format!("SELECT 'x' FROM {table}")).await.is_empty(),
            "{table}"
        );
    }
}
