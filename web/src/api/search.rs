//! One question over everything that has a name.

use cynic::QueryBuilder;

use super::{client::Api, failure::Failure, schema};

/// What a hit is.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SearchKind {
    Stream,
    Token,
    Member,
    Rule,
    Audit,
}

/// Something found.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct SearchHit {
    pub(crate) kind: SearchKind,
    pub(crate) id: cynic::Id,
    pub(crate) title: String,
    pub(crate) detail: Option<String>,
    pub(crate) stream: Option<String>,
}

#[derive(cynic::QueryVariables, Debug)]
struct SearchVariables {
    text: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "SearchVariables")]
struct SearchQuery {
    #[arguments(text: $text, first: 20)]
    search: Option<SearchConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct SearchConnection {
    nodes: Vec<SearchHit>,
}

/// What the role may read and the text fits.
pub(crate) async fn search(api: Api, text: String) -> Result<Vec<SearchHit>, Failure> {
    let found = api.query(SearchQuery::build(SearchVariables { text })).await?;
    Ok(found.search.ok_or(Failure::Forbidden)?.nodes)
}
