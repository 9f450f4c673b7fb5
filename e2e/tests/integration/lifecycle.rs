//! The start, the ports, the end.

use std::net::SocketAddr;

use serde_json::json;

use crate::{
    crash::complete,
    stage::{Home, Person, Server, Viewer, get, listening, publish, until},
};

#[tokio::test]
async fn a_demo_is_ready_when_it_says_so_and_drains_when_it_is_asked_to() {
    let home = Home::new();
    std::fs::create_dir(home.data()).expect("a folder");
    std::fs::write(home.data().join("ready.json"), "{\"of\": \"an earlier start\"}").expect("a file");
    let child = home.spawn(&[
        "--http",
        "127.0.0.1:0",
        "--rtmp",
        "127.0.0.1:0",
        "--ops",
        "127.0.0.1:0",
        "--demo",
    ]);
    until("the old file is gone", async || {
        let old = std::fs::read_to_string(home.data().join("ready.json"));
        (!old.is_ok_and(|old| old.contains("an earlier start"))).then_some(())
    })
    .await;
    let server = home.ready(child).await;
    complete(&home, &server);

    // Ready means ready: each door, at once, without asking twice.
    let test = server.test();
    for door in ["index.m3u8", "init/0.mp4"] {
        let answer = get(&server.door(test.name(), door, test.token())).await;
        assert!(
            answer.status == 200 || door != "index.m3u8",
            "{door}: {}",
            answer.status
        );
    }
    let mut viewer = Viewer::open(&server.socket(test.name(), test.token())).await;
    viewer.watch(5).await;
    let page = get(&server.ready["graphql"]
        .as_str()
        .expect("an address")
        .replace("/graphql", "/.well-known/jwks.json"))
    .await;
    assert_eq!(page.json()["keys"][0]["kty"], "OKP");

    let ops = only_told(&server.http_address(), &server.rtmp_address(), server.pid());
    assert_eq!(get(&format!("http://{ops}/healthz")).await.text(), "alive\n");
    assert_eq!(get(&format!("http://{ops}/readyz")).await.text(), "ready\n");
    let metrics = get(&format!("http://{ops}/metrics")).await.text();
    assert!(metrics.contains("portcullis_"), "{metrics}");
    let elsewhere = get(&format!("{}/metrics", server.http())).await.text();
    assert!(!elsewhere.contains("portcullis_"), "metrics are not where viewers are");

    let admin = Person::admin(&server).await;
    let encoder = publish(server.encoder().ingest_url());
    admin.until_live(server.encoder().name()).await;
    let begun = tokio::spawn(async move { viewer.last_word().await });
    let (status, took) = server.stop().await;
    assert!(status.success(), "{status}: {}", home.log());
    assert!(took.as_secs() < 10, "{took:?}");
    let (code, ..) = begun.await.expect("a last word");
    assert_eq!(code, 1001);
    encoder.end().await;
    assert!(!home.data().join("ready.json").exists());
    assert!(!home.log().contains("panicked"), "{}", home.log());
}

/// A visitor of a demo tries what there is to try: none of it keeps the next start from being one.
#[tokio::test]
async fn a_demo_starts_again_whatever_was_taken_from_it() {
    let home = Home::new();
    let mut server = home.demo().await;
    let hash = server.test().name()[..5].to_owned();
    let input = json!({ "organisation": hash });
    let again = async |server: Server| {
        let (status, _) = server.stop().await;
        assert!(status.success(), "{status}");
        home.demo().await
    };
    let streams = |server: &Server| server.ready["streams"].as_array().expect("a list").len();

    // Somebody is removed, and a stream is deleted where no other may be made.
    let admin = Person::admin(&server).await;
    let members = admin
        .ask("{ organisation { members { nodes { id role } } } }", &json!({}))
        .await;
    let members = members["organisation"]["members"]["nodes"]
        .as_array()
        .expect("a list")
        .clone();
    let user = members
        .iter()
        .find(|member| member["role"] == "nanoUser")
        .expect("a user");
    admin
        .change("removeMember", &json!({ "member": user["id"] }), "errors { code }")
        .await;
    let operator = operator(&server).await;
    let limited = json!({ "organisation": hash, "package": "LIVE", "enabled": true, "limits": { "streams": 1 } });
    operator.change("setPackage", &limited, "errors { code }").await;
    admin
        .change(
            "deleteStream",
            &json!({ "name": server.test().name() }),
            "errors { code }",
        )
        .await;
    server = again(server).await;
    let emails: Vec<_> = server.ready["users"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|user| &user["email"])
        .collect();
    assert_eq!(emails.len(), 3, "{emails:?}");
    assert_eq!(streams(&server), 1);

    // The package without which no stream needs a token is taken away, and given back.
    let set = async |server: &Server, enabled: bool| {
        let operator = self::operator(server).await;
        let input = json!({ "organisation": hash, "package": "SECURE", "enabled": enabled });
        operator.change("setPackage", &input, "errors { code }").await;
    };
    set(&server, false).await;
    server = again(server).await;
    set(&server, true).await;

    // The whole organisation is suspended, and resumed.
    self::operator(&server)
        .await
        .change("suspendOrganisation", &input, "errors { code }")
        .await;
    server = again(server).await;
    assert_eq!(streams(&server), 0);
    self::operator(&server)
        .await
        .change("resumeOrganisation", &input, "errors { code }")
        .await;
    server = again(server).await;
    assert_eq!(streams(&server), 1);
}

async fn operator(server: &Server) -> Person {
    let operator = &server.ready["operator"];
    let text = |field: &str| operator[field].as_str().expect("a text").to_owned();
    Person::with_password(server, &text("email"), &text("password")).await
}

/// A start without a demo seeds nothing and shows nobody how to ask.
#[tokio::test]
async fn without_demo_nothing_is_seeded() {
    let home = Home::new();
    let mut child = home.spawn(&["--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0"]);
    let pid = child.id().expect("it runs");
    let http = until("it is up", async || {
        assert!(child.try_wait().expect("a state").is_none(), "{}", home.log());
        let log = home.log();
        let line = log.lines().find(|line| line.contains(" up "))?;
        let (_, url) = line.split_once("http=\"")?;
        Some(url.split('"').next()?.to_owned())
    })
    .await;
    assert_eq!(listening(pid).len(), 2, "HTTP and RTMP, and nothing else");
    assert!(!home.data().join("ready.json").exists());
    let json = ["--header", "content-type: application/json"];
    let url = format!("{http}/graphql");
    let ask = async |query: &str| {
        let body = serde_json::json!({ "query": query }).to_string();
        crate::stage::curl(&[json[0], json[1], &url], Some(&body)).await.json()
    };
    let schema = ask("{ __schema { types { name } } }").await;
    assert!(schema["data"]["__schema"].is_null(), "{schema}");
    for path in ["graphql", "graphiql/start.js"] {
        let page = crate::stage::curl(&["--header", "accept: text/html", &format!("{http}/{path}")], None).await;
        assert!(page.status != 200, "{path}: {}", page.text());
    }
    let password = "mutation { signIn(input: { email: \"admin@northwind.example\", password: \"x\" }) { viewer { email } errors { code } } }";
    let sign_in = ask(password).await;
    assert!(sign_in["data"]["signIn"]["viewer"].is_null(), "{sign_in}");
    let keys = get(&format!("{http}/.well-known/jwks.json")).await.json();
    assert_eq!(keys["keys"], serde_json::json!([]));
    crate::stage::signal(pid, "INT").await;
    assert!(child.wait().await.expect("an outcome").success());
}

/// Of three ports the one that is neither.
fn only_told(http: &SocketAddr, rtmp: &SocketAddr, pid: u32) -> SocketAddr {
    let bound = listening(pid);
    assert_eq!(bound.len(), 3, "{bound:?}");
    assert!(bound.iter().all(|address| address.ip().is_loopback()), "{bound:?}");
    let other = bound.iter().find(|address| *address != http && *address != rtmp);
    *other.expect("an address for operations")
}
