//! Restrictions of tokens and Guardian rules, on the doors.

use guard::{
    Timestamp, Update,
    policy::{CredentialDigest, Handle},
    rules::{Action, Doors, Kind, Matcher, Mode, Rule, RuleScope},
};
use ids::RuleId;
use serde_json::{Value, json};

use super::{
    client::{Got, Player, get},
    stage::{NAME, OTHER, Stage, now, organisation},
};

/// A rule of the first organisation.
pub(super) fn rule(number: u64, action: Action, kind: Kind, value: &str, expires: Option<Timestamp>) -> Update {
    Update::Rule {
        organisation: organisation(1),
        rule: Rule {
            id: RuleId::mint(number, [0; 10]),
            matcher: Matcher::parse(kind, value).unwrap(),
            action,
            scope: RuleScope::Organisation,
            doors: Doors::Playback,
            mode: Mode::Enforce,
            expires,
        },
    }
}

async fn reason(stage: &Stage, token: &str, headers: &[(&str, &str)]) -> String {
    let answer = get(stage.http, &format!("/live/{NAME}/index.m3u8?token={token}"), headers).await;
    assert_eq!(answer.status == 200, answer.reason().is_empty());
    answer.reason().to_owned()
}

#[tokio::test]
async fn a_token_for_a_site_plays_on_that_site_and_nowhere_else() {
    let stage = Stage::open().await;
    let token = stage.token("t", json!({"domains": ["example.com", "*.example.org"]}));
    for headers in [
        [("origin", "https://example.com")],
        [("referer", "https://example.com:8443/watch?v=1")],
        [("origin", "https://www.example.org")],
        [("origin", "https://EXAMPLE.com")],
    ] {
        assert_eq!(reason(&stage, &token, &headers).await, "", "{headers:?}");
    }
    for headers in [
        &[][..],
        &[("origin", "null")],
        &[("origin", "null"), ("referer", "https://example.com/")],
        &[("origin", "https://evil-example.com")],
        &[("origin", "https://example.com.evil.test")],
        &[("origin", "https://example.org")],
        &[("origin", "https://evil.test"), ("referer", "https://example.com/")],
        &[("origin", "https://example.com"), ("origin", "https://evil.test")],
        &[("referer", "https://evil.test/https://example.com/")],
        &[("referer", "https://example.com@evil.test/")],
    ] {
        assert_eq!(reason(&stage, &token, headers).await, "TOKEN_DOMAIN", "{headers:?}");
    }
}

#[tokio::test]
async fn a_token_for_a_player_plays_in_that_player_only() {
    let stage = Stage::open().await;
    let token = stage.token("t", json!({"ua": "VLC/3.0.18 LibVLC/3.0.18"}));
    assert_eq!(
        reason(&stage, &token, &[("user-agent", "VLC/3.0.18 LibVLC/3.0.18")]).await,
        ""
    );
    assert_eq!(
        reason(&stage, &token, &[("user-agent", "VLC/3.0.18")]).await,
        "TOKEN_USER_AGENT"
    );
    assert_eq!(reason(&stage, &token, &[]).await, "TOKEN_USER_AGENT");
}

#[tokio::test]
async fn an_empty_user_agent_is_none() {
    let stage = Stage::open().await;
    let token = stage.token("t", json!({}));
    let none = rule(1, Action::Deny, Kind::UserAgent, "none", None);
    stage.change(vec![none]).await;
    assert_eq!(reason(&stage, &token, &[("user-agent", "VLC/3.0.18")]).await, "");
    for headers in [&[][..], &[("user-agent", "")], &[("user-agent", " ")]] {
        assert_eq!(
            reason(&stage, &token, headers).await,
            "GUARDIAN_USER_AGENT",
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn what_a_node_cannot_find_out_refuses() {
    let stage = Stage::open().await;
    for (claim, value, refused) in [
        ("countries", json!(["DE"]), "TOKEN_COUNTRY"),
        ("asns", json!([64500]), "TOKEN_ASN"),
        ("bindIps", json!(1), "TOKEN_BOUND"),
        ("maxUses", json!(1), "TOKEN_USED"),
    ] {
        let token = stage.token("t", json!({claim: value}));
        assert_eq!(reason(&stage, &token, &[]).await, refused);
    }
    stage
        .change(vec![rule(1, Action::Deny, Kind::Country, "none", None)])
        .await;
    assert_eq!(
        reason(&stage, &stage.token("t", json!({})), &[]).await,
        "GUARDIAN_COUNTRY"
    );
}

#[tokio::test]
async fn a_viewer_has_as_many_sessions_as_the_token_says_over_all_their_tokens() {
    let stage = Stage::open().await;
    let path = |jti: &str, more: Value| format!("/live/{NAME}/ws?token={}", stage.token(jti, more));
    let of = |jti: &str| path(jti, json!({"user": "anna", "maxSessions": 2}));
    let mut first = Player::connect(stage.http, &of("a")).await;
    first.play(2).await;
    let mut second = Player::connect(stage.http, &of("b")).await;
    second.play(2).await;
    let mut third = Player::connect(stage.http, &of("c")).await;
    assert_eq!(third.last_word().await, (4440, "SESSION_LIMIT".to_owned()));
    // Another viewer's sessions are none of hers, and a token without a viewer counts by itself.
    let mut other = Player::connect(stage.http, &path("d", json!({"user": "bert", "maxSessions": 1}))).await;
    other.play(2).await;
    let alone = path("e", json!({"maxSessions": 1}));
    let mut alone_first = Player::connect(stage.http, &alone).await;
    alone_first.play(2).await;
    let mut alone_second = Player::connect(stage.http, &alone).await;
    assert_eq!(alone_second.last_word().await.0, 4440);
    assert!(matches!(first.next().await, Got::Media(_)));
}

#[tokio::test]
async fn many_at_once_are_not_one_more_than_the_token_says() {
    let stage = Stage::open().await;
    let http = stage.http;
    let mut asked = tokio::task::JoinSet::new();
    for n in 0..20 {
        let token = stage.token(&format!("t{n}"), json!({"user": "anna", "maxSessions": 3}));
        let path = format!("/live/{NAME}/index.m3u8?token={token}");
        asked.spawn(async move { get(http, &path, &[]).await.reason().to_owned() });
    }
    let reasons = asked.join_all().await;
    let count = |wanted: &str| reasons.iter().filter(|reason| *reason == wanted).count();
    assert_eq!((count(""), count("SESSION_LIMIT")), (3, 17), "{reasons:?}");
}

#[tokio::test]
async fn a_rule_reaches_running_viewers_and_new_ones_and_goes_again() {
    let stage = Stage::open().await;
    let token = stage.token("t", json!({}));
    let path = format!("/live/{NAME}/ws?token={token}");
    let mut running = Player::connect(stage.http, &path).await;
    running.play(2).await;
    let delivery = stage
        .change(vec![rule(1, Action::Deny, Kind::Ip, "127.0.0.0/8", None)])
        .await;
    assert_eq!(delivery.acknowledged[0].sessions_ended, 1);
    assert_eq!(delivery.acknowledged[0].bytes_after, 0);
    assert_eq!(running.last_word().await, (4430, "GUARDIAN_IP".to_owned()));
    assert_eq!(reason(&stage, &token, &[]).await, "GUARDIAN_IP");
    // Without a token the rule comes first, too; and it is nobody else's.
    assert_eq!(reason(&stage, "", &[]).await, "GUARDIAN_IP");
    let other = get(stage.http, &format!("/live/{OTHER}/index.m3u8"), &[]).await;
    assert_eq!(other.reason(), "TOKEN_MISSING");
    stage
        .change(vec![rule(2, Action::Allow, Kind::Ip, "127.0.0.1", None)])
        .await;
    assert_eq!(reason(&stage, &token, &[]).await, "");
    let (organisation, id) = (organisation(1), RuleId::mint(2, [0; 10]));
    stage.change(vec![Update::RuleRemoved { organisation, id }]).await;
    assert_eq!(reason(&stage, &token, &[]).await, "GUARDIAN_IP");
}

#[tokio::test]
async fn only_these_sites_means_no_other_and_no_unknown_one() {
    let stage = Stage::open().await;
    stage
        .change(vec![
            rule(1, Action::Allow, Kind::Referrer, "app.example.com", None),
            rule(2, Action::Deny, Kind::Referrer, "*", None),
            rule(3, Action::Deny, Kind::UserAgent, "curl/*", None),
        ])
        .await;
    let token = stage.token("t", json!({}));
    let from = async |headers: &[(&str, &str)]| reason(&stage, &token, headers).await;
    assert_eq!(from(&[("origin", "https://app.example.com")]).await, "");
    assert_eq!(from(&[("origin", "https://example.com")]).await, "GUARDIAN_REFERRER");
    assert_eq!(from(&[]).await, "GUARDIAN_REFERRER");
    assert_eq!(
        from(&[("origin", "https://app.example.com"), ("user-agent", "curl/8.5.0")]).await,
        "GUARDIAN_USER_AGENT"
    );
}

#[tokio::test]
async fn an_exception_ends_by_itself_and_whoever_watched_by_it_is_told_why() {
    let stage = Stage::open().await;
    let soon = now().plus(std::time::Duration::from_secs(2));
    stage
        .change(vec![
            rule(1, Action::Deny, Kind::Ip, "0.0.0.0/0", None),
            rule(2, Action::Allow, Kind::Ip, "127.0.0.1", Some(soon)),
        ])
        .await;
    let token = stage.token("t", json!({}));
    let mut player = Player::connect(stage.http, &format!("/live/{NAME}/ws?token={token}")).await;
    assert_eq!(player.last_word().await, (4430, "GUARDIAN_IP".to_owned()));
    assert!(now() >= soon);
    assert_eq!(reason(&stage, &token, &[]).await, "GUARDIAN_IP");
}

#[tokio::test]
async fn a_handle_plays_like_its_token_and_is_a_session_of_its_own() {
    let stage = Stage::open().await;
    let handle = |last: char| format!("h_0123456789abcdefghijk{last}");
    let token = |last: char| {
        let claims = json!({
            "sub": organisation(1), "aud": "play", "jti": format!("tok_{last}"), "streams": [NAME],
            "iat": now().s(), "exp": now().s() + 3600,
        });
        Update::Handle {
            organisation: organisation(1),
            handle: Handle {
                digest: CredentialDigest::of(&handle(last)),
                kid: "key_first".into(),
                key: None,
                jti: format!("tok_{last}").into(),
                claims: claims.to_string().into(),
            },
        }
    };
    stage.change(vec![token('a'), token('b')]).await;
    for last in ['a', 'b'] {
        let playlist = get(
            stage.http,
            &format!("/live/{NAME}/index.m3u8?token={}", handle(last)),
            &[],
        )
        .await;
        let segment = playlist
            .text()
            .lines()
            .find(|line| line.starts_with("segment/"))
            .unwrap()
            .to_owned();
        assert!(segment.ends_with(&handle(last)), "{segment}");
        assert_eq!(
            get(stage.http, &format!("/live/{NAME}/{segment}"), &[]).await.status,
            200
        );
    }
    let delivery = stage.revoke("tok_a").await;
    assert_eq!(delivery.acknowledged[0].sessions_ended, 1);
    assert_eq!(reason(&stage, &handle('a'), &[]).await, "TOKEN_REVOKED");
    assert_eq!(reason(&stage, &handle('b'), &[]).await, "");
    assert_eq!(reason(&stage, &handle('c'), &[]).await, "TOKEN_MALFORMED");
}
