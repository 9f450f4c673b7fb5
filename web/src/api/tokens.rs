//! Playback tokens: made, listed, revoked; and the short one with which the dashboard itself watches.

use cynic::{MutationBuilder, QueryBuilder};

use super::{
    client::{Api, settle},
    events::ChangeProgress,
    failure::Failure,
    page::Page,
    people::{UserError, first_error},
    scalar::{DateTime, TokenStatus},
    schema,
    streams::PageInfo,
};

/// The record of a token; never the token itself.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "PlaybackToken")]
pub(crate) struct Token {
    pub(crate) jti: cynic::Id,
    pub(crate) door: Door,
    pub(crate) status: TokenStatus,
    pub(crate) user: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) created_at: DateTime,
    pub(crate) expires_at: DateTime,
    pub(crate) streams: Vec<String>,
    pub(crate) organisation_wide: bool,
    pub(crate) revocable: bool,
    pub(crate) not_revocable_because: Option<String>,
}

/// What a token opens.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "TokenDoor")]
pub(crate) enum Door {
    Ingest,
    Playback,
}

impl Door {
    /// As it stands in addresses of pages.
    pub(crate) const fn as_word(self) -> &'static str {
        match self {
            Self::Ingest => "publish",
            Self::Playback => "play",
        }
    }

    /// What it is for.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Ingest => "Publish",
            Self::Playback => "Watch",
        }
    }
}

#[derive(cynic::InputObject, Debug)]
struct TokenFilter {
    #[cynic(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    door: Option<Door>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    stream: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    status: Option<TokenStatus>,
    /// Whether the short tokens with which people of the organisation watch are among them.
    watch: Option<bool>,
}

#[derive(cynic::QueryVariables, Debug)]
struct TokensVariables {
    after: Option<String>,
    filter: Option<TokenFilter>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "TokensVariables")]
struct TokensQuery {
    organisation: TokensOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "TokensVariables")]
struct TokensOfOrganisation {
    #[arguments(first: 50, after: $after, filter: $filter)]
    playback_tokens: Option<TokenConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "PlaybackTokenConnection")]
struct TokenConnection {
    nodes: Vec<Token>,
    page_info: PageInfo,
    total_count: i32,
}

/// Which records are asked for; `None` narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// In the id, the viewer's name or the label.
    pub(crate) text: Option<String>,
    pub(crate) stream: Option<String>,
    pub(crate) status: Option<TokenStatus>,
    pub(crate) door: Option<Door>,
    /// This one only, whatever else is wanted.
    pub(crate) jti: Option<String>,
}

#[derive(cynic::QueryVariables, Debug)]
struct JtiVariables {
    jti: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "JtiVariables")]
struct TokenQuery {
    #[arguments(jti: $jti)]
    playback_token: Option<Token>,
}

/// Token records, newest first.
pub(crate) async fn page(api: Api, wanted: Wanted, after: Option<String>) -> Result<Page<Token>, Failure> {
    if let Some(jti) = wanted.jti {
        let jti = cynic::Id::new(jti);
        let answer = api.query(TokenQuery::build(JtiVariables { jti })).await?;
        let token = answer.playback_token.ok_or(Failure::NotFound)?;
        return Ok(Page {
            nodes: vec![token],
            next: None,
            total: 1,
        });
    }
    let filter = Some(TokenFilter {
        text: wanted.text,
        door: wanted.door,
        stream: wanted.stream,
        status: wanted.status,
        watch: Some(false),
    });
    let answer = api.query(TokensQuery::build(TokensVariables { after, filter })).await?;
    let connection = answer.organisation.playback_tokens.ok_or(Failure::Forbidden)?;
    Ok(Page::new(
        connection.nodes,
        connection.page_info,
        connection.total_count,
    ))
}

/// What the server's linter has to say about a token.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "TokenAdvice")]
pub(crate) struct Advice {
    pub(crate) severity: Severity,
    pub(crate) message: String,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    Info,
    Warn,
    Fail,
}

impl From<Severity> for guard::lint::Severity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warn => Self::Warn,
            Severity::Fail => Self::Fail,
        }
    }
}

#[derive(cynic::InputObject, Debug)]
struct WatchStreamInput {
    name: String,
}

#[derive(cynic::QueryVariables, Debug)]
struct WatchVariables {
    input: WatchStreamInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "WatchVariables")]
struct Watch {
    #[arguments(input: $input)]
    watch_stream: Option<WatchStreamPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
struct WatchStreamPayload {
    token: Option<String>,
    errors: Vec<UserError>,
}

/// A token of ten minutes for whoever is signed in.
pub(crate) async fn watch(api: Api, name: String) -> Result<String, Failure> {
    let answer = api
        .mutate(Watch::build(WatchVariables {
            input: WatchStreamInput { name },
        }))
        .await?;
    let payload = settle(answer.watch_stream, |payload| first_error(&payload.errors))?;
    payload.token.ok_or(Failure::Server)
}

/// A change to policy, as far as it had come when it was answered.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) id: cynic::Id,
    pub(crate) sessions_ended: i32,
    pub(crate) bytes_after: f64,
    pub(crate) nodes: Vec<NodeAck>,
    pub(crate) done_after_ms: Option<f64>,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeAck {
    pub(crate) acknowledged: bool,
}

impl Change {
    /// The same, as the subscription would tell it.
    pub(crate) fn progress(&self) -> ChangeProgress {
        let acknowledged = self.nodes.iter().filter(|node| node.acknowledged).count();
        ChangeProgress {
            acknowledged: i32::try_from(acknowledged).unwrap_or(i32::MAX),
            nodes: i32::try_from(self.nodes.len()).unwrap_or(i32::MAX),
            sessions_ended: self.sessions_ended,
            after_ms: self.done_after_ms,
            bytes_after: self.bytes_after,
            done: acknowledged == self.nodes.len(),
        }
    }
}
