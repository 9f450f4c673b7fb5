//! Who may do what, as callers find it: every operation × everybody who can ask, and the table of roles cell by cell.
//!
//! The operations come from the running schema: a new one that nobody put into the table is a difference.

use std::{fmt::Write, time::Duration};

use link::{Clock, Entropy, Kind};
use serde_json::json;

use crate::{
    harness::{Client, T0, World, settings},
    subscriptions::Socket,
    sweep::{Operations, outcome},
};

/// The types whose fields are operations; of an organisation and of the platform, what hangs from it.
const OWNERS: [&str; 5] = ["Query", "Organisation", "Platform", "Subscription", "Mutation"];

#[tokio::test]
async fn every_operation_answers_everybody_as_the_committed_table_says() {
    let world = World::new().await;
    let address = world.serve().await;
    let admin = world.as_role("nanoAdmin").await;
    let operator = operator(&world).await;
    let operations = Operations::of(&world, &admin).await;
    let spare = "mutation { createOrganisation(input: {name: \"Spare\", adminEmail: \"spare@example.com\"}) {
        organisation { hash } } }";
    let spare = operator.data(spare, json!({})).await["createOrganisation"]["organisation"]["hash"].clone();
    let mut callers = vec![
        ("anonymous", world.anonymous()),
        ("operator", operator),
        ("outsider", world.outsider().await),
    ];
    for role in ROLES {
        let maker = world.as_role(role).await;
        callers.push(("token", software(&world, &maker, role).await));
    }
    let key = admin.data("mutation { rotateApiKey { secret } }", json!({})).await;
    callers.push(("API key", bearer(&world, &key["rotateApiKey"]["secret"])));
    for role in ROLES {
        callers.push(("person", world.as_role(role).await));
    }
    let stage = Stage::prepare(&world, [&admin, &callers[2].1]).await;

    let mut table = format!("{:38}{:10}{:10}{:10}", "", "anonymous", "operator", "outsider");
    writeln!(
        table,
        "{:33}{:10}person of each role",
        "API token of each role", "API key"
    )
    .unwrap();
    for owner in OWNERS {
        let mut names = operations.names(owner);
        // It makes every key before it worthless.
        let rotates = names
            .iter()
            .position(|name| name == "rotateApiKey")
            .map(|at| names.remove(at));
        for name in names {
            let mut row = format!("{:38}", format!("{owner}.{name}"));
            for (_, caller) in &callers {
                let code = if owner == "Subscription" {
                    let query = operations.subscription(&name);
                    stage
                        .first_word(Socket::open(address, caller, None).await.unwrap(), &query)
                        .await
                } else {
                    let request = operations.request(owner, &name).await;
                    outcome(caller, &request.replace("22222", spare.as_str().unwrap())).await
                };
                row += cell(&code);
            }
            writeln!(table, "{}", row.trim_end()).unwrap();
        }
        if let Some(name) = rotates {
            let mut row = Vec::new();
            // The key itself comes first.
            for n in [6, 0, 1, 2, 3, 4, 5, 7, 8, 9] {
                let request = operations.request(owner, &name).await;
                row.push((n, outcome(&callers[n].1, &request).await));
            }
            row.sort();
            let row: String = row.iter().map(|(_, code)| cell(code)).collect();
            writeln!(table, "{:38}{}", format!("{owner}.{name}"), row.trim_end()).unwrap();
        }
    }
    let mut row = format!("{:38}", "Mutation.signOut");
    for (_, caller) in &callers[..6] {
        row += cell(&outcome(caller, "mutation { signOut { errors { code } } }").await);
    }
    row += cell("(as a token)");
    for (_, caller) in &callers[7..] {
        row += cell(&outcome(caller, "mutation { signOut { errors { code } } }").await);
    }
    writeln!(table, "{}", row.trim_end()).unwrap();
    insta::assert_snapshot!(table);
}

/// As the table has it, ten letters wide.
fn cell(code: &str) -> &'static str {
    match code {
        "ok" => "yes       ",
        "UNAUTHENTICATED" => "sign in   ",
        "FORBIDDEN" => "no        ",
        "NOT_FOUND" => "unknown   ",
        "(as a token)" => "          ",
        other => panic!("{other} is no answer to who may do what"),
    }
}

/// A platform operator who belongs to no organisation.
async fn operator(world: &World) -> Client {
    let (clock, entropy) = (Clock::manual(T0), Entropy::seeded(79));
    let email = "operator@portcullis.example";
    let link = api::operator::create(&settings(&world.database), clock, entropy, email)
        .await
        .unwrap();
    let (_, secret) = link.split_once('#').unwrap();
    let reset = "mutation($s: String!) { resetPassword(input: {secret: $s, password: \"correct horse\"}) { done } }";
    let mut client = world.anonymous();
    client.data(reset, json!({ "s": secret })).await;
    client.cookie = client.sign_in(email, "correct horse").await.cookie();
    assert!(client.cookie.is_some());
    client
}

async fn software(world: &World, maker: &Client, role: &str) -> Client {
    let create = "mutation($r: Role!) { createApiToken(input: {name: \"table\", role: $r}) { secret } }";
    let made = maker.data(create, json!({ "r": role })).await;
    bearer(world, &made["createApiToken"]["secret"])
}

fn bearer(world: &World, secret: &serde_json::Value) -> Client {
    let mut client = world.anonymous();
    client.bearer = Some(secret.as_str().expect("a secret").to_owned());
    client
}

/// A stream of each organisation, on which something happens, and somebody who sees to it.
struct Stage<'a> {
    world: &'a World,
    streams: [String; 2],
    people: [&'a Client; 2],
}

impl<'a> Stage<'a> {
    async fn prepare(world: &'a World, people: [&'a Client; 2]) -> Self {
        let [_, outsider] = people;
        let made = "mutation { createStream(input: {}) { stream { name } } }";
        let theirs = outsider.data(made, json!({})).await["createStream"]["stream"]["name"].clone();
        let streams = [world.stream(), theirs.as_str().unwrap()].map(str::to_owned);
        let watched =
            "mutation { saveAlertRule(input: {name: \"kept\", metric: DENIALS, threshold: 1, windowS: 86400}) {
            errors { code } } }";
        outsider.data(watched, json!({})).await;
        Self { world, streams, people }
    }

    /// What a subscription says first, with something happening until it has said something.
    async fn first_word(&self, mut socket: Socket, query: &str) -> String {
        socket.subscribe("s", query).await;
        for n in 0.. {
            self.happens(n);
            if query.contains("responses") {
                self.is_seen_to().await;
            }
            let Ok(said) = tokio::time::timeout(Duration::from_millis(20), socket.hear()).await else {
                continue;
            };
            assert_eq!(said["type"], "next", "{said}");
            let code = said["payload"]["errors"][0]["extensions"]["code"].as_str();
            return code.unwrap_or("ok").to_owned();
        }
        unreachable!("something is said")
    }

    /// Somebody of each organisation suggests that whoever was found last is kept out, and takes it back.
    async fn is_seen_to(&self) {
        let found =
            "{ organisation { analytics(range: {from: \"2026-06-01T00:00:00Z\", to: \"2029-01-01T00:00:00Z\"}) {
            findings(first: 1) { nodes { id } } } } }";
        for person in self.people {
            let found =
                person.data(found, json!({})).await["organisation"]["analytics"]["findings"]["nodes"][0].clone();
            if found.is_null() {
                continue;
            }
            let suggest = "mutation($f: ID!) { suggestResponse(input: {finding: $f}) { response { id } } }";
            let made = person.data(suggest, json!({ "f": found["id"] })).await;
            let refuse = "mutation($i: ID!) { refuseResponse(input: {id: $i}) { errors { code } } }";
            let id = &made["suggestResponse"]["response"]["id"];
            person.data(refuse, json!({ "i": id })).await;
        }
    }

    fn happens(&self, n: u64) {
        // What an alert measures is told so often at most.
        self.world.pass(Duration::from_secs(2));
        for name in &self.streams {
            let (viewing, now) = (self.world.viewing(name, 1000 + n), self.world.clock.now());
            let (stream, organisation) = (viewing.stream, viewing.organisation);
            // Somebody who forges tokens: a sign of misuse.
            let [_, b, c, d] = u32::try_from(n).unwrap().to_be_bytes();
            for _ in 0..10 {
                let refused = Kind::Denied {
                    organisation: Some(organisation),
                    stream: viewing.name.clone(),
                    door: viewing.door,
                    protocol: viewing.protocol,
                    address: [10, b, c, d].into(),
                    reason: guard::Reason::TokenSignature,
                    decision: ids::DecisionId::mint(n, [1; 10]),
                    trace: vec![],
                    visitor: link::Visitor::default(),
                };
                self.world.node.tell(now, refused);
            }
            self.world.node.tell(now, Kind::Started(viewing));
            self.world.node.tell(now, Kind::Live { stream, organisation });
            self.world.node.tell(now, Kind::Offline { stream, organisation });
        }
    }
}

const ROLES: [&str; 3] = ["nanoReadOnly", "nanoUser", "nanoAdmin"];

/// A row of the table of roles: what it is about, whether nanoAdmin, nanoUser and nanoReadOnly may, and what proves it:
/// fields of the schema, or whole requests. Last, what belongs to the row and is not there yet.
type Row = (
    &'static str,
    [bool; 3],
    &'static [&'static str],
    &'static [&'static str],
);

const ALL: [bool; 3] = [true, true, true];
const WORK: [bool; 3] = [true, true, false];
const ADMIN: [bool; 3] = [true, false, false];

const TABLE: &[Row] = &[
    (
        "read streams, states, metrics, alerts, packages; search; watch a stream in the dashboard",
        ALL,
        &[
            "Query.stream",
            "Query.search",
            "Organisation.streams",
            "Organisation.groups",
            "Organisation.tags",
            "Organisation.packages",
            "Organisation.settings",
            "Organisation.sessions",
            "{ organisation { analytics(range: {from: \"2026-06-01T00:00:00Z\"}) { world { country } } } }",
            "Organisation.alerts",
            "Organisation.alertRules",
            "Mutation.watchStream",
        ],
        &[],
    ),
    (
        "read sessions, token records, rules, misuse views with addresses and users; export; explain, simulate, lint",
        WORK,
        &[
            "Organisation.playbackTokens",
            "Query.playbackToken",
            "Organisation.guardianRules",
            "Organisation.staticTokens",
            "Organisation.bannedUsers",
            "Mutation.lintToken",
            "Mutation.simulateGuardianRule",
            "Query.explain",
            "Query.decision",
            "{ organisation { sessions(filter: {user: \"ann\"}) { totalCount } } }",
            "{ organisation { sessions(filter: {jti: \"x\"}) { totalCount } } }",
            "{ organisation { analytics(range: {from: \"2026-06-01T00:00:00Z\"}) { byToken { totalCount } } } }",
            "{ organisation { analytics(range: {from: \"2026-06-01T00:00:00Z\"}) { byAddress { totalCount } } } }",
            "{ organisation { analytics(range: {from: \"2026-06-01T00:00:00Z\"}) { findings { totalCount } } } }",
            "{ organisation { analytics(range: {from: \"2026-06-01T00:00:00Z\"}) { sessions { totalCount } } } }",
        ],
        &[],
    ),
    (
        "create and edit streams, tags, groups; reveal ingest keys; start a test source",
        WORK,
        &[
            "Mutation.createStream",
            "Mutation.updateStream",
            "mutation { updateStream(input: {name: \"STREAM\", tags: [\"a\"]}) { errors { code } } }",
            "Mutation.createGroup",
            "Mutation.updateGroup",
            "{ stream(name: \"STREAM\") { ingestKey } }",
            "{ stream(name: \"STREAM\") { ingestUrl } }",
            "Mutation.startTestSource",
        ],
        &[],
    ),
    (
        "stop, start, lock, unlock, delete streams; delete tags and recordings; rotate ingest keys; take secure playback off",
        ADMIN,
        &[
            "Mutation.stopStream",
            "Mutation.startStream",
            "Mutation.lockStream",
            "Mutation.unlockStream",
            "Mutation.deleteStream",
            "Mutation.deleteTag",
            "Mutation.deleteGroup",
            "Mutation.rotateIngestKey",
            "mutation { updateStream(input: {name: \"STREAM\", securePlayback: OPEN}) { errors { code } } }",
            "mutation { updateStream(input: {name: \"STREAM\", staticTokens: ON}) { errors { code } } }",
            "mutation { updateStream(input: {name: \"STREAM\", backendTokens: ON}) { errors { code } } }",
            "mutation { updateStream(input: {name: \"STREAM\", mfaRequired: false}) { errors { code } } }",
            "mutation { createStream(input: {securePlayback: OPEN}) { errors { code } } }",
            "mutation { updateSettings(input: {securePlayback: false}) { errors { code } } }",
        ],
        &["Mutation.deleteRecording"],
    ),
    (
        "create playback and publish tokens",
        WORK,
        &[
            "Mutation.createPlaybackToken",
            "Mutation.createPlaybackTokens",
            "Mutation.createPublishToken",
            "Mutation.createHandle",
        ],
        &[],
    ),
    (
        "revoke one token, a user's or a tag's; ban a viewer; write playback rules; end a viewer's session; work on misuse",
        WORK,
        &[
            "mutation { revokeTokens(input: {jti: \"JTI\"}) { errors { code } } }",
            "Query.revocationPreview",
            "mutation { revokeTokens(input: {user: \"nobody\"}) { errors { code } } }",
            "mutation { revokeTokens(input: {tag: \"nothing\"}) { errors { code } } }",
            "Mutation.createGuardianRule",
            "Mutation.importGuardianRules",
            "Mutation.updateGuardianRule",
            "Mutation.deleteGuardianRule",
            "Mutation.banUser",
            "Mutation.unbanUser",
            "Mutation.endSession",
            "Organisation.cases",
            "Organisation.case",
            "Mutation.createCase",
            "Mutation.updateCase",
            "Mutation.addToCase",
            "Mutation.removeFromCase",
            "Mutation.addCaseNote",
            "Mutation.deleteCase",
            "Organisation.responses",
            "Mutation.suggestResponse",
            "Mutation.approveResponse",
            "Mutation.refuseResponse",
            "Mutation.undoResponse",
        ],
        &[],
    ),
    (
        "revoke by stream, signing key or issued-before; ingest rules and catch-alls; end a broadcaster's session",
        ADMIN,
        &[
            "mutation { revokeTokens(input: {stream: \"STREAM\"}) { errors { code } } }",
            "{ revocationPreview(input: {stream: \"STREAM\"}) { tokens } }",
            "mutation { revokeTokens(input: {signingKey: \"KEY\"}) { errors { code } } }",
            "mutation { revokeTokens(input: {issuedBefore: \"2020-01-01T00:00:00Z\"}) { errors { code } } }",
            "mutation { createGuardianRule(input: {kind: ASN, value: \"1\", action: DENY, door: INGEST}) { errors { code } } }",
            "mutation { createGuardianRule(input: {kind: ASN, value: \"*\", action: ALLOW}) { errors { code } } }",
            "mutation { importGuardianRules(input: {csv: \"kind,value,action\\nASN,*,DENY\"}) { errors { code } } }",
            "mutation { endSession(input: {id: \"BROADCAST\"}) { errors { code } } }",
        ],
        &[],
    ),
    (
        "alert rules",
        WORK,
        &[
            "Mutation.saveAlertRule",
            "Mutation.deleteAlertRule",
            "Mutation.acknowledgeAlert",
        ],
        &[],
    ),
    (
        "list members; invite, change role, remove members; everybody's API tokens and the API key",
        ADMIN,
        &[
            "Organisation.members",
            "Organisation.invitations",
            "Mutation.inviteMember",
            "Mutation.resendInvitation",
            "Mutation.withdrawInvitation",
            "Mutation.changeRole",
            "Mutation.removeMember",
            "Mutation.invalidateMemberAccess",
            "Mutation.endSignIn",
            "Mutation.revokeApiToken",
            "Mutation.rotateApiKey",
        ],
        &[],
    ),
    (
        "own API tokens, at most with one's own role; own password, second factor, sessions",
        ALL,
        &[
            "Organisation.apiTokens",
            "mutation { createApiToken(input: {name: \"own\", role: ROLE}) { errors { code } } }",
            "{ viewer { signIns { id } } }",
            "Mutation.changePassword",
            "Mutation.beginTotp",
            "Mutation.beginPasskey",
        ],
        &[],
    ),
    (
        "signing keys, webhooks, alert receivers, organisation settings, package requests, read the audit log",
        ADMIN,
        &[
            "Organisation.signingKeys",
            "Mutation.addSigningKey",
            "Mutation.rotateSigningKey",
            "Mutation.removeSigningKey",
            "Mutation.createStaticToken",
            "Mutation.removeStaticToken",
            "Organisation.identityProvider",
            "Mutation.setIdentityProvider",
            "Mutation.removeIdentityProvider",
            "Mutation.updateSettings",
            "Mutation.eraseViewer",
            "Mutation.requestPackage",
            "Organisation.auditLog",
            "Organisation.webhooks",
            "Organisation.webhookDeliveries",
            "Mutation.setWebhook",
            "Mutation.rotateWebhookSecret",
            "Mutation.removeWebhook",
            "Mutation.testWebhook",
            "Mutation.redeliverWebhook",
            "Organisation.alertReceivers",
            "Organisation.alertDeliveries",
            "Mutation.saveAlertReceiver",
            "Mutation.deleteAlertReceiver",
            "Mutation.testAlertReceiver",
        ],
        &[],
    ),
];

#[tokio::test]
async fn the_table_of_roles_holds_cell_by_cell() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let operations = Operations::of(&world, &admin).await;
    let key = "{ organisation { signingKeys { id } } }";
    let key = admin.data(key, json!({})).await["organisation"]["signingKeys"][0]["id"].clone();
    let broadcast = world.broadcasting(&admin).await;
    let (user, reader) = (world.as_role("nanoUser").await, world.as_role("nanoReadOnly").await);
    let people = [("nanoAdmin", &admin), ("nanoUser", &user), ("nanoReadOnly", &reader)];
    for (may, cells, proofs, absent) in TABLE {
        for name in *absent {
            let (owner, name) = name.split_once('.').unwrap();
            let there = operations.names(owner).iter().any(|known| known == name);
            assert!(!there, "{owner}.{name} is there now: move it to the proofs of `{may}`");
        }
        for proof in *proofs {
            for ((role, client), allowed) in people.into_iter().zip(cells) {
                let request = if let Some((owner, name)) = proof.split_once('.').filter(|_| !proof.contains(' ')) {
                    operations.request(owner, name).await
                } else {
                    let made = admin.make_token(json!({ "streams": [world.stream()] })).await;
                    proof
                        .replace("STREAM", world.stream())
                        .replace("JTI", made["record"]["jti"].as_str().unwrap())
                        .replace("KEY", key.as_str().unwrap())
                        .replace("BROADCAST", &broadcast)
                        .replace("ROLE", role)
                };
                let code = outcome(client, &request).await;
                let refused = ["FORBIDDEN", "NOT_FOUND"].contains(&code.as_str());
                assert_eq!(
                    (code == "ok", refused),
                    (*allowed, !allowed),
                    "{role}, {may}: {code} for {request}"
                );
            }
        }
    }
}

/// The cell that is neither yes nor no: aggregates and masked addresses.
#[tokio::test]
async fn who_only_reads_sees_masked_addresses_and_nobodys_name() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let reader = world.as_role("nanoReadOnly").await;
    let outsider = world.outsider().await;
    let stage = Stage::prepare(&world, [&admin, &outsider]).await;
    stage.happens(1);
    let sessions = "{ organisation { sessions { totalCount nodes { address user jti } } } }";
    let of = async |client: &Client| client.data(sessions, json!({})).await["organisation"]["sessions"].clone();
    while of(&admin).await["totalCount"] == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(of(&admin).await["nodes"][0]["address"], "203.0.113.9");
    assert_eq!(
        of(&reader).await["nodes"],
        json!([{ "address": "203.0.113.0/24", "user": null, "jti": null }])
    );
    for query in ["auditLog { totalCount }", "playbackTokens { totalCount }"] {
        let query = format!("{{ organisation {{ {query} }} }}");
        assert_eq!(reader.code(&query, json!({})).await, "FORBIDDEN", "{query}");
    }
    let export = reader.get("/audit.csv").await;
    assert_eq!(export.status, axum::http::StatusCode::FORBIDDEN);
}
