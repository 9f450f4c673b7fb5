//! Two organisations with a key each, and streams in every state.

use std::sync::OnceLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use guard::{
    Credential, Decision, Door, Facts, IngestKeyDigest, Policy, Presence, Question, Reason, Request, Timestamp, Update,
    VerifyingKey, decide,
    key::Algorithm,
    policy::{
        IngestAuthorisation, Organisation, Package, SecurePlayback, Standing, Stream, StreamIngest, StreamStanding,
    },
    signature,
};
use ids::{OrganisationId, StreamId};
use serde_json::{Value, json};

pub(crate) const NOW: Timestamp = Timestamp::from_s(1_800_000_000);
pub(crate) const STREAMS: [&str; 6] = [
    "7KQ2M-SECURED",
    "7KQ2M-OPEN",
    "7KQ2M-LOCKED",
    "7KQ2M-STOPPED",
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
    })
}

fn stream(number: u64, name: &str) -> Stream {
    Stream {
        id: StreamId::mint(number, [0; 10]),
        name: name.parse().unwrap(),
        organisation: organisation(if name.starts_with("XYZ23") { 2 } else { 1 }),
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
    }
}

fn pair(kid: &str) -> (Vec<u8>, VerifyingKey) {
    let pair = Ed25519KeyPair::generate().unwrap();
    let material = pair.public_key().as_ref().to_vec();
    let pkcs8 = pair.to_pkcs8().unwrap().as_ref().to_vec();
    (
        pkcs8,
        VerifyingKey {
            kid: kid.into(),
            algorithm: Algorithm::EdDsa,
            material,
            ours: true,
        },
    )
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

pub(crate) fn request(door: Door, stream: &str, credential: Credential) -> Request {
    Request {
        door,
        stream: stream.parse().ok(),
        address: "192.0.2.7".parse().unwrap(),
        credential,
        proof: None,
    }
}

/// Decides as a gate does: what is asked is found out.
pub(crate) fn settle(mut request: Request, facts: Facts, policy: &Policy, now: Timestamp) -> Decision {
    loop {
        match decide(&request, &facts, policy, now) {
            Decision::Ask(Question::Signature { token, key }) => {
                assert!(request.proof.is_none(), "nothing is asked twice");
                request.proof = Some(signature::check(&token, &key));
            }
            settled => return settled,
        }
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
