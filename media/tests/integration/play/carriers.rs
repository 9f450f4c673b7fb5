//! The ways in which a token may come, and how playlists hand it on.

use guard::{Update, policy::Organisation};
use media::http::Front;
use serde_json::json;

use super::{
    client::{Got, Player, get},
    stage::{NAME, OTHER, Stage, settings},
};
use crate::proxy::networks;

#[tokio::test]
async fn a_token_may_come_by_header_query_path_or_cookie() {
    let stage = Stage::open().await;
    let token = stage.token("t", json!({}));
    let playlist = format!("/live/{NAME}/index.m3u8");
    for (path, headers) in [
        (playlist.clone(), vec![("authorization", format!("Bearer {token}"))]),
        (playlist.clone(), vec![("authorization", format!("bearer {token}"))]),
        (
            playlist.clone(),
            vec![("cookie", format!("a=b; portcullis_token={token}"))],
        ),
        (format!("{playlist}?x=1&token={token}"), vec![]),
        (format!("/t/{token}{playlist}"), vec![]),
        (format!("/t/{token}{playlist}?token={token}"), vec![]),
    ] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(get(stage.http, &path, &headers).await.status, 200, "{path}");
    }
}

/// Nothing of an address is signed but the token in it.
#[tokio::test]
async fn a_token_is_good_however_a_proxy_spells_the_address() {
    let stage = Stage::open().await;
    let token = stage.token("t", json!({}));
    let ask = async |query: &str, headers: &[(&str, &str)]| {
        let answer = get(stage.http, &format!("/live/{NAME}/index.m3u8?{query}"), headers).await;
        assert_eq!(answer.status, 200, "{query} {headers:?}: {}", answer.reason());
    };
    for query in [
        format!("token={token}"),
        format!("a=1&token={token}&b=2"),
        format!("b=2&&token={token}&a="),
        format!("%74oken={}", token.replace('.', "%2E")),
    ] {
        ask(&query, &[]).await;
    }
    // The address as a viewer wrote it, whatever the line before it said.
    for host in ["tv.example", "tv.example:8443", "TV.EXAMPLE:80", "[2001:db8::1]:443"] {
        let url = format!("http://{host}/live/{NAME}/index.m3u8?token={token}");
        assert_eq!(get(stage.http, &url, &[]).await.status, 200, "{url}");
        ask(&format!("token={token}"), &[("host", host)]).await;
        let schemes = [("x-forwarded-proto", "https"), ("x-forwarded-host", host)];
        ask(&format!("token={token}"), &schemes).await;
    }
}

#[tokio::test]
async fn who_comes_beside_a_running_viewer_is_judged_by_what_they_show_themselves() {
    let stage = Stage::open().await;
    let token = stage.token("t", json!({}));
    let player = [("user-agent", "player/1")];
    let playlist = get(stage.http, &format!("/live/{NAME}/index.m3u8?token={token}"), &player).await;
    assert_eq!(playlist.status, 200);
    let text = playlist.text();
    let segment = text.lines().find(|line| line.starts_with("segment/")).unwrap();
    let map = text.split('"').find(|part| part.starts_with("init/")).unwrap();
    let short = |child: &str| child.split('?').next().unwrap().to_owned();
    // The same address, the same player, and what a player might call its session.
    for file in ["index.m3u8".to_owned(), short(map), short(segment)] {
        for (query, reason) in [
            ("", "TOKEN_MISSING"),
            ("?session=ses_01h455vb4pex5vsknk084sn02q", "TOKEN_MISSING"),
            ("?jti=t", "TOKEN_MISSING"),
            ("?token=nonsense", "TOKEN_MALFORMED"),
        ] {
            let answer = get(stage.http, &format!("/live/{NAME}/{file}{query}"), &player).await;
            assert_eq!(answer.reason(), reason, "{file}{query}");
        }
    }
}

#[tokio::test]
async fn two_tokens_that_differ_are_neither() {
    let stage = Stage::open().await;
    let (one, two) = (stage.token("1", json!({})), stage.token("2", json!({})));
    let (playlist, two_bearers) = (
        format!("/live/{NAME}/index.m3u8"),
        [format!("Bearer {one}"), format!("Bearer {two}")],
    );
    let bearers = two_bearers.each_ref().map(|bearer| ("authorization", bearer.as_str()));
    for (path, headers) in [
        (format!("/t/{one}{playlist}?token={two}"), &[][..]),
        (format!("{playlist}?token={one}&token={two}"), &[][..]),
        (format!("{playlist}?token={two}"), &bearers[..1]),
        (playlist, &bearers[..]),
    ] {
        let answer = get(stage.http, &path, headers).await;
        assert_eq!((answer.status, answer.reason()), (403, "TOKEN_MALFORMED"), "{path}");
    }
}

#[tokio::test]
async fn a_playlist_carries_the_token_on_as_it_came() {
    let stage = Stage::open().await;
    let token = stage.token("t", json!({}));
    let uris = async |path: String, headers: &[(&str, &str)]| {
        let playlist = get(stage.http, &path, headers).await.text();
        let map = playlist
            .lines()
            .find_map(|line| line.strip_prefix("#EXT-X-MAP:URI=\""))
            .unwrap();
        let segment = playlist
            .lines()
            .find(|line| line.starts_with("segment/"))
            .unwrap()
            .to_owned();
        (map.trim_end_matches('"').to_owned(), segment)
    };
    let (map, segment) = uris(format!("/live/{NAME}/index.m3u8?token={token}"), &[]).await;
    assert!(map.ends_with(&format!("?token={token}")) && segment.ends_with(&format!("?token={token}")));
    assert_eq!(get(stage.http, &format!("/live/{NAME}/{map}"), &[]).await.status, 200);
    assert_eq!(
        get(stage.http, &format!("/live/{NAME}/{segment}"), &[]).await.status,
        200
    );

    let (map, segment) = uris(format!("/t/{token}/live/{NAME}/index.m3u8"), &[]).await;
    assert!(!map.contains("token") && !segment.contains("token"));
    assert_eq!(
        get(stage.http, &format!("/t/{token}/live/{NAME}/{segment}"), &[])
            .await
            .status,
        200
    );

    // A header is never copied into a URL.
    let bearer = format!("Bearer {token}");
    let (_, segment) = uris(format!("/live/{NAME}/index.m3u8"), &[("authorization", &bearer)]).await;
    assert!(!segment.contains('?'));
}

#[tokio::test]
async fn no_carrier_cuts_a_token_and_one_that_is_too_long_is_said_to_be() {
    let stage = Stage::open().await;
    let (fits, long) = (
        stage.token("fits", json!({ "note": "n".repeat(5_400) })),
        stage.token("long", json!({ "note": "n".repeat(7_000) })),
    );
    assert!((7_000..=8_192).contains(&fits.len()), "{}", fits.len());
    assert!(long.len() > 8_192, "{}", long.len());
    let playlist = format!("/live/{NAME}/index.m3u8");
    for (token, status, reason, detail) in [
        (&fits, 200, "", ""),
        (&long, 403, "TOKEN_MALFORMED", "the token is longer than 8192 bytes"),
    ] {
        for (carrier, path, headers) in [
            ("query", format!("{playlist}?token={token}"), None),
            ("path", format!("/t/{token}{playlist}"), None),
            (
                "header",
                playlist.clone(),
                Some(("authorization", format!("Bearer {token}"))),
            ),
            (
                "cookie",
                playlist.clone(),
                Some(("cookie", format!("portcullis_token={token}"))),
            ),
        ] {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = get(stage.http, &path, &headers).await;
            assert_eq!((answer.status, answer.reason()), (status, reason), "{carrier}");
            assert!(answer.text().contains(detail), "{carrier}: {}", answer.text());
        }
        let mut player = Player::connect(stage.http, &format!("/live/{NAME}/ws")).await;
        player
            .say(&json!({"command": "play", "streamId": NAME, "token": token}).to_string())
            .await;
        if reason.is_empty() {
            player.play(1).await;
        } else {
            assert_eq!(player.last_word().await, (4410, reason.to_owned()));
        }
    }
}

#[tokio::test]
async fn a_socket_may_send_its_token_first() {
    let stage = Stage::open().await;
    let token = stage.token("t", json!({}));
    let mut player = Player::connect(stage.http, &format!("/live/{NAME}/ws")).await;
    player
        .say(&json!({"command": "play", "streamId": NAME, "token": token}).to_string())
        .await;
    assert!(matches!(player.next().await, Got::Info(_)));

    let mut player = Player::connect(stage.http, &format!("/live/{NAME}/ws")).await;
    player.say("{\"command\":\"nothing\"}").await;
    assert_eq!(player.last_word().await, (4401, "TOKEN_MISSING".to_owned()));

    // One that is good, for another stream than the address says.
    let mut player = Player::connect(stage.http, &format!("/live/{NAME}/ws")).await;
    player
        .say(&json!({"command": "play", "streamId": OTHER, "token": token}).to_string())
        .await;
    let Got::Info(told) = player.next().await else {
        panic!("nothing is said before the last word");
    };
    let why = "the message names another stream than the address does";
    assert_eq!(
        json!([told["type"], told["reason"], told["detail"]]),
        json!(["denied", "TOKEN_MALFORMED", why])
    );
    assert_eq!(player.last_word().await, (4410, "TOKEN_MALFORMED".to_owned()));
}

/// What becomes of a socket that says nothing of use: it plays, or the reason why not.
async fn socket(stage: &Stage, address: &str, headers: &[(&'static str, &str)]) -> String {
    let mut player = Player::connect_with(stage.http, address, headers).await;
    player.say("{\"command\":\"nothing\"}").await;
    match player.next().await {
        Got::Info(told) if told["type"] == "denied" => told["reason"].as_str().unwrap().to_owned(),
        Got::Info(_) => "plays".to_owned(),
        over => panic!("{address} {headers:?}: {over:?}"),
    }
}

#[tokio::test]
async fn a_page_elsewhere_opens_no_socket_with_its_viewers_cookie() {
    let stage = Stage::open().await;
    let token = stage.token("t", json!({}));
    let cookie = format!("portcullis_token={token}");
    let (bare, query) = (format!("/live/{NAME}/ws"), format!("/live/{NAME}/ws?token={token}"));
    let (own, behind_https) = (format!("http://{}", stage.http), format!("https://{}", stage.http));
    let other_port = format!("http://{}:1", stage.http.ip());
    let named = "https://app.example.com";
    // Whether the cookie counts, where no page is named and where one is.
    let rows = [
        (None, [true, true]),
        (Some(own.as_str()), [true, true]),
        (Some(behind_https.as_str()), [true, true]),
        (Some(other_port.as_str()), [false, false]),
        (Some(named), [false, true]),
        (Some("http://app.example.com"), [false, false]),
        (Some("https://shop.example.com"), [false, false]),
        (Some("https://evil.test"), [false, false]),
        (Some("null"), [false, false]),
    ];
    let narrow = Organisation {
        origins: ["https://*.example.com", named]
            .map(|origin| origin.parse().unwrap())
            .to_vec(),
        ..settings(1, NAME)
    };
    for (turn, organisation) in [settings(1, NAME), narrow].into_iter().enumerate() {
        stage.change(vec![Update::Organisation(organisation)]).await;
        for (page, counts) in rows {
            let (alone, beside) = if counts[turn] {
                ("plays", "TOKEN_MALFORMED")
            } else {
                ("TOKEN_MISSING", "plays")
            };
            let headers: Vec<_> = page.map(|page| ("origin", page)).into_iter().collect();
            let with = |cookie| [&headers[..], &[("cookie", cookie)]].concat();
            let said = socket(&stage, &bare, &with(cookie.as_str())).await;
            assert_eq!(said, alone, "{turn} {page:?}");
            // A query counts from every page, and the cookie beside it where it counts alone.
            assert_eq!(socket(&stage, &query, &headers).await, "plays", "{turn} {page:?}");
            let said = socket(&stage, &query, &with("portcullis_token=another")).await;
            assert_eq!(said, beside, "{turn} {page:?}");
        }
    }

    let elsewhere = [("origin", "https://evil.test"), ("cookie", cookie.as_str())];
    let mut player = Player::connect_with(stage.http, &bare, &elsewhere).await;
    player
        .say(&json!({"command": "play", "token": token}).to_string())
        .await;
    player.play(1).await;
    // Two pages are none.
    let two = [&elsewhere[..], &[("origin", named)]].concat();
    assert_eq!(socket(&stage, &bare, &two).await, "TOKEN_MISSING");
    // Nor does it say what there is.
    for name in [OTHER, "XYZ23-NOTHING", "QQQQQ-NOTHING", "not%20a%20name"] {
        let said = socket(&stage, &format!("/live/{name}/ws"), &elsewhere).await;
        assert_eq!(said, "TOKEN_MISSING", "{name}");
    }
}

/// Anybody on the way can put a page in the clear in the host's place.
#[tokio::test]
async fn a_page_in_the_clear_opens_no_socket_by_https_with_its_viewers_cookie() {
    let front = Front {
        trusted: networks(&["127.0.0.1"]),
        ..Front::default()
    };
    let stage = Stage::open_behind(front, None).await;
    let (path, cookie) = (
        format!("/live/{NAME}/ws"),
        format!("portcullis_token={}", stage.token("t", json!({}))),
    );
    for (came, page, said) in [
        ("https", "https", "plays"),
        ("https", "http", "TOKEN_MISSING"),
        ("http", "https", "plays"),
        ("http", "http", "plays"),
    ] {
        let origin = format!("{page}://{}", stage.http);
        let headers = [
            ("x-forwarded-proto", came),
            ("origin", origin.as_str()),
            ("cookie", cookie.as_str()),
        ];
        assert_eq!(socket(&stage, &path, &headers).await, said, "{page} by {came}");
    }
}

#[tokio::test]
async fn a_token_that_no_first_message_holds_is_said_to_be_too_long_before_the_socket_is_closed() {
    let stage = Stage::open().await;
    let path = format!("/live/{NAME}/ws");
    let malformed = json!(["denied", "TOKEN_MALFORMED", "the token is longer than 8192 bytes"]);
    for length in [8_193, 16_300, 16_384, 70_000, 900_000] {
        let mut player = Player::connect(stage.http, &path).await;
        let said = json!({"command": "play", "streamId": NAME, "token": "x".repeat(length)});
        player.say(&said.to_string()).await;
        let Got::Info(told) = player.next().await else {
            panic!("{length}: nothing is said before the last word");
        };
        assert_eq!(
            json!([told["type"], told["reason"], told["detail"]]),
            malformed,
            "{length}"
        );
        assert_eq!(
            player.last_word().await,
            (4410, "TOKEN_MALFORMED".to_owned()),
            "{length}"
        );
    }
    // What is no text holds none.
    let mut player = Player::connect(stage.http, &path).await;
    player.say_bytes(vec![b'x'; 70_000]).await;
    assert_eq!(player.last_word().await, (4401, "TOKEN_MISSING".to_owned()));
}
