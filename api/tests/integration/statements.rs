//! A longer list asks the database for more rows, not more often.

use std::collections::BTreeSet;

use guard::Grant;
use link::{Kind, SessionFacts};
use serde_json::{Value, json};

use crate::{
    harness::{Client, World, granted},
    made::webhook,
    organisations,
};

/// What a page of `n` costs. Other tasks of the control plane ask now and then: the least of several is the page's own.
async fn cost(world: &World, client: &Client, query: &str, n: usize) -> u64 {
    let mut least = u64::MAX;
    for _ in 0..8 {
        let before = world.running.statements();
        let data = client.data(query, json!({ "n": n })).await;
        least = least.min(world.running.statements() - before);
        assert_eq!(longest(&data), n, "{query}");
    }
    least
}

fn longest(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(longest).max().unwrap_or_default().max(items.len()),
        Value::Object(map) => map.values().map(longest).max().unwrap_or_default(),
        _ => 0,
    }
}

/// Every connection of the schema, with everything that hangs from its entries.
const LISTS: &[(&str, &str)] = &[
    (
        "StreamConnection",
        "query($n: Int) { organisation { streams(first: $n) { totalCount nodes {
        id name title state tags { name streams } group { id name createdAt } createdAt securePlayback ingestAuthorisation staticTokens backendTokens mfaRequired
        testSource ingestUrl ingestKey viewers playbackUrls { hls }
        sessions(first: 2) { totalCount nodes { id } } } } } }",
    ),
    (
        "PlaybackTokenConnection",
        "query($n: Int) { organisation { playbackTokens(first: $n) { totalCount nodes {
        id jti door status user tag streams organisationWide createdAt expiresAt revokedAt revocable notRevocableBecause
        createdBy { id name kind } claims } } } }",
    ),
    (
        "RefusalConnection",
        "query($n: Int) { organisation { refusals(first: $n) { totalCount nodes {
        id at stream door protocol address admitted reason until steps { check lookedAt outcome because }
        visitor { country asn provider user tag jti userAgent referrer } } } } }",
    ),
    (
        "GuardianRuleConnection",
        "query($n: Int) { organisation { guardianRules(first: $n) { totalCount nodes {
        id kind value action mode door stream { name } group { name } expiresAt note matches lastMatchAt createdBy { name } createdAt } } } }",
    ),
    (
        "WebhookDeliveryConnection",
        "query($n: Int) { organisation { webhookDeliveries(first: $n) { totalCount nodes {
        id webhook call stream state status tookMs error attempts createdAt triedAt nextAt content } } } }",
    ),
    (
        "AlertConnection",
        "query($n: Int) { organisation { alerts(first: $n) { totalCount nodes {
        id rule name state severity metric summary value peak bar usual openedAt resolvedAt ending acknowledgedAt notifications } } } }",
    ),
    (
        "AlertDeliveryConnection",
        "query($n: Int) { organisation { alertDeliveries(first: $n) { totalCount nodes {
        id alert receiver event recipient state error attempts createdAt triedAt } } } }",
    ),
    (
        "MisuseCaseConnection",
        "query($n: Int) { organisation { cases(first: $n) { totalCount nodes {
        id title state createdBy { name } createdAt updatedAt closedAt score findings { id } tokens { jti status }
        addresses { ip } sessions { id } notes { text createdBy { name } } } } } }",
    ),
    (
        "MisuseResponseConnection",
        "query($n: Int) { organisation { responses(first: $n) { totalCount nodes {
        id state kind ip value code weight evidence lengthSeconds note proposedBy { name } decidedBy { name } byItself until
        rule undoneBy { name } endedAt isOwn } } } }",
    ),
    (
        "BannedUserConnection",
        "query($n: Int) { organisation { bannedUsers(first: $n) { totalCount nodes { user note bannedAt bannedBy { name } } } } }",
    ),
    (
        "StreamGroupConnection",
        "query($n: Int) { organisation { groups(first: $n) { totalCount nodes {
        id name createdAt streams(first: 2) { totalCount nodes { name tags { name streams } group { name } } } } } } }",
    ),
    (
        "MemberConnection",
        "query($n: Int) { organisation { members(first: $n) { totalCount nodes {
        id user name email role joinedAt lastSeenAt secondFactor signIns { id address lastUsedAt } } } } }",
    ),
    (
        "ApiTokenConnection",
        "query($n: Int) { organisation { apiTokens(first: $n) { totalCount nodes {
        id kind name role prefix status createdAt expiresAt revokedAt lastUsedAt lastUsedAddress
        createdBy { id name kind } } } } }",
    ),
    (
        "InvitationConnection",
        "query($n: Int) { organisation { invitations(first: $n) { totalCount nodes {
        id email role createdAt expiresAt status invitedBy { id name kind } mail { attempts sentAt } } } } }",
    ),
    (
        "AuditEntryConnection",
        "query($n: Int) { organisation { auditLog(first: $n) { totalCount nodes {
        id sequence at actor { id name kind } actorKind role action object detail address email requestId hash } } } }",
    ),
    (
        "ChangeConnection",
        "query($n: Int) { organisation { changes(first: $n) { totalCount nodes {
        id at action sessionsEnded bytesAfter doneAfterMs nodes { node acknowledged tookMs } } } } }",
    ),
    (
        "SessionConnection",
        "query($n: Int) { organisation { sessions(first: $n) { totalCount nodes {
        id stream address user startedAt } } } }",
    ),
    (
        "TokenUsageConnection",
        "query($n: Int) { organisation { analytics(range: {from: \"2026-06-01T00:00:00Z\", to: \"2028-01-01T00:00:00Z\"}) {
        byToken(first: $n) { totalCount nodes { jti topCountries { name } topProviders { name } topReferrers { name }
        maxConcurrency status notRevocableBecause heldUntil score indicators { code } } } } } }",
    ),
    (
        "AddressUsageConnection",
        "query($n: Int) { organisation { analytics(range: {from: \"2026-06-01T00:00:00Z\", to: \"2028-01-01T00:00:00Z\"}) {
        byAddress(first: $n) { totalCount nodes { ip tags blocked blockedBy { value createdBy { name } } maxConcurrency score indicators { code } } } } } }",
    ),
    (
        "ViewerUsageConnection",
        "query($n: Int) { organisation { analytics(range: {from: \"2026-06-01T00:00:00Z\", to: \"2028-01-01T00:00:00Z\"}) {
        byViewer(first: $n) { totalCount nodes { user topCountries { name } topProviders { name } banned heldUntil maxConcurrency
        score indicators { code } } } } } }",
    ),
    (
        "MisuseFindingConnection",
        "query($n: Int) { organisation { analytics(range: {from: \"2026-06-01T00:00:00Z\", to: \"2028-01-01T00:00:00Z\"}) {
        findings(first: $n) { totalCount nodes { ip code evidence status notRevocableBecause banned heldUntil blocked blockedBy { value }
        whereabouts { addresses running networks { asn } } } } } } }",
    ),
    (
        "PlatformOrganisationConnection",
        "query($n: Int) { platform { organisations(first: $n) { totalCount nodes {
        id hash name standing createdAt members streams viewers packages { package enabled } } } } }",
    ),
    (
        "SearchConnection",
        "query($n: Int) { search(text: \"n\", kinds: [STREAM], first: $n) { totalCount nodes { kind fit stream {
        name tags { name streams } group { name } sessions(first: 2) { totalCount } } } } }",
    ),
    (
        "SearchConnection",
        "query($n: Int) { search(text: \"u\", kinds: [TOKEN], first: $n) { totalCount nodes { kind fit token {
        jti user status createdBy { name } } } } }",
    ),
    (
        "SearchConnection",
        "query($n: Int) { search(text: \"10.\", kinds: [RULE], first: $n) { totalCount nodes { kind fit rule {
        value stream { name } group { name } createdBy { name } } } } }",
    ),
    (
        "SearchConnection",
        "query($n: Int) { search(text: \"northwind\", kinds: [MEMBER], first: $n) { totalCount nodes { kind fit member {
        name email role lastSeenAt secondFactor signIns { id } } } } }",
    ),
    (
        "SearchConnection",
        "query($n: Int) { search(text: \"create\", kinds: [AUDIT], first: $n) { totalCount nodes { kind fit auditEntry {
        action object actor { name } } } } }",
    ),
];

#[test]
fn every_connection_is_counted() {
    let sdl = api::sdl();
    let known: BTreeSet<_> = sdl
        .lines()
        .filter_map(|line| line.strip_prefix("type ")?.strip_suffix("Connection {"))
        .map(|name| format!("{name}Connection"))
        .collect();
    let counted = LISTS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(known, counted);
}

#[tokio::test]
async fn a_page_of_fifty_takes_as_many_statements_as_a_page_of_ten() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let operator = organisations::operator(&world).await;
    for n in 0..50 {
        fill(&world, &admin, n).await;
        let make = "mutation($n: String!, $e: String!) { createOrganisation(input: {name: $n, adminEmail: $e}) { errors { code } } }";
        let names = json!({ "n": format!("Organisation {n}"), "e": format!("first{n}@example.com") });
        operator.data(make, names).await;
    }
    let receiver =
        "mutation($e: [String!]) { saveAlertReceiver(input: {name: \"all\", emails: $e}) { alertReceiver { id } } }";
    let emails: Vec<_> = (0..10).map(|n| format!("told{n}@example.com")).collect();
    let receiver =
        admin.data(receiver, json!({ "e": emails })).await["saveAlertReceiver"]["alertReceiver"]["id"].clone();
    let test = "mutation($i: ID!) { testAlertReceiver(input: {id: $i}) { errors { code } } }";
    for _ in 0..5 {
        admin.data(test, json!({ "i": receiver })).await;
    }
    let told = "{ organisation { sessions { totalCount } alerts { totalCount } analytics(range: {from: \"2026-06-01T00:00:00Z\", to:
        \"2028-01-01T00:00:00Z\"}) { findings { totalCount } } } }";
    loop {
        let data = admin.data(told, json!({})).await["organisation"].clone();
        let counts = (
            &data["sessions"]["totalCount"],
            &data["alerts"]["totalCount"],
            &data["analytics"]["findings"]["totalCount"],
        );
        if counts == (&json!(50), &json!(50), &json!(50)) {
            break;
        }
        tokio::task::yield_now().await;
    }
    let found = "{ organisation { analytics(range: {from: \"2026-06-01T00:00:00Z\", to: \"2028-01-01T00:00:00Z\"}) {
        findings(first: 50) { nodes { id } } } } }";
    let found = admin.data(found, json!({})).await["organisation"]["analytics"]["findings"]["nodes"].clone();
    for finding in found.as_array().unwrap() {
        let suggest = "mutation($f: ID!) { suggestResponse(input: {finding: $f}) { errors { code } } }";
        admin.data(suggest, json!({ "f": finding["id"] })).await;
    }
    for (name, query) in LISTS {
        let client = if name.starts_with("Platform") {
            &operator
        } else {
            &admin
        };
        let (mut ten, mut fifty) = (u64::MAX, u64::MAX);
        // On a busy machine somebody else asks during each of them.
        for _ in 0..5 {
            ten = ten.min(cost(&world, client, query, 10).await);
            fifty = fifty.min(cost(&world, client, query, 50).await);
            if ten == fifty {
                break;
            }
        }
        assert!(ten > 2, "nothing is counted");
        assert_eq!(ten, fifty, "{query}");
    }
}

async fn fill(world: &World, admin: &Client, n: u8) {
    let make =
        "mutation($i: CreateStreamInput!, $g: CreateGroupInput!, $a: CreateApiTokenInput!, $m: InviteMemberInput!) {
        createStream(input: $i) { stream { name } errors { code } } createGroup(input: $g) { group { id } errors { code } }
        createApiToken(input: $a) { errors { code } } inviteMember(input: $m) { errors { code } } }";
    let alias = format!("n{n}");
    let hash = &world.demo.users[0].organisation;
    let name = format!("{hash}-{alias}");
    let made = json!({
        "i": { "alias": alias, "tags": [format!("t{n}"), "all"] },
        "g": { "name": format!("Group {n}"), "streams": [name] },
        "a": { "name": format!("software {n}"), "role": "nanoReadOnly" },
        "m": { "email": format!("invited{n}@example.com"), "role": "nanoUser" },
    });
    let group = admin.data(make, made).await["createGroup"]["group"]["id"].clone();
    let rule = "mutation($s: CreateGuardianRuleInput!, $g: CreateGuardianRuleInput!) {
        s: createGuardianRule(input: $s) { errors { code } } g: createGuardianRule(input: $g) { errors { code } } }";
    let rules = json!({
        "s": { "kind": "IP", "value": format!("10.0.0.{n}"), "action": "DENY", "stream": name },
        "g": { "kind": "IP", "value": format!("10.0.1.{n}"), "action": "DENY", "group": group },
    });
    admin.data(rule, rules).await;
    let test = "mutation($i: ID!) { testWebhook(input: {id: $i}) { delivery { id } } }";
    admin.data(test, json!({ "i": webhook(admin).await })).await;
    let watched = format!(
        "mutation {{ saveAlertRule(input: {{name: \"watched {n}\", metric: DENIALS, threshold: 1, windowS: 86400}}) {{ errors {{ code }} }} }}"
    );
    admin.data(&watched, json!({})).await;
    let ban = format!("mutation {{ banUser(input: {{user: \"banned{n}\"}}) {{ errors {{ code }} }} }}");
    admin.data(&ban, json!({})).await;
    let email = format!("n{n}@northwind.example");
    world.join(&email, hash, "nanoReadOnly").await;
    world.idle_sign_in(&email).await;
    let token = admin
        .make_token(json!({ "streams": [name], "user": format!("u{n}") }))
        .await;
    let case = format!("mutation {{ createCase(input: {{title: \"case {n}\"}}) {{ case {{ id }} }} }}");
    let case = admin.data(&case, json!({})).await["createCase"]["case"]["id"].clone();
    let added = "mutation($i: ID!, $a: String!, $t: ID!) { addToCase(input: {id: $i, addresses: [$a], tokens: [$t]}) { errors { code } }
        addCaseNote(input: {id: $i, text: \"note\"}) { errors { code } } }";
    let address = json!({ "i": case, "a": format!("10.0.2.{n}"), "t": token["record"]["jti"] });
    admin.data(added, address).await;
    let viewing = SessionFacts {
        address: [203, 0, 113, n].into(),
        grant: Some(Grant {
            user: Some(format!("watched{n}").into()),
            ..granted(&format!("used{n}"))
        }),
        ..world.viewing(&name, u64::from(n))
    };
    world.node.tell(world.clock.now(), Kind::Started(viewing.clone()));
    for _ in 0..10 {
        // Somebody who forges tokens: a sign of misuse.
        let refused = Kind::Denied {
            organisation: Some(viewing.organisation),
            stream: viewing.name.clone(),
            door: viewing.door,
            protocol: viewing.protocol,
            address: viewing.address,
            reason: guard::Reason::TokenSignature,
            decision: ids::DecisionId::mint(1, [n; 10]),
            trace: vec![],
            visitor: link::Visitor::default(),
        };
        world.node.tell(world.clock.now(), refused);
    }
}
