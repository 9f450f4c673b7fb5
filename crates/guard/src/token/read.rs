//! From a token's JSON to its claims.

use std::{str::FromStr, sync::Arc, time::Duration};

use ipnet::IpNet;
use serde_json::{Map, Value};

use super::{Claims, Jti, Malformed, Scope};
use crate::{
    Timestamp, address,
    agent::AgentClaim,
    key::Dialect,
    place::{Asn, Country},
};

/// Reads the claims of a payload that is written in `dialect`; `unnamed` is the id of one that has none.
pub(super) fn claims(
    payload: &Map<String, Value>,
    dialect: &Dialect,
    unnamed: impl FnOnce() -> Jti,
) -> Result<Claims, Malformed> {
    let payload = dialect.translate(payload)?;
    let wire = Wire(&payload);
    wire.critical()?;
    let exp = wire.present("exp").ok_or(Malformed::NoExpiry)?;
    Ok(Claims {
        jti: match wire.text("jti")? {
            None => unnamed(),
            Some(jti) if jti.is_empty() || jti.len() > MAX_JTI || jti.starts_with("sha256:") => {
                return Err(Malformed::Jti);
            }
            Some(jti) => jti,
        },
        sub: wire.text("sub")?,
        aud: wire.present("aud").and_then(Value::as_str).map(Arc::from),
        iat: wire.present("iat").map(time).transpose()?,
        nbf: wire.present("nbf").map(time).transpose()?,
        exp: time(exp)?,
        scope: wire.scope()?,
        ip: wire.networks()?,
        domains: wire.parsed("domains", MAX_DOMAINS)?,
        countries: wire.parsed::<Country>("countries", usize::MAX)?,
        asns: wire.asns()?,
        ua: wire.agent()?,
        user: wire.text("user")?.filter(|user| !user.is_empty()),
        tag: wire.text("tag")?.filter(|tag| !tag.is_empty()),
        max_sessions: wire.count("maxSessions")?,
        bind_ips: wire.count("bindIps")?,
        max_uses: wire.count("maxUses")?,
        revocable: wire.flag("revocable")?.unwrap_or(true),
        force_disconnect: wire.flag("forceDisconnect")?,
        mfa: wire.texts("amr")?.is_some_and(|methods| methods.contains(&"mfa")),
    })
}

struct Wire<'a>(&'a Map<String, Value>);

impl<'a> Wire<'a> {
    /// The claim; `null` is as good as absent.
    fn present(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A name that people and tables read: of bounded length, without control characters.
    fn text(&self, name: &'static str) -> Result<Option<Arc<str>>, Malformed> {
        let is_name = |text: &&str| text.len() <= MAX_NAME && !text.contains(char::is_control);
        self.present(name)
            .map(|value| {
                value
                    .as_str()
                    .filter(is_name)
                    .map(Arc::from)
                    .ok_or(Malformed::Claim(name))
            })
            .transpose()
    }

    fn flag(&self, name: &'static str) -> Result<Option<bool>, Malformed> {
        self.present(name)
            .map(|value| value.as_bool().ok_or(Malformed::Claim(name)))
            .transpose()
    }

    /// A number from 1 on: a limit of nothing is a mistake.
    fn count(&self, name: &'static str) -> Result<Option<u32>, Malformed> {
        let count = |value: &Value| u32::try_from(value.as_u64()?).ok().filter(|count| *count > 0);
        self.present(name)
            .map(|value| count(value).ok_or(Malformed::Claim(name)))
            .transpose()
    }

    /// One value, or a list of them.
    fn many(&self, name: &str) -> Option<Vec<&'a Value>> {
        self.present(name).map(|value| match value {
            Value::Array(values) => values.iter().collect(),
            one => vec![one],
        })
    }

    fn texts(&self, name: &'static str) -> Result<Option<Vec<&'a str>>, Malformed> {
        self.many(name)
            .map(|values| {
                let texts = values.into_iter().map(Value::as_str);
                texts.collect::<Option<_>>().ok_or(Malformed::Claim(name))
            })
            .transpose()
    }

    /// Texts that each parse, `most` of them; a list of nothing is a mistake.
    fn parsed<T: FromStr>(&self, name: &'static str, most: usize) -> Result<Option<Arc<[T]>>, Malformed> {
        let Some(texts) = self.texts(name)? else {
            return Ok(None);
        };
        if !(1..=most).contains(&texts.len()) {
            return Err(Malformed::Claim(name));
        }
        let parsed = texts
            .iter()
            .map(|text| text.parse().map_err(|_| Malformed::Claim(name)));
        parsed.collect::<Result<_, _>>().map(Some)
    }

    fn networks(&self) -> Result<Option<Arc<[IpNet]>>, Malformed> {
        let Some(texts) = self.texts("ip")? else {
            return Ok(None);
        };
        if !(1..=MAX_NETWORKS).contains(&texts.len()) {
            return Err(Malformed::Ip);
        }
        let networks = texts
            .iter()
            .map(|text| address::network(text).map_err(|_| Malformed::Ip));
        networks.collect::<Result<_, _>>().map(Some)
    }

    /// Numbers, or texts such as `AS64500`.
    fn asns(&self) -> Result<Option<Arc<[Asn]>>, Malformed> {
        let Some(values) = self.many("asns") else {
            return Ok(None);
        };
        let asn = |value: &Value| match value {
            Value::Number(number) => number.to_string().parse().ok(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        let asns: Option<Arc<[Asn]>> = values.into_iter().map(asn).collect();
        match asns {
            Some(asns) if !asns.is_empty() => Ok(Some(asns)),
            _ => Err(Malformed::Claim("asns")),
        }
    }

    fn agent(&self) -> Result<Option<AgentClaim>, Malformed> {
        self.text("ua")?
            .map(|text| AgentClaim::parse(&text).ok_or(Malformed::Claim("ua")))
            .transpose()
    }

    fn scope(&self) -> Result<Scope, Malformed> {
        let organisation = self.flag("org")?.unwrap_or(false);
        let streams = self.parsed_or_none("streams")?;
        let groups = self.parsed_or_none("groups")?;
        match (streams, groups, organisation) {
            (Some(names), None, false) => Ok(Scope::Streams(names)),
            (None, Some(groups), false) => Ok(Scope::Groups(groups)),
            (None, None, true) => Ok(Scope::Organisation),
            (None, None, false) => Ok(Scope::Nothing),
            _ => Err(Malformed::Scopes),
        }
    }

    /// Like [`Self::parsed`], but an empty list is one: it is for nothing.
    fn parsed_or_none<T: FromStr>(&self, name: &'static str) -> Result<Option<Arc<[T]>>, Malformed> {
        match self.present(name) {
            Some(Value::Array(values)) if values.is_empty() => Ok(Some(Arc::from([]))),
            _ => self.parsed(name, usize::MAX),
        }
    }

    fn critical(&self) -> Result<(), Malformed> {
        let Some(names) = self.texts("crit")? else {
            return Ok(());
        };
        if names.iter().all(|name| JUDGED.contains(name)) {
            Ok(())
        } else {
            Err(Malformed::CriticalClaim)
        }
    }
}

/// Seconds since 1970, fractions allowed (RFC 7519 NumericDate), within what a clock can show.
fn time(claim: &Value) -> Result<Timestamp, Malformed> {
    if let Some(seconds) = claim.as_i64() {
        return (0..MAX_SECONDS)
            .contains(&seconds)
            .then(|| Timestamp::from_s(seconds))
            .ok_or(Malformed::Time);
    }
    let seconds = claim.as_f64().ok_or(Malformed::Time)?;
    let span = Duration::try_from_secs_f64(seconds).map_err(|_| Malformed::Time)?;
    // To the nearest microsecond: what somebody wrote as one is that one.
    (seconds < MAX_SECONDS_F)
        .then(|| Timestamp::default().plus(span.saturating_add(HALF_A_MICROSECOND)))
        .ok_or(Malformed::Time)
}

const HALF_A_MICROSECOND: Duration = Duration::from_nanos(500);
const MAX_NETWORKS: usize = 10;
const MAX_DOMAINS: usize = 10;
const MAX_JTI: usize = 256;
const MAX_NAME: usize = 512;
/// The year 2286: what lies beyond is milliseconds by mistake.
const MAX_SECONDS: i64 = 10_000_000_000;
const MAX_SECONDS_F: f64 = 1e10;
/// Every time that a token can name lies before it.
pub const LATEST: Timestamp = Timestamp::from_s(MAX_SECONDS);

/// Claims that have a meaning and are not judged: an issuer is known by its key.
pub(crate) const NOT_JUDGED: &[&str] = &["iss"];
/// Every claim that is judged.
pub(crate) const JUDGED: &[&str] = &[
    "sub",
    "aud",
    "jti",
    "iat",
    "nbf",
    "exp",
    "streams",
    "groups",
    "org",
    "ip",
    "domains",
    "countries",
    "asns",
    "ua",
    "user",
    "tag",
    "maxSessions",
    "bindIps",
    "revocable",
    "forceDisconnect",
    "maxUses",
    "amr",
    "crit",
];
