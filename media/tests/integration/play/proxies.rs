//! Viewers behind proxies, and doors that only a delivery network may knock at.

use guard::{Door, Reason};
use link::{Event, Kind, Protocol};
use media::{
    Node,
    geoip::Geoip,
    http::{Front, OriginOnly},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    client::{Answer, Got, PATIENCE, Player, get, parse},
    stage::{NAME, Stage, organisation},
};
use crate::proxy::{head, health_check, networks};

fn listed(proxies: &[&str], proxy_protocol: bool) -> Front {
    Front {
        trusted: networks(proxies),
        proxy_protocol,
        ..Front::default()
    }
}

/// A stage that only connections from `origins` reach.
async fn reached_from(origins: &[&str], front: Front) -> Stage {
    let networks = networks(origins);
    let front = |node: &Node| Front {
        only: Some(OriginOnly {
            networks,
            away: node.away(),
        }),
        ..front
    };
    Stage::open_with(Geoip::default(), front, None).await
}

/// What asks for a WebSocket; other doors do not mind.
const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// What is answered to a request behind `first`; `None` where the connection is closed without an answer.
async fn after(stage: &Stage, first: &[u8], path: &str) -> Option<Answer> {
    let mut connection = TcpStream::connect(stage.http).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    connection
        .write_all(&[first, request.as_bytes()].concat())
        .await
        .unwrap();
    let mut bytes = Vec::new();
    _ = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut bytes))
        .await
        .expect("an answer or an end");
    (!bytes.is_empty()).then(|| parse(&bytes))
}

#[tokio::test]
async fn the_viewer_behind_a_listed_proxy_is_the_right_most_hop_that_is_not_one() {
    let mut stage = Stage::open_behind(listed(&["127.0.0.1", "10.0.0.0/8"], false), None).await;
    let token = stage.token("t", json!({ "ip": "203.0.113.7" }));
    let path = format!("/live/{NAME}/index.m3u8?token={token}");
    for (hops, passes) in [
        ("203.0.113.7", true),
        ("198.51.100.1, 203.0.113.7", true),
        ("198.51.100.1, ::ffff:203.0.113.7, 10.0.0.3", true),
        ("203.0.113.7, 198.51.100.1", false),
        ("203.0.113.7, nonsense, 10.0.0.3", false),
        ("203.0.113.7, 127.0.0.2", false),
        ("", false),
    ] {
        let answer = get(stage.http, &path, &[("x-forwarded-for", hops)]).await;
        let expected = if passes { (200, "") } else { (403, "TOKEN_IP") };
        assert_eq!((answer.status, answer.reason()), expected, "{hops}");
    }
    let viewer = |event: &Event| matches!(&event.kind, Kind::Started(facts) if facts.door == Door::Playback);
    let started = stage.event(viewer).await;
    assert!(matches!(started.kind, Kind::Started(facts) if facts.address.to_string() == "203.0.113.7"));
}

#[tokio::test]
async fn a_listed_proxy_says_whether_a_viewer_came_encrypted_and_nobody_else_does() {
    for (proxy, believed) in [("127.0.0.1", true), ("10.0.0.1", false)] {
        let mut stage = Stage::open_behind(listed(&[proxy], false), None).await;
        for (said, encrypted) in [("https", true), ("http", false)] {
            for door in ["index.m3u8", "stream.mp4", "ws"] {
                let jti = format!("{said}-{door}");
                let path = format!("/live/{NAME}/{door}?token={}", stage.token(&jti, json!({})));
                let mut connection = TcpStream::connect(stage.http).await.unwrap();
                let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nx-forwarded-proto: {said}\r\n{UPGRADE}\r\n");
                connection.write_all(request.as_bytes()).await.unwrap();
                let its = |event: &Event| matches!(&event.kind, Kind::Started(facts) if facts.jti() == Some(&*jti));
                let Kind::Started(facts) = stage.event(its).await.kind else {
                    unreachable!("a session")
                };
                assert_eq!(facts.encrypted, believed && encrypted, "{jti} {proxy}");
            }
        }
    }
}

#[tokio::test]
async fn a_viewer_that_roams_goes_on_inside_the_tokens_limits_and_is_one_within_a_network() {
    let stage = Stage::open_behind(listed(&["127.0.0.1"], false), None).await;
    let ask = async |token: &str, from: &str| {
        let path = format!("/live/{NAME}/index.m3u8?token={token}");
        let answer = get(stage.http, &path, &[("x-forwarded-for", from)]).await;
        (answer.status, answer.reason().to_owned())
    };
    let roams = stage.token("roams", json!({ "ip": ["2001:db8::/32", "203.0.113.0/24"] }));
    for from in ["2001:db8::1", "2001:db8:0:1::1", "203.0.113.7", "203.0.113.8"] {
        assert_eq!(ask(&roams, from).await, (200, String::new()), "{from}");
    }
    assert_eq!(ask(&roams, "198.51.100.1").await, (403, "TOKEN_IP".to_owned()));

    // A customer of a provider has a whole /64: whoever moves inside it is the session that was there already.
    let one = stage.token("one", json!({ "maxSessions": 1 }));
    for from in ["2001:db8:7::1", "2001:db8:7::2", "2001:db8:7::ffff:1"] {
        assert_eq!(ask(&one, from).await, (200, String::new()), "{from}");
    }
    // From elsewhere it is a new admission, and counts.
    for from in ["2001:db8:7:1::1", "203.0.113.7"] {
        assert_eq!(ask(&one, from).await, (429, "SESSION_LIMIT".to_owned()), "{from}");
    }
}

#[tokio::test]
async fn who_is_not_listed_is_believed_nothing() {
    let stage = Stage::open_behind(listed(&["10.0.0.0/8"], true), None).await;
    let token = stage.token("t", json!({ "ip": "203.0.113.7" }));
    let path = format!("/live/{NAME}/index.m3u8?token={token}");
    for hops in ["203.0.113.7", "203.0.113.7, 10.0.0.1"] {
        let answer = get(stage.http, &path, &[("x-forwarded-for", hops)]).await;
        assert_eq!(answer.reason(), "TOKEN_IP", "{hops}");
    }
    // A head is no request.
    let answer = after(&stage, &head("203.0.113.7:4711"), &path).await;
    assert!(answer.is_none_or(|answer| answer.status == 400));
}

#[tokio::test]
async fn the_viewer_behind_a_proxy_may_be_named_by_the_proxy_protocol() {
    let stage = Stage::open_behind(listed(&["127.0.0.1"], true), None).await;
    let token = stage.token("t", json!({ "ip": ["203.0.113.7", "2001:db8::/64"] }));
    let path = format!("/live/{NAME}/index.m3u8?token={token}");
    for (from, passes) in [
        ("203.0.113.7:1", true),
        ("[2001:db8::9]:1", true),
        ("[::ffff:203.0.113.7]:1", true),
        ("203.0.113.8:1", false),
    ] {
        let answer = after(&stage, &head(from), &path).await.expect("an answer");
        let expected = if passes { (200, "") } else { (403, "TOKEN_IP") };
        assert_eq!((answer.status, answer.reason()), expected, "{from}");
    }
    let answer = after(&stage, &health_check(), &path).await.expect("an answer");
    assert_eq!(answer.reason(), "TOKEN_IP");
    // Without a head, with another version's, and with half of one.
    assert!(after(&stage, b"", &path).await.is_none());
    assert!(
        after(&stage, b"PROXY TCP4 203.0.113.7 10.0.0.1 1 2\r\n", &path)
            .await
            .is_none()
    );
    let mut silent = TcpStream::connect(stage.http).await.unwrap();
    silent.write_all(&head("203.0.113.7:1")[..14]).await.unwrap();
    let ended = tokio::time::timeout(PATIENCE, silent.read(&mut [0; 1])).await;
    assert!(matches!(ended.expect("its time is over"), Ok(0) | Err(_)));
}

#[tokio::test]
async fn who_is_not_of_the_delivery_network_is_refused_and_told_why() {
    let mut stage = reached_from(&["198.51.100.0/24"], listed(&["127.0.0.1"], true)).await;
    let token = stage.token("t", json!({}));
    let doors = ["index.m3u8", "stream.mp4", "ws", "nothing"];
    for door in doors.map(|door| format!("/live/{NAME}/{door}?token={token}")) {
        let answer = after(&stage, &head("203.0.113.7:1"), &door).await.expect("an answer");
        assert_eq!((answer.status, answer.reason()), (403, "ORIGIN_ONLY"), "{door}");
        assert!(answer.header("x-decision-id").starts_with("dec_"), "{answer:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    // Each of the doors is told of like any other refusal.
    for protocol in [Protocol::Hls, Protocol::Progressive, Protocol::WebSocket] {
        let event = stage.event(|event| matches!(event.kind, Kind::Denied { .. })).await;
        let Kind::Denied {
            protocol: told,
            reason,
            address,
            organisation: whose,
            ..
        } = event.kind
        else {
            unreachable!("a refusal")
        };
        assert_eq!((told, reason), (protocol, Reason::OriginOnly));
        assert_eq!((address, whose), ([203, 0, 113, 7].into(), Some(organisation(1))));
    }
    let playlist = format!("/live/{NAME}/index.m3u8?token={token}");
    let answer = after(&stage, &head("198.51.100.9:1"), &playlist)
        .await
        .expect("an answer");
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_socket_from_outside_the_delivery_network_is_closed_with_the_reasons_code() {
    let stage = reached_from(&["198.51.100.0/24"], Front::default()).await;
    let path = format!("/live/{NAME}/ws?token={}", stage.token("t", json!({})));
    let mut player = Player::connect(stage.http, &path).await;
    assert_eq!(player.next().await, Got::Closed(4472, "ORIGIN_ONLY".to_owned()));
    // What a viewer claims to be is no connection from there.
    let claim = [("x-forwarded-for", "198.51.100.9")];
    assert_eq!(get(stage.http, "/", &claim).await.reason(), "ORIGIN_ONLY");

    let stage = reached_from(&["127.0.0.0/8"], Front::default()).await;
    let path = format!("/live/{NAME}/ws?token={}", stage.token("t", json!({})));
    Player::connect(stage.http, &path).await.play(2).await;
}
