//! Tokens by REST, as a tool without GraphQL uses them: with curl, against the binary.

use serde_json::{Value, json};

use crate::stage::{Answer, Contract, Home, JSON, Person, Server, curl, get};

/// Software with an API token. Each of its answers is held against the document.
#[derive(Clone)]
struct Tool {
    base: String,
    header: String,
    contract: Contract,
}

impl Tool {
    /// With an API token of that role.
    async fn with_role(server: &Server, admin: &Person, role: &str) -> Self {
        let input = json!({ "name": format!("tool for {role}"), "role": role });
        let made = admin.change("createApiToken", &input, "secret").await;
        let secret = made["secret"].as_str().expect("a secret");
        Self::showing(server, &format!("authorization: Bearer {secret}")).await
    }

    /// With a header of its own.
    async fn showing(server: &Server, header: &str) -> Self {
        Self {
            base: format!("http://{}/api/v1", server.http_address()),
            header: header.to_owned(),
            contract: Contract::of(server).await,
        }
    }

    /// Asks by POST.
    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_text(path, &body.to_string()).await
    }

    async fn post_text(&self, path: &str, body: &str) -> Answer {
        let url = format!("{}/{path}", self.base);
        let answer = curl(&["--header", JSON, "--header", &self.header, &url], Some(body)).await;
        self.contract
            .hold("post", &format!("/api/v1/{path}"), Some(body), &answer);
        answer
    }

    async fn get(&self, path: &str) -> Answer {
        let url = format!("{}/{path}", self.base);
        let answer = curl(&["--path-as-is", "--header", &self.header, &url], None).await;
        self.contract.hold("get", &format!("/api/v1/{path}"), None, &answer);
        answer
    }
}

/// The code of a refusal, which has the form that RFC 9457 gives it.
fn code(answer: &Answer) -> String {
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status);
    for member in ["type", "title", "detail"] {
        assert!(
            problem[member].as_str().is_some_and(|text| !text.is_empty()),
            "{problem}"
        );
    }
    problem["code"].as_str().expect("a code").to_owned()
}

/// What a viewer is answered.
async fn plays(server: &Server, stream: &str, token: &str) -> String {
    let url = format!(
        "http://{}/live/{stream}/index.m3u8?token={token}",
        server.http_address()
    );
    let answer = get(&url).await;
    answer.reason().unwrap_or_else(|| answer.status.to_string())
}

#[tokio::test]
async fn a_token_is_made_verified_looked_up_and_revoked_by_rest() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let (stream, _) = admin.create_stream(json!({ "title": "By REST" })).await;
    let tool = Tool::with_role(&server, &admin, "nanoUser").await;

    let wish = json!({ "streams": [stream], "ttlSeconds": 600, "user": "ann", "tag": "rest", "asns": [4_200_000_000_u32], "handle": true });
    let made = tool.post("tokens", &wish).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.header("cache-control"), Some("no-store"));
    assert!(made.header("x-request-id").is_some());
    assert!(made.header("ratelimit-limit").is_some(), "{:?}", made.head);
    let made = made.json();
    let (token, handle) = (
        made["token"].as_str().expect("a token"),
        made["handle"].as_str().expect("a handle"),
    );
    let jti = made["record"]["jti"].as_str().expect("an id");
    assert!(
        made["advice"]
            .as_array()
            .is_some_and(|advice| advice.iter().any(|one| one["code"] == "NO_IP"))
    );
    assert!(made.get("errors").is_none());
    assert_eq!(plays(&server, &stream, token).await, "TOKEN_ASN");

    for (text, kind) in [(token, "JWT"), (handle, "HANDLE")] {
        let seen = tool.post("tokens/verify", &json!({ "token": text })).await;
        assert_eq!(seen.status, 200, "{}", seen.text());
        let seen = seen.json();
        assert_eq!(seen["kind"], kind);
        assert_eq!((&seen["signed"], &seen["jti"]), (&json!(true), &json!(jti)));
        assert_eq!(seen["claims"]["user"], "ann");
        assert_eq!(seen["record"]["status"], "ACTIVE");
    }
    let found = tool.get(&format!("tokens/{jti}")).await;
    assert_eq!(found.status, 200);
    assert_eq!(found.json()["claims"]["tag"], "rest");
    assert!(!found.text().contains(token), "a record never has the token");

    let taken = tool.post("tokens/revoke", &json!({ "jti": jti })).await;
    assert_eq!(taken.status, 200, "{}", taken.text());
    assert_eq!(taken.json()["revoked"], 1);
    assert!(
        taken.json()["change"]["nodes"]
            .as_array()
            .is_some_and(|nodes| nodes.len() == 1)
    );
    assert_eq!(plays(&server, &stream, token).await, "TOKEN_REVOKED");
    assert_eq!(tool.get(&format!("tokens/{jti}")).await.json()["status"], "REVOKED");
    let seen = tool.post("tokens/verify", &json!({ "token": token })).await.json();
    assert_eq!(
        (&seen["signed"], &seen["record"]["status"]),
        (&json!(true), &json!("REVOKED"))
    );

    let publishes = tool
        .post("tokens", &json!({ "door": "INGEST", "streams": [stream] }))
        .await;
    assert_eq!(publishes.status, 201, "{}", publishes.text());
    assert_eq!(publishes.json()["record"]["door"], "INGEST");

    // Each change is in the audit log once, as if it had been asked for by GraphQL.
    let log = "{ organisation { auditLog(first: 20) { nodes { action object actor { kind } } } } }";
    let entries = admin.ask(log, &json!({})).await["organisation"]["auditLog"]["nodes"].clone();
    let by_tool: Vec<_> = entries
        .as_array()
        .expect("entries")
        .iter()
        .filter(|entry| entry["actor"]["kind"] == "API_TOKEN")
        .map(|entry| entry["action"].as_str().expect("an action"))
        .collect();
    assert_eq!(by_tool, ["token.create", "token.revoke", "token.create"]);
}

#[tokio::test]
async fn by_rest_each_role_may_what_it_may_and_the_older_headers_are_understood() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let (stream, _) = admin.create_stream(json!({ "title": "Roles" })).await;
    let token = admin.token_for(&stream).await;
    let jti = admin
        .ask("{ organisation { playbackTokens { nodes { jti } } } }", &json!({}))
        .await;
    let jti = jti["organisation"]["playbackTokens"]["nodes"][0]["jti"]
        .as_str()
        .expect("an id")
        .to_owned();
    let asks = |tool: &Tool| {
        let tool = tool.clone();
        let (stream, token, jti) = (stream.clone(), token.clone(), jti.clone());
        async move {
            let mut told = Vec::new();
            for answer in [
                tool.post("tokens", &json!({ "streams": [stream] })).await,
                tool.get(&format!("tokens/{jti}")).await,
                tool.post("tokens/verify", &json!({ "token": token })).await,
                tool.post("tokens/revoke", &json!({ "tag": "nothing of that name" }))
                    .await,
                tool.post("tokens/revoke", &json!({ "stream": stream })).await,
            ] {
                told.push(if answer.status < 300 {
                    answer.status.to_string()
                } else {
                    code(&answer)
                });
            }
            told
        }
    };
    let reader = Tool::with_role(&server, &admin, "nanoReadOnly").await;
    assert_eq!(asks(&reader).await, ["FORBIDDEN"; 5]);
    let user = Tool::with_role(&server, &admin, "nanoUser").await;
    assert_eq!(asks(&user).await, ["201", "200", "200", "200", "FORBIDDEN"]);
    let all = Tool::with_role(&server, &admin, "nanoAdmin").await;
    let secret = all.header.trim_start_matches("authorization: Bearer ").to_owned();
    assert_eq!(asks(&all).await, ["201", "200", "200", "200", "200"]);
    for name in ["X-BINTU-TOKEN", "X-BINTU-APIKEY"] {
        let older = Tool::showing(&server, &format!("{name}: {secret}")).await;
        assert_eq!(older.get(&format!("tokens/{jti}")).await.status, 200, "{name}");
    }
    // A person may, too; not where another site makes their browser ask.
    let person = Tool::showing(&server, &admin.cookie).await;
    assert_eq!(person.get(&format!("tokens/{jti}")).await.status, 200);
    let url = format!("{}/tokens/revoke", person.base);
    let foreign = [
        "--header",
        JSON,
        "--header",
        &admin.cookie,
        "--header",
        "origin: https://evil.example",
        &url,
    ];
    assert_eq!(code(&curl(&foreign, Some("{}")).await), "FORBIDDEN");

    for nobody in [
        "authorization: Bearer nothing",
        "authorization: Basic abc",
        "x-nothing: 1",
    ] {
        let nobody = Tool::showing(&server, nobody).await;
        assert_eq!(asks(&nobody).await, ["UNAUTHENTICATED"; 5]);
        let answer = nobody.get("tokens/x").await;
        assert_eq!(
            (answer.status, answer.header("www-authenticate")),
            (401, Some("Bearer"))
        );
    }
}

#[tokio::test]
async fn by_rest_what_belongs_to_others_is_what_does_not_exist() {
    let home = Home::new();
    let server = home.demo().await;
    let (admin, outsider) = (Person::admin(&server).await, Person::outsider(&server).await);
    let (stream, _) = admin.create_stream(json!({ "title": "Ours" })).await;
    let ours = Tool::with_role(&server, &admin, "nanoAdmin").await;
    let theirs = Tool::with_role(&server, &outsider, "nanoAdmin").await;
    let made = ours.post("tokens", &json!({ "streams": [stream] })).await.json();
    let jti = made["record"]["jti"].as_str().expect("an id").to_owned();

    let mut told = Vec::new();
    for id in [
        jti.as_str(),
        "tok_01m8hqf3hsffrbrqsy8w76nhy3",
        "nothing",
        "%00",
        "%ff%fe",
        "a%2Fb",
        "%27%22%3B--",
    ] {
        told.push(theirs.get(&format!("tokens/{id}")).await);
    }
    for input in [
        json!({ "jti": jti }),
        json!({ "jti": "tok_01m8hqf3hsffrbrqsy8w76nhy3" }),
        json!({ "token": made["token"] }),
        json!({ "stream": stream }),
        json!({ "stream": "nothing" }),
    ] {
        told.push(theirs.post("tokens/revoke", &input).await);
    }
    for streams in [json!([stream]), json!(["NOTHE-RE"]), json!(["\u{0}"])] {
        told.push(theirs.post("tokens", &json!({ "streams": streams })).await);
    }
    for answer in &told {
        assert_eq!((answer.status, answer.text()), (404, told[0].text()));
    }
    let seen = theirs
        .post("tokens/verify", &json!({ "token": made["token"] }))
        .await
        .json();
    assert_eq!((&seen["signed"], &seen["record"]), (&json!(false), &Value::Null));
    // An API token acts in its own organisation, whatever the header names.
    let url = format!("{}/tokens/{jti}", ours.base);
    let hash = stream.split('-').next().expect("a hash");
    let named = |hash: &str| format!("x-organisation: {hash}");
    for (tool, hash, status) in [(&ours, hash, 200), (&theirs, hash, 404), (&ours, "AAAAA", 404)] {
        let answer = curl(&["--header", &tool.header, "--header", &named(hash), &url], None).await;
        assert_eq!(answer.status, status, "{hash}");
    }
    assert_eq!(ours.get(&format!("tokens/{jti}")).await.json()["status"], "ACTIVE");
}

#[tokio::test]
async fn by_rest_what_cannot_be_meant_is_told_with_its_field() {
    let home = Home::new();
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let (stream, _) = admin.create_stream(json!({ "title": "Mistakes" })).await;
    let tool = Tool::with_role(&server, &admin, "nanoUser").await;
    for (body, mistake, field) in [
        (
            json!({ "streams": [stream], "ttlSeconds": 40_000_000 }),
            "TOO_LONG",
            "ttlSeconds",
        ),
        (
            json!({ "streams": [stream], "ttlSeconds": -1 }),
            "INVALID",
            "ttlSeconds",
        ),
        (
            json!({ "streams": [stream], "organisation": true }),
            "INVALID",
            "streams",
        ),
        (json!({ "streams": [stream], "ip": ["300.1.1.1"] }), "INVALID", "ip"),
        (json!({ "streams": [stream], "domains": ["*."] }), "INVALID", "domains"),
        (
            json!({ "streams": [stream], "revocable": false, "ttlSeconds": 90_000 }),
            "TOO_LONG",
            "revocable",
        ),
        (json!({ "streams": [stream], "door": "WINDOW" }), "INVALID", "door"),
    ] {
        let answer = tool.post("tokens", &body).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.text());
        assert_eq!(code(&answer), "INVALID");
        let first = &answer.json()["errors"][0];
        assert_eq!(
            (first["code"].as_str(), first["field"].as_str()),
            (Some(mistake), Some(field)),
            "{first}"
        );
    }
    for body in [
        "",
        "[]",
        "null",
        "{",
        "\"text\"",
        "\u{0}",
        "{\"streams\": 5}",
        "{\"streams\": [5]}",
        "{\"ttl\": 5}",
        "{\"streams\": [\"A\"], \"expiresAt\": 5}",
    ] {
        for path in ["tokens", "tokens/verify", "tokens/revoke"] {
            let answer = tool.post_text(path, body).await;
            assert_eq!(
                (answer.status, code(&answer)),
                (400, "INVALID".to_owned()),
                "{path} {body}"
            );
        }
    }
    for input in [
        json!({}),
        json!({ "user": "ann", "tag": "x" }),
        json!({ "user": null }),
        json!({ "nothing": "x" }),
    ] {
        let answer = tool.post("tokens/revoke", &input).await;
        assert_eq!((answer.status, code(&answer)), (400, "INVALID".to_owned()), "{input}");
    }
    let malformed = tool.post("tokens/verify", &json!({ "token": "a.b.c" })).await;
    assert_eq!(malformed.status, 422);
    assert_eq!(malformed.json()["errors"][0]["code"], "MALFORMED");

    let large = format!("{{\"user\": \"{}\"}}", "x".repeat(70_000));
    let answer = tool.post_text("tokens", &large).await;
    assert_eq!((answer.status, code(&answer)), (413, "INVALID".to_owned()));
    let url = format!("{}/tokens", tool.base);
    let answer = curl(
        &["--header", "content-type: text/plain", "--header", &tool.header, &url],
        Some("{}"),
    )
    .await;
    assert_eq!((answer.status, code(&answer)), (415, "INVALID".to_owned()));
    let answer = curl(&["--request", "DELETE", "--header", &tool.header, &url], None).await;
    assert_eq!((answer.status, code(&answer)), (405, "INVALID".to_owned()));
    assert_eq!(answer.header("allow"), Some("POST"));
}
