//! What speaks against tokens that were shown at the doors.

use cynic::QueryBuilder;

use super::{client::Api, failure::Failure, misuse::Whose, scalar::DateTime, schema, tokens::Advice};

/// Something that could be better about the tokens of one key.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct WeakTokens {
    pub(crate) advice: Advice,
    pub(crate) kid: Option<String>,
    pub(crate) ours: bool,
    pub(crate) sessions: i32,
    pub(crate) last_seen_at: DateTime,
    pub(crate) jti: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
struct WeakQuery {
    organisation: WeakOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation")]
struct WeakOfOrganisation {
    weak_tokens: Option<Vec<WeakTokens>>,
}

/// What was seen within thirty days, the last seen first.
pub(crate) async fn weak_tokens(api: Api) -> Result<Vec<WeakTokens>, Failure> {
    let found = api.query(WeakQuery::build(())).await?.organisation.weak_tokens;
    found.ok_or(Failure::Forbidden)
}

#[derive(cynic::QueryVariables, Debug)]
struct SeenVariables {
    filter: Whose,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "SeenVariables")]
struct SeenQuery {
    organisation: SeenOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "SeenVariables")]
struct SeenOfOrganisation {
    #[arguments(first: 1, filter: $filter)]
    sessions: Option<SeenConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "SessionConnection")]
struct SeenConnection {
    nodes: Vec<Seen>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Session")]
struct Seen {
    jti: Option<cynic::Id>,
    token_advice: Vec<Advice>,
}

/// What spoke against a token when its last session showed it; none where that has a newer one by now.
pub(crate) async fn seen(api: Api, jti: cynic::Id) -> Result<Option<Vec<Advice>>, Failure> {
    let filter = Whose {
        jti: Some(jti.clone()),
        ..Whose::default()
    };
    let query = SeenQuery::build(SeenVariables { filter });
    let found = api.query(query).await?.organisation.sessions;
    let last = found.ok_or(Failure::Forbidden)?.nodes.into_iter().next();
    Ok(last
        .filter(|one| one.jti.as_ref() == Some(&jti))
        .map(|one| one.token_advice))
}
