//! Two organisations with a key each, and streams in every state.

use std::sync::OnceLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use guard::{
    Asn, Binding, Credential, Decision, Door, Facts, IngestKeyDigest, Place, Policy, Presence, Question, Reason,
    Request, Timestamp, Update, Use, Verdict, VerifyingKey, decide,
    policy::{
        Asks, IngestAuthorisation, Judges, Organisation, Package, SecurePlayback, Standing, Stream, StreamIngest,
        StreamStanding,
    },
    signature,
};
use ids::{GroupId, OrganisationId, StreamId};
use serde_json::{Value, json};

pub(crate) const NOW: Timestamp = Timestamp::from_s(1_800_000_000);
pub(crate) const STREAMS: [&str; 8] = [
    "7KQ2M-SECURED",
    "7KQ2M-OPEN",
    "7KQ2M-LOCKED",
    "7KQ2M-STOPPED",
    "7KQ2M-GROUPED",
    "7KQ2M-MFA",
    "7KQ2M-NOTHING",
    "XYZ23-SUSPENDED",
];
pub(crate) const KEY: &str = "k3y";

pub(crate) struct Scene {
    pub(crate) policy: Policy,
    pub(crate) first: Vec<u8>,
    pub(crate) second: Vec<u8>,
}

pub(crate) fn organisation(number: u64) -> OrganisationId {
    OrganisationId::mint(number, [0; 10])
}

pub(crate) fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| {
        let (first, first_key) = pair("key_first");
        let (second, second_key) = pair("key_second");
        let mut updates = vec![
            settings(1, "7KQ2M", Standing::Active),
            settings(2, "XYZ23", Standing::Suspended),
            Update::Key {
                organisation: organisation(1),
                key: first_key,
            },
            Update::Key {
                organisation: organisation(2),
                key: second_key,
            },
        ];
        for (number, name) in (1..).zip(STREAMS).filter(|(_, name)| *name != "7KQ2M-NOTHING") {
            updates.push(Update::Stream(stream(number, name)));
        }
        Scene {
            policy: Policy::from_updates(updates),
            first,
            second,
        }
    })
}

fn settings(number: u64, hash: &str, standing: Standing) -> Update {
    Update::Organisation(Organisation {
        id: organisation(number),
        hash: hash.parse().unwrap(),
        standing,
        packages: Package::ALL.into_iter().collect(),
        secure_playback: true,
        ingest: IngestAuthorisation::Key,
        force_disconnect: true,
        viewers: None,
        bandwidth_mbit_s: None,
        judges: Judges::default(),
        asks: Asks::default(),
        encrypted_ingest: false,
        origins: vec![],
    })
}

fn stream(number: u64, name: &str) -> Stream {
    Stream {
        id: StreamId::mint(number, [0; 10]),
        name: name.parse().unwrap(),
        organisation: organisation(if name.starts_with("XYZ23") { 2 } else { 1 }),
        group: (name == "7KQ2M-GROUPED").then(group),
        standing: match name {
            "7KQ2M-LOCKED" => StreamStanding::Locked,
            "7KQ2M-STOPPED" => StreamStanding::Stopped,
            _ => StreamStanding::Active,
        },
        secure_playback: if name == "7KQ2M-OPEN" {
            SecurePlayback::Open
        } else {
            SecurePlayback::Inherit
        },
        ingest: StreamIngest::Inherit,
        ingest_key: IngestKeyDigest::of(KEY),
        test_source: false,
        static_tokens: None,
        backend: None,
        needs_mfa: name == "7KQ2M-MFA",
        takeover: false,
    }
}

pub(crate) fn group() -> GroupId {
    GroupId::mint(1, [3; 10])
}

fn pair(kid: &str) -> (Vec<u8>, VerifyingKey) {
    let pair = Ed25519KeyPair::generate().unwrap();
    let material = pair.public_key().as_ref().to_vec();
    let pkcs8 = pair.to_pkcs8().unwrap().as_ref().to_vec();
    (pkcs8, VerifyingKey::ours(kid, material).unwrap())
}

/// Claims of a token that is good for everything in its organisation until `NOW` and an hour.
pub(crate) fn claims(number: u64) -> Value {
    json!({
        "sub": organisation(number), "aud": "play", "jti": "tok", "streams": STREAMS,
        "iat": NOW.s() - 60, "exp": NOW.s() + 3600, "user": "viewer", "tag": "label",
    })
}

impl Scene {
    pub(crate) fn sign(&self, claims: &Value) -> String {
        signature::sign(claims, "key_first", &self.first).unwrap()
    }

    pub(crate) fn sign_second(&self, claims: &Value) -> String {
        signature::sign(claims, "key_second", &self.second).unwrap()
    }
}

/// A viewer with VLC in Germany, on a page of app.example.com.
pub(crate) fn request(door: Door, stream: &str, credential: Credential) -> Request {
    Request {
        place: Place {
            country: "DE".parse().ok(),
            asn: Some(Asn::new(64500)),
        },
        referrer: "app.example.com".parse().ok(),
        agent: Some("VLC/3.0.18".into()),
        ..Request::new(door, stream.parse().ok(), "192.0.2.7".parse().unwrap(), credential)
    }
}

/// Decides as a gate does: what is asked is found out; what facts do not say is answered so that it passes.
pub(crate) fn settle(mut request: Request, mut facts: Facts, policy: &Policy, now: Timestamp) -> Decision {
    for _ in 0..20 {
        match decide(&request, &facts, policy, now) {
            Decision::Ask(question) => answer(question, &mut request, &mut facts),
            settled => return settled,
        }
    }
    panic!("something is asked twice");
}

pub(crate) fn answer(question: Question, request: &mut Request, facts: &mut Facts) {
    match question {
        Question::Signature { token, key } => request.proofs.add(signature::check(&token, &key)),
        Question::Sessions { .. } => facts.sessions = Some(0),
        Question::Backend { .. } => facts.backend = Some(Verdict::Allowed { until: None }),
        Question::Binding { .. } => facts.binding = Some(Binding::Bound),
        Question::Use { .. } => facts.uses = Some(Use::Reserved),
    }
}

/// The reason of a refusal; `None` where it passes.
pub(crate) fn reason(decision: &Decision) -> Option<Reason> {
    match decision {
        Decision::Admit(_) => None,
        Decision::Deny(denial) => Some(denial.reason),
        Decision::Ask(question) => panic!("not settled: {question:?}"),
    }
}

pub(crate) fn live() -> Facts {
    Facts {
        publisher: Presence::Present,
        ..Facts::default()
    }
}
