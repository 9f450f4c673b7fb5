//! One question over everything that has a name: a few of each kind.

use cynic::QueryBuilder;

use super::{
    client::Api,
    failure::Failure,
    rules,
    scalar::{DateTime, Role, StreamState, TokenStatus},
    schema,
    streams::Tag,
};

/// How many of a kind are found at most.
pub(crate) const MOST: i32 = 200;

/// What was found, by kind.
pub(crate) type Results = [(SearchKind, Found); 5];

/// What can be found.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SearchKind {
    Stream,
    Token,
    Rule,
    Member,
    Audit,
}

/// Something found: the one that is there.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct SearchHit {
    pub(crate) stream: Option<FoundStream>,
    pub(crate) token: Option<FoundToken>,
    pub(crate) rule: Option<FoundRule>,
    pub(crate) member: Option<FoundMember>,
    pub(crate) audit_entry: Option<FoundEntry>,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Stream")]
pub(crate) struct FoundStream {
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) state: StreamState,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "PlaybackToken")]
pub(crate) struct FoundToken {
    pub(crate) jti: cynic::Id,
    pub(crate) status: TokenStatus,
    pub(crate) user: Option<String>,
    pub(crate) tag: Option<String>,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "GuardianRule")]
pub(crate) struct FoundRule {
    pub(crate) kind: rules::Kind,
    pub(crate) value: String,
    pub(crate) note: Option<String>,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Member")]
pub(crate) struct FoundMember {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) role: Role,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "AuditEntry")]
pub(crate) struct FoundEntry {
    pub(crate) action: String,
    pub(crate) object: String,
    pub(crate) email: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) at: DateTime,
}

/// A few of what was found of a kind, and how much there is.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "SearchConnection")]
pub(crate) struct Found {
    pub(crate) nodes: Vec<SearchHit>,
    pub(crate) total_count: i32,
}

#[derive(cynic::QueryVariables, Debug)]
struct SearchVariables {
    text: String,
    streams: Option<Vec<SearchKind>>,
    tokens: Option<Vec<SearchKind>>,
    rules: Option<Vec<SearchKind>>,
    members: Option<Vec<SearchKind>>,
    audit: Option<Vec<SearchKind>>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "SearchVariables")]
struct SearchQuery {
    #[arguments(text: $text, kinds: $streams, first: 6)]
    #[cynic(rename = "search", alias)]
    streams: Found,
    #[arguments(text: $text, kinds: $tokens, first: 6)]
    #[cynic(rename = "search", alias)]
    tokens: Found,
    #[arguments(text: $text, kinds: $rules, first: 6)]
    #[cynic(rename = "search", alias)]
    rules: Found,
    #[arguments(text: $text, kinds: $members, first: 6)]
    #[cynic(rename = "search", alias)]
    members: Found,
    #[arguments(text: $text, kinds: $audit, first: 6)]
    #[cynic(rename = "search", alias)]
    audit: Found,
}

/// What the role may read and the text fits, by kind.
pub(crate) async fn search(api: Api, text: String) -> Result<Results, Failure> {
    let variables = SearchVariables {
        text,
        streams: Some(vec![SearchKind::Stream]),
        tokens: Some(vec![SearchKind::Token]),
        rules: Some(vec![SearchKind::Rule]),
        members: Some(vec![SearchKind::Member]),
        audit: Some(vec![SearchKind::Audit]),
    };
    let found = api.query(SearchQuery::build(variables)).await?;
    Ok([
        (SearchKind::Stream, found.streams),
        (SearchKind::Token, found.tokens),
        (SearchKind::Rule, found.rules),
        (SearchKind::Member, found.members),
        (SearchKind::Audit, found.audit),
    ])
}
