//! The decision once more, written the long way: lists instead of indexes, strings instead of types, one `if` after the
//! other. On random inputs both say the same.
//!
//! Of viewers only, and of tokens that a key signed: ingest, handles, static tokens, what a backend is asked, bars, and
//! whatever is counted are not in it.

mod naive;

use std::{collections::BTreeSet, time::Duration};

use guard::{
    Credential, Decision, Door, Facts, Policy, Presence, Request, Timestamp, Update, VerifyingKey,
    key::{Algorithm, Dialect},
    policy::{Organisation, Package, SecurePlayback, Standing, Stream, Subject},
    rules::{Action, Mode, Rule},
};
use naive::naive;
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
    settings: Settings,
}

/// Of the first organisation.
#[derive(Clone, Copy, Debug)]
struct Settings {
    secure: bool,
    /// What the stream that is asked for says itself.
    own: SecurePlayback,
    lacks: Option<Package>,
    suspended: bool,
    /// Whether the key that signs is the customer's.
    foreign: bool,
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

fn settings() -> impl Strategy<Value = Settings> {
    (
        prop::bool::weighted(0.7),
        select(&[SecurePlayback::Inherit, SecurePlayback::Required, SecurePlayback::Open][..]),
        prop::option::weighted(0.3, select(&[Package::Secure, Package::Guardian, Package::Live][..])),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.3),
    )
        .prop_map(|(secure, own, lacks, suspended, foreign)| Settings {
            secure,
            own,
            lacks,
            suspended,
            foreign,
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
    (rules(12), some_claims(), request, state, settings()).prop_map(|(rules, claims, request, state, settings)| World {
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
        settings,
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
        let mut policy = self.settled(with(self.rules.clone()));
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

    /// The first organisation, the stream that is asked for and the key as they are here.
    fn settled(&self, policy: Policy) -> Policy {
        let tenant = policy.tenant(organisation(1)).unwrap().clone();
        let packages = Package::ALL.into_iter();
        let mut updates = vec![Update::Organisation(Organisation {
            secure_playback: self.settings.secure,
            packages: packages
                .filter(|package| Some(*package) != self.settings.lacks)
                .collect(),
            standing: if self.settings.suspended {
                Standing::Suspended
            } else {
                Standing::Active
            },
            ..tenant.organisation.clone()
        })];
        if self.settings.foreign {
            let (kid, key) = tenant.keys.iter().next().unwrap();
            let material = key.material().to_vec();
            let key = VerifyingKey::theirs(kid.clone(), Algorithm::EdDsa, material, Dialect::Ours).unwrap();
            let organisation = organisation(1);
            updates.push(Update::Key { organisation, key });
        }
        if let Some(stream) = policy.stream(&self.name().parse().unwrap()) {
            updates.push(Update::Stream(Stream {
                secure_playback: self.settings.own,
                ..(**stream).clone()
            }));
        }
        updates.iter().fold(policy, |policy, update| policy.with(update))
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
