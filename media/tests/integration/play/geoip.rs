//! Countries and networks from files, on the doors: restrictions, rules, and files that are exchanged.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use guard::{
    Update,
    rules::{Action, Doors, Kind, Matcher, Mode, Rule, RuleScope},
};
use ids::RuleId;
use link::{Event, Kind as Told};
use maxminddb_writer::{Database, metadata::IpVersion, paths::IpAddrWithMask};
use media::geoip::{Files, Geoip, Part};
use serde_json::{Value, json};

use super::{
    client::{Got, Player, get},
    stage::{NAME, Stage, organisation},
};

/// Files in a folder of their own.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// One that says this of loopback addresses.
    fn with(country: &Value, network: &Value) -> Self {
        let folder = Self::new();
        write(&folder.path("country.mmdb"), country);
        write(&folder.path("asn.mmdb"), network);
        folder
    }

    fn files(&self) -> Files {
        Files {
            country: Some(self.path("country.mmdb")),
            asn: Some(self.path("asn.mmdb")),
        }
    }

    async fn open(&self) -> Stage {
        Stage::open_knowing(Geoip::open(self.files()).unwrap()).await
    }
}

/// Takes the place of a file, in one step, with one that says this of loopback addresses and their neighbours.
fn write(path: &Path, record: &Value) {
    let mut database = Database::default();
    database.metadata.ip_version = IpVersion::V6;
    database.metadata.binary_format_major_version = 2;
    "test".clone_into(&mut database.metadata.database_type);
    database.metadata.description = [("en".to_owned(), "test".to_owned())].into();
    let data = database.insert_value(record).unwrap();
    // In a tree of IPv6, IPv4 addresses are below `::/96`.
    database.insert_node("::127.0.0.0/104".parse::<IpAddrWithMask>().unwrap(), data);
    let draft = path.with_extension("draft");
    database.write_to(std::fs::File::create(&draft).unwrap()).unwrap();
    std::fs::rename(draft, path).unwrap();
}

fn rule(kind: Kind, value: &str) -> Update {
    Update::Rule {
        organisation: organisation(1),
        rule: Rule {
            id: RuleId::mint(1, [0; 10]),
            matcher: Matcher::parse(kind, value).unwrap(),
            action: Action::Deny,
            scope: RuleScope::Organisation,
            doors: Doors::Playback,
            mode: Mode::Enforce,
            expires: None,
        },
    }
}

async fn reason(stage: &Stage, token: &str) -> String {
    let answer = get(stage.http, &format!("/live/{NAME}/index.m3u8?token={token}"), &[]).await;
    assert_eq!(answer.status == 200, answer.reason().is_empty());
    answer.reason().to_owned()
}

#[tokio::test]
async fn a_token_for_countries_and_networks_plays_there_and_nowhere_else() {
    let folder = Folder::with(
        &json!({"country": {"iso_code": "DE"}}),
        &json!({"autonomous_system_number": 64500, "autonomous_system_organization": "Example Net"}),
    );
    let mut stage = folder.open().await;
    for (claim, value, refused) in [
        ("countries", json!(["AT", "DE"]), ""),
        ("countries", json!(["AT"]), "TOKEN_COUNTRY"),
        ("asns", json!([64501, 64500]), ""),
        ("asns", json!(["AS64501"]), "TOKEN_ASN"),
    ] {
        let token = stage.token("t", json!({claim: value}));
        assert_eq!(reason(&stage, &token).await, refused, "{claim} {value}");
    }
    let viewer = |event: &Event| matches!(&event.kind, Told::Started(facts) if facts.grant.is_some());
    let Told::Started(facts) = stage.event(viewer).await.kind else {
        unreachable!("a session")
    };
    assert_eq!(facts.place.country.unwrap().as_str(), "DE");
    assert_eq!(facts.place.asn.unwrap().number(), 64500);
    assert_eq!(facts.provider.as_deref(), Some("Example Net"));
    for (kind, value, refused) in [
        (Kind::Country, "FR", ""),
        (Kind::Country, "none", ""),
        (Kind::Country, "DE", "GUARDIAN_COUNTRY"),
        (Kind::Asn, "64500", "GUARDIAN_ASN"),
    ] {
        stage.change(vec![rule(kind, value)]).await;
        assert_eq!(reason(&stage, &stage.token("u", json!({}))).await, refused, "{value}");
    }
}

#[tokio::test]
async fn a_new_file_reaches_running_viewers_and_a_broken_one_nobody() {
    let germany = json!({"country_code": "DE"});
    let folder = Folder::with(&germany, &json!({"asn": "AS64500"}));
    let stage = folder.open().await;
    stage.change(vec![rule(Kind::Country, "FR")]).await;
    let token = stage.token("t", json!({}));
    let path = format!("/live/{NAME}/ws?token={token}");
    let mut player = Player::connect(stage.http, &path).await;
    player.play(2).await;

    // Half of a file, one of something else, and none at all: what was known stays.
    let file = folder.path("country.mmdb");
    let whole = std::fs::read(&file).unwrap();
    for broken in [&whole[..whole.len() / 2], b"", b"no database"] {
        std::fs::write(&file, broken).unwrap();
        tokio::time::sleep(Duration::from_millis(2500)).await;
        let german = stage.token("g", json!({"countries": ["DE"]}));
        assert_eq!(reason(&stage, &german).await, "");
    }
    std::fs::remove_file(&file).unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(matches!(player.next().await, Got::Media(_)));

    write(&file, &json!({"country_code": "FR"}));
    assert_eq!(player.last_word().await, (4432, "GUARDIAN_COUNTRY".to_owned()));
    assert_eq!(reason(&stage, &token).await, "GUARDIAN_COUNTRY");
    // What they are found by has moved with them: a rule about the new place is about nobody of the old.
    write(&file, &germany);
    let back = async {
        while !reason(&stage, &token).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), back).await.unwrap();
}

#[tokio::test]
async fn sessions_are_found_where_a_new_file_says_that_they_are() {
    let folder = Folder::with(&json!({"country_code": "DE"}), &json!({"asn": "AS64500"}));
    let stage = folder.open().await;
    let token = stage.token("t", json!({}));
    let mut player = Player::connect(stage.http, &format!("/live/{NAME}/ws?token={token}")).await;
    player.play(2).await;
    write(&folder.path("country.mmdb"), &json!({"country_code": "FR"}));
    let moved = async {
        let german = stage.token("g", json!({"countries": ["DE"]}));
        while reason(&stage, &german).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), moved).await.unwrap();
    assert!(matches!(player.next().await, Got::Media(_)));
    stage.change(vec![rule(Kind::Country, "FR")]).await;
    assert_eq!(player.last_word().await, (4432, "GUARDIAN_COUNTRY".to_owned()));
}

#[tokio::test]
async fn who_is_refused_is_told_as_far_as_it_is_known_and_a_token_where_it_was_proven() {
    let folder = Folder::with(&json!({"country_code": "DE"}), &json!({"asn": "AS64500"}));
    let mut stage = folder.open().await;
    let revoked = stage.token("back", json!({"user": "ann", "tag": "web"}));
    stage.revoke("back").await;
    let forged = format!("{}AAAA", revoked.get(..revoked.len() - 4).unwrap());
    for (token, jti) in [(revoked, Some("back")), (forged, None)] {
        let agent = ("user-agent", "Player/1");
        let page = ("referer", "https://shop.example/watch");
        let answer = get(
            stage.http,
            &format!("/live/{NAME}/index.m3u8?token={token}"),
            &[agent, page],
        )
        .await;
        assert_eq!(answer.status, 403);
        let denied = stage.event(|event| matches!(event.kind, Told::Denied { .. })).await;
        let Told::Denied { visitor, .. } = denied.kind else {
            unreachable!()
        };
        let place = (
            visitor.place.country.map(|country| country.to_string()),
            visitor.place.asn.map(guard::Asn::number),
        );
        assert_eq!(place, (Some("DE".to_owned()), Some(64_500)));
        assert_eq!(
            (visitor.user_agent.as_deref(), visitor.referrer.as_deref()),
            (Some("Player/1"), Some("shop.example"))
        );
        let grant = visitor.grant.as_ref();
        assert_eq!(grant.map(|grant| &*grant.jti), jti);
        assert_eq!(grant.and_then(|grant| grant.user.as_deref()), jti.map(|_| "ann"));
    }
}

#[test]
fn a_file_that_cannot_be_used_is_named_and_told_why() {
    let folder = Folder::with(&json!({"country_code": "DE"}), &json!({"asn": "AS64500"}));
    let because = |country: Option<PathBuf>, asn: Option<PathBuf>| {
        let error = Geoip::open(Files { country, asn }).unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        (error.part, error.to_string(), source)
    };
    let (part, message, source) = because(Some(folder.path("nowhere")), None);
    assert_eq!((part, &*source), (Part::Country, "it cannot be read"));
    assert!(message.contains("nowhere"), "{message}");
    // Each is no file of the other.
    let (part, _, source) = because(None, Some(folder.path("country.mmdb")));
    assert_eq!((part, &*source), (Part::Asn, "it holds no numbers of networks"));
    let (_, _, source) = because(Some(folder.path("asn.mmdb")), None);
    assert_eq!(source, "it holds no countries of addresses");
    std::fs::write(folder.path("asn.mmdb"), "no database").unwrap();
    let (_, _, source) = because(None, Some(folder.path("asn.mmdb")));
    assert_eq!(source, "it is not a whole MMDB file");
}

#[test]
fn what_is_in_no_file_is_unknown() {
    let folder = Folder::with(&json!({"country_code": "XX"}), &json!({"asn": "AS0"}));
    assert!(Geoip::open(folder.files()).is_err(), "it knows nobody");
    let folder = Folder::with(&json!({"country_code": "DE"}), &json!({"asn": "AS64500"}));
    let geoip = Geoip::open(folder.files()).unwrap();
    let known = |address: &str| {
        let place = geoip.place(address.parse::<IpAddr>().unwrap());
        (place.country.is_some(), place.asn.is_some())
    };
    assert_eq!(known("127.0.0.1"), (true, true));
    assert_eq!(known("::ffff:127.0.0.1"), (true, true));
    assert_eq!(known("192.0.2.1"), (false, false));
    assert_eq!(known("2001:db8::1"), (false, false));
    assert_eq!(Geoip::default().place([127, 0, 0, 1].into()), guard::Place::default());
}
