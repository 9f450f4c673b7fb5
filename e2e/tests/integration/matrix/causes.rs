//! Everything that ends who was let in, at either door, and how it is undone.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{process::Command, time::sleep};

use crate::stage::{Person, until};

/// Why somebody may not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Its token, which says that its end is the session's.
    Expiry,
    /// `revokeTokens`, by any of its names.
    Revoked(By),
    /// Its `user` is banned.
    Banned,
    /// A Guardian rule: its kind and what it says.
    Rule(&'static str, &'static str),
    /// The customer's key is removed that its token was signed with.
    KeyRemoved,
    /// An operator ends its session.
    Ended,
    /// The stream is locked.
    Locked,
    /// The stream is stopped.
    Stopped,
    /// The stream is deleted.
    Deleted,
    /// The stream is not open any more, and it came without a token.
    Secured,
    /// The stream is not open to broadcasters any more, and they came without a key.
    Keyed,
    /// Broadcasters have to come encrypted from now on.
    Encrypted,
    /// The organisation loses `LIVE`.
    PackageTaken,
    /// The organisation is suspended.
    Suspended,
}

/// What tokens are taken back by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Token,
    Jti,
    User,
    Tag,
    Stream,
    SigningKey,
    Organisation,
}

impl Cause {
    /// Whether it reaches others of the organisation, whatever their tokens.
    pub(super) fn is_wide(self) -> bool {
        match self {
            Self::Revoked(by) => matches!(by, By::SigningKey | By::Organisation),
            // No encoder comes from a page.
            Self::PackageTaken | Self::Suspended | Self::Encrypted | Self::Rule("REFERRER", "none") => true,
            _ => false,
        }
    }

    /// Whether it reaches others of the stream, whatever their tokens.
    pub(super) fn is_the_streams(self) -> bool {
        matches!(
            self,
            Self::Revoked(By::Stream) | Self::Locked | Self::Stopped | Self::Deleted | Self::Secured | Self::Keyed
        )
    }
}

/// Who brings it about, and for which door.
pub(super) struct Authority<'a> {
    pub(super) admin: &'a Person,
    pub(super) operator: &'a Person,
    pub(super) hash: &'a str,
    pub(super) door: &'static str,
}

/// Whom it is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Subject {
    pub(super) stream: String,
    pub(super) token: String,
    pub(super) user: String,
    pub(super) tag: String,
    /// The id of the customer's key, where one signed.
    pub(super) key: Option<Value>,
}

impl Subject {
    /// Waits until its token expires, by the clock.
    pub(super) async fn expires(&self) {
        let end_s = claim(&self.token, "exp").as_u64().expect("an end");
        let now_ms: u64 = date("now", "+%s%3N").await.parse().expect("milliseconds");
        sleep(Duration::from_millis((1000 * end_s).saturating_sub(now_ms))).await;
    }
}

const CHANGE: &str = "change { id sessionsEnded bytesAfter nodes { acknowledged } }";

impl Authority<'_> {
    /// A token for them; for a customer's key one that is signed here. `Expiry` needs one that ends soon, and what is about
    /// who comes without any none.
    pub(super) async fn subject(&self, stream: &str, label: &str, cause: Cause) -> Subject {
        let (user, tag) = (format!("user-{label}"), format!("tag-{label}"));
        let mut subject = Subject {
            stream: stream.to_owned(),
            user: user.clone(),
            tag: tag.clone(),
            ..Subject::default()
        };
        if matches!(cause, Cause::Secured | Cause::Keyed) {
            return subject;
        }
        if cause == Cause::KeyRemoved {
            let (kid, secret) = (format!("theirs-{label}"), "0123456789abcdef0123456789abcdef");
            let input = json!({ "hs256Secret": secret, "kid": kid });
            let made = self.admin.change("addSigningKey", &input, "signingKey { id }").await;
            subject.key = Some(made["signingKey"]["id"].clone());
            let until: u64 = date("+1 hour", "+%s").await.parse().expect("seconds");
            let claims = json!({
                "aud": if self.door == "INGEST" { "publish" } else { "play" },
                "streams": [stream],
                "exp": until,
                "user": user,
                "tag": tag,
            });
            subject.token = signed(secret, &json!({ "alg": "HS256", "kid": kid }), &claims);
            return subject;
        }
        let mut claims = json!({ "streams": [stream], "user": user, "tag": tag });
        if cause == Cause::Expiry {
            claims["ttlSeconds"] = LIFE_S.into();
            claims["forceDisconnect"] = true.into();
        }
        let mutation = match self.door {
            "INGEST" => "createPublishToken",
            _ => "createPlaybackToken",
        };
        let made = self.admin.change(mutation, &claims, "token").await;
        made["token"].as_str().expect("a token").clone_into(&mut subject.token);
        subject
    }

    /// Brings it about; the change, as it was answered. None where it comes by itself.
    pub(super) async fn bring(&self, cause: Cause, subject: &Subject) -> Option<Value> {
        let admin = self.admin;
        let on_stream = async |mutation: &str| {
            let input = json!({ "name": subject.stream });
            admin.change(mutation, &input, CHANGE).await
        };
        let package = |enabled: bool| json!({ "organisation": self.hash, "package": "LIVE", "enabled": enabled });
        let payload = match cause {
            Cause::Expiry => return None,
            Cause::Revoked(by) => {
                let wish = self.revocation(by, subject).await;
                admin.change("revokeTokens", &wish, CHANGE).await
            }
            Cause::Banned => admin.change("banUser", &json!({ "user": subject.user }), CHANGE).await,
            Cause::Rule(kind, value) => {
                let rule = json!({ "kind": kind, "value": value, "action": "DENY", "door": self.door });
                admin
                    .change("createGuardianRule", &rule, &format!("rule {{ id }} {CHANGE}"))
                    .await
            }
            Cause::KeyRemoved => {
                let id = subject.key.as_ref().expect("a key of theirs");
                admin.change("removeSigningKey", &json!({ "id": id }), CHANGE).await
            }
            Cause::Ended => {
                let id = self.session(subject).await;
                admin.change("endSession", &json!({ "id": id }), CHANGE).await
            }
            Cause::Locked => on_stream("lockStream").await,
            Cause::Stopped => on_stream("stopStream").await,
            Cause::Deleted => on_stream("deleteStream").await,
            Cause::Secured => {
                let input = json!({ "name": subject.stream, "securePlayback": "REQUIRED" });
                admin.change("updateStream", &input, CHANGE).await
            }
            Cause::Keyed => {
                let input = json!({ "name": subject.stream, "ingestAuthorisation": "KEY" });
                admin.change("updateStream", &input, CHANGE).await
            }
            Cause::Encrypted => {
                admin
                    .change("updateSettings", &json!({ "encryptedIngest": true }), CHANGE)
                    .await
            }
            Cause::PackageTaken => self.operator.change("setPackage", &package(false), CHANGE).await,
            Cause::Suspended => {
                let input = json!({ "organisation": self.hash });
                self.operator.change("suspendOrganisation", &input, CHANGE).await
            }
        };
        Some(payload)
    }

    /// Makes room for what comes next, where it stands in its way.
    pub(super) async fn undo(&self, cause: Cause, payload: &Value) {
        match cause {
            Cause::Revoked(_) => {
                // It covers what is made within its second.
                let now = date("now", "+%s").await;
                until("a second is over", async || {
                    (date("now", "+%s").await != now).then_some(())
                })
                .await;
            }
            Cause::Rule(..) => {
                self.admin.unrule(&payload["rule"]["id"]).await;
            }
            Cause::Encrypted => {
                let off = json!({ "encryptedIngest": false });
                self.admin.change("updateSettings", &off, CHANGE).await;
            }
            Cause::PackageTaken => {
                let on = json!({ "organisation": self.hash, "package": "LIVE", "enabled": true });
                self.operator.change("setPackage", &on, CHANGE).await;
            }
            Cause::Suspended => {
                let input = json!({ "organisation": self.hash });
                self.operator.change("resumeOrganisation", &input, CHANGE).await;
            }
            _ => {}
        }
    }

    async fn revocation(&self, by: By, subject: &Subject) -> Value {
        match by {
            By::Token => json!({ "token": subject.token }),
            By::Jti => json!({ "jti": claim(&subject.token, "jti") }),
            By::User => json!({ "user": subject.user }),
            By::Tag => json!({ "tag": subject.tag }),
            By::Stream => json!({ "stream": subject.stream }),
            By::SigningKey => {
                let keys = self
                    .admin
                    .ask("{ organisation { signingKeys { id ours } } }", &json!({}))
                    .await;
                let keys = keys["organisation"]["signingKeys"].as_array().expect("keys").clone();
                let ours = keys.iter().find(|key| key["ours"] == true).expect("a key of ours");
                json!({ "signingKey": ours["id"] })
            }
            By::Organisation => json!({ "issuedBefore": date("now", "+%FT%TZ").await }),
        }
    }

    /// The id of one of their sessions, once it is told.
    async fn session(&self, subject: &Subject) -> Value {
        let query = "query($filter: SessionFilter) { organisation { sessions(filter: $filter) { nodes { id } } } }";
        let filter = json!({ "tag": subject.tag, "live": true });
        until("the session is told", async || {
            let data = self.admin.ask(query, &json!({ "filter": filter })).await;
            let id = data["organisation"]["sessions"]["nodes"][0]["id"].clone();
            id.is_string().then_some(id)
        })
        .await
    }
}

/// What a token says.
fn claim(token: &str, name: &str) -> Value {
    let said = token.split('.').nth(1).expect("claims");
    let said = BASE64_URL_SAFE_NO_PAD.decode(said).expect("base64");
    serde_json::from_slice::<Value>(&said).expect("JSON")[name].clone()
}

/// A token of a customer's, with their shared secret.
pub(crate) fn signed(secret: &str, header: &Value, claims: &Value) -> String {
    let [header, claims] = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(format!("{header}.{claims}").as_bytes());
    let signature = BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{header}.{claims}.{signature}")
}

/// A moment, as it is wanted.
pub(crate) async fn date(when: &str, format: &str) -> String {
    let written = Command::new("date")
        .args(["--utc", "--date", when, format])
        .output()
        .await;
    String::from_utf8(written.expect("date").stdout)
        .expect("text")
        .trim()
        .to_owned()
}

/// How long a token lives that is to end; longer than it takes to come in with it.
const LIFE_S: u32 = 8;
