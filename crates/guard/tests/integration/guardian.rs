//! Rules: what they look for, which of them wins, and until when.

use std::{fmt::Write, time::Duration};

use guard::{
    Credential, Decision, Door, Facts, Policy, Reason, Request, Timestamp, Update,
    policy::Package,
    rules::{Action, Doors, Kind, Matcher, Mode, Rule, RuleScope},
};
use ids::{RuleId, StreamId};
use serde_json::json;

use super::scene::{NOW, claims, group, live, organisation, reason, request, scene, settle};

/// A rule of a line such as `DENY IP 192.0.2.0/24`, with words for whatever is not usual behind it.
pub(crate) fn rule(number: u64, line: &str) -> Rule {
    let mut words = line.split(" | ");
    let mut first = words.next().unwrap().splitn(3, ' ');
    let action = match first.next() {
        Some("ALLOW") => Action::Allow,
        _ => Action::Deny,
    };
    let kind = first.next().unwrap();
    let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind).unwrap();
    let mut rule = Rule {
        id: RuleId::mint(number, [0; 10]),
        matcher: Matcher::parse(kind, first.next().unwrap()).unwrap(),
        action,
        scope: RuleScope::Organisation,
        doors: Doors::Playback,
        mode: Mode::Enforce,
        expires: None,
    };
    for word in words {
        match word.split_once(' ').unwrap_or((word, "")) {
            ("stream", name) => rule.scope = RuleScope::Stream(stream_id(name)),
            ("group", _) => rule.scope = RuleScope::Group(group()),
            ("ingest", _) => rule.doors = Doors::Ingest,
            ("both", _) => rule.doors = Doors::Both,
            ("monitor", _) => rule.mode = Mode::Monitor,
            ("until", seconds) => rule.expires = Some(Timestamp::from_s(NOW.s() + seconds.parse::<i64>().unwrap())),
            (other, _) => panic!("{other}"),
        }
    }
    rule
}

fn stream_id(name: &str) -> StreamId {
    scene().policy.stream(&name.parse().unwrap()).unwrap().id
}

pub(crate) fn with(rules: impl IntoIterator<Item = Rule>) -> Policy {
    rules.into_iter().fold(scene().policy.clone(), |policy, rule| {
        policy.with(&Update::Rule {
            organisation: organisation(1),
            rule,
        })
    })
}

fn lines(lines: &[&str]) -> Policy {
    with((1..).zip(lines).map(|(number, line)| rule(number, line)))
}

fn viewer(stream: &str) -> Request {
    let credential = Credential::from_token(&scene().sign(&claims(1)));
    request(Door::Playback, stream, credential)
}

fn outcome(policy: &Policy, request: Request) -> Option<Reason> {
    reason(&settle(request, live(), policy, NOW))
}

/// Whether the viewer of the scene passes, with one thing about them changed.
fn passes(rules: &[&str], change: impl FnOnce(&mut Request)) -> bool {
    let mut ask = viewer("7KQ2M-GROUPED");
    change(&mut ask);
    outcome(&lines(rules), ask).is_none()
}

#[test]
fn the_table_of_rules_is_as_it_was() {
    let rules: [(&str, &[&str]); 14] = [
        ("no rule", &[]),
        ("address denied", &["DENY IP 192.0.2.0/24"]),
        (
            "address excepted for a minute",
            &["DENY IP 192.0.2.0/24", "ALLOW IP 192.0.2.7 | until 60"],
        ),
        ("denied for a minute", &["DENY ASN 64500 | until 60"]),
        ("only one site", &["ALLOW REFERRER *.example.com", "DENY REFERRER *"]),
        ("only another site", &["ALLOW REFERRER example.com", "DENY REFERRER *"]),
        (
            "country denied, stream excepted",
            &["DENY COUNTRY DE", "ALLOW COUNTRY DE | stream 7KQ2M-SECURED"],
        ),
        ("group denied", &["DENY COUNTRY DE | group"]),
        ("stream denied", &["DENY COUNTRY DE | stream 7KQ2M-LOCKED"]),
        ("at the other door", &["DENY COUNTRY DE | ingest"]),
        ("at both doors", &["DENY COUNTRY DE | both"]),
        ("monitored", &["DENY COUNTRY DE | monitor"]),
        ("player denied", &["DENY USER_AGENT VLC/*"]),
        ("two kinds, one denies", &["ALLOW IP 192.0.2.7", "DENY ASN 64500"]),
    ];
    let short = scene().sign(&{
        let mut short = claims(1);
        short["exp"] = json!(NOW.s() + 30);
        short
    });
    let tokens = [
        ("none", Credential::Missing),
        ("good", Credential::from_token(&scene().sign(&claims(1)))),
        ("30 s", Credential::from_token(&short)),
    ];
    let mut table = String::new();
    for (name, rules) in rules {
        let policy = lines(rules);
        for (token, credential) in &tokens {
            for stream in ["SECURED", "OPEN", "LOCKED", "GROUPED", "NOTHING"] {
                let outcomes: Vec<_> = [0, 59, 60]
                    .map(|later| {
                        let ask = request(Door::Playback, &format!("7KQ2M-{stream}"), credential.clone());
                        match settle(ask, live(), &policy, NOW.plus(Duration::from_secs(later))) {
                            Decision::Admit(permit) => permit
                                .until()
                                .map_or_else(|| "pass".to_owned(), |until| format!("until {}", until.s() - NOW.s())),
                            Decision::Deny(denial) => denial.reason.as_str().to_owned(),
                            Decision::Ask(question) => panic!("{question:?}"),
                        }
                    })
                    .into();
                writeln!(
                    table,
                    "{name:<32} {token:<5} {stream:<8} 0 s {:<20} 59 s {:<20} 60 s {}",
                    outcomes[0], outcomes[1], outcomes[2]
                )
                .unwrap();
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn rules_on_pages_match_by_whole_labels() {
    for (rule, page, denied) in [
        ("example.com", "example.com", true),
        ("example.com", "EXAMPLE.com", true),
        ("example.com", "evil-example.com", false),
        ("example.com", "example.com.evil.test", false),
        ("example.com", "app.example.com", false),
        ("*.example.com", "app.example.com", true),
        ("*.example.com", "example.com", false),
        ("*.example.com", "app.evil-example.com", false),
        ("*.example.com", "app.example.com.evil.test", false),
        ("*.bücher.example", "app.xn--bcher-kva.example", true),
    ] {
        let rule = format!("DENY REFERRER {rule}");
        let came = passes(&[&rule], |ask| ask.referrer = page.parse().ok());
        assert_eq!(came, !denied, "{rule}: {page}");
    }
}

#[test]
fn the_most_specific_wins_whatever_the_order() {
    for (specific, wide) in [
        ("IP 192.0.2.7", "IP 192.0.2.0/24"),
        ("IP 192.0.2.0/25", "IP 0.0.0.0/0"),
        ("ASN AS64500", "ASN *"),
        ("COUNTRY DE", "COUNTRY *"),
        ("REFERRER app.example.com", "REFERRER *.example.com"),
        ("REFERRER *.example.com", "REFERRER *.com"),
        ("REFERRER *.com", "REFERRER *"),
        ("USER_AGENT VLC/3.0.18", "USER_AGENT VLC/*"),
        ("USER_AGENT VLC/3*", "USER_AGENT *3*"),
        ("USER_AGENT *V*", "USER_AGENT *"),
    ] {
        for (one, other) in [("ALLOW", "DENY"), ("DENY", "ALLOW")] {
            let rules = [
                format!("{one} {specific}"),
                format!("{other} {wide} | stream 7KQ2M-GROUPED"),
            ];
            let mut rules: Vec<_> = rules.iter().map(String::as_str).collect();
            assert_eq!(passes(&rules, |_| ()), one == "ALLOW", "{rules:?}");
            rules.reverse();
            assert_eq!(passes(&rules, |_| ()), one == "ALLOW", "{rules:?}");
        }
    }
}

#[test]
fn among_equals_the_narrower_scope_wins_and_then_deny() {
    for kind in [
        "IP 192.0.2.0/24",
        "ASN 64500",
        "COUNTRY DE",
        "REFERRER app.example.com",
        "USER_AGENT VLC/*",
    ] {
        let at = |action: &str, scope: &str| format!("{action} {kind}{scope}");
        let passes = |rules: &[String]| {
            let rules: Vec<_> = rules.iter().map(String::as_str).collect();
            self::passes(&rules, |_| ())
        };
        let (stream, grouped) = (" | stream 7KQ2M-GROUPED", " | group");
        assert!(passes(&[at("ALLOW", stream), at("DENY", grouped), at("DENY", "")]));
        assert!(passes(&[at("ALLOW", grouped), at("DENY", "")]));
        assert!(!passes(&[at("DENY", stream), at("ALLOW", grouped), at("ALLOW", "")]));
        assert!(!passes(&[at("ALLOW", ""), at("DENY", "")]));
        assert!(!passes(&[at("DENY", stream), at("ALLOW", stream)]));
        assert!(passes(&[
            at("DENY", " | stream 7KQ2M-SECURED"),
            at("DENY", " | ingest"),
            at("DENY", " | monitor")
        ]));
    }
}

#[test]
fn what_is_unknown_or_missing_has_a_word() {
    let unknown = |ask: &mut Request| {
        ask.place = guard::Place::default();
        ask.referrer = None;
        ask.agent = None;
    };
    for kind in ["ASN", "COUNTRY", "REFERRER", "USER_AGENT"] {
        let none = format!("DENY {kind} none");
        let all = format!("DENY {kind} *");
        assert!(!passes(&[&none], unknown), "{kind}");
        assert!(passes(&[&none], |_| ()), "{kind}");
        assert!(!passes(&[&all], unknown), "{kind}");
        assert!(!passes(&[&all], |_| ()), "{kind}");
        let allowed = format!("ALLOW {kind} none");
        assert!(passes(&[&allowed, &all], unknown), "{kind}");
        assert!(!passes(&[&allowed, &all], |_| ()), "{kind}");
    }
}

#[test]
fn addresses_of_both_families_are_found_and_mapped_ones_folded() {
    let from = |address: &str| {
        let address = address.parse().unwrap();
        move |ask: &mut Request| ask.address = address
    };
    assert!(!passes(&["DENY IP 192.0.2.0/24"], from("::ffff:192.0.2.99")));
    assert!(!passes(&["DENY IP ::ffff:192.0.2.0/120"], from("192.0.2.99")));
    assert!(!passes(&["DENY IP 2001:db8::/32"], from("2001:db8:ffff::1")));
    assert!(passes(&["DENY IP 2001:db8::/32"], from("2001:db9::1")));
    assert!(passes(&["DENY IP ::/0"], from("192.0.2.7")));
    assert!(passes(&["DENY IP 0.0.0.0/0"], from("2001:db8::1")));
    assert!(passes(
        &["DENY IP 0.0.0.0/0", "ALLOW IP 192.0.2.7/32"],
        from("192.0.2.7")
    ));
    assert!(!passes(&["DENY IP 192.0.2.6/31"], from("192.0.2.7")));
    assert!(passes(&["DENY IP 192.0.2.4/31"], from("192.0.2.7")));
}

#[test]
fn a_denial_says_which_rule_it_was() {
    let policy = lines(&["ALLOW COUNTRY FR", "DENY COUNTRY *"]);
    let Decision::Deny(denial) = settle(viewer("7KQ2M-OPEN"), live(), &policy, NOW) else {
        panic!("it is refused");
    };
    assert_eq!(
        (denial.reason, denial.rule),
        (Reason::GuardianCountry, Some(RuleId::mint(2, [0; 10])))
    );
}

#[test]
fn a_monitored_rule_counts_decides_nothing_and_hides_no_other() {
    let monitored = |rules: &[&str]| {
        let found = match settle(viewer("7KQ2M-OPEN"), live(), &lines(rules), NOW) {
            Decision::Admit(permit) => (true, permit.monitored().to_vec()),
            Decision::Deny(denial) => (false, denial.monitored),
            Decision::Ask(question) => panic!("{question:?}"),
        };
        let (passes, mut found) = found;
        found.sort_by_key(|one| one.rule);
        let decisive: Vec<_> = found.iter().map(|one| one.decisive).collect();
        (passes, decisive)
    };
    assert_eq!(monitored(&["DENY IP 192.0.2.7 | monitor"]), (true, vec![true]));
    assert_eq!(
        monitored(&["DENY IP 192.0.2.7 | monitor", "DENY IP 192.0.2.0/24"]),
        (false, vec![true])
    );
    assert_eq!(
        monitored(&["DENY IP 192.0.2.0/24 | monitor", "ALLOW IP 192.0.2.7"]),
        (true, vec![false])
    );
    assert_eq!(
        monitored(&["ALLOW IP 192.0.2.7 | monitor", "DENY IP 192.0.2.0/24"]),
        (false, vec![true])
    );
    assert_eq!(monitored(&["DENY COUNTRY FR | monitor"]), (true, vec![]));
    assert_eq!(monitored(&["DENY COUNTRY DE | monitor | until 0"]), (true, vec![]));
    assert_eq!(monitored(&["DENY COUNTRY DE | monitor | ingest"]), (true, vec![]));
    // Counted even where another kind refuses first.
    assert_eq!(
        monitored(&["DENY IP 192.0.2.7", "DENY USER_AGENT *VLC* | monitor"]),
        (false, vec![true])
    );
}

#[test]
fn rules_act_with_the_package_in_their_organisation_only() {
    let mut settings = scene().policy.tenant(organisation(1)).unwrap().organisation.clone();
    settings.packages = Package::ALL.into_iter().filter(|it| *it != Package::Guardian).collect();
    let policy = lines(&["DENY COUNTRY *"]).with(&Update::Organisation(settings));
    assert_eq!(outcome(&policy, viewer("7KQ2M-SECURED")), None);

    let foreign = scene().policy.with(&Update::Rule {
        organisation: organisation(2),
        rule: rule(1, "DENY COUNTRY *"),
    });
    assert_eq!(outcome(&foreign, viewer("7KQ2M-SECURED")), None);
    let denied = outcome(&foreign, viewer("XYZ23-SUSPENDED"));
    assert_eq!(denied, Some(Reason::GuardianCountry));
}

#[test]
fn a_rule_is_changed_and_removed_by_its_id() {
    let first = lines(&["DENY COUNTRY DE"]);
    let changed = first.with(&Update::Rule {
        organisation: organisation(1),
        rule: rule(1, "DENY COUNTRY FR"),
    });
    assert_eq!(outcome(&changed, viewer("7KQ2M-SECURED")), None);
    let removed = first.with(&Update::RuleRemoved {
        organisation: organisation(1),
        id: RuleId::mint(1, [0; 10]),
    });
    assert_eq!(outcome(&removed, viewer("7KQ2M-SECURED")), None);
    assert!(removed.tenant(organisation(1)).unwrap().rules.is_empty());
    // Who read the policy before goes on with what it was.
    assert_eq!(outcome(&first, viewer("7KQ2M-SECURED")), Some(Reason::GuardianCountry));
}

#[test]
fn the_test_source_comes_from_nowhere_and_no_rule_is_about_it() {
    let mut stream = (**scene().policy.stream(&"7KQ2M-SECURED".parse().unwrap()).unwrap()).clone();
    stream.test_source = true;
    let policy = lines(&["DENY IP 0.0.0.0/0 | both", "DENY COUNTRY * | both"]).with(&Update::Stream(stream));
    let ask = request(Door::Ingest, "7KQ2M-SECURED", Credential::TestSource);
    assert_eq!(reason(&settle(ask, Facts::default(), &policy, NOW)), None);
}

#[test]
fn what_every_rule_took_away_is_there_no_more() {
    // A trie that was filled and emptied again in another order is as if nothing had been.
    let networks: Vec<String> = (0_u32..400)
        .map(|number| {
            let bits = number.wrapping_mul(2_654_435_761);
            format!("{}/{}", std::net::Ipv4Addr::from(bits), number % 33)
        })
        .chain((0_u128..400).map(|number| {
            let bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
            format!("{}/{}", std::net::Ipv6Addr::from(bits), number % 129)
        }))
        .collect();
    let rules: Vec<_> = (1..)
        .zip(&networks)
        .map(|(number, network)| rule(number, &format!("DENY IP {network}")))
        .collect();
    let mut policy = with(rules.clone());
    assert_eq!(policy.tenant(organisation(1)).unwrap().rules.len(), 800);
    for rule in rules.iter().rev().step_by(2).chain(rules.iter().step_by(2)) {
        policy = policy.with(&Update::RuleRemoved {
            organisation: organisation(1),
            id: rule.id,
        });
    }
    let rules = &policy.tenant(organisation(1)).unwrap().rules;
    assert!(rules.is_empty());
    assert_eq!(
        format!("{rules:?}"),
        format!("{:?}", scene().policy.tenant(organisation(1)).unwrap().rules)
    );
}

#[test]
fn a_change_names_exactly_those_whom_it_can_concern() {
    use guard::policy::Touched;
    let (organisation, first) = (organisation(1), rule(1, "DENY COUNTRY DE"));
    let before = with([first.clone()]);
    let named = |update: Update| -> Vec<String> {
        update
            .touched(&before)
            .into_iter()
            .map(|touched| match touched {
                Touched::Rule(of, rule) if of == organisation => rule.matcher.to_string(),
                other => panic!("{other:?}"),
            })
            .collect()
    };
    let changed = rule(1, "DENY COUNTRY FR");
    assert_eq!(
        named(Update::Rule {
            organisation,
            rule: changed
        }),
        ["DE", "FR"]
    );
    let new = rule(2, "DENY IP 192.0.2.0/24");
    assert_eq!(
        named(Update::Rule {
            organisation,
            rule: new
        }),
        ["192.0.2.0/24"]
    );
    assert_eq!(
        named(Update::RuleRemoved {
            organisation,
            id: first.id
        }),
        ["DE"]
    );
    let unknown = RuleId::mint(9, [0; 10]);
    assert!(
        named(Update::RuleRemoved {
            organisation,
            id: unknown
        })
        .is_empty()
    );
}

/// What tells how specific a value is tells it as the decision ranks it.
#[test]
fn of_two_values_that_fit_the_one_that_is_said_to_be_more_specific_wins() {
    let ascending: [(&str, &[&str]); 5] = [
        ("IP", &["0.0.0.0/0", "192.0.2.0/24", "192.0.2.7"]),
        ("ASN", &["*", "64500"]),
        ("COUNTRY", &["*", "DE"]),
        ("REFERRER", &["*", "*.com", "*.example.com", "app.example.com"]),
        ("USER_AGENT", &["*", "V*", "VLC/3*", "VLC/3.0.18"]),
    ];
    for (kind, values) in ascending {
        for (n, wide) in values.iter().enumerate() {
            for narrow in &values[n + 1..] {
                let (wider, narrower) = (format!("{kind} {wide}"), format!("{kind} {narrow}"));
                let of = |line: &str| rule(1, &format!("DENY {line}")).matcher.specificity();
                assert!(of(&wider) < of(&narrower), "{wider}, {narrower}");
                let (closed, excepted) = (format!("DENY {wider}"), format!("ALLOW {narrower}"));
                assert!(passes(&[&closed, &excepted], |_| {}), "{closed}, {excepted}");
                let (opened, denied) = (format!("ALLOW {wider}"), format!("DENY {narrower}"));
                assert!(!passes(&[&opened, &denied], |_| {}), "{opened}, {denied}");
            }
        }
    }
    let missing = |kind: &str, word: &str| rule(1, &format!("DENY {kind} {word}")).matcher.specificity();
    for kind in ["ASN", "COUNTRY", "REFERRER", "USER_AGENT"] {
        assert!(missing(kind, "*") < missing(kind, "none"));
    }
}
