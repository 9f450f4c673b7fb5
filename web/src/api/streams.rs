//! Streams: reading them, and everything that may be done to one.

use cynic::{MutationBuilder, QueryBuilder};

use super::{
    client::{Api, settle},
    failure::Failure,
    people::{UserError, first_error},
    scalar::{DateTime, StreamState},
    schema,
};

/// A stream, as lists show it.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct Stream {
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) state: StreamState,
    pub(crate) tags: Vec<Tag>,
    pub(crate) created_at: DateTime,
    pub(crate) viewers: i32,
    pub(crate) secure_playback: SecurePlayback,
    pub(crate) static_tokens: StreamSwitch,
    pub(crate) backend_tokens: StreamSwitch,
    pub(crate) mfa_required: bool,
    pub(crate) takeover: bool,
    pub(crate) test_source: bool,
}

/// Whether viewers need a token.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecurePlayback {
    Inherit,
    Required,
    Open,
}

/// A stream's own word on what the organisation says for all.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamSwitch {
    Inherit,
    On,
    Off,
}

impl Stream {
    /// The title, or the name where there is none.
    pub(crate) fn caption(&self) -> String {
        self.title
            .clone()
            .filter(|title| !title.is_empty())
            .unwrap_or_else(|| self.name.clone())
    }
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct Tag {
    pub(crate) name: String,
}

#[derive(cynic::QueryVariables, Debug)]
struct PageVariables {
    after: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "PageVariables")]
struct StreamsQuery {
    organisation: StreamsOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "PageVariables")]
struct StreamsOfOrganisation {
    #[arguments(first: 100, after: $after)]
    streams: StreamConnection,
}

#[derive(cynic::QueryFragment, Debug)]
struct StreamConnection {
    nodes: Vec<Stream>,
    page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct PageInfo {
    pub(crate) has_next_page: bool,
    pub(crate) end_cursor: Option<String>,
}

impl PageInfo {
    /// Where the next page begins, if there is one.
    pub(crate) fn next(self) -> Option<String> {
        self.end_cursor.filter(|_| self.has_next_page)
    }
}

/// Every stream of the organisation, page by page.
pub(crate) async fn all(api: Api) -> Result<Vec<Stream>, Failure> {
    let mut streams = Vec::new();
    let mut after = None;
    loop {
        let page = api
            .query(StreamsQuery::build(PageVariables { after }))
            .await?
            .organisation
            .streams;
        streams.extend(page.nodes);
        after = page.page_info.next();
        if after.is_none() {
            return Ok(streams);
        }
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct NameVariables<'a> {
    name: &'a str,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "NameVariables")]
struct StreamQuery {
    #[arguments(name: $name)]
    stream: Option<Stream>,
}

/// One stream.
pub(crate) async fn one(api: Api, name: &str) -> Result<Stream, Failure> {
    api.query(StreamQuery::build(NameVariables { name }))
        .await?
        .stream
        .ok_or(Failure::NotFound)
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "NameVariables")]
struct IngestQuery {
    #[arguments(name: $name)]
    stream: Option<Ingest>,
}

/// Where and with what to publish. Secret: asked for only when somebody reveals it.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Stream")]
pub(crate) struct Ingest {
    pub(crate) ingest_url: Option<String>,
}

/// The complete ingest address, key included.
pub(crate) async fn ingest_url(api: Api, name: &str) -> Result<String, Failure> {
    let stream = api
        .query(IngestQuery::build(NameVariables { name }))
        .await?
        .stream
        .ok_or(Failure::NotFound)?;
    stream.ingest_url.ok_or(Failure::Forbidden)
}

#[derive(cynic::InputObject, Debug)]
struct CreateStreamInput {
    #[cynic(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<String>>,
}

#[derive(cynic::QueryVariables, Debug)]
struct CreateVariables {
    input: CreateStreamInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CreateVariables")]
struct Create {
    #[arguments(input: $input)]
    create_stream: Option<CreateStreamPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
struct CreateStreamPayload {
    stream: Option<Stream>,
    errors: Vec<UserError>,
}

/// A new stream; empty texts count as not given.
pub(crate) async fn create(api: Api, title: String, alias: String, tags: Vec<String>) -> Result<Stream, Failure> {
    let given = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let input = CreateStreamInput {
        title: given(title),
        alias: given(alias),
        tags: Some(tags).filter(|t| !t.is_empty()),
    };
    let answer = api.mutate(Create::build(CreateVariables { input })).await?;
    let payload = settle(answer.create_stream, |payload| first_error(&payload.errors))?;
    payload.stream.ok_or(Failure::Server)
}

#[derive(cynic::InputObject, Debug)]
struct UpdateStreamInput {
    name: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    secure_playback: Option<SecurePlayback>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    static_tokens: Option<StreamSwitch>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    backend_tokens: Option<StreamSwitch>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    mfa_required: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    takeover: Option<bool>,
}

#[derive(cynic::QueryVariables, Debug)]
struct UpdateVariables {
    input: UpdateStreamInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "UpdateVariables")]
struct Update {
    #[arguments(input: $input)]
    update_stream: Option<UpdateStreamPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
struct UpdateStreamPayload {
    stream: Option<Stream>,
    errors: Vec<UserError>,
}

/// What may be changed about a stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Edit {
    /// `None` leaves it as it is; so do the others.
    pub(crate) title: Option<String>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) secure_playback: Option<SecurePlayback>,
    pub(crate) static_tokens: Option<StreamSwitch>,
    pub(crate) backend_tokens: Option<StreamSwitch>,
    pub(crate) mfa_required: Option<bool>,
    pub(crate) takeover: Option<bool>,
}

/// Changes a stream, and answers with what it is then.
pub(crate) async fn update(api: Api, name: String, edit: Edit) -> Result<Stream, Failure> {
    let input = UpdateStreamInput {
        name,
        title: edit.title,
        tags: edit.tags,
        secure_playback: edit.secure_playback,
        static_tokens: edit.static_tokens,
        backend_tokens: edit.backend_tokens,
        mfa_required: edit.mfa_required,
        takeover: edit.takeover,
    };
    let answer = api.mutate(Update::build(UpdateVariables { input })).await?;
    let payload = settle(answer.update_stream, |payload| first_error(&payload.errors))?;
    payload.stream.ok_or(Failure::Server)
}

/// "sports, berlin" as a list.
pub(crate) fn tags_of(text: &str) -> Vec<String> {
    text.split(',')
        .map(|tag| tag.trim().to_owned())
        .filter(|tag| !tag.is_empty())
        .collect()
}
