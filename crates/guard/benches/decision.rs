//! The decision beside the bare signature check, under a policy of a size that an installation can reach.
//!
//! The signature is the only expensive step; what the rest adds to it is what this shows.

use std::{
    error::Error,
    hint::black_box,
    io::{Write as _, stdout},
    net::Ipv4Addr,
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use guard::{
    Asn, Credential, Decision, Door, Facts, Host, IngestKeyDigest, Permit, Place, Policy, Presence, Question, Request,
    Timestamp, Token, Update, VerifyingKey, decide,
    policy::{
        Asks, IngestAuthorisation, Judges, Organisation, Package, SecurePlayback, Standing, Stream, StreamIngest,
        StreamStanding, Subject,
    },
    rules::{Action, Doors, Kind, Matcher, Mode, Rule, RuleScope},
    signature,
    token::{Proof, Proofs},
};
use ids::{OrganisationHash, OrganisationId, RuleId, StreamId, StreamName};
use serde_json::json;

const STREAMS: u32 = 100_000;
const REVOCATIONS: u32 = 100_000;
const RULES: u32 = 1_000_000;
const VIEWERS: u32 = 10_000;
const LINES: usize = 4 << 20;
const NOW: Timestamp = Timestamp::from_s(1_800_000_000);
const KID: &str = "key_bench";
/// Of each step: so many samples, each the mean of so many runs, because one run may take less than reading a clock, and
/// the first ones find in no cache what a node that does nothing else has there.
const SAMPLES: usize = 501;
const RUNS: u32 = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let updates = updates()?;
    let (policy, alone) = built(updates.clone());
    let stream = StreamName::with_alias(hash(), "stream-4711")?;
    let text = signature::sign(
        &json!({
            "aud": "play", "sub": organisation().to_string(), "jti": "tok_bench", "streams": [stream.as_str()],
            "iat": NOW.s(), "exp": NOW.s() + 3600, "user": "viewer-1", "tag": "bench",
        }),
        KID,
        &private(),
    )?;
    let token = Arc::new(Token::parse(&text)?);
    let key = key()?;
    let proof = signature::check(&token, &key);
    // One of each for all: of a real request they were read just now, and are not waited for.
    let page: Host = "www.example.com".parse()?;
    let agent: Arc<str> =
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0".into();
    let request = |token: &Arc<Token>, proof: Option<Proof>| Request {
        proofs: proof.map(Proofs::from).unwrap_or_default(),
        ..viewer(&stream, &page, &agent, Credential::Token(token.clone()), 0)
    };
    let facts = Facts {
        publisher: Presence::Present,
        ..Facts::default()
    };
    let known = request(&token, Some(proof));

    let unknown = request(&token, None);
    let revoked = Update::Revoked {
        organisation: organisation(),
        subject: Subject::Token("tok_late".into()),
        at: NOW,
    };
    let (few, _) = built(updates.iter().cloned().chain(others()).collect());
    let (guarded, compiled) = built(updates.into_iter().chain(prefixes()).chain(others()).collect());
    let rule = Update::Rule {
        organisation: organisation(),
        rule: network(RULES),
    };
    let one = guarded.with(&rule);
    let removed = Update::RuleRemoved {
        organisation: organisation(),
        id: network(RULES).id,
    };
    // Each from another address, so that no path is warm only because it was just walked.
    let viewers: Vec<_> = (0..VIEWERS)
        .map(|number| Request {
            proofs: proof.into(),
            ..viewer(&stream, &page, &agent, Credential::Token(token.clone()), number)
        })
        .collect();
    let (mut plain, mut kinds, mut ruled) = (viewers.iter().cycle(), viewers.iter().cycle(), viewers.iter().cycle());
    let (memory, mut at) = (lines(), 0);
    let locked = Update::Stream(Stream {
        standing: StreamStanding::Locked,
        ..policy.stream(&stream).ok_or("the stream is there")?.as_ref().clone()
    });

    let mut steps = [
        Step::new("the bare signature check, Ed25519", || signature::check(&token, &key)),
        Step::new("parsing the token", || Token::parse(&text)),
        Step::new("the decision, the signature being known", || {
            decide(&known, &facts, &policy, NOW)
        }),
        Step::new("the decision, as far as asking for the signature", || {
            decide(&unknown, &facts, &policy, NOW)
        }),
        Step::new("a whole admission: parse, decide, check, decide", || {
            admit(&text, &request, &facts, &policy)
        }),
        Step::new("the same, of many viewers", || {
            plain.next().map(|viewer| decide(viewer, &facts, &policy, NOW))
        }),
        Step::new("the same, with rules of each kind but prefixes", || {
            kinds.next().map(|viewer| decide(viewer, &facts, &few, NOW))
        }),
        Step::new("the same, with 1 000 000 prefixes as well", || {
            ruled.next().map(|viewer| decide(viewer, &facts, &guarded, NOW))
        }),
        Step::new(
            "the physical limit: a read of memory that waits for the one before",
            || {
                at = memory.get(at).map_or(0, |line| line.next);
                at
            },
        ),
        Step::new("a prefix more among 1 000 000: the next policy", || guarded.with(&rule)),
        Step::new("a prefix less among 1 000 000: the next policy", || one.with(&removed)),
        Step::new("a revocation more: the next policy", || policy.with(&revoked)),
        Step::new("a stream locked: the next policy", || policy.with(&locked)),
    ];
    // In turns, so that whatever else the machine does falls on all of them alike.
    for _ in 0..SAMPLES {
        steps.iter_mut().for_each(Step::sample);
    }

    let mut out = stdout();
    writeln!(
        out,
        "\n{STREAMS} streams, {REVOCATIONS} revocations; median of {SAMPLES} samples of {RUNS} runs, in turns\n"
    )?;
    writeln!(
        out,
        "| step | time | beside the bare signature check |\n| --- | --- | --- |"
    )?;
    let bare = steps[0].median();
    for step in &mut steps {
        let took = step.median();
        let ratio = took.as_secs_f64() / bare.as_secs_f64();
        writeln!(out, "| {} | {} ns | {ratio:.3} |", step.name, took.as_nanos())?;
    }
    writeln!(
        out,
        "\nThat policy from nothing, as a node that joins builds it: {} ms.",
        alone.as_millis()
    )?;
    writeln!(
        out,
        "The same with the 1 000 000 prefixes: {} ms.",
        compiled.as_millis()
    )?;
    Ok(())
}

/// A viewer with an address of their own, on a page, with a player.
fn viewer(stream: &StreamName, page: &Host, agent: &Arc<str>, credential: Credential, number: u32) -> Request {
    Request {
        place: Place {
            country: "DE".parse().ok(),
            asn: Some(Asn::new(64_500)),
        },
        referrer: Some(page.clone()),
        agent: Some(agent.clone()),
        ..Request::new(
            Door::Playback,
            Some(stream.clone()),
            Ipv4Addr::from_bits(scattered(number).wrapping_add(7)).into(),
            credential,
        )
    }
}

/// Numbers that lie everywhere, each once.
fn scattered(number: u32) -> u32 {
    number.wrapping_mul(2_654_435_761)
}

/// The rule on one of a million networks of 16 to 32 bits. They let in, so that the decision goes on behind them.
fn network(number: u32) -> Rule {
    let bits = u8::try_from(16 + number % 17).unwrap_or(32);
    let address = Ipv4Addr::from_bits(scattered(number));
    rule(
        number,
        Matcher::Ip(ipnet::Ipv4Net::new_assert(address, bits).trunc().into()),
        Action::Allow,
    )
}

fn rule(number: u32, matcher: Matcher, action: Action) -> Rule {
    let mut random = [0; 10];
    random[..4].copy_from_slice(&number.to_be_bytes());
    Rule {
        id: RuleId::mint(1, random),
        matcher,
        action,
        scope: RuleScope::Organisation,
        doors: Doors::Both,
        mode: Mode::Enforce,
        expires: None,
    }
}

/// The million prefixes.
fn prefixes() -> impl Iterator<Item = Update> {
    (0..RULES).map(|number| Update::Rule {
        organisation: organisation(),
        rule: network(number),
    })
}

/// Some rules of each other kind.
fn others() -> impl Iterator<Item = Update> {
    let others = [
        (Kind::Asn, "64501"),
        (Kind::Country, "XK"),
        (Kind::Referrer, "*.evil.test"),
        (Kind::Referrer, "evil-example.com"),
        (Kind::UserAgent, "curl/*"),
        (Kind::UserAgent, "*Wget*"),
        (Kind::UserAgent, "*python-requests*"),
    ];
    (RULES + 1..).zip(others).filter_map(|(number, (kind, value))| {
        let matcher = Matcher::parse(kind, value).ok()?;
        Some(Update::Rule {
            organisation: organisation(),
            rule: rule(number, matcher, Action::Deny),
        })
    })
}

/// What the gate does with a token that it meets for the first time.
fn admit(
    text: &str,
    request: &impl Fn(&Arc<Token>, Option<Proof>) -> Request,
    facts: &Facts,
    policy: &Policy,
) -> Result<Permit, Box<dyn Error>> {
    let token = Arc::new(Token::parse(text)?);
    let mut request = request(&token, None);
    let Decision::Ask(Question::Signature { token, key }) = decide(&request, facts, policy, NOW) else {
        return Err("a new token is asked about".into());
    };
    request.proofs.add(signature::check(&token, &key));
    match decide(&request, facts, policy, NOW) {
        Decision::Admit(permit) => Ok(permit),
        other => Err(format!("not admitted: {other:?}").into()),
    }
}

/// As much memory as the million prefixes fill, in lines of a cache. Each names the one to read after it, so that no line
/// can be read ahead.
fn lines() -> Vec<Line> {
    let mut lines: Vec<_> = (0..LINES).map(|next| Line { next }).collect();
    let mut random = 1_u64;
    // One cycle through all of them: Sattolo's shuffle.
    for last in (1..LINES).rev() {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(random >> 33).unwrap_or(0) % last;
        lines.swap(last, other);
    }
    lines
}

#[repr(align(64))]
struct Line {
    next: usize,
}

/// Something that is timed.
struct Step<'a> {
    name: &'static str,
    run: Box<dyn FnMut() + 'a>,
    samples: Vec<Duration>,
}

impl<'a> Step<'a> {
    fn new<T>(name: &'static str, mut work: impl FnMut() -> T + 'a) -> Self {
        Self {
            name,
            run: Box::new(move || drop(black_box(work()))),
            samples: Vec::with_capacity(SAMPLES),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time as it passes")]
    fn sample(&mut self) {
        let start = Instant::now();
        for _ in 0..RUNS {
            (self.run)();
        }
        self.samples.push(start.elapsed() / RUNS);
    }

    fn median(&mut self) -> Duration {
        self.samples.sort_unstable();
        self.samples.get(self.samples.len() / 2).copied().unwrap_or_default()
    }
}

/// The policy, and how long it took to build.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time as it passes")]
fn built(updates: Vec<Update>) -> (Policy, Duration) {
    let start = Instant::now();
    let policy = Policy::from_updates(updates);
    (policy, start.elapsed())
}

fn hash() -> OrganisationHash {
    "BENCH".parse().unwrap_or_else(|_| OrganisationHash::mint([1; 5]))
}

/// An organisation with its streams and revocations.
fn updates() -> Result<Vec<Update>, Box<dyn Error>> {
    let hash = hash();
    let mut updates = vec![
        Update::Organisation(Organisation {
            id: organisation(),
            hash,
            standing: Standing::Active,
            packages: Package::ALL.into_iter().collect(),
            secure_playback: true,
            ingest: IngestAuthorisation::Key,
            force_disconnect: false,
            viewers: None,
            bandwidth_mbit_s: None,
            judges: Judges::default(),
            asks: Asks::default(),
            encrypted_ingest: false,
            origins: vec![],
        }),
        Update::Key {
            organisation: organisation(),
            key: key()?,
        },
    ];
    for number in 0..STREAMS {
        let mut random = [0; 10];
        random[..4].copy_from_slice(&number.to_be_bytes());
        updates.push(Update::Stream(Stream {
            id: StreamId::mint(1, random),
            name: StreamName::with_alias(hash, &format!("stream-{number}"))?,
            organisation: organisation(),
            standing: StreamStanding::Active,
            secure_playback: SecurePlayback::Inherit,
            ingest: StreamIngest::Inherit,
            ingest_key: IngestKeyDigest::of("bench"),
            test_source: false,
            group: None,
            static_tokens: None,
            backend: None,
            needs_mfa: false,
            takeover: false,
        }));
    }
    updates.extend((0..REVOCATIONS).map(|number| Update::Revoked {
        organisation: organisation(),
        subject: Subject::Token(format!("tok_{number}").as_str().into()),
        at: NOW,
    }));
    Ok(updates)
}

fn organisation() -> OrganisationId {
    OrganisationId::mint(1, [7; 10])
}

/// The key pair of RFC 8037, appendix A.1.
fn key() -> Result<VerifyingKey, Box<dyn Error>> {
    let public = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")?;
    Ok(VerifyingKey::ours(KID, public)?)
}

/// Its private part as PKCS#8 (RFC 8410).
fn private() -> Vec<u8> {
    let seed = URL_SAFE_NO_PAD
        .decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
        .unwrap_or_default();
    let mut pkcs8 = vec![
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ];
    pkcs8.extend(seed);
    pkcs8
}
