//! Configuration: the embedded defaults, then a file, then the environment, then flags. Unknown keys are refused.

mod geoip;
mod http;
mod mail;
mod search;
mod secret;

use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
pub(crate) use http::{Certificate, Http, Https, Rtmp};
pub(crate) use secret::Secret;
use serde::Deserialize;

/// Every key, its default, a sentence.
pub(crate) const DEFAULTS: &str = include_str!("../portcullis.default.toml");

/// What is configured, in the types of its meaning.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// Where everything lives that must survive.
    pub(crate) data: PathBuf,
    /// Address of the database; holds a password.
    pub(crate) database_url: Secret,
    /// The key under which secrets are encrypted.
    pub(crate) master_key_file: PathBuf,
    /// Where the signed heads of the audit log are.
    pub(crate) audit_heads: PathBuf,
    /// How mails leave.
    pub(crate) mail: api::Mail,
    /// Where searches are asked, beside the database.
    pub(crate) search: Option<api::Meilisearch>,
    /// Where HTTP is, and who stands in front.
    pub(crate) http: Http,
    /// Where HTTPS is, if anywhere.
    pub(crate) https: Option<Https>,
    /// How much software may ask.
    pub(crate) rates: api::Rates,
    /// What helps whoever writes a client.
    pub(crate) tools: api::Tools,
    /// Where RTMP is.
    pub(crate) rtmp: Rtmp,
    /// For how long somebody new is let in without the control plane.
    pub(crate) stale_policy_max: Duration,
    /// Where it is said where addresses are, and by whom.
    pub(crate) geoip: geoip::Geoip,
    /// Whether addresses that customers enter may be of private networks.
    pub(crate) danger_allow_private_networks: bool,
    /// Where operations are, if anywhere.
    pub(crate) ops: Option<SocketAddr>,
    /// How long sessions may take to end.
    pub(crate) grace: Duration,
    /// What is logged.
    pub(crate) log_filter: String,
    /// How.
    pub(crate) log_format: LogFormat,
}

/// Where an installation is, as every subcommand on one is told.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Whereabouts {
    /// The folder for everything that must survive [default: ./data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A configuration file (see `portcullis configuration`)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What flags say; they win.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    /// `--config`.
    pub(crate) file: Option<PathBuf>,
    /// `--data`.
    pub(crate) data: Option<PathBuf>,
    /// `--http`.
    pub(crate) http: Option<SocketAddr>,
    /// `--rtmp`.
    pub(crate) rtmp: Option<SocketAddr>,
    /// `--ops`.
    pub(crate) ops: Option<SocketAddr>,
    /// `--demo`: what is not said otherwise is on loopback.
    pub(crate) demo: bool,
}

/// For whom the log is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// People.
    Text,
    /// Machines.
    Json,
}

impl Configuration {
    /// Reads the configuration of an installation that is not started here.
    pub(crate) fn of(whereabouts: Whereabouts) -> anyhow::Result<Self> {
        Self::read(&Flags {
            file: whereabouts.config,
            data: whereabouts.data,
            ..Flags::default()
        })
    }

    /// Reads all four layers; an error names the key.
    pub(crate) fn read(flags: &Flags) -> anyhow::Result<Self> {
        let mut layers = Figment::from(Toml::string(DEFAULTS));
        if flags.demo {
            layers = layers
                .merge(Serialized::default(
                    "http.address",
                    SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
                ))
                .merge(Serialized::default(
                    "rtmp.address",
                    SocketAddr::from((Ipv4Addr::LOCALHOST, 1935)),
                ))
                .merge(Serialized::default("graphql.introspection", true))
                .merge(Serialized::default("graphql.graphiql", true));
        }
        if let Some(file) = &flags.file {
            ensure!(file.is_file(), "--config: there is no file `{}`", file.display());
            layers = layers.merge(Toml::file_exact(file));
        }
        layers = layers.merge(Env::prefixed("PORTCULLIS__").split("__"));
        let text = |address: SocketAddr| address.to_string();
        for (key, value) in [
            ("data.dir", flags.data.as_ref().map(|path| path.display().to_string())),
            ("http.address", flags.http.map(text)),
            ("rtmp.address", flags.rtmp.map(text)),
            ("ops.address", flags.ops.map(text)),
        ] {
            if let Some(value) = value {
                layers = layers.merge(Serialized::default(key, value));
            }
        }
        let keys: Keys = layers.extract().context("the configuration is refused")?;
        keys.parse(flags.demo)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    data: Data,
    database: Database,
    secrets: Secrets,
    audit: Audit,
    mail: mail::Mail,
    search: search::Store,
    http: http::HttpKeys,
    https: http::HttpsKeys,
    acme: http::AcmeKeys,
    graphql: Graphql,
    rtmp: http::RtmpKeys,
    media: Media,
    geoip: geoip::GeoipKeys,
    outbound: Outbound,
    ops: Ops,
    shutdown: Shutdown,
    log: Log,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    dir: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Database {
    url: String,
    url_file: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Secrets {
    master_key_file: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Audit {
    heads_dir: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Graphql {
    token_requests_per_minute: NonZeroU32,
    organisation_requests_per_minute: NonZeroU32,
    introspection: bool,
    graphiql: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Media {
    stale_policy_max_s: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outbound {
    danger_allow_private_networks: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ops {
    address: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shutdown {
    grace_s: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Log {
    filter: String,
    format: LogFormat,
}

impl Keys {
    fn parse(self, demo: bool) -> anyhow::Result<Configuration> {
        let http = self.http.parse()?;
        let https = self.https.parse(self.acme, &self.data.dir)?;
        let rtmp = self.rtmp.parse(&http)?;
        let ops = if self.ops.address.is_empty() {
            None
        } else {
            Some(address("ops.address", &self.ops.address)?)
        };
        if demo {
            for (key, address) in [
                ("http.address", Some(http.address)),
                ("https.address", https.as_ref().map(|https| https.address)),
                ("rtmp.address", Some(rtmp.address)),
                ("ops.address", ops),
            ] {
                let open = address.is_some_and(|address| !address.ip().is_loopback());
                ensure!(
                    !open,
                    "{key}: --demo has known passwords and binds loopback addresses only"
                );
            }
        }
        ensure!(
            (0..=8).contains(&self.shutdown.grace_s),
            "shutdown.grace_s: must be 0 to 8 seconds"
        );
        ensure!(
            (0..=DAY_S).contains(&self.media.stale_policy_max_s),
            "media.stale_policy_max_s: must be 0 to {DAY_S} seconds"
        );
        Ok(Configuration {
            database_url: self.database.parse(&self.data.dir)?,
            master_key_file: path_or(&self.secrets.master_key_file, self.data.dir.join("master.key")),
            audit_heads: path_or(&self.audit.heads_dir, self.data.dir.join("audit-heads")),
            mail: self.mail.parse(&self.data.dir)?,
            search: self.search.parse()?,
            data: self.data.dir,
            http,
            https,
            rates: api::Rates {
                token: self.graphql.token_requests_per_minute,
                organisation: self.graphql.organisation_requests_per_minute,
            },
            tools: api::Tools {
                introspection: self.graphql.introspection,
                graphiql: self.graphql.graphiql,
            },
            rtmp,
            stale_policy_max: Duration::from_secs(self.media.stale_policy_max_s),
            geoip: self.geoip.parse()?,
            danger_allow_private_networks: self.outbound.danger_allow_private_networks,
            ops,
            grace: Duration::from_secs(self.shutdown.grace_s),
            log_filter: self.log.filter,
            log_format: self.log.format,
        })
    }
}

impl Database {
    fn parse(self, data: &Path) -> anyhow::Result<Secret> {
        let url = if self.url_file.is_empty() {
            self.url
        } else {
            std::fs::read_to_string(&self.url_file)
                .with_context(|| format!("database.url_file: cannot read `{}`", self.url_file))?
                .trim()
                .to_owned()
        };
        match url.split_once(':').map(|(scheme, _)| scheme) {
            None if url.is_empty() => Ok(Secret::new(format!(
                "sqlite://{}?mode=rwc",
                data.join("portcullis.db").display()
            ))),
            Some("sqlite" | "postgres" | "postgresql") => Ok(Secret::new(url)),
            _ => bail!("database.url: must begin with sqlite:// or postgres://"),
        }
    }
}

fn address(key: &str, text: &str) -> anyhow::Result<SocketAddr> {
    text.parse()
        .with_context(|| format!("{key}: `{text}` is not an address and a port, as in 0.0.0.0:8080"))
}

fn public(key: &str, text: &str, schemes: &[&str]) -> anyhow::Result<Option<String>> {
    if text.is_empty() {
        return Ok(None);
    }
    ensure!(
        schemes.iter().any(|scheme| text.starts_with(scheme)),
        "{key}: must begin with {}",
        schemes.join(" or ")
    );
    Ok(Some(text.trim_end_matches('/').to_owned()))
}

fn path_or(text: &str, default: PathBuf) -> PathBuf {
    if text.is_empty() { default } else { text.into() }
}

const DAY_S: u64 = 24 * 3600;

#[cfg(test)]
mod tests {
    use super::{Configuration, DEFAULTS, Flags};

    fn read(toml: &str, demo: bool) -> Result<Configuration, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), toml).unwrap();
        let flags = Flags {
            file: Some(file.path().to_owned()),
            demo,
            ..Flags::default()
        };
        Configuration::read(&flags).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn the_defaults_are_complete_and_valid() {
        let configuration = read("", false).unwrap();
        assert_eq!(configuration.http.address.port(), 8080);
        assert_eq!(configuration.ops, None);
        assert_eq!(configuration.stale_policy_max.as_secs(), 3600);
        assert!(configuration.https.is_none() && configuration.http.only.is_none());
    }

    #[test]
    fn every_key_has_a_sentence() {
        let lines: Vec<_> = DEFAULTS.lines().collect();
        for (number, line) in lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.contains(" = ") && !line.starts_with('#'))
        {
            assert!(lines[number - 1].starts_with("# "), "`{line}` has no sentence above it");
        }
    }

    #[test]
    fn a_refused_configuration_names_its_key() {
        for (toml, key) in [
            ("[http]\nadress = \"x\"", "adress"),
            ("[http]\naddress = \"8080\"", "http.address"),
            ("[database]\nurl = \"mysql://x\"", "database.url"),
            ("[shutdown]\ngrace_s = 60", "shutdown.grace_s"),
            ("[shutdown]\ngrace_s = \"x\"", "shutdown.grace_s"),
            ("[rtmp]\npublic_url = \"http://x\"", "rtmp.public_url"),
            ("[media]\nstale_policy_max_s = 86401", "media.stale_policy_max_s"),
            ("[media]\nstale_policy_max_s = -1", "media.stale_policy_max_s"),
            ("[mail]\nfrom = \"x\"", "mail.from"),
            (
                "[mail]\nhost = \"mail.example.com\"\nsecurity = \"none\"",
                "mail.security",
            ),
            ("[mail]\nhost = \"mail.example.com\"\nuser = \"u\"", "mail.user"),
            (
                "[mail]\nhost = \"mail.example.com\"\nca_file = \"/nowhere\"",
                "mail.ca_file",
            ),
            ("[mail]\nsecurity = \"ssl\"", "mail.security"),
            ("[search]\nmeilisearch_url = \"x\"", "search.meilisearch_url"),
            ("[search]\ntimeout_ms = 1", "search.timeout_ms"),
            (
                "[search]\nmeilisearch_url = \"http://localhost:7700\"\nindex_prefix = \"a b\"",
                "search.index_prefix",
            ),
            (
                "[search]\nmeilisearch_url = \"http://localhost:7700\"\nsearch_key = \"k\"",
                "search.search_key_uid",
            ),
            (
                "[search]\nmeilisearch_url = \"http://localhost:7700\"\napi_key_file = \"/nowhere\"",
                "search.api_key_file",
            ),
            ("[http]\ntrusted_proxies = [\"10.0.0.0/40\"]", "http.trusted_proxies"),
            ("[http]\ntrusted_proxies = [\"0.0.0.0/0\"]", "http.trusted_proxies"),
            ("[http]\ntrusted_proxies = \"10.0.0.1\"", "http.trusted_proxies"),
            ("[http]\norigin_only = [\"cdn\"]", "http.origin_only"),
            ("[http]\nproxy_protocol = true", "http.proxy_protocol"),
            ("[rtmp]\nproxy_protocol = true", "rtmp.proxy_protocol"),
            ("[https]\naddress = \"0.0.0.0:8443\"", "https.certificate_file"),
            ("[https]\nself_signed = true", "https.address"),
            ("[https]\ncertificate_file = \"/a\"", "https.key_file"),
            (
                "[https]\nself_signed = true\n[acme]\nnames = [\"a.test\"]",
                "https.certificate_file",
            ),
            ("[geoip]\ncredits = \"DB-IP\"", "geoip.credits"),
            ("[geoip]\ncredits = [{ text = \"DB-IP\" }]", "geoip.credits"),
            (
                "[geoip]\ncredits = [{ text = \"DB-IP\", url = \"https://db-ip.com\" }]",
                "geoip.credits",
            ),
            (
                "[geoip]\ncountry_file = \"/a\"\ncredits = [{ text = \" \", url = \"https://db-ip.com\" }]",
                "geoip.credits[0]: text",
            ),
            (
                "[geoip]\ncountry_file = \"/a\"\ncredits = [{ text = \"DB-IP\", url = \"javascript:alert(1)\" }]",
                "geoip.credits[0]: url",
            ),
            ("[acme]\nnames = [\"*.a.test\"]", "acme.names"),
            ("[acme]\nnames = [\"192.0.2.1\"]", "acme.names"),
            ("[acme]\nnames = [\"a.test\"]\ncontact = \"x\"", "acme.contact"),
            ("[acme]\ndirectory_url = \"http://a.test\"", "acme.directory_url"),
            ("[acme]\nnames = [\"a.test\"]\nca_file = \"/nowhere\"", "acme.ca_file"),
        ] {
            let refusal = read(toml, false).unwrap_err();
            assert!(refusal.contains(key), "{refusal}");
        }
    }

    #[test]
    fn a_demo_is_never_open_to_the_world() {
        assert!(read("", true).unwrap().http.address.ip().is_loopback());
        for (toml, key) in [
            ("[http]\naddress = \"0.0.0.0:8080\"", "http.address"),
            (
                "[https]\naddress = \"0.0.0.0:8443\"\nself_signed = true",
                "https.address",
            ),
        ] {
            let refusal = read(toml, true).unwrap_err();
            assert!(refusal.contains(key), "{refusal}");
        }
    }

    #[test]
    fn the_schema_and_its_editor_are_there_in_a_demo_or_where_they_are_wanted() {
        let tools = |toml, demo| {
            let read = read(toml, demo).unwrap();
            (read.tools.introspection, read.tools.graphiql)
        };
        assert_eq!(tools("", false), (false, false));
        assert_eq!(tools("", true), (true, true));
        assert_eq!(tools("[graphql]\nintrospection = true", false), (true, false));
        assert_eq!(tools("[graphql]\ngraphiql = false", true), (true, false));
    }

    #[test]
    fn a_password_in_the_configuration_is_not_printed() {
        let configuration = read("[database]\nurl = \"postgres://u:hunter2@h/d\"", false).unwrap();
        assert!(!format!("{configuration:?}").contains("hunter2"));
        let search = "[search]\nmeilisearch_url = \"http://localhost:7700\"\napi_key = \"hunter2\"";
        let configuration = read(search, false).unwrap();
        assert!(configuration.search.is_some() && !format!("{configuration:?}").contains("hunter2"));
    }
}
