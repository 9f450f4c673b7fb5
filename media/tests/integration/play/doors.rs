//! Every route of a stream is a door with a check.

use guard::{Update, policy::Organisation};
use serde_json::json;

use super::{
    client::{Got, Player, ask, get},
    stage::{IDLE, NAME, OTHER, Stage, settings},
};

/// The routes as a client asks for them.
fn routes() -> Vec<String> {
    media::play::paths()
        .map(|path| path.replace("{file}", "0.m4s"))
        .collect()
}

#[tokio::test]
async fn every_route_of_a_stream_passes_the_gate() {
    let stage = Stage::open().await;
    assert!(routes().len() >= 5);
    for route in routes() {
        let bare = get(stage.http, &format!("/live/{NAME}{route}"), &[]).await;
        assert_eq!((bare.status, bare.reason()), (401, "TOKEN_MISSING"), "{route}");
        assert!(bare.header("www-authenticate").starts_with("Bearer"), "{route}");
        assert!(bare.header("x-decision-id").starts_with("dec_"), "{route}");
        assert_eq!(bare.header("content-type"), "application/problem+json");
        assert!(bare.header("cache-control").contains("no-store"));
        assert_eq!(bare.header("referrer-policy"), "no-referrer");
        let wrong = get(stage.http, &format!("/t/a.b.c/live/{NAME}{route}"), &[]).await;
        assert_eq!((wrong.status, wrong.reason()), (403, "TOKEN_MALFORMED"), "{route}");
        let foreign = get(
            stage.http,
            &format!("/live/{NAME}{route}?token={}", stage.foreign_token()),
            &[],
        )
        .await;
        assert_eq!((foreign.status, foreign.reason()), (403, "TOKEN_KEY"), "{route}");
    }
}

#[tokio::test]
async fn a_preflight_is_answered_without_a_decision() {
    let stage = Stage::open().await;
    for route in routes() {
        let headers = [
            ("origin", "https://player.example"),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "authorization"),
        ];
        let answer = ask(stage.http, "OPTIONS", &format!("/live/{NAME}{route}"), &headers).await;
        assert_eq!((answer.status, answer.reason()), (200, ""), "{route}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(answer.header("access-control-allow-headers").contains("authorization"));
    }
    let answer = get(
        stage.http,
        &format!("/live/{NAME}/index.m3u8"),
        &[("origin", "https://player.example")],
    )
    .await;
    assert!(answer.header("access-control-expose-headers").contains("x-deny-reason"));
}

#[tokio::test]
async fn pages_that_an_organisation_does_not_name_may_not_read() {
    let stage = Stage::open().await;
    let origins = ["https://*.example.com", "http://localhost:3000"];
    let narrow = Organisation {
        origins: origins.map(|origin| origin.parse().unwrap()).to_vec(),
        ..settings(1, NAME)
    };
    stage.change(vec![Update::Organisation(narrow)]).await;
    let token = stage.token("t", json!({}));
    let allowed = async |method: &str, name: &str, prefix: &str, origin: Option<&str>| {
        let headers: Vec<_> = origin.map(|origin| ("origin", origin)).into_iter().collect();
        let path = format!("{prefix}/live/{name}/index.m3u8?token={token}");
        let answer = ask(stage.http, method, &path, &headers).await;
        answer.headers.get("access-control-allow-origin").cloned()
    };
    let shop = "https://shop.example.com";
    for method in ["GET", "OPTIONS"] {
        for (origin, meant) in [
            (Some(shop), true),
            (Some("http://localhost:3000"), true),
            (Some("http://shop.example.com"), false),
            (Some("https://example.com"), false),
            (Some("https://evil-example.com"), false),
            (Some("null"), false),
            (None, false),
        ] {
            let told = allowed(method, NAME, "", origin).await;
            assert_eq!(told.as_deref(), origin.filter(|_| meant), "{method} {origin:?}");
        }
        // Another spelling of the same stream, and another way to it.
        let evil = Some("https://evil.test");
        assert_eq!(allowed(method, "7KQ2M%2DSTAGE", "", evil).await, None);
        assert_eq!(allowed(method, NAME, &format!("/t/{token}"), evil).await, None);
        assert_eq!(
            allowed(method, OTHER, "", evil).await.as_deref(),
            Some("*"),
            "another's setting"
        );
    }
    // It decides about no viewer.
    let path = format!("/live/{NAME}/index.m3u8?token={token}");
    assert_eq!(
        get(stage.http, &path, &[("origin", "https://evil.test")]).await.status,
        200
    );
}

#[tokio::test]
async fn a_page_that_is_named_in_full_reads_with_its_viewers_cookie_and_no_other_does() {
    let stage = Stage::open().await;
    let cookie = format!("portcullis_token={}", stage.token("t", json!({})));
    // What a browser looks at before it lets a page read what was fetched with a cookie.
    let told = async |method: &str, path: &str, origin: &str, cookie: &str| {
        let headers = match method {
            "OPTIONS" => [("origin", origin), ("access-control-request-method", "GET")],
            _ => [("origin", origin), ("cookie", cookie)],
        };
        let answer = ask(stage.http, method, path, &headers).await;
        let of = |name| answer.header(name).to_owned();
        (
            answer.status,
            of("access-control-allow-origin"),
            of("access-control-allow-credentials"),
        )
    };
    let of = |status: u16, origin: &str, credentials: &str| (status, origin.to_owned(), credentials.to_owned());
    let (app, shop) = ("https://app.example.com", "https://shop.example.com");
    let path = format!("/live/{NAME}/index.m3u8");
    for method in ["GET", "OPTIONS"] {
        let all = told(method, &path, app, &cookie).await;
        assert_eq!(all, of(200, "*", ""), "{method}: no page is named");
    }
    let narrow = Organisation {
        origins: ["https://*.example.com", app]
            .map(|origin| origin.parse().unwrap())
            .to_vec(),
        ..settings(1, NAME)
    };
    stage.change(vec![Update::Organisation(narrow)]).await;
    for method in ["GET", "OPTIONS"] {
        for (origin, said) in [
            (app, of(200, app, "true")),
            (shop, of(200, shop, "")),
            ("https://evil.test", of(200, "", "")),
            ("null", of(200, "", "")),
        ] {
            assert_eq!(told(method, &path, origin, &cookie).await, said, "{method} {origin}");
        }
        let others = format!("/live/{OTHER}/index.m3u8");
        let (_, origin, credentials) = told(method, &others, app, &cookie).await;
        assert_eq!((origin.as_str(), credentials.as_str()), ("*", ""), "another's setting");
    }
    // Why not is read, too.
    let refused = told("GET", &path, app, "portcullis_token=a.b.c").await;
    assert_eq!(refused, of(403, app, "true"));
}

#[tokio::test]
async fn what_does_not_exist_and_what_belongs_to_others_answer_alike() {
    let stage = Stage::open().await;
    let token = stage.token("mine", json!({}));
    for credential in [String::new(), format!("?token={token}")] {
        let answer = async |name: &str| {
            let mut answer = get(stage.http, &format!("/live/{name}/index.m3u8{credential}"), &[]).await;
            for header in ["x-decision-id", "date", "content-length"] {
                answer.headers.remove(header);
            }
            let mut body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            body["decisionId"].take();
            (answer.status, answer.headers, body)
        };
        let others = answer(OTHER).await;
        assert_eq!(others, answer("XYZ23-NOTHING").await);
        assert_eq!(others, answer("QQQQQ-NOTHING").await);
        assert_eq!(others, answer("not%20a%20name").await);
        assert_eq!(others, answer("..%2f..%2fetc").await);
    }
}

#[tokio::test]
async fn no_other_spelling_of_a_path_leads_to_a_stream() {
    let stage = Stage::open().await;
    let token = stage.token("t", json!({}));
    let ask = async |path: &str| get(stage.http, &format!("{path}?token={token}"), &[]).await;
    assert_eq!(ask(&format!("/live/{NAME}/index.m3u8")).await.status, 200);
    let lower = NAME.to_lowercase();
    for path in [
        // Separators: doubled, encoded, at the end.
        format!("//live/{NAME}/index.m3u8"),
        format!("/live//{NAME}/index.m3u8"),
        format!("/live/{NAME}//index.m3u8"),
        format!("/live/{NAME}/index.m3u8/"),
        format!("/live/{NAME}%2findex.m3u8"),
        format!("/live%2F{NAME}/index.m3u8"),
        // Dots, plain and encoded, by way of nowhere and of another organisation.
        format!("/live/./{NAME}/index.m3u8"),
        format!("/live/{OTHER}/../{NAME}/index.m3u8"),
        format!("/live/{OTHER}%2f..%2f{NAME}/index.m3u8"),
        format!("/live/{NAME}/segment/../index.m3u8"),
        format!("/live/{NAME}/segment/..%2findex.m3u8"),
        // Case.
        format!("/LIVE/{NAME}/index.m3u8"),
        format!("/live/{lower}/index.m3u8"),
        format!("/live/{NAME}/INDEX.M3U8"),
        // What others cut off.
        format!("/live/{NAME}%00/index.m3u8"),
        format!("/live/{NAME}%20/index.m3u8"),
        format!("/live/{NAME}%ff/index.m3u8"),
        format!("/live/{NAME};x=1/index.m3u8"),
        format!("/live/{NAME}.m3u8/index.m3u8"),
    ] {
        let answer = ask(&path).await;
        assert!(matches!(answer.status, 403 | 404), "{path}: {}", answer.status);
        assert!(!answer.text().contains("#EXTM3U"), "{path}");
    }
}

#[tokio::test]
async fn a_refused_player_reads_the_reason_in_the_close_code() {
    let stage = Stage::open().await;
    let cases = [
        (json!({"exp": 1}), 4415, "TOKEN_EXPIRED"),
        (json!({"exp": null}), 4410, "TOKEN_MALFORMED"),
        (json!({"nbf": 9_999_999_999_i64}), 4410, "TOKEN_MALFORMED"),
        (
            json!({"nbf": super::stage::now().s() + 60}),
            4414,
            "TOKEN_NOT_YET_VALID",
        ),
        (json!({"aud": "publish"}), 4413, "TOKEN_AUDIENCE"),
        (json!({"aud": ["play"]}), 4413, "TOKEN_AUDIENCE"),
        (json!({"aud": null}), 4413, "TOKEN_AUDIENCE"),
        (json!({"sub": "org_00000000000000000000000000"}), 4420, "TOKEN_SCOPE"),
        (json!({"streams": ["7KQ2M-ANOTHER"]}), 4420, "TOKEN_SCOPE"),
        (json!({"ip": "10.0.0.1"}), 4421, "TOKEN_IP"),
        (json!({"domains": ["example.com"]}), 4422, "TOKEN_DOMAIN"),
        (json!({"countries": ["DE"]}), 4423, "TOKEN_COUNTRY"),
        (json!({"asns": [64512]}), 4424, "TOKEN_ASN"),
        (json!({"ua": "x"}), 4425, "TOKEN_USER_AGENT"),
        (json!({"bindIps": 1}), 4426, "TOKEN_BOUND"),
        (json!({"maxUses": 1}), 4417, "TOKEN_USED"),
        (json!({"maxSessions": 0}), 4410, "TOKEN_MALFORMED"),
    ];
    for (claims, code, reason) in cases {
        let token = stage.token("case", claims.clone());
        let mut player = Player::connect(stage.http, &format!("/live/{NAME}/ws?token={token}")).await;
        assert_eq!(player.last_word().await, (code, reason.to_owned()), "{claims}");
    }
    let token = stage.token("idle", json!({}));
    let mut player = Player::connect(stage.http, &format!("/live/{IDLE}/ws?token={token}")).await;
    assert_eq!(player.last_word().await, (4405, "STREAM_OFFLINE".to_owned()));
}

#[tokio::test]
async fn a_refusal_names_its_decision_on_a_socket_too() {
    let stage = Stage::open().await;
    let mut player = Player::connect(stage.http, &format!("/live/{NAME}/ws?token=x.y.z")).await;
    let Got::Info(said) = player.next().await else {
        panic!("nothing is said before the last word");
    };
    assert_eq!(
        (&said["type"], &said["reason"]),
        (&json!("denied"), &json!("TOKEN_MALFORMED"))
    );
    assert!(said["decisionId"].as_str().unwrap().starts_with("dec_"), "{said}");
    assert_eq!(player.last_word().await, (4410, "TOKEN_MALFORMED".to_owned()));
}
