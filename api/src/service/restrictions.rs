//! What a token asks of whoever uses it, beside their address, as people say it and as claims.

use std::{net::IpAddr, str::FromStr};

use guard::{AgentClaim, Asn, Country, HostPattern};
use serde_json::{Value, json};

use crate::fault::Fault;

/// Who may use a token, and how often; what is empty restricts nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Restrictions {
    /// Hosts of pages, as in `example.com` or `*.example.com`.
    pub(crate) domains: Vec<String>,
    /// Codes of ISO 3166-1 alpha-2.
    pub(crate) countries: Vec<String>,
    /// Numbers of networks.
    pub(crate) asns: Vec<i64>,
    /// What the player must call itself, or `sha256:` and the digest of it.
    pub(crate) user_agent: Option<String>,
    /// Sessions at once.
    pub(crate) max_sessions: Option<i64>,
    /// Addresses that it locks itself to.
    pub(crate) bind_ips: Option<i64>,
    /// Admissions in all.
    pub(crate) max_uses: Option<i64>,
}

impl Restrictions {
    /// As claims; a fault names the field that cannot be meant.
    pub(crate) fn claims(&self) -> Result<Vec<(&'static str, Value)>, Fault> {
        let asns: Vec<_> = self.asns.iter().map(ToString::to_string).collect();
        let networks = list::<Asn>("asns", &asns, "one to 100 numbers of networks, as in 64500")?;
        let lists = [
            ("domains", domains(&self.domains)?.map(|domains| json!(domains))),
            (
                "countries",
                list::<Country>("countries", &self.countries, "countries by their codes, as in DE")?
                    .map(|countries| json!(countries)),
            ),
            ("asns", networks.map(|networks| numbers(&networks))),
            ("ua", self.agent()?.map(Value::from)),
            ("maxSessions", count("maxSessions", self.max_sessions)?),
            ("bindIps", count("bindIps", self.bind_ips)?),
            ("maxUses", count("maxUses", self.max_uses)?),
        ];
        Ok(lists
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect())
    }

    fn agent(&self) -> Result<Option<&str>, Fault> {
        let Some(text) = self.user_agent.as_deref() else {
            return Ok(None);
        };
        let is_plain = (1..=AGENT).contains(&text.len()) && !text.contains(char::is_control);
        if is_plain && AgentClaim::parse(text).is_some() {
            return Ok(Some(text));
        }
        let message = "what the player calls itself, 512 bytes at most without control characters, or `sha256:` and the digest of it";
        Err(Fault::field("userAgent", "INVALID", message))
    }
}

fn domains(texts: &[String]) -> Result<Option<Vec<String>>, Fault> {
    let message = "one to ten hosts, as in example.com or *.example.com";
    if texts.len() > DOMAINS {
        return Err(Fault::field("domains", "INVALID", message));
    }
    Ok(list::<HostPattern>("domains", texts, message)?.map(|_| texts.to_vec()))
}

/// Texts that each mean something; none where there are none.
fn list<T: FromStr>(field: &str, texts: &[String], message: &str) -> Result<Option<Vec<T>>, Fault> {
    let bad = || Fault::field(field, "INVALID", message);
    if texts.is_empty() {
        return Ok(None);
    }
    if texts.len() > VALUES {
        return Err(bad());
    }
    let parsed = texts.iter().map(|text| text.parse().map_err(|_| bad()));
    parsed.collect::<Result<_, _>>().map(Some)
}

fn numbers(networks: &[Asn]) -> Value {
    networks.iter().map(|asn| asn.number()).collect()
}

fn count(field: &str, number: Option<i64>) -> Result<Option<Value>, Fault> {
    let Some(number) = number else { return Ok(None) };
    u32::try_from(number)
        .ok()
        .filter(|number| *number > 0)
        .map(|number| Some(number.into()))
        .ok_or_else(|| Fault::field(field, "INVALID", "a number from 1 on"))
}

/// Addresses and networks in their shortest form.
pub(crate) fn networks(texts: &[String]) -> Result<Vec<String>, Fault> {
    let bad = || {
        Fault::field(
            "ip",
            "INVALID",
            "one to ten addresses or networks, as in 192.0.2.7 or 2001:db8::/32",
        )
    };
    if !(1..=NETWORKS).contains(&texts.len()) {
        return Err(bad());
    }
    let checked = |text: &String| {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u8>().map_err(|_| bad())?)),
            None => (text.as_str(), None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| bad())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        match length {
            Some(length) if length <= most => Ok(format!("{address}/{length}")),
            Some(_) => Err(bad()),
            None => Ok(guard::fold(address).to_string()),
        }
    };
    texts.iter().map(checked).collect()
}

const DOMAINS: usize = 10;
const NETWORKS: usize = 10;
const VALUES: usize = 100;
const AGENT: usize = 512;
