//! Every `Type.field` of the schema, asked by nobody, by an outsider and by each role; compared as one table.
//!
//! The fields come from the schema itself, so that a new one is in the table before it is released. What no request can
//! reach here is listed, and the list may only shrink.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ids::MemberId;
use link::Kind;
use serde_json::{Value, json};

use crate::{
    harness::{Client, World},
    made::{alert_receiver, alert_rule, finding, misuse_case, new_signing_key, open_alert, response, webhook},
};

/// Types that only subscriptions give, and signing out, which would end the sweep: promised in `subscriptions` and `people`.
const UNCOVERED: &[&str] = &[
    "AlertEvent",
    "ChangeProgress",
    "LiveCounters",
    "ProtocolIngests",
    "ProtocolViewers",
    "SessionEvent",
    "SignOutPayload",
    "StreamStateEvent",
    "Subscription",
];

/// Every code that an error may have.
pub(crate) const CODES: [&str; 9] = [
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "NOT_FOUND",
    "PACKAGE_REQUIRED",
    "RATE_LIMITED",
    "INVALID",
    "CONFLICT",
    "UNAVAILABLE",
    "INTERNAL",
];

/// Members that nobody acts as: one to change, one with sign-ins to end.
const SPARE: &str = "spare@northwind.example";
const IDLE: &str = "idle@northwind.example";

/// What an organisation's identity provider is to be.
const PROVIDER: &str = "(input: {issuer: \"https://id.sweep.example\", clientId: \"sweep\", clientSecret: \"secret\",
    domains: [\"sweep.example\"], groupClaim: \"groups\", roleMap: [{group: \"staff\", role: nanoUser}]})";

/// A Guardian rule that is about nobody here.
const RULE: &str = "(input: {kind: COUNTRY, value: \"AQ\", action: DENY})";

/// How many notifications were sent.
const SENT: &str = "{ organisation { alertDeliveries { totalCount } } }";

/// A field's type name, whether it has fields of its own, and its arguments in the sweep.
#[derive(Clone, Debug)]
struct Field {
    name: String,
    gives: String,
    is_object: bool,
}

type Schema = BTreeMap<String, Vec<Field>>;

#[tokio::test]
async fn every_field_answers_each_role_as_the_committed_table_says() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let schema = schema(&admin).await;
    let ways = ways(&schema);
    let unreached: BTreeSet<_> = schema
        .keys()
        .filter(|name| !ways.contains_key(*name))
        .map(String::as_str)
        .collect();
    assert_eq!(
        unreached,
        UNCOVERED.iter().copied().collect(),
        "types that no request reaches"
    );

    let user = world.as_role("nanoUser").await;
    let reader = world.as_role("nanoReadOnly").await;
    let outsider = world.outsider().await;
    let anonymous = world.anonymous();
    let callers = [&anonymous, &outsider, &reader, &user, &admin];
    let objects = Objects::prepare(&world, &admin).await;
    let mut table = format!(
        "{:44}{:17}{:12}{:14}{:12}nanoAdmin\n",
        "Type.field", "anonymous", "outsider", "nanoReadOnly", "nanoUser"
    );
    for (name, fields) in schema.iter().filter(|(name, _)| ways.contains_key(*name)) {
        for field in fields {
            let mut cells = Vec::new();
            for caller in callers {
                let request = objects.request(&world, &admin, &schema, &ways, name, field).await;
                cells.push(outcome(caller, &request).await);
            }
            let [nobody, out, read, use_, all] = &cells[..] else {
                unreachable!()
            };
            let row = format!(
                "{:44}{nobody:17}{out:12}{read:14}{use_:12}{all}\n",
                format!("{name}.{}", field.name)
            );
            table.push_str(&row);
        }
    }
    insta::assert_snapshot!(table);
}

/// The code of the first error, else `ok`.
pub(crate) async fn outcome(caller: &Client, request: &str) -> String {
    let answer = caller.ask(request, json!({})).await;
    for error in answer.body["errors"].as_array().into_iter().flatten() {
        let code = error["extensions"]["code"].as_str().unwrap_or_default();
        assert!(CODES.contains(&code), "{request}: {}", answer.text);
    }
    let code = answer.code().unwrap_or_else(|| "ok".to_owned());
    assert!(code != "INVALID" && code != "INTERNAL", "{request}: {}", answer.text);
    code
}

/// What requests name.
struct Objects {
    api_token: String,
    invitation: String,
    withdrawn: String,
    /// Of the link of a third invitation.
    secret: String,
    hash: String,
    change: String,
    jti: String,
    /// The text of a token.
    token: String,
    /// A viewer's session.
    session: String,
    /// A refusal.
    decision: String,
    /// An alert of it, which is open.
    alert: String,
    /// The administrator's own membership, and one that nobody acts with.
    admin: String,
    spare: String,
}

impl Objects {
    /// One of each, so that no list is empty.
    async fn prepare(world: &World, admin: &Client) -> Self {
        let made = admin
            .make_token(json!({ "streams": [world.stream()], "user": "ann" }))
            .await;
        let revoked = admin.revoke(json!({ "user": "nobody" })).await;
        let viewing = world.viewing(world.stream(), 1);
        let session = viewing.session.to_string();
        world.node.tell(world.clock.now(), Kind::Started(viewing));
        let sessions = "{ organisation { sessions { totalCount } } }";
        while admin.data(sessions, json!({})).await["organisation"]["sessions"]["totalCount"] == 0 {
            tokio::task::yield_now().await;
        }
        let create = "mutation { createApiToken(input: {name: \"a\", role: nanoAdmin}) { apiToken { id } } }";
        let api_token = admin.data(create, json!({})).await;
        let rule = format!("mutation {{ createGuardianRule{RULE} {{ rule {{ id }} }} }}");
        admin.data(&rule, json!({})).await;
        let hash = &world.demo.users[0].organisation;
        let admins = world.member(&world.demo.users[0].email, hash).await.unwrap();
        world.join(IDLE, hash, "nanoReadOnly").await;
        let mut invitations = Vec::new();
        for name in ["resent", "withdrawn", "open"] {
            let invite = format!(
                "mutation {{ inviteMember(input: {{email: \"{name}@example.com\", role: nanoUser}}) {{ invitation {{ id }} }} }}"
            );
            let invited = admin.data(&invite, json!({})).await;
            invitations.push(invited["inviteMember"]["invitation"]["id"].as_str().unwrap().to_owned());
        }
        let watched =
            "mutation { saveAlertRule(input: {name: \"kept\", metric: DENIALS, threshold: 1, windowS: 86400}) {
            errors { code } } }";
        admin.data(watched, json!({})).await;
        let decision = world.refused(admin, 1).await;
        Self {
            alert: open_alert(admin).await,
            decision,
            session,
            invitation: invitations[0].clone(),
            withdrawn: invitations[1].clone(),
            secret: world.mailed("invitation", "open@example.com").await,
            hash: hash.clone(),
            api_token: api_token["createApiToken"]["apiToken"]["id"]
                .as_str()
                .unwrap()
                .to_owned(),
            admin: MemberId::from_uuid(admins.id).to_string(),
            spare: world.join(SPARE, hash, "nanoReadOnly").await.to_string(),
            change: revoked["change"]["id"].as_str().unwrap().to_owned(),
            jti: made["record"]["jti"].as_str().unwrap().to_owned(),
            token: made["token"].as_str().unwrap().to_owned(),
        }
    }

    /// A request that selects nothing but one field of one type; a mutation gets a stream, or a sign-in, of its own.
    async fn request(
        &self,
        world: &World,
        admin: &Client,
        schema: &Schema,
        ways: &BTreeMap<String, Vec<(String, Field)>>,
        name: &str,
        field: &Field,
    ) -> String {
        let way = &ways[name];
        let first = way.first().map_or(name, |(root, _)| root.as_str());
        let mut stream = world.stream().to_owned();
        if first == "Mutation" {
            let made =
                "mutation { createStream(input: {tags: [\"sweep\"]}) { stream { name } errors { code message } } }";
            let made = admin.data(made, json!({})).await;
            made["createStream"]["stream"]["name"]
                .as_str()
                .unwrap_or_else(|| panic!("{made}"))
                .clone_into(&mut stream);
        }
        let ends = field.name == "endSignIn" || way.iter().any(|(_, step)| step.name == "endSignIn");
        if ends {
            stream = world.idle_sign_in(IDLE).await.to_string();
        }
        let mut text = leaf(schema, field, &self.arguments(name, field, &stream));
        for (owner, step) in way.iter().rev() {
            text = format!("{}{} {{ {text} }}", step.name, self.arguments(owner, step, &stream));
        }
        if text.contains("GROUP") {
            // One of its own for each request: the one before may have deleted it.
            let made = format!("mutation {{ createGroup(input: {{name: \"for {stream}\"}}) {{ group {{ id }} }} }}");
            let made = admin.data(&made, json!({})).await;
            text = text.replace("GROUP", made["createGroup"]["group"]["id"].as_str().unwrap());
        }
        if ["identityProvider", "removeIdentityProvider", "signInMethods"]
            .iter()
            .any(|name| text.contains(name))
        {
            // The request before may have removed it.
            let set = format!("mutation {{ setIdentityProvider{PROVIDER} {{ errors {{ code }} }} }}");
            admin.data(&set, json!({})).await;
        }
        if text.contains("RULE") {
            let made = format!("mutation {{ createGuardianRule{RULE} {{ rule {{ id }} }} }}");
            let made = admin.data(&made, json!({})).await;
            text = text.replace("RULE", made["createGuardianRule"]["rule"]["id"].as_str().unwrap());
        }
        if text.contains("WEBHOOK") || text.contains("DELIVERY") || text.contains("webhook") {
            // The request before may have removed it.
            let hook = webhook(admin).await;
            text = text.replace("WEBHOOK", &hook);
            if text.contains("DELIVERY") || text.contains("webhookDeliveries") {
                let test = format!("mutation {{ testWebhook(input: {{id: \"{hook}\"}}) {{ delivery {{ id }} }} }}");
                let tested = admin.data(&test, json!({})).await["testWebhook"]["delivery"]["id"].clone();
                text = text.replace("DELIVERY", tested.as_str().unwrap());
            }
        }
        if text.contains("WATCHED") {
            // The request before may have deleted it.
            text = text.replace("WATCHED", &alert_rule(admin).await);
        }
        if text.contains("TOLDTO") || text.contains("alertReceivers") || text.contains("alertDeliveries") {
            let receiver = alert_receiver(admin).await;
            text = text.replace("TOLDTO", &receiver);
            let sent = admin.data(SENT, json!({})).await;
            if text.contains("alertDeliveries") && sent["organisation"]["alertDeliveries"]["totalCount"] == 0 {
                // Once, as long as it stands in the log: trials are slowed.
                let test =
                    format!("mutation {{ testAlertReceiver(input: {{id: \"{receiver}\"}}) {{ errors {{ code }} }} }}");
                admin.data(&test, json!({})).await;
            }
        }
        if text.contains("igningKey(input: {hs256Secret") || text.contains("KEYID") {
            // An organisation has eight at most.
            let added = new_signing_key(admin, &stream).await;
            text = text.replace("KEYID", &added);
        }
        if text.contains("CASEID") {
            text = text.replace("CASEID", &misuse_case(admin).await);
        }
        if text.contains("FOUND") {
            text = text.replace("FOUND", &finding(world, admin).await);
        }
        if text.contains("RESPONSEID") {
            text = text.replace("RESPONSEID", &response(world, admin).await);
        }
        if text.contains("STATIC") {
            let make = format!(
                "mutation {{ createStaticToken(input: {{name: \"for {stream} {}\", organisation: true}}) {{ staticToken {{ id }} }} }}",
                world.running.statements()
            );
            let made = admin.data(&make, json!({})).await;
            text = text.replace(
                "STATIC",
                made["createStaticToken"]["staticToken"]["id"].as_str().unwrap(),
            );
        }
        if text.contains("BANNED") || text.contains("bannedUsers") {
            let ban = format!("mutation {{ banUser(input: {{user: \"{stream}\"}}) {{ errors {{ code }} }} }}");
            admin.data(&ban, json!({})).await;
            text = text.replace("BANNED", &stream);
        }
        let keyword = if first == "Mutation" { "mutation" } else { "query" };
        format!("{keyword} {{ {text} }}")
    }

    fn arguments(&self, owner: &str, field: &Field, stream: &str) -> String {
        match (owner, field.name.as_str()) {
            ("Query", "stream") => format!("(name: \"{stream}\")"),
            ("Query", "playbackToken") => format!("(jti: \"{}\")", self.jti),
            ("Query", "search") => format!("(text: \"{stream}\")"),
            ("Query", "decision") => format!("(id: \"{}\")", self.decision),
            ("Query", "explain") => format!("(input: {{stream: \"{stream}\", ip: \"192.0.2.1\"}})"),
            ("Organisation", "analytics") => "(range: {from: \"2026-06-01T00:00:00Z\"})".to_owned(),
            ("Analytics", "timeseries") => "(metric: VIEWERS, interval: DAY)".to_owned(),
            ("Analytics", "qualityOverTime") => "(interval: DAY)".to_owned(),
            ("Analytics", "breakdown") => "(metric: SESSIONS, by: COUNTRY)".to_owned(),
            ("Query", "change") => format!("(id: \"{}\")", self.change),
            ("Mutation", "signIn") => format!("(input: {{email: \"{stream}@example.com\", password: \"x\"}})"),
            ("Mutation", "createStream" | "updateSettings" | "beginTotp" | "beginPasskey" | "rotateSigningKey") => {
                "(input: {})".to_owned()
            }
            ("Mutation", "inviteMember") => {
                format!("(input: {{email: \"{stream}@example.com\", role: nanoReadOnly}})")
            }
            ("Mutation", "resendInvitation") => format!("(input: {{id: \"{}\"}})", self.invitation),
            ("Mutation", "withdrawInvitation") => format!("(input: {{id: \"{}\"}})", self.withdrawn),
            ("Mutation", "acceptInvitation") => "(input: {secret: \"nothing\"})".to_owned(),
            ("Mutation", "changeName") => "(input: {name: \"Sweep\"})".to_owned(),
            // Refused before the password is looked at: wrong ones would slow the next.
            ("Mutation", "changePassword") => "(input: {current: \"x\", new: \"short\"})".to_owned(),
            ("Mutation", "confirmTotp") => "(input: {code: \"x\"})".to_owned(),
            ("Mutation", "removeTotp" | "renewRecoveryCodes") => "(input: {password: \"x\"})".to_owned(),
            ("Mutation", "addPasskey") => "(input: {state: \"x\", credential: {}, name: \"x\"})".to_owned(),
            ("Mutation", "renamePasskey") => "(input: {id: \"x\", name: \"x\"})".to_owned(),
            ("Mutation", "removePasskey") => "(input: {id: \"x\", password: \"x\"})".to_owned(),
            ("Mutation", "requestPasswordReset") => format!("(input: {{email: \"{stream}@example.com\"}})"),
            ("Mutation", "resetPassword") => "(input: {secret: \"nothing\", password: \"long enough\"})".to_owned(),
            ("Mutation", "createOrganisation") => {
                "(input: {name: \"New\", adminEmail: \"new@example.com\"})".to_owned()
            }
            ("Query", "invitation") => format!("(secret: \"{}\")", self.secret),
            ("Mutation", "requestPackage") => "(input: {package: RECORDING})".to_owned(),
            ("Mutation", "setPackage") => format!(
                "(input: {{organisation: \"{}\", package: LIVE, enabled: true}})",
                self.hash
            ),
            ("Mutation", "declinePackageRequest") => format!(
                "(input: {{organisation: \"{}\", package: RECORDING, reason: \"x\"}})",
                self.hash
            ),
            ("Mutation", "suspendOrganisation" | "resumeOrganisation" | "resendFirstInvitation") => {
                "(input: {organisation: \"22222\"})".to_owned()
            }
            ("Mutation", "createApiToken") => "(input: {name: \"sweep\", role: nanoReadOnly})".to_owned(),
            ("Mutation", "revokeApiToken") => format!("(input: {{id: \"{}\"}})", self.api_token),
            ("Mutation", "removeIdentityProvider" | "rotateApiKey") => String::new(),
            ("Mutation", "createPlaybackToken" | "createPublishToken") => {
                format!("(input: {{streams: [\"{stream}\"]}})")
            }
            ("Mutation", "createPlaybackTokens") => format!("(input: {{tokens: [{{streams: [\"{stream}\"]}}]}})"),
            ("Mutation", "createHandle" | "lintToken") => format!("(input: {{token: \"{}\"}})", self.token),
            ("Mutation", "addSigningKey") => {
                format!("(input: {{hs256Secret: \"a secret of the sweep, long enough, {stream}\"}})")
            }
            ("Mutation", "removeSigningKey") => "(input: {id: \"KEYID\"})".to_owned(),
            ("Mutation", "createStaticToken") => format!("(input: {{name: \"{stream}\", organisation: true}})"),
            ("Mutation", "removeStaticToken") => "(input: {id: \"STATIC\"})".to_owned(),
            ("Mutation", "banUser") => format!("(input: {{user: \"{stream}\"}})"),
            ("Mutation", "eraseViewer") => "(input: {user: \"nobody-of-theirs\"})".to_owned(),
            ("Mutation", "unbanUser") => "(input: {user: \"BANNED\"})".to_owned(),
            ("Mutation", "updateGroup" | "deleteGroup") => "(input: {id: \"GROUP\"})".to_owned(),
            ("Mutation", "createGuardianRule" | "simulateGuardianRule") => RULE.to_owned(),
            ("Mutation", "importGuardianRules") => {
                "(input: {csv: \"kind,value,action\\nIP,192.0.2.78,DENY\"})".to_owned()
            }
            ("Mutation", "updateGuardianRule" | "deleteGuardianRule") => "(input: {id: \"RULE\"})".to_owned(),
            ("Mutation", "setWebhook") => "(input: {id: \"WEBHOOK\", enabled: true})".to_owned(),
            ("Mutation", "rotateWebhookSecret" | "removeWebhook" | "testWebhook") => {
                "(input: {id: \"WEBHOOK\"})".to_owned()
            }
            ("Mutation", "redeliverWebhook") => "(input: {id: \"DELIVERY\"})".to_owned(),
            ("Mutation", "saveAlertRule") => "(input: {id: \"WATCHED\", enabled: true})".to_owned(),
            ("Mutation", "deleteAlertRule") => "(input: {id: \"WATCHED\"})".to_owned(),
            ("Mutation", "acknowledgeAlert") => format!("(input: {{id: \"{}\"}})", self.alert),
            ("Mutation", "saveAlertReceiver") => "(input: {id: \"TOLDTO\", enabled: true})".to_owned(),
            ("Mutation", "deleteAlertReceiver" | "testAlertReceiver") => "(input: {id: \"TOLDTO\"})".to_owned(),
            ("Organisation", "case") => "(id: \"CASEID\")".to_owned(),
            ("Mutation", "createCase") => format!("(input: {{title: \"for {stream}\"}})"),
            ("Mutation", "updateCase") => "(input: {id: \"CASEID\", state: CLOSED})".to_owned(),
            ("Mutation", "addToCase") => "(input: {id: \"CASEID\", addresses: [\"192.0.2.79\"]})".to_owned(),
            ("Mutation", "addCaseNote") => "(input: {id: \"CASEID\", text: \"swept\"})".to_owned(),
            ("Mutation", "suggestResponse") => "(input: {finding: \"FOUND\"})".to_owned(),
            ("Mutation", "approveResponse" | "refuseResponse" | "undoResponse") => {
                "(input: {id: \"RESPONSEID\"})".to_owned()
            }
            ("Mutation", "removeFromCase" | "deleteCase") => "(input: {id: \"CASEID\"})".to_owned(),
            ("Mutation", "deleteTag") => "(input: {name: \"sweep\"})".to_owned(),
            ("Query", "revocationPreview") | ("Mutation", "revokeTokens") => "(input: {user: \"nobody\"})".to_owned(),
            ("Mutation", "changeRole") => format!("(input: {{member: \"{}\", role: nanoReadOnly}})", self.spare),
            // The last one cannot be removed: it can be asked for again and again.
            ("Mutation", "removeMember") => format!("(input: {{member: \"{}\"}})", self.admin),
            ("Mutation", "invalidateMemberAccess") => format!("(input: {{member: \"{}\"}})", self.spare),
            ("Query", "signInMethods") => "(email: \"ann@sweep.example\")".to_owned(),
            // Another domain: one that two organisations name leads to neither.
            ("Mutation", "setIdentityProvider") => PROVIDER.replace("[\"sweep", "[\"another"),
            ("Mutation", "endSession") => format!("(input: {{id: \"{}\"}})", self.session),
            ("Mutation", "endSignIn") => format!("(input: {{id: \"{stream}\"}})"),
            ("Mutation", _) => format!("(input: {{name: \"{stream}\"}})"),
            _ => String::new(),
        }
    }
}

/// Every operation, as the sweep asks for it.
pub(crate) struct Operations<'a> {
    world: &'a World,
    admin: &'a Client,
    schema: Schema,
    objects: Objects,
}

impl<'a> Operations<'a> {
    pub(crate) async fn of(world: &'a World, admin: &'a Client) -> Self {
        Self {
            world,
            admin,
            schema: schema(admin).await,
            objects: Objects::prepare(world, admin).await,
        }
    }

    /// The fields of a type, by name.
    pub(crate) fn names(&self, owner: &str) -> Vec<String> {
        self.schema[owner].iter().map(|field| field.name.clone()).collect()
    }

    /// A request for one of them, with objects of its own.
    pub(crate) async fn request(&self, owner: &str, name: &str) -> String {
        let ways = ways(&self.schema);
        let field = self.schema[owner].iter().find(|field| field.name == name);
        let field = field.unwrap_or_else(|| panic!("there is no {owner}.{name}"));
        self.objects
            .request(self.world, self.admin, &self.schema, &ways, owner, field)
            .await
    }

    /// What a subscription of that name asks for.
    pub(crate) fn subscription(&self, name: &str) -> String {
        let fields = &self.schema["Subscription"];
        let field = fields.iter().find(|field| field.name == name).unwrap();
        let arguments = match name {
            "changeProgress" => format!("(id: \"{}\")", self.objects.change),
            _ => String::new(),
        };
        format!("subscription {{ {} }}", leaf(&self.schema, field, &arguments))
    }
}

/// The field with the first scalar below it.
fn leaf(schema: &Schema, field: &Field, arguments: &str) -> String {
    if !field.is_object {
        return format!("{}{arguments}", field.name);
    }
    let fields = &schema[&field.gives];
    let below = fields
        .iter()
        .find(|field| !field.is_object)
        .map_or_else(|| leaf(schema, &fields[0], ""), |scalar| scalar.name.clone());
    format!("{}{arguments} {{ {below} }}", field.name)
}

/// The shortest way from a root to each type: the fields to pass, each with the type that has it.
fn ways(schema: &Schema) -> BTreeMap<String, Vec<(String, Field)>> {
    let mut ways = BTreeMap::new();
    // By reading, where that leads there: a mutation's payload is a detour that fewer may take.
    for root in ["Query", "Mutation"] {
        ways.insert(root.to_owned(), Vec::new());
        walk(schema, root, &mut ways);
    }
    ways
}

fn walk(schema: &Schema, root: &str, ways: &mut BTreeMap<String, Vec<(String, Field)>>) {
    let mut next = VecDeque::from([root.to_owned()]);
    while let Some(name) = next.pop_front() {
        for field in schema[&name].iter().filter(|field| field.is_object) {
            if !ways.contains_key(&field.gives) {
                let mut way = ways[&name].clone();
                way.push((name.clone(), field.clone()));
                ways.insert(field.gives.clone(), way);
                next.push_back(field.gives.clone());
            }
        }
    }
}

async fn schema(client: &Client) -> Schema {
    let kind = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
    let query = format!("{{ __schema {{ types {{ kind name fields {{ name type {{ {kind} }} }} }} }} }}");
    let data = client.data(&query, json!({})).await;
    let types = data["__schema"]["types"].as_array().unwrap();
    types
        .iter()
        .filter(|one| one["kind"] == "OBJECT" && !one["name"].as_str().unwrap().starts_with("__"))
        .map(|one| {
            let fields = one["fields"]
                .as_array()
                .unwrap()
                .iter()
                .map(field)
                .filter(|field| field.name != "signOut")
                .collect();
            (one["name"].as_str().unwrap().to_owned(), fields)
        })
        .collect()
}

fn field(field: &Value) -> Field {
    let mut gives = &field["type"];
    while !gives["ofType"].is_null() {
        gives = &gives["ofType"];
    }
    Field {
        name: field["name"].as_str().unwrap().to_owned(),
        gives: gives["name"].as_str().unwrap().to_owned(),
        is_object: gives["kind"] == "OBJECT",
    }
}
