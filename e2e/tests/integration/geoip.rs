//! Countries and networks from files that an operator brings and exchanges, seen by viewers.

use std::path::Path;

use serde_json::{Value, json};

use crate::stage::{Home, Person, Server, Viewer, curl, get, places, until};

/// Says this of all of this machine's addresses.
fn write(path: &Path, record: &Value) {
    places(path, &[("127.0.0.0/8", record.clone())]);
}

async fn refusal(server: &Server, token: &str) -> Vec<Option<String>> {
    let mut reasons = Vec::new();
    for door in ["index.m3u8", "stream.mp4"] {
        // What is let in by the second door does not end by itself.
        let url = server.door(server.test().name(), door, token);
        let answer = if door == "stream.mp4" {
            curl(&["--max-time", "1", &url], None).await
        } else {
            get(&url).await
        };
        reasons.push(answer.reason());
    }
    reasons
}

/// What the installation says that it knows.
async fn geolocation(person: &Person) -> Value {
    let query = "{ organisation { geolocation { countries networks credits { text url } } } }";
    person.ask(query, &json!({})).await["organisation"]["geolocation"].clone()
}

#[tokio::test]
async fn viewers_are_where_the_operators_files_say_and_elsewhere_once_they_say_otherwise() {
    let home = Home::new();
    let (country, asn) = (home.path("country.mmdb"), home.path("asn.mmdb"));
    write(&country, &json!({"country": {"iso_code": "DE"}}));
    write(
        &asn,
        &json!({"autonomous_system_number": 64500, "autonomous_system_organization": "Example Net"}),
    );
    let toml = format!(
        "[geoip]\ncountry_file = \"{}\"\nasn_file = \"{}\"\ncredits = [{{ text = \"By Atlas\", url = \"https://a.test\" }}]\n",
        country.display(),
        asn.display()
    );
    let server = home.demo_with(&toml).await;
    let admin = Person::admin(&server).await;
    let known =
        json!({ "countries": true, "networks": true, "credits": [{ "text": "By Atlas", "url": "https://a.test" }] });
    assert_eq!(geolocation(&admin).await, known);
    let name = server.test().name();
    let token = async |claim: &str, value: Value| admin.token(json!({ "streams": [name], claim: value })).await;
    let here = token("countries", json!(["DE", "AT"])).await;
    let elsewhere = token("countries", json!(["FR"])).await;
    assert_eq!(refusal(&server, &here).await, [None, None]);
    for (token, reason) in [
        (elsewhere.clone(), "TOKEN_COUNTRY"),
        (token("asns", json!([64501])).await, "TOKEN_ASN"),
    ] {
        assert_eq!(
            refusal(&server, &token).await,
            [Some(reason.to_owned()), Some(reason.to_owned())]
        );
        let mut refused = Viewer::open(&server.socket(name, &token)).await;
        assert_eq!(refused.last_word().await.1, reason);
    }
    let mut viewer = Viewer::open(&server.socket(name, &here)).await;
    viewer.watch(2).await;
    let query = "{ organisation { sessions(filter: { door: PLAYBACK, live: true }) { nodes { country asn provider encrypted } } } }";
    let session = until("the session is recorded", async || {
        let data = admin.ask(query, &json!({})).await;
        let nodes = data["organisation"]["sessions"]["nodes"].as_array()?.clone();
        nodes.into_iter().next()
    })
    .await;
    let told = json!({ "country": "DE", "asn": 64500, "provider": "Example Net", "encrypted": false });
    assert_eq!(session, told);

    // A file that is none changes nothing; one that says otherwise ends whom it concerns.
    std::fs::write(&country, "no database").expect("a file");
    until("it is noticed", async || {
        home.log().contains("what the old one said stays").then_some(())
    })
    .await;
    assert_eq!(refusal(&server, &here).await, [None, None]);
    assert_eq!(geolocation(&admin).await, known);
    write(&country, &json!({"country": {"iso_code": "FR"}}));
    assert_eq!(viewer.last_word().await.1, "TOKEN_COUNTRY");
    assert_eq!(refusal(&server, &elsewhere).await, [None, None]);
}

/// They are what `cargo xtask up` starts with, so that a demo knows countries and networks.
#[tokio::test]
async fn the_files_that_the_set_up_brings_place_well_known_addresses() {
    let files = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/geoip"));
    let home = Home::new();
    let toml = format!(
        "[http]\ntrusted_proxies = [\"127.0.0.1\"]\n[geoip]\ncountry_file = \"{}\"\nasn_file = \"{}\"\n",
        files.join("country.mmdb").display(),
        files.join("asn.mmdb").display()
    );
    let server = home.demo_with(&toml).await;
    let admin = Person::admin(&server).await;
    let name = server.test().name();
    for (address, country, asn) in [
        ("8.8.8.8", "US", 15169),
        ("2620:fe::fe", "US", 19281),
        ("193.0.6.139", "NL", 3333),
        ("2001:67c:2e8:22::c100:68b", "NL", 3333),
    ] {
        let forwarded = format!("x-forwarded-for: {address}");
        let ask = async |claims: Value| {
            let token = admin.token(claims).await;
            let url = server.door(name, "index.m3u8", &token);
            curl(&["-H", &forwarded, &url], None).await.reason()
        };
        let here = json!({ "streams": [name], "countries": [country], "asns": [asn] });
        assert_eq!(ask(here).await, None, "{address}");
        let elsewhere = json!({ "streams": [name], "countries": ["AQ"] });
        assert_eq!(ask(elsewhere).await.as_deref(), Some("TOKEN_COUNTRY"), "{address}");
        let other = json!({ "streams": [name], "asns": [64500] });
        assert_eq!(ask(other).await.as_deref(), Some("TOKEN_ASN"), "{address}");
    }
}

#[tokio::test]
async fn what_there_is_no_file_for_is_unknown_and_a_file_that_cannot_be_used_is_named_at_start() {
    let home = Home::new();
    let file = home.path("portcullis.toml");
    std::fs::write(home.path("text.mmdb"), "no database").expect("a file");
    for key in ["country_file", "asn_file"] {
        for bad in ["nowhere.mmdb", "text.mmdb"] {
            let bad = home.path(bad);
            std::fs::write(&file, format!("[geoip]\n{key} = \"{}\"\n", bad.display())).expect("a file");
            let arguments = ["--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0", "--config"];
            let path = file.to_str().expect("a path");
            let output = home.run(&[&arguments[..], &[path]].concat()).await;
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success(), "{key}");
            assert!(said.contains(&format!("geoip.{key}")), "{said}");
            assert!(said.contains(bad.to_str().expect("a path")), "{said}");
        }
    }
    let server = home.demo().await;
    let admin = Person::admin(&server).await;
    let nothing = json!({ "countries": false, "networks": false, "credits": [] });
    assert_eq!(geolocation(&admin).await, nothing);
    let input = json!({ "streams": [server.test().name()], "countries": ["DE"] });
    let token = admin.token(input).await;
    let reason = Some("TOKEN_COUNTRY".to_owned());
    assert_eq!(refusal(&server, &token).await, [reason.clone(), reason]);
}
