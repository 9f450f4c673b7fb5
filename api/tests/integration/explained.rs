//! An explanation reads only what can matter to its request, and says step by step what a node that knows everything decides.

use std::net::IpAddr;

use guard::{
    Asn, Credential, Decision, Door, Facts, Place, Policy, Presence, Question, Request, StepOutcome, signature,
};
use link::Kind;
use serde_json::{Value, json};

use crate::{
    credentials::{HANDLE, STATIC, settings},
    harness::{Client, T0, World},
    rule_files::{beside, import},
    signing_keys::{add, hs256},
};

const EXPLAIN: &str = "query($i: ExplainInput!) { explain(input: $i) {
    admitted reason steps { check lookedAt outcome because } } }";
const SECRET: &str = "a secret of the customer's own, shared";

/// Where an address is, for both who explain and who decide.
fn place_of(address: IpAddr) -> Place {
    let known = |country: &str, asn| Place {
        country: country.parse().ok(),
        asn: Some(Asn::new(asn)),
    };
    match address {
        IpAddr::V4(four) if four.octets()[0] == 198 => known("DE", 64_500),
        IpAddr::V4(four) if four.octets()[0] == 203 => known("FR", 64_501),
        _ => Place::default(),
    }
}

/// What a node that has this policy decides, as an explanation has it.
fn decided(policy: &Policy, input: &Value) -> Value {
    let text = |field: &str| input[field].as_str();
    let address = guard::fold(text("ip").unwrap().parse().unwrap());
    let mut request = Request {
        place: place_of(address),
        referrer: guard::referrer(None, text("referer")),
        agent: text("userAgent").map(Into::into),
        encrypted: true,
        ..Request::new(
            Door::Playback,
            text("stream").unwrap().parse().ok(),
            address,
            text("token").map_or(Credential::Missing, Credential::from_token),
        )
    };
    let facts = Facts {
        publisher: Presence::Present,
        ..Facts::default()
    };
    loop {
        let (decision, steps) = guard::explain(&request, &facts, policy, T0);
        let reason = match decision {
            Decision::Ask(Question::Signature { token, key }) => {
                request.proofs.add(signature::check(&token, &key));
                continue;
            }
            Decision::Ask(question) => panic!("unexpected {question:?}"),
            Decision::Admit(_) => None,
            Decision::Deny(denial) => Some(denial.reason.as_str()),
        };
        let steps = steps.into_iter().map(|step| {
            let outcome = match step.outcome {
                StepOutcome::Passed => "PASSED",
                StepOutcome::Failed => "FAILED",
            };
            json!({ "check": step.check, "lookedAt": step.looked_at, "outcome": outcome, "because": step.because })
        });
        let steps: Vec<_> = steps.collect();
        return json!({ "admitted": reason.is_none(), "reason": reason, "steps": steps });
    }
}

/// Explains a request, which comes to the same as at the door; the reason of a refusal.
async fn explained(world: &World, admin: &Client, input: &Value) -> Option<String> {
    let said = admin.data(EXPLAIN, json!({ "i": input })).await["explain"].clone();
    let policy = world.node.policy.lock().unwrap().clone();
    assert_eq!(said, decided(&policy, input), "{input}");
    said["reason"].as_str().map(str::to_owned)
}

async fn what_is_explained_is_decided_on(kind: testkit::Kind) {
    let world = World::tuned(kind, |settings| {
        let known = || api::Known {
            countries: true,
            networks: true,
        };
        let located = |address| api::Located {
            place: place_of(address),
            provider: None,
        };
        settings.places = api::Places::new(located, known, vec![]);
    })
    .await;
    let admin = world.as_role("nanoAdmin").await;
    let name = world.stream();
    settings(&admin, json!({ "staticTokens": true })).await;
    let viewing = world.viewing(name, 1);
    let (stream, organisation) = (viewing.stream, viewing.organisation);
    world.node.tell(T0, Kind::Live { stream, organisation });
    let token = async |mut more: Value| {
        more["streams"] = json!([name]);
        let made = admin.make_token(more).await;
        made["token"].as_str().unwrap().to_owned()
    };
    let good = token(json!({})).await;
    let ask = |ip: &str, token: &str| json!({ "stream": name, "ip": ip, "token": token });
    let offline = json!({ "i": ask("192.0.2.9", &good) });
    while admin.data(EXPLAIN, offline.clone()).await["explain"]["admitted"] != true {
        tokio::task::yield_now().await;
    }

    // That there are rules is told by whom none is about, too.
    assert_eq!(explained(&world, &admin, &ask("192.0.2.9", &good)).await, None);
    import(&admin, json!({ "csv": "kind,value,action\nIP,10.0.0.1,DENY\n" })).await;
    assert_eq!(explained(&world, &admin, &ask("192.0.2.9", &good)).await, None);

    beside(&admin, 3_000).await;
    let rules = "kind,value,action,mode\nIP,203.0.113.0/24,DENY,\nIP,203.0.113.9,ALLOW,\nIP,2001:db8::/32,DENY,\n\
                 IP,2001:db8:1::5,ALLOW,\nIP,0.0.0.0/0,DENY,MONITOR\nASN,64500,DENY,\nCOUNTRY,none,DENY,MONITOR\n\
                 COUNTRY,FR,ALLOW,\nREFERRER,*.evil.example,DENY,\nUSER_AGENT,curl/*,DENY,\n";
    let made = import(&admin, json!({ "csv": rules })).await;
    assert_eq!(made["made"], 10, "{made}");
    for (ip, reason) in [
        ("192.0.2.9", None),
        ("172.16.0.7", Some("GUARDIAN_IP")),
        ("198.51.100.7", Some("GUARDIAN_ASN")),
        ("203.0.113.9", None),
        ("203.0.113.8", Some("GUARDIAN_IP")),
        ("::ffff:203.0.113.8", Some("GUARDIAN_IP")),
        ("203.0.114.1", None),
        ("2001:db8:1::5", None),
        ("2001:db8:1::6", Some("GUARDIAN_IP")),
    ] {
        let found = explained(&world, &admin, &ask(ip, &good)).await;
        assert_eq!(found.as_deref(), reason, "{ip}");
    }
    for (field, value, reason) in [
        ("referer", "https://www.evil.example/", Some("GUARDIAN_REFERRER")),
        ("referer", "https://good.example/", None),
        ("userAgent", "curl/8", Some("GUARDIAN_USER_AGENT")),
        ("userAgent", "VLC/3", None),
    ] {
        let mut input = ask("192.0.2.9", &good);
        input[field] = value.into();
        let found = explained(&world, &admin, &input).await;
        assert_eq!(found.as_deref(), reason, "{value}");
    }

    // What was taken back, by whatever a credential is known by.
    let other = token(json!({ "user": "dan", "tag": "app" })).await;
    let alone = token(json!({})).await;
    let ben = token(json!({ "user": "ben" })).await;
    let cat = token(json!({ "user": "cat" })).await;
    let tagged = token(json!({ "tag": "web" })).await;
    let map = json!({ "id": "jti", "video": "streams" });
    let key = add(
        &admin,
        json!({ "hs256Secret": SECRET, "kid": "theirs", "claimMap": map }),
    )
    .await;
    let claims = json!({ "aud": "play", "exp": T0.s() + 600, "iat": T0.s(), "id": "own-1", "video": name });
    let theirs = hs256(SECRET, &json!({ "kid": "theirs" }), &claims);
    let mut claims = claims;
    claims["id"] = "own-2".into();
    let second = hs256(SECRET, &json!({ "alg": "HS256" }), &claims);
    let handle = async |token: &str| {
        let made = admin.data(HANDLE, json!({ "t": token })).await["createHandle"].clone();
        made["handle"].as_str().unwrap().to_owned()
    };
    let (kept, taken) = (handle(&other).await, handle(&alone).await);
    let input = json!({ "name": "studio", "streams": [name], "ttlSeconds": 600 });
    let fixed = admin.data(STATIC, json!({ "i": input })).await["createStaticToken"]["text"].clone();
    let fixed = fixed.as_str().unwrap();
    let all = [
        &*other, &alone, &ben, &cat, &tagged, &theirs, &second, &kept, &taken, fixed,
    ];
    for one in all {
        assert_eq!(explained(&world, &admin, &ask("192.0.2.9", one)).await, None, "{one}");
    }
    for which in [
        json!({ "token": alone }),
        json!({ "token": theirs }),
        json!({ "user": "ben" }),
        json!({ "tag": "web" }),
    ] {
        let done = admin.revoke(which).await;
        assert_eq!(done["errors"], json!([]), "{done}");
    }
    let ban = "mutation { banUser(input: {user: \"cat\"}) { errors { code } } }";
    admin.data(ban, json!({})).await;
    let revoked = Some("TOKEN_REVOKED");
    for (one, reason) in all.into_iter().zip([
        None,
        revoked,
        revoked,
        Some("TOKEN_USER_BANNED"),
        revoked,
        revoked,
        None,
        None,
        revoked,
        None,
    ]) {
        let found = explained(&world, &admin, &ask("192.0.2.9", one)).await;
        assert_eq!(found.as_deref(), reason, "{one}");
    }
    for text in ["h_AAAAAAAAAAAAAAAAAAAAAA", "nobody's", "a.b.c"] {
        let found = explained(&world, &admin, &ask("192.0.2.9", text)).await;
        assert_eq!(found.as_deref(), Some("TOKEN_MALFORMED"), "{text}");
    }
    for which in [
        json!({ "signingKey": key["signingKey"]["id"] }),
        json!({ "stream": name }),
    ] {
        admin.revoke(which).await;
        let found = explained(&world, &admin, &ask("192.0.2.9", &second)).await;
        assert_eq!(found.as_deref(), revoked);
    }
    for one in all {
        let found = explained(&world, &admin, &ask("192.0.2.9", one)).await;
        assert!(found.is_some(), "{one}");
    }
}

#[tokio::test]
async fn an_explanation_among_thousands_of_rules_is_the_doors_decision_step_by_step() {
    what_is_explained_is_decided_on(testkit::Kind::Sqlite).await;
}

#[tokio::test]
async fn an_explanation_among_thousands_of_rules_is_the_doors_decision_step_by_step_on_postgresql() {
    what_is_explained_is_decided_on(testkit::Kind::Postgres).await;
}
