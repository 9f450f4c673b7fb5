//! What is decided, step by step, as somebody would who has read the rules and nothing else.

use guard::{
    Reason, Timestamp,
    policy::{Package, SecurePlayback, StreamStanding},
    rules::{Action, Doors, Kind, Matcher, Mode, RuleScope},
};
use serde_json::{Value, json};

use super::World;
use crate::scene::{NOW, STREAMS, organisation, scene};

/// The same decision. `None` where it passes.
pub(super) fn naive(world: &World, running: bool, now: Timestamp) -> Option<Reason> {
    let (name, claims) = (world.name(), &world.claims);
    let theirs = name.starts_with("7KQ2M");
    let acts = theirs && world.settings.lacks != Some(Package::Guardian);
    if acts && let Some(reason) = naive_guardian(world, now) {
        return Some(reason);
    }
    let policy = &scene().policy;
    let stream = policy.stream(&name.parse().unwrap());
    let has = |claim: &str| claims.get(claim).is_some_and(|value| !value.is_null());
    let seconds = |claim: &str| claims.get(claim).and_then(Value::as_i64);
    let number = now.s();
    let open = stream.is_some() && naive_open(world, theirs);
    let leeway = if world.settings.foreign { 30 } else { 0 };
    if !open {
        let scopes = ["streams", "groups"].iter().filter(|scope| has(scope)).count();
        if scopes > 1 {
            return Some(Reason::TokenMalformed);
        }
        if !theirs {
            return Some(Reason::TokenKey);
        }
        if !world.signed {
            return Some(Reason::TokenSignature);
        }
        if claims["aud"] != json!("play") {
            return Some(Reason::TokenAudience);
        }
        let forced = claims.get("forceDisconnect") != Some(&json!(false));
        let day = 86_400;
        let exp = match (claims.get("revocable"), seconds("iat")) {
            (Some(Value::Bool(false)), Some(iat)) => seconds("exp").unwrap().min(iat + day),
            _ => seconds("exp").unwrap(),
        };
        let end = exp + if running && !forced { day } else { leeway };
        if seconds("nbf").is_some_and(|nbf| nbf > number + leeway)
            || seconds("iat").is_some_and(|iat| iat > number + 30)
        {
            return Some(Reason::TokenNotYetValid);
        }
        if number >= end {
            return Some(Reason::TokenExpired);
        }
        for (subject, later) in &world.revoked {
            let at = NOW.s() + later;
            let covered = seconds("iat").is_none_or(|iat| iat <= at + leeway);
            let hits = match subject {
                0 => claims.get("revocable") != Some(&json!(false)),
                1 => has("user") && covered,
                4 => name == STREAMS[0] && covered,
                _ => covered,
            };
            if hits {
                return Some(Reason::TokenRevoked);
            }
        }
        if world.banned && has("user") {
            return Some(Reason::TokenUserBanned);
        }
        let unsaid = world.settings.foreign && !has("sub");
        if !unsaid && claims["sub"] != json!(organisation(1)) {
            return Some(Reason::TokenScope);
        }
        let inside = if has("groups") {
            name == "7KQ2M-GROUPED"
        } else {
            claims["streams"]
                .as_array()
                .is_some_and(|names| names.contains(&json!(name)))
        };
        if !inside {
            return Some(Reason::TokenScope);
        }
        let list = |claim: &str| {
            has(claim).then(|| {
                let values = claims[claim].as_array().unwrap().iter();
                values
                    .map(|value| value.as_str().unwrap().to_owned())
                    .collect::<Vec<_>>()
            })
        };
        let misses =
            |claim: &str, fits: &dyn Fn(&str) -> bool| list(claim).is_some_and(|all| !all.iter().any(|one| fits(one)));
        if misses("ip", &|network| inside_network(world.address, network).is_some()) {
            return Some(Reason::TokenIp);
        }
        if misses("domains", &|pattern| host_fits(world.referrer.1, pattern).is_some()) {
            return Some(Reason::TokenDomain);
        }
        if misses("countries", &|country| country == world.country) {
            return Some(Reason::TokenCountry);
        }
        if misses("asns", &|asn| asn == world.asn) {
            return Some(Reason::TokenAsn);
        }
        if has("ua") && claims["ua"] != json!(world.agent) {
            return Some(Reason::TokenUserAgent);
        }
        if name == "7KQ2M-MFA" && claims.get("amr") != Some(&json!(["mfa"])) {
            return Some(Reason::TokenMfa);
        }
    }
    let Some(stream) = stream else {
        return Some(Reason::StreamUnknown);
    };
    if world.settings.suspended || !theirs {
        return Some(Reason::OrganisationSuspended);
    }
    if stream.standing == StreamStanding::Locked {
        return Some(Reason::StreamLocked);
    }
    (!running && !world.publisher).then_some(Reason::StreamOffline)
}

/// Whether the stream needs no token. The second organisation has every package, and wants tokens.
fn naive_open(world: &World, theirs: bool) -> bool {
    let settings = world.settings;
    let lacks = theirs && settings.lacks == Some(Package::Secure);
    match settings.own {
        SecurePlayback::Inherit => lacks || theirs && !settings.secure,
        SecurePlayback::Required => lacks,
        SecurePlayback::Open => true,
    }
}

/// Every rule is looked at; those that fit are sorted, and the first one counts.
fn naive_guardian(world: &World, now: Timestamp) -> Option<Reason> {
    for kind in Kind::ALL {
        let mut fitting = Vec::new();
        for rule in &world.rules {
            let there = rule.matcher.kind() == kind
                && rule.mode == Mode::Enforce
                && rule.doors != Doors::Ingest
                && rule.expires.is_none_or(|expires| now < expires);
            let narrowness = match rule.scope {
                RuleScope::Organisation => Some(0),
                RuleScope::Group(_) => (world.name() == "7KQ2M-GROUPED").then_some(1),
                RuleScope::Stream(id) => {
                    let stream = scene().policy.stream(&world.name().parse().unwrap());
                    stream.is_some_and(|stream| stream.id == id).then_some(2)
                }
            };
            let value = rule.matcher.to_string();
            let specific = match &rule.matcher {
                Matcher::Ip(_) => inside_network(world.address, &value),
                Matcher::Asn(_) => word_fits(world.asn, &value),
                Matcher::Country(_) => word_fits(world.country, &value),
                Matcher::Referrer(_) => host_fits(world.referrer.1, &value),
                Matcher::UserAgent(_) => agent_fits(world.agent, &value),
            };
            if let (true, Some(narrowness), Some(specific)) = (there, narrowness, specific) {
                fitting.push((specific, narrowness, rule.action == Action::Deny));
            }
        }
        fitting.sort_unstable();
        if fitting.last().is_some_and(|(_, _, deny)| *deny) {
            return Some(kind.reason());
        }
    }
    None
}

/// Bit by bit; the length of the prefix.
fn inside_network(address: &str, network: &str) -> Option<usize> {
    let bits = |text: &str| -> Vec<bool> {
        let text = text.strip_prefix("::ffff:").unwrap_or(text);
        match text.parse().unwrap() {
            std::net::IpAddr::V4(four) => (0..32).rev().map(|bit| four.to_bits() >> bit & 1 == 1).collect(),
            std::net::IpAddr::V6(six) => (0..128).rev().map(|bit| six.to_bits() >> bit & 1 == 1).collect(),
        }
    };
    let (base, length) = network.split_once('/').unwrap_or((network, ""));
    let (address, base_bits) = (bits(address), bits(base));
    let mut length = length.parse().unwrap_or(base_bits.len());
    if base.starts_with("::ffff:") && length >= 96 {
        length -= 96;
    }
    (address.len() == base_bits.len() && address[..length] == base_bits[..length]).then_some(length)
}

fn word_fits(value: &str, wanted: &str) -> Option<usize> {
    match wanted {
        "*" => Some(0),
        "none" => (value == "none").then_some(1),
        wanted => (value == wanted).then_some(2),
    }
}

fn host_fits(host: &str, pattern: &str) -> Option<usize> {
    match pattern {
        "*" => Some(0),
        "none" => host.is_empty().then_some(1),
        _ if host.is_empty() => None,
        _ => {
            let labels: Vec<_> = host.split('.').collect();
            match pattern.strip_prefix("*.") {
                None => (host == pattern).then_some(1000),
                Some(above) => {
                    let above: Vec<_> = above.split('.').collect();
                    (labels.len() > above.len() && labels.ends_with(&above)).then_some(above.len() + 1)
                }
            }
        }
    }
}

fn agent_fits(agent: &str, pattern: &str) -> Option<usize> {
    fn glob(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => {
                glob(rest, text) || text.split_first().is_some_and(|(_, text)| glob(pattern, text))
            }
            (Some((one, rest)), Some((other, text))) => one == other && glob(rest, text),
            _ => false,
        }
    }
    match pattern {
        "*" => Some(0),
        "none" => agent.is_empty().then_some(1),
        _ if agent.is_empty() => None,
        _ => glob(pattern.as_bytes(), agent.as_bytes()).then_some(2 + pattern.replace('*', "").len()),
    }
}
