//! Certificates, with openssl.

use std::{fs, net::SocketAddr, path::Path, process::Stdio};

use tempfile::TempDir;
use tokio::process::Command;

/// Makes a certificate of its own making for `localhost` and 127.0.0.1, and its key.
pub(crate) async fn certify(certificate: &Path, key: &Path) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args(["-days", "2", "-subj", "/CN=a test"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(key)
        .arg("-out")
        .arg(certificate)
        .output()
        .await
        .expect("openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// An authority of an operator's own, in a folder that is gone with this value.
pub(crate) struct Authority(TempDir);

impl Authority {
    pub(crate) async fn new() -> Self {
        let authority = Self(tempfile::tempdir().expect("a folder"));
        fs::write(authority.file("none.cnf"), "[req]\ndistinguished_name = dn\n[dn]\n").expect("a file");
        let is_one = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"];
        authority.request("ca", &is_one, &[]).await;
        authority
    }

    /// What clients are given to believe.
    pub(crate) fn certificate(&self) -> String {
        self.file("ca.pem")
    }

    /// A certificate for a server at 127.0.0.1: its file, and its key's.
    pub(crate) async fn signs(&self) -> [String; 2] {
        let (ca, key) = (self.file("ca.pem"), self.file("ca.key"));
        let is_none = ["basicConstraints=critical,CA:FALSE", "subjectAltName=IP:127.0.0.1"];
        self.request("server", &is_none, &["-CA", &ca, "-CAkey", &key]).await;
        [self.file("server.pem"), self.file("server.key")]
    }

    async fn request(&self, name: &str, extensions: &[&str], signer: &[&str]) {
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        openssl.args(["-nodes", "-days", "2", "-subj", &format!("/CN={name}")]);
        openssl.args(["-config", &self.file("none.cnf")]);
        openssl.args(["-keyout", &self.file(&format!("{name}.key"))]);
        openssl.args(["-out", &self.file(&format!("{name}.pem"))]);
        for extension in extensions {
            openssl.args(["-addext", extension]);
        }
        let made = openssl.args(signer).output().await.expect("openssl");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    fn file(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("a path").to_owned()
    }
}

/// What `openssl s_client` tells of a handshake, and whether there was one.
pub(crate) async fn shows(address: SocketAddr, arguments: &[&str]) -> (bool, String) {
    let asked = Command::new("openssl")
        .args(["s_client", "-connect", &address.to_string()])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .expect("openssl");
    let said = [asked.stdout, asked.stderr].concat();
    (asked.status.success(), String::from_utf8_lossy(&said).into_owned())
}
