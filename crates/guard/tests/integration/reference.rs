//! The decision once more, written the long way: lists instead of indexes, strings instead of types, one `if` after the
//! other. On random inputs both say the same.

use std::{collections::BTreeSet, time::Duration};

use guard::{
    Credential, Decision, Door, Facts, Policy, Presence, Reason, Request, Timestamp, Update,
    policy::{SecurePlayback, StreamStanding, Subject},
    rules::{Action, Doors, Kind, Matcher, Mode, Rule, RuleScope},
};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use super::{
    guardian::{rule, with},
    scene::{NOW, STREAMS, claims, group, organisation, reason, request, scene, settle},
};

const ADDRESSES: [&str; 7] = [
    "192.0.2.7",
    "::ffff:192.0.2.7",
    "192.0.2.200",
    "198.51.100.1",
    "2001:db8::7",
    "2001:db8:1::7",
    "2001:db9::7",
];
const NETWORKS: [&str; 12] = [
    "0.0.0.0/0",
    "128.0.0.0/1",
    "192.0.2.0/24",
    "192.0.2.0/25",
    "192.0.2.7",
    "192.0.2.6/31",
    "::ffff:192.0.2.0/123",
    "::/0",
    "2001:db8::/32",
    "2001:db8::/48",
    "2001:db8::7",
    "2001:db8::6/127",
];
const ASNS: [&str; 4] = ["64500", "64501", "none", "*"];
const COUNTRIES: [&str; 4] = ["DE", "FR", "none", "*"];
/// What a browser sends, and the host that is meant.
const REFERRERS: [(&str, &str); 9] = [
    ("", ""),
    ("null", ""),
    ("https://example.com/", "example.com"),
    ("https://app.example.com:8443/a", "app.example.com"),
    ("https://deep.app.example.com./", "deep.app.example.com"),
    ("https://evil-example.com/", "evil-example.com"),
    ("https://example.com.evil.test/", "example.com.evil.test"),
    ("https://user@BÜCHER.example/", "xn--bcher-kva.example"),
    ("http://192.0.2.1/", "192.0.2.1"),
];
const HOSTS: [&str; 10] = [
    "example.com",
    "app.example.com",
    "*.example.com",
    "*.app.example.com",
    "*.com",
    "evil-example.com",
    "xn--bcher-kva.example",
    "*.test",
    "none",
    "*",
];
const AGENTS: [&str; 4] = ["", "VLC/3.0.18", "curl/8", "Mozilla/5.0 (X11) VLC"];
const PATTERNS: [&str; 10] = [
    "VLC/3.0.18",
    "VLC/*",
    "*VLC*",
    "*3.0.18",
    "V*C*8",
    "curl/8",
    "*",
    "none",
    "*VLC",
    "M*(*)*",
];

#[derive(Clone, Debug)]
struct World {
    rules: Vec<Rule>,
    claims: Value,
    signed: bool,
    revoked: Vec<(usize, i64)>,
    banned: bool,
    stream: usize,
    address: &'static str,
    asn: &'static str,
    country: &'static str,
    referrer: (&'static str, &'static str),
    agent: &'static str,
    later_s: i64,
    publisher: bool,
}

fn a_rule(number: u64) -> impl Strategy<Value = Rule> {
    let value = prop_oneof![
        select(&NETWORKS[..]).prop_map(|value| format!("IP {value}")),
        select(&ASNS[..]).prop_map(|value| format!("ASN {value}")),
        select(&COUNTRIES[..]).prop_map(|value| format!("COUNTRY {value}")),
        select(&HOSTS[..]).prop_map(|value| format!("REFERRER {value}")),
        select(&PATTERNS[..]).prop_map(|value| format!("USER_AGENT {value}")),
    ];
    let scope = select(
        &[
            "",
            "",
            " | group",
            " | stream 7KQ2M-SECURED",
            " | stream 7KQ2M-OPEN",
            " | stream 7KQ2M-GROUPED",
        ][..],
    );
    let door = select(&["", "", "", " | both", " | ingest"][..]);
    let mode = select(&["", "", "", " | monitor"][..]);
    let until = select(&["", "", " | until 0", " | until 10", " | until 20", " | until 30"][..]);
    (select(&["ALLOW", "DENY"][..]), value, scope, door, mode, until).prop_map(
        move |(action, value, scope, door, mode, until)| {
            rule(number, &format!("{action} {value}{scope}{door}{mode}{until}"))
        },
    )
}

fn rules(most: usize) -> impl Strategy<Value = Vec<Rule>> {
    (0..most).prop_flat_map(|count| (1_u64..).take(count).map(a_rule).collect::<Vec<_>>())
}

fn maybe(value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Option<Value>> {
    prop::option::weighted(0.2, value).boxed()
}

fn some_claims() -> impl Strategy<Value = Value> {
    let texts =
        |pool: &'static [&'static str]| prop::collection::vec(select(pool), 1..3).prop_map(|texts| json!(texts));
    let claims = [
        ("ip", maybe(texts(&NETWORKS))),
        ("domains", maybe(texts(&HOSTS[..8]))),
        ("countries", maybe(texts(&COUNTRIES[..2]))),
        ("asns", maybe(texts(&ASNS[..2]))),
        ("ua", maybe(select(&AGENTS[1..]).prop_map(Value::from))),
        ("amr", maybe(select(vec![json!(["mfa"]), json!(["pwd"])]))),
        ("exp", maybe((-5..40_i64).prop_map(|later| json!(NOW.s() + later)))),
        ("nbf", maybe((-5..40_i64).prop_map(|later| json!(NOW.s() + later)))),
        ("iat", maybe((-90..60_i64).prop_map(|later| json!(NOW.s() + later)))),
        ("aud", maybe(select(vec![json!("publish"), json!(["play"])]))),
        ("sub", maybe(select(vec![Value::Null, json!(organisation(2))]))),
        (
            "streams",
            maybe(select(vec![
                Value::Null,
                json!(["7KQ2M-OTHER"]),
                json!(["7KQ2M-SECURED"]),
            ])),
        ),
        ("groups", maybe(select(vec![json!([group()])]))),
        ("revocable", maybe(Just(json!(false)))),
        ("forceDisconnect", maybe(Just(json!(false)))),
        ("user", maybe(Just(Value::Null))),
    ];
    claims
        .into_iter()
        .fold(Just(self::claims(1)).boxed(), |all, (name, claim)| {
            (all, claim)
                .prop_map(move |(mut all, claim)| {
                    if let Some(claim) = claim {
                        all[name] = claim;
                    }
                    all
                })
                .boxed()
        })
}

fn world() -> impl Strategy<Value = World> {
    let request = (
        select(&ADDRESSES[..]),
        select(&ASNS[..3]),
        select(&COUNTRIES[..3]),
        select(&REFERRERS[..]),
        select(&AGENTS[..]),
    );
    let state = (
        prop::bool::weighted(0.95),
        prop::collection::vec((0..6_usize, -90..60_i64), 0..2),
        prop::bool::weighted(0.1),
        0..STREAMS.len(),
        0..40_i64,
        prop::bool::weighted(0.9),
    );
    (rules(12), some_claims(), request, state).prop_map(|(rules, claims, request, state)| World {
        rules,
        claims,
        signed: state.0,
        revoked: state.1,
        banned: state.2,
        stream: state.3,
        address: request.0,
        asn: request.1,
        country: request.2,
        referrer: request.3,
        agent: request.4,
        later_s: state.4,
        publisher: state.5,
    })
}

impl World {
    fn name(&self) -> &'static str {
        STREAMS[self.stream]
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_s(NOW.s() + self.later_s)
    }

    fn policy(&self) -> Policy {
        let mut policy = with(self.rules.clone());
        for (subject, later) in &self.revoked {
            policy = policy.with(&Update::Revoked {
                organisation: organisation(1),
                subject: Self::subject(*subject),
                at: Timestamp::from_s(NOW.s() + later),
            });
        }
        policy.with(&Update::Banned {
            organisation: organisation(1),
            user: "viewer".into(),
            banned: self.banned,
        })
    }

    fn subject(number: usize) -> Subject {
        match number {
            0 => Subject::Token("tok".into()),
            1 => Subject::User("viewer".into()),
            2 => Subject::Tag("label".into()),
            3 => Subject::Key("key_first".into()),
            4 => Subject::Stream(scene().policy.stream(&STREAMS[0].parse().unwrap()).unwrap().id),
            _ => Subject::Everything,
        }
    }

    fn request(&self) -> Request {
        let text = scene().sign(&self.claims);
        let (signed, signature) = text.rsplit_once('.').unwrap();
        let other = if signature.starts_with('A') { "B" } else { "A" };
        let text = if self.signed {
            text
        } else {
            format!("{signed}.{other}{}", &signature[1..])
        };
        let referrer = Some(self.referrer.0).filter(|text| !text.is_empty());
        Request {
            address: guard::fold(self.address.parse().unwrap()),
            place: guard::Place {
                country: self.country.parse().ok(),
                asn: self.asn.parse().ok(),
            },
            referrer: guard::referrer(referrer.filter(|text| *text == "null"), referrer),
            agent: Some(self.agent).filter(|agent| !agent.is_empty()).map(Into::into),
            ..request(Door::Playback, self.name(), Credential::from_token(&text))
        }
    }

    fn facts(&self, running: bool) -> Facts {
        Facts {
            running,
            publisher: match (running, self.publisher) {
                (true, _) => Presence::Unasked,
                (false, true) => Presence::Present,
                (false, false) => Presence::Absent,
            },
            ..Facts::default()
        }
    }
}

/// The same decision. `None` where it passes.
fn naive(world: &World, running: bool, now: Timestamp) -> Option<Reason> {
    let (name, claims) = (world.name(), &world.claims);
    let theirs = name.starts_with("7KQ2M");
    if theirs && let Some(reason) = naive_guardian(world, now) {
        return Some(reason);
    }
    let policy = &scene().policy;
    let stream = policy.stream(&name.parse().unwrap());
    let has = |claim: &str| claims.get(claim).is_some_and(|value| !value.is_null());
    let seconds = |claim: &str| claims.get(claim).and_then(Value::as_i64);
    let number = now.s();
    let open = stream.is_some_and(|stream| stream.secure_playback == SecurePlayback::Open);
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
        let end = if running && !forced { exp + day } else { exp };
        if seconds("nbf").is_some_and(|nbf| nbf > number) || seconds("iat").is_some_and(|iat| iat > number + 30) {
            return Some(Reason::TokenNotYetValid);
        }
        if number >= end {
            return Some(Reason::TokenExpired);
        }
        for (subject, later) in &world.revoked {
            let at = NOW.s() + later;
            let covered = seconds("iat").is_none_or(|iat| iat <= at);
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
        if claims["sub"] != json!(organisation(1)) {
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
    if stream.standing == StreamStanding::Locked {
        return Some(Reason::StreamLocked);
    }
    (!running && !world.publisher).then_some(Reason::StreamOffline)
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_decision_is_what_the_long_way_says(world in world(), running: bool) {
        let policy = world.policy();
        let decided = settle(world.request(), world.facts(running), &policy, world.now());
        prop_assert_eq!(reason(&decided), naive(&world, running, world.now()), "{:?}", world);
    }

    #[test]
    fn what_is_admitted_until_t_passes_before_t_and_is_denied_from_t_on(world in world()) {
        let policy = world.policy();
        let Decision::Admit(permit) = settle(world.request(), world.facts(true), &policy, world.now()) else {
            return Ok(());
        };
        let later = |at| reason(&settle(world.request(), world.facts(true), &policy, at));
        // Whatever can change by time alone changes at a second.
        let moments: BTreeSet<_> = (world.later_s..90).map(|s| Timestamp::from_s(NOW.s() + s)).collect();
        for at in moments {
            if permit.until().is_none_or(|until| at < until) {
                prop_assert_eq!(later(at), None, "{:?} at {}", world, at);
            }
        }
        if let Some(end) = permit.end() {
            prop_assert_eq!(later(end.at), Some(end.reason), "{:?}", world);
            prop_assert_eq!(later(Timestamp::from_us(end.at.us() - 1)), None);
        }
    }

    #[test]
    fn one_more_allow_never_closes_and_one_more_deny_never_opens(world in world(), more in a_rule(99)) {
        let before = reason(&settle(world.request(), world.facts(false), &world.policy(), world.now()));
        let mut wider = world.clone();
        wider.rules.push(more.clone());
        let after = reason(&settle(world.request(), world.facts(false), &wider.policy(), world.now()));
        match more.action {
            _ if more.mode == Mode::Monitor => prop_assert_eq!(before, after),
            Action::Allow => prop_assert!(before.is_some() || after.is_none(), "{:?} {:?}", world, more),
            Action::Deny => prop_assert!(before.is_none() || after.is_some(), "{:?} {:?}", world, more),
        }
    }

    #[test]
    fn the_order_of_rules_changes_nothing(world in world(), seed in 0..1000_usize) {
        let once = settle(world.request(), world.facts(false), &world.policy(), world.now());
        let mut shuffled = world.clone();
        let count = shuffled.rules.len().max(1);
        shuffled.rules.rotate_left(seed % count);
        shuffled.rules.reverse();
        let again = settle(world.request(), world.facts(false), &shuffled.policy(), world.now());
        let told = |decision: &Decision| match decision {
            Decision::Admit(permit) => (None, None, permit.until()),
            Decision::Deny(denial) => (Some(denial.reason), denial.rule, None),
            Decision::Ask(question) => panic!("{question:?}"),
        };
        prop_assert_eq!(told(&once), told(&again), "{:?}", world);
    }

    #[test]
    fn what_is_taken_out_again_leaves_nothing_behind(world in world(), more in rules(6)) {
        let before = world.policy();
        let mut policy = before.clone();
        let more: Vec<_> = more.into_iter().enumerate().map(|(number, rule)| Rule {
            id: ids::RuleId::mint(100 + number as u64, [0; 10]),
            ..rule
        }).collect();
        for rule in &more {
            policy = policy.with(&Update::Rule { organisation: organisation(1), rule: rule.clone() });
        }
        for rule in &more {
            policy = policy.with(&Update::RuleRemoved { organisation: organisation(1), id: rule.id });
        }
        let outcome = |policy: &Policy| {
            let now = world.now().plus(Duration::ZERO);
            reason(&settle(world.request(), world.facts(false), policy, now))
        };
        prop_assert_eq!(outcome(&before), outcome(&policy));
    }
}
