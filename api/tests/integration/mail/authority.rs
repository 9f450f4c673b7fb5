//! An authority of one's own that signs certificates, as an installation's operator makes one: with openssl.

use std::{fs, path::PathBuf, process::Command};

use tempfile::TempDir;

/// An authority, in a folder that is gone with this value.
pub(super) struct Authority {
    folder: TempDir,
}

impl Authority {
    pub(super) fn new() -> Self {
        let authority = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::write(authority.file("none.cnf"), "[req]\ndistinguished_name = dn\n[dn]\n").unwrap();
        authority.request(
            "ca",
            "/CN=The operator's own",
            &["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"],
            &[],
        );
        authority
    }

    /// A certificate for a server of that name, as in `IP:127.0.0.1`: its file and its key's.
    pub(super) fn signs(&self, name: &str) -> (String, String) {
        let (ca, key) = (self.text("ca.pem"), self.text("ca.key"));
        self.request(
            "server",
            "/CN=mail",
            &["basicConstraints=critical,CA:FALSE", &format!("subjectAltName={name}")],
            &["-CA", &ca, "-CAkey", &key],
        );
        (self.text("server.pem"), self.text("server.key"))
    }

    /// A certificate that vouches for itself alone, and its key.
    pub(super) fn alone(&self, name: &str) -> (String, String) {
        self.request(
            "alone",
            "/CN=mail",
            &["basicConstraints=critical,CA:FALSE", &format!("subjectAltName={name}")],
            &[],
        );
        (self.text("alone.pem"), self.text("alone.key"))
    }

    /// What a client is given to trust.
    pub(super) fn certificate(&self) -> String {
        self.text("ca.pem")
    }

    fn request(&self, name: &str, subject: &str, extensions: &[&str], signer: &[&str]) {
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        openssl.args(["-nodes", "-days", "3650", "-subj", subject]);
        openssl.arg("-config").arg(self.file("none.cnf"));
        openssl.arg("-keyout").arg(self.file(&format!("{name}.key")));
        openssl.arg("-out").arg(self.file(&format!("{name}.pem")));
        for extension in extensions {
            openssl.args(["-addext", extension]);
        }
        let made = openssl.args(signer).output().expect("openssl");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.file(name).to_str().unwrap().to_owned()
    }
}
