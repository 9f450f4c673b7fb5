//! Tokens made: for viewers, for broadcasters.

use super::{
    client::Api, failure::Failure, operations::mutations, people::UserError, scalar::DateTime, schema, tokens::Token,
};

/// A number as the schema's `Int`, also where it does not fit into 32 bits with a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Number(pub(crate) u32);
cynic::impl_scalar!(Number, schema::Int);

/// What a token for a viewer is to say.
#[derive(cynic::InputObject, Clone, Debug, Default)]
pub(crate) struct CreatePlaybackTokenInput {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) streams: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) groups: Option<Vec<cynic::Id>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) organisation: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) ttl_seconds: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<DateTime>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) not_before: Option<DateTime>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) tag: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) ip: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) domains: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) countries: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) asns: Option<Vec<Number>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) max_sessions: Option<Number>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) bind_ips: Option<Number>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) max_uses: Option<Number>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) revocable: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) force_disconnect: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) amr: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) handle: Option<bool>,
}

/// What a token for a broadcaster is to say.
#[derive(cynic::InputObject, Clone, Debug, Default)]
pub(crate) struct CreatePublishTokenInput {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) streams: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) groups: Option<Vec<cynic::Id>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) organisation: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) ttl_seconds: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<DateTime>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) not_before: Option<DateTime>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) tag: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) ip: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) countries: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) asns: Option<Vec<Number>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) max_uses: Option<Number>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) revocable: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) force_disconnect: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) handle: Option<bool>,
}

impl From<CreatePlaybackTokenInput> for CreatePublishTokenInput {
    /// Without what only viewers have.
    fn from(wish: CreatePlaybackTokenInput) -> Self {
        Self {
            streams: wish.streams,
            groups: wish.groups,
            organisation: wish.organisation,
            ttl_seconds: wish.ttl_seconds,
            expires_at: wish.expires_at,
            not_before: wish.not_before,
            user: wish.user,
            tag: wish.tag,
            ip: wish.ip,
            countries: wish.countries,
            asns: wish.asns,
            max_uses: wish.max_uses,
            revocable: wish.revocable,
            force_disconnect: wish.force_disconnect,
            handle: wish.handle,
        }
    }
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct CreatePlaybackTokenPayload {
    token: Option<String>,
    handle: Option<String>,
    record: Option<Token>,
    errors: Vec<UserError>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct CreatePublishTokenPayload {
    token: Option<String>,
    handle: Option<String>,
    record: Option<Token>,
    errors: Vec<UserError>,
}

mutations! {
    /// Makes a token for a viewer.
    create_playback_token(CreatePlaybackTokenInput) -> CreatePlaybackTokenPayload;
    /// Makes a token for a broadcaster.
    create_publish_token(CreatePublishTokenInput) -> CreatePublishTokenPayload;
}

/// A token just made: the only time that its text is seen.
#[derive(Clone, PartialEq)]
pub(crate) struct Made {
    pub(crate) token: String,
    pub(crate) handle: Option<String>,
    pub(crate) record: Token,
}

/// Makes a token; for a broadcaster where `publish` is set.
pub(crate) async fn make(api: Api, publish: bool, wish: CreatePlaybackTokenInput) -> Result<Made, Failure> {
    let (token, handle, record) = if publish {
        let made = create_publish_token(api, wish.into()).await?;
        (made.token, made.handle, made.record)
    } else {
        let made = create_playback_token(api, wish).await?;
        (made.token, made.handle, made.record)
    };
    match (token, record) {
        (Some(token), Some(record)) => Ok(Made { token, handle, record }),
        _ => Err(Failure::Server),
    }
}
