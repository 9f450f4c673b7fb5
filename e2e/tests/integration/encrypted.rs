//! HTTPS, with curl, ffmpeg and openssl: a certificate from files, exchanged while somebody watches.

use std::{path::Path, process::Stdio, time::Duration};

use serde_json::json;
use tokio::{process::Command, time::timeout};

use crate::stage::{Home, Person, certify, complaints, curl, shows, until};

/// A home with a certificate and a key, and the configuration that names them.
async fn certified() -> (Home, String) {
    let home = Home::new();
    let (certificate, key) = (home.path("cert.pem"), home.path("key.pem"));
    certify(&certificate, &key).await;
    let toml = format!(
        "[https]\naddress = \"127.0.0.1:0\"\ncertificate_file = \"{}\"\nkey_file = \"{}\"\n",
        certificate.display(),
        key.display()
    );
    (home, toml)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

#[tokio::test]
async fn a_viewer_by_https_goes_on_over_a_new_certificate_and_is_cut_when_revoked() {
    let (home, toml) = certified().await;
    let (certificate, key) = (home.path("cert.pem"), home.path("key.pem"));
    let believed = home.path("believed.pem");
    std::fs::copy(&certificate, &believed).expect("a copy");
    let server = home.demo_with(&toml).await;
    assert!(server.http().starts_with("https://"), "{}", server.http());
    let admin = Person::admin(&server).await;
    let name = server.test().name();
    let token = admin.token_for(name).await;
    let door = server.door(name, "stream.mp4", &token);

    let first = text(&believed);
    let pulled = [
        "-tls_verify",
        "1",
        "-ca_file",
        first,
        "-i",
        &door,
        "-t",
        "2",
        "-f",
        "null",
        "-",
    ];
    assert_eq!(complaints("ffmpeg", &pulled).await, "");
    let file = home.path("watched.mp4");
    let watching = Command::new("curl")
        .args([
            "--silent",
            "--no-buffer",
            "--cacert",
            first,
            "--output",
            text(&file),
            &door,
        ])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("curl");
    let size = || std::fs::metadata(&file).map_or(0, |file| file.len());
    until("media", async || (size() > 10_000).then_some(())).await;

    // Half exchanged: the old pair stays.
    let (next, next_key) = (home.path("next.pem"), home.path("next.key"));
    certify(&next, &next_key).await;
    std::fs::copy(&next, &certificate).expect("a copy");
    until("it is noticed", async || {
        home.log().contains("the old one stays").then_some(())
    })
    .await;
    assert!(home.log().contains("does not fit"), "{}", home.log());
    assert_eq!(curl(&["--cacert", first, server.http()], None).await.status, 200);
    // Exchanged: it is shown, and whoever watches goes on.
    std::fs::copy(&next_key, &key).expect("a copy");
    until("the new certificate is shown", async || {
        let (_, said) = shows(server.http_address(), &["-CAfile", text(&next), "-verify_return_error"]).await;
        said.contains("Verify return code: 0 (ok)").then_some(())
    })
    .await;
    let seen = size();
    until("it goes on", async || (size() > seen + 10_000).then_some(())).await;

    let query =
        "{ organisation { sessions(filter: { door: PLAYBACK, live: true }) { nodes { protocol encrypted } } } }";
    let data = admin.ask(query, &json!({})).await;
    let known = json!([{ "protocol": "PROGRESSIVE", "encrypted": true }]);
    assert_eq!(data["organisation"]["sessions"]["nodes"], known);

    let payload = admin.revoke(json!({ "token": token })).await;
    assert_eq!(payload["change"]["sessionsEnded"], 1, "{payload}");
    assert_eq!(payload["change"]["bytesAfter"], 0.0, "{payload}");
    let ended = timeout(Duration::from_secs(5), watching.wait_with_output()).await;
    let status = ended.expect("it breaks off").expect("an outcome").status;
    // What curl says of an answer that was not finished.
    assert!(matches!(status.code(), Some(18 | 56)), "{status}");
    let told = curl(&["--cacert", text(&next), &door], None).await;
    assert_eq!(told.reason().as_deref(), Some("TOKEN_REVOKED"));
}

#[tokio::test]
async fn https_is_tls_12_and_later_marks_cookies_and_answers_and_is_where_one_is_sent() {
    let (home, toml) = certified().await;
    let server = home.demo_with(&toml).await;
    let address = server.http_address();
    // The client would: it is the server that will not.
    let (old, said) = shows(address, &["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]).await;
    assert!(!old && said.contains("alert handshake failure"), "{said}");
    for version in ["-tls1_2", "-tls1_3"] {
        let (new, said) = shows(address, &[version, "-alpn", "h2,http/1.1"]).await;
        assert!(new && said.contains("ALPN protocol: http/1.1"), "{said}");
    }

    let users = server.ready["users"].as_array().expect("users");
    let user = users
        .iter()
        .find(|user| user["email"] == "admin@northwind.example")
        .expect("a user");
    let query = "mutation($input: SignInInput!) { signIn(input: $input) { errors { code } } }";
    let input = json!({ "email": user["email"], "password": user["password"] });
    let body = json!({ "query": query, "variables": { "input": input } }).to_string();
    let graphql = format!("{}/graphql", server.http());
    let signed_in = curl(&["--header", "content-type: application/json", &graphql], Some(&body)).await;
    let cookie = signed_in.header("set-cookie").expect("a cookie");
    assert!(cookie.ends_with("; Secure"), "{cookie}");
    assert_eq!(signed_in.header("strict-transport-security"), Some("max-age=31536000"));

    let clear = format!("http://{}", server.clear());
    let playlist = format!("/live/{}/index.m3u8?token=t", server.test().name());
    for (path, method) in [("/", "GET"), (playlist.as_str(), "GET"), ("/graphql", "POST")] {
        let sent = curl(&["--request", method, &format!("{clear}{path}")], None).await;
        let there = format!("https://127.0.0.1:{}{path}", address.port());
        assert_eq!((sent.status, sent.header("location")), (301, Some(there.as_str())));
        assert_eq!(sent.header("strict-transport-security"), None);
        assert_eq!(sent.header("set-cookie"), None);
    }
    assert_eq!(
        curl(&[&format!("{clear}/.well-known/acme-challenge/x")], None)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_certificate_of_its_own_making_is_for_this_machine_and_promises_nothing() {
    let home = Home::new();
    let server = home
        .demo_with("[https]\naddress = \"127.0.0.1:0\"\nself_signed = true\n")
        .await;
    let authority = home.data().join("https.pem");
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("https://{host}:{}/", server.http_address().port());
        let answer = curl(&["--cacert", text(&authority), &url], None).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("strict-transport-security"), None);
    }
}
