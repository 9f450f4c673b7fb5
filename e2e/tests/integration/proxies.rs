//! Behind real proxies: nginx as the documentation configures it, and haproxy with the PROXY protocol. Each speaks to us
//! from an address of its own, so that it can be told from those whom it names.

use std::{fs, net::SocketAddr};

use serde_json::json;

use crate::stage::{Encoder, Home, Person, Program, Server, certify, curl, free_port, until};

/// From where the proxies speak to us. All of 127.0.0.0/8 is this machine.
const PROXY: &str = "127.0.0.9";
/// From where a viewer speaks to a proxy.
const VIEWER: &str = "127.0.0.7";

async fn addresses(admin: &Person, user: &str) -> Vec<String> {
    let query = "query($user: String) { organisation { sessions(filter: { user: $user }) { nodes { address } } } }";
    let seen = until("the session is recorded", async || {
        let data = admin.ask(query, &json!({ "user": user })).await;
        let nodes = data["organisation"]["sessions"]["nodes"]
            .as_array()
            .expect("sessions")
            .clone();
        (!nodes.is_empty()).then_some(nodes)
    });
    let nodes = seen.await;
    nodes
        .iter()
        .map(|node| node["address"].as_str().expect("an address").to_owned())
        .collect()
}

async fn token(admin: &Person, server: &Server, user: &str) -> String {
    let input = json!({ "streams": [server.test().name()], "user": user, "ip": [VIEWER] });
    admin.token(input).await
}

/// nginx as `docs/examples/nginx.conf` has it, in a folder of its own.
async fn nginx(home: &Home, behind: SocketAddr, listens: SocketAddr) -> Program {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples/nginx.conf");
    let mut text = fs::read_to_string(example).expect("the example");
    certify(&home.path("nginx.pem"), &home.path("nginx.key")).await;
    let own = |name: &str| home.path(name).display().to_string();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};", own(&format!("nginx-{kind}"))))
        .concat();
    for (written, here) in [
        ("/var/log/nginx/error.log", own("error.log")),
        ("/var/log/nginx/access.log", own("access.log")),
        ("/run/nginx.pid", own("nginx.pid")),
        ("/etc/ssl/video.example.com.pem", own("nginx.pem")),
        ("/etc/ssl/video.example.com.key", own("nginx.key")),
        ("127.0.0.1:8080", behind.to_string()),
        ("listen 443 ssl", format!("listen {listens} ssl")),
        (
            "worker_processes auto",
            "worker_processes 1; daemon off; master_process off".to_owned(),
        ),
        ("http {", format!("http {{ {temporary}")),
        ("location / {", format!("location / {{ proxy_bind {PROXY};")),
    ] {
        assert_eq!(text.matches(written).count(), 1, "{written}");
        text = text.replace(written, &here);
    }
    let file = home.path("nginx.conf");
    fs::write(&file, text).expect("a file");
    let arguments = ["-c", file.to_str().expect("a path"), "-e", &own("error.log")];
    Program::start(&home.path("nginx.out"), "/usr/sbin/nginx", &arguments, listens).await
}

#[tokio::test]
async fn behind_nginx_as_documented_viewers_are_themselves_and_no_token_is_in_its_log() {
    let home = Home::new();
    let server = home
        .demo_with(&format!("[http]\ntrusted_proxies = [\"{PROXY}\"]\n"))
        .await;
    let admin = Person::admin(&server).await;
    let name = server.test().name().to_owned();
    let token = token(&admin, &server, "behind-nginx").await;
    let listens = free_port();
    let _nginx = nginx(&home, server.http_address(), listens).await;
    let front = format!("https://{listens}");

    let authority = home.path("nginx.pem");
    let viewer = ["--cacert", authority.to_str().expect("a path"), "--interface", VIEWER];
    let query = format!("{front}/live/{name}/index.m3u8?token={token}");
    let path = format!("{front}/t/{token}/live/{name}/index.m3u8");
    for url in [&query, &path] {
        // Whatever a viewer claims stands at the left of what nginx adds.
        for claim in [
            "x-none: 0",
            "x-forwarded-for: 203.0.113.7",
            "x-forwarded-for: 127.0.0.9",
        ] {
            let answer = curl(
                &[&viewer[..], &["--header", claim, "--referer", url, url]].concat(),
                None,
            )
            .await;
            assert_eq!(answer.status, 200, "{claim}: {}", answer.text());
        }
        let claim = format!("x-forwarded-for: {VIEWER}");
        let elsewhere = ["--cacert", viewer[1], "--header", &claim, url];
        assert_eq!(curl(&elsewhere, None).await.reason().as_deref(), Some("TOKEN_IP"));
    }
    assert_eq!(addresses(&admin, "behind-nginx").await, [VIEWER]);
    // Addresses that somebody mistyped are logged too.
    let handle = format!("h_{}", &token[token.len() - 22..]);
    for mistyped in [
        format!("/t/{token}"),
        format!("/T/{token}/live/{name}/index.m3u8"),
        format!("/t/-/live/{name}/index.m3u8/{token}"),
        format!("/live/{name}/index.m3u8;token={token}"),
        format!("/live/{token}/index.m3u8"),
        format!("/live/{name}/{handle}"),
    ] {
        let answer = curl(&[&viewer[..], &[&format!("{front}{mistyped}")]].concat(), None).await;
        assert_ne!(answer.status, 502, "{mistyped}");
    }
    // By the proxy's word it came by HTTPS, to the host that the visitor sees.
    let input = json!({ "email": "admin@northwind.example", "password": password(&server) });
    let query = "mutation($input: SignInInput!) { signIn(input: $input) { errors { code } } }";
    let body = json!({ "query": query, "variables": { "input": input } }).to_string();
    let origin = format!("origin: {front}");
    let graphql = format!("{front}/graphql");
    let asked = [
        "--header",
        "content-type: application/json",
        "--header",
        &origin,
        &graphql,
    ];
    let answer = curl(&[&viewer[..], &asked].concat(), Some(&body)).await;
    let cookie = answer
        .header("set-cookie")
        .unwrap_or_else(|| panic!("{}", answer.text()));
    assert!(cookie.ends_with("; Secure"), "{cookie}");
    // Past the proxy, its words are worth nothing.
    let direct = format!("{}/graphql", server.http());
    let claims = [
        "--header",
        "x-forwarded-proto: https",
        "--header",
        "content-type: application/json",
        &direct,
    ];
    let answer = curl(&claims, Some(&body)).await;
    assert!(!answer.header("set-cookie").expect("a cookie").contains("Secure"));

    // One that cannot be reached would be told of with the whole request.
    drop(server);
    let answer = curl(&[&viewer[..], &[&path]].concat(), None).await;
    assert_eq!(answer.status, 502);
    let logs = until("nginx has written its log", async || {
        let read = |name: &str| fs::read_to_string(home.path(name)).unwrap_or_default();
        let logs = read("access.log") + &read("error.log") + &read("nginx.out");
        logs.contains(" 502 ").then_some(logs)
    })
    .await;
    assert!(logs.contains(&format!("/t/-/live/{name}/index.m3u8 200")), "{logs}");
    let secret = token.rsplit('.').next().expect("a signature");
    assert!(!logs.contains(secret), "{logs}");
    assert!(!logs.contains(&handle), "{logs}");
    assert!(logs.contains(&format!(" /live/{name}/index.m3u8;token=- ")), "{logs}");
}

#[tokio::test]
async fn behind_haproxy_broadcasters_and_viewers_are_themselves_by_the_proxy_protocol() {
    let home = Home::new();
    let toml = "[http]\ntrusted_proxies = [\"127.0.0.9\"]\nproxy_protocol = true\norigin_only = [\"127.0.0.1\", \"127.0.0.7\"]\n\
                [rtmp]\nproxy_protocol = true\n";
    let server = home.demo_with(toml).await;
    let (http, rtmp) = (free_port(), free_port());
    let file = home.path("haproxy.cfg");
    let text = format!(
        "defaults\n mode tcp\n timeout connect 5s\n timeout client 1m\n timeout server 1m\n\
         listen http\n bind {http}\n server here {} send-proxy-v2 source {PROXY}\n\
         listen rtmp\n bind {rtmp}\n server here {} send-proxy-v2 source {PROXY}\n",
        server.http_address(),
        server.rtmp_address()
    );
    fs::write(&file, text).expect("a file");
    let arguments = ["-db", "-f", file.to_str().expect("a path")];
    let _haproxy = Program::start(&home.path("haproxy.log"), "/usr/sbin/haproxy", &arguments, rtmp).await;

    // Only listed networks may connect, as the proxy sees it, and without a proxy as we do.
    let page = format!("http://{http}/");
    assert_eq!(curl(&["--interface", VIEWER, &page], None).await.status, 200);
    for door in [page.as_str(), server.http()] {
        let answer = curl(&["--interface", "127.0.0.8", door], None).await;
        assert_eq!(answer.reason().as_deref(), Some("ORIGIN_ONLY"), "{door}");
    }
    let admin = Person::admin(&server).await;
    let token = token(&admin, &server, "behind-haproxy").await;
    let playlist = format!("http://{http}/live/{}/index.m3u8?token={token}", server.test().name());
    assert_eq!(curl(&["--interface", VIEWER, &playlist], None).await.status, 200);
    assert_eq!(addresses(&admin, "behind-haproxy").await, [VIEWER]);

    let url = server.encoder().ingest_url();
    let url = url.replace(&server.rtmp_address().to_string(), &rtmp.to_string());
    let encoder = Encoder::ffmpeg(&url, 10);
    let name = server.encoder().name();
    let query = "query($stream: String) { organisation { sessions(filter: { stream: $stream, door: INGEST }) { nodes { address } } } }";
    let from = until("the broadcaster is recorded", async || {
        let data = admin.ask(query, &json!({ "stream": name })).await;
        data["organisation"]["sessions"]["nodes"][0]["address"]
            .as_str()
            .map(str::to_owned)
    })
    .await;
    assert_eq!(from, "127.0.0.1");
    drop(encoder);
}

fn password(server: &Server) -> &str {
    let users = server.ready["users"].as_array().expect("users");
    let user = users
        .iter()
        .find(|user| user["email"] == "admin@northwind.example")
        .expect("a user");
    user["password"].as_str().expect("a password")
}
