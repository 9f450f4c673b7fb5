//! Certificates by ACME, from pebble, which finds its proofs at our HTTP door.

use std::{fs, net::SocketAddr, os::unix::fs::PermissionsExt, path::Path};

use crate::stage::{Home, Program, certify, curl, free_port, shows, until};

/// An authority, and who tells it that every name is this machine.
struct Authority {
    _names: Program,
    _pebble: Program,
    management: SocketAddr,
}

impl Authority {
    /// `proofs`: where it looks for proofs, instead of port 80. `folder` holds its own certificate.
    async fn start(home: &Home, listens: SocketAddr, proofs: SocketAddr) -> Self {
        let [names, asked, management] = [free_port(), free_port(), free_port()];
        let log = home.path("pebble.log");
        let arguments = [
            ("-dns01", names.to_string()),
            ("-management", asked.to_string()),
            ("-defaultIPv4", "127.0.0.1".to_owned()),
            ("-defaultIPv6", String::new()),
            ("-http01", String::new()),
            ("-https01", String::new()),
            ("-tlsalpn01", String::new()),
        ];
        let arguments: Vec<_> = arguments
            .iter()
            .flat_map(|(name, value)| [*name, value.as_str()])
            .collect();
        let answers = Program::start(&log, "pebble-challtestsrv", &arguments, asked).await;
        let configuration = home.path("pebble.json");
        let pebble = serde_json::json!({ "pebble": {
            "listenAddress": listens.to_string(),
            "managementListenAddress": management.to_string(),
            "certificate": home.path("authority.pem"),
            "privateKey": home.path("authority.key"),
            "httpPort": proofs.port(),
            "tlsPort": 1,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        }});
        fs::write(&configuration, pebble.to_string()).expect("a file");
        let arguments = [
            "-config",
            configuration.to_str().expect("a path"),
            "-dnsserver",
            &names.to_string(),
        ];
        // It really looks for proofs, and at once.
        let environment = ["PEBBLE_VA_ALWAYS_VALID=0", "PEBBLE_VA_NOSLEEP=1", "pebble"];
        let pebble = Program::start(&log, "env", &[&environment[..], &arguments].concat(), listens).await;
        Self {
            _names: answers,
            _pebble: pebble,
            management,
        }
    }

    /// Whom one has to believe to believe what it issues.
    async fn root(&self, file: &Path) {
        let root = curl(&[&format!("https://{}/roots/0", self.management)], None).await;
        fs::write(file, root.body).expect("a file");
    }
}

#[tokio::test]
async fn a_certificate_is_issued_for_a_proof_at_the_door_and_kept_over_a_restart() {
    let home = Home::new();
    certify(&home.path("authority.pem"), &home.path("authority.key")).await;
    // The authority has to be told of our door before it is there.
    let (listens, clear) = (free_port(), free_port());
    let authority = Authority::start(&home, listens, clear).await;
    let file = home.path("acme.toml");
    let toml = format!(
        "[https]\naddress = \"127.0.0.1:0\"\n[acme]\nnames = [\"live.example.test\", \"www.example.test\"]\n\
         contact = \"you@example.test\"\ndirectory_url = \"https://{listens}/dir\"\nca_file = \"{}\"\n",
        home.path("authority.pem").display()
    );
    fs::write(&file, toml).expect("a file");
    let clear = clear.to_string();
    let file = file.to_str().expect("a path");
    let arguments = ["--demo", "--http", &clear, "--rtmp", "127.0.0.1:0", "--config", file];
    let server = home.ready(home.spawn(&arguments)).await;
    let issued = home.data().join("acme/certificate.pem");
    until("a certificate is issued", async || issued.exists().then_some(())).await;

    let root = home.path("root.pem");
    authority.root(&root).await;
    let verified = async |address: SocketAddr, name: &str| {
        let arguments = ["-servername", name, "-verify_hostname", name, "-verify_return_error"];
        let believed = ["-CAfile", root.to_str().expect("a path")];
        let (_, said) = shows(address, &[&arguments[..], &believed].concat()).await;
        said.contains("Verify return code: 0 (ok)")
    };
    for name in ["live.example.test", "www.example.test"] {
        until("it is shown", async || {
            verified(server.http_address(), name).await.then_some(())
        })
        .await;
    }
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&home.data().join("acme")), 0o700);
    for kept in ["certificate.pem", "account.json"] {
        assert_eq!(mode(&home.data().join("acme").join(kept)), 0o600, "{kept}");
    }
    // A proof that nobody asks for is none.
    let asked = format!("http://{clear}/.well-known/acme-challenge/token");
    assert_eq!(curl(&[&asked], None).await.status, 404);

    // The authority is gone: what is kept is shown.
    drop(authority);
    assert!(server.stop().await.0.success());
    let server = home.ready(home.spawn(&arguments)).await;
    assert!(verified(server.http_address(), "live.example.test").await);
    assert!(!home.log().contains("no certificate was issued"), "{}", home.log());
}

#[tokio::test]
async fn an_authority_that_finds_no_proof_is_asked_again_and_all_else_goes_on() {
    let home = Home::new();
    certify(&home.path("authority.pem"), &home.path("authority.key")).await;
    // It looks at a door that is not ours.
    let listens = free_port();
    let _authority = Authority::start(&home, listens, free_port()).await;
    let server = home
        .demo_with(&format!(
            "[https]\naddress = \"127.0.0.1:0\"\n[acme]\nnames = [\"live.example.test\"]\n\
             directory_url = \"https://{listens}/dir\"\nca_file = \"{}\"\n",
            home.path("authority.pem").display()
        ))
        .await;
    until("it is refused", async || {
        home.log().contains("no certificate was issued").then_some(())
    })
    .await;
    assert!(home.log().contains("again_in_s=60"), "{}", home.log());
    let (shaken, _) = shows(server.http_address(), &[]).await;
    assert!(!shaken, "there is nothing to show");
    let sent = curl(&[&format!("http://{}/", server.clear())], None).await;
    assert_eq!(sent.status, 301);
}
