//! Misuse cases: what belongs to them, copied, and what people wrote.

use cynic::QueryBuilder;

use super::{
    actor::Actor,
    client::Api,
    failure::Failure,
    operations::mutations,
    page::Page,
    people::UserError,
    scalar::{DateTime, TokenStatus},
    schema,
    streams::PageInfo,
};

/// Whether somebody works on a case.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaseState {
    Open,
    Closed,
}

/// A case, as it stands in the list.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "MisuseCase")]
pub(crate) struct Listed {
    pub(crate) id: cynic::Id,
    pub(crate) title: String,
    pub(crate) state: CaseState,
    pub(crate) score: i32,
    pub(crate) created_by: Option<Actor>,
    pub(crate) updated_at: DateTime,
    pub(crate) finding_count: i32,
    pub(crate) token_count: i32,
    pub(crate) address_count: i32,
}

/// A case with everything in it.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "MisuseCase")]
pub(crate) struct Case {
    pub(crate) id: cynic::Id,
    pub(crate) title: String,
    pub(crate) state: CaseState,
    pub(crate) created_by: Option<Actor>,
    pub(crate) created_at: DateTime,
    pub(crate) closed_at: Option<DateTime>,
    pub(crate) findings: Vec<CaseFinding>,
    pub(crate) tokens: Vec<CaseToken>,
    pub(crate) addresses: Vec<CaseAddress>,
    pub(crate) sessions: Vec<CaseSession>,
    pub(crate) notes: Vec<CaseNote>,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct CaseFinding {
    pub(crate) id: cynic::Id,
    pub(crate) jti: Option<cynic::Id>,
    pub(crate) user: Option<String>,
    pub(crate) ip: Option<String>,
    pub(crate) code: String,
    pub(crate) weight: i32,
    pub(crate) evidence: String,
    pub(crate) last_at: DateTime,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct CaseToken {
    pub(crate) id: cynic::Id,
    pub(crate) jti: cynic::Id,
    pub(crate) user: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) status: Option<TokenStatus>,
    pub(crate) score: i32,
    pub(crate) sessions: i32,
    pub(crate) last_at: DateTime,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct CaseAddress {
    pub(crate) id: cynic::Id,
    pub(crate) ip: String,
    pub(crate) country: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) score: i32,
    pub(crate) sessions: i32,
    pub(crate) last_at: Option<DateTime>,
    pub(crate) added_at: DateTime,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct CaseSession {
    pub(crate) id: cynic::Id,
    pub(crate) stream: String,
    pub(crate) address: String,
    pub(crate) country: Option<String>,
    pub(crate) jti: Option<cynic::Id>,
    pub(crate) started_at: DateTime,
    pub(crate) ended_at: Option<DateTime>,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct CaseNote {
    pub(crate) id: cynic::Id,
    pub(crate) text: String,
    pub(crate) created_by: Option<Actor>,
    pub(crate) created_at: DateTime,
}

#[derive(cynic::QueryVariables, Debug)]
struct ListVariables {
    state: CaseState,
    after: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ListVariables")]
struct ListQuery {
    organisation: ListOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "ListVariables")]
struct ListOfOrganisation {
    #[arguments(state: $state, first: 50, after: $after)]
    cases: Option<MisuseCaseConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct MisuseCaseConnection {
    nodes: Vec<Listed>,
    page_info: PageInfo,
    total_count: i32,
}

/// Cases in that state, the newest first.
pub(crate) async fn list(api: Api, state: CaseState, after: Option<String>) -> Result<Page<Listed>, Failure> {
    let query = ListQuery::build(ListVariables { state, after });
    let found = api.query(query).await?.organisation.cases;
    let found = found.ok_or(Failure::Forbidden)?;
    Ok(Page::new(found.nodes, found.page_info, found.total_count))
}

#[derive(cynic::QueryVariables, Debug)]
struct OneVariables {
    id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "OneVariables")]
struct OneQuery {
    organisation: OneOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "OneVariables")]
struct OneOfOrganisation {
    #[arguments(id: $id)]
    case: Option<Case>,
}

/// One case.
pub(crate) async fn one(api: Api, id: cynic::Id) -> Result<Case, Failure> {
    let found = api.query(OneQuery::build(OneVariables { id })).await?;
    found.organisation.case.ok_or(Failure::NotFound)
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct CreateCaseInput {
    pub(crate) title: String,
    pub(crate) findings: Vec<cynic::Id>,
    pub(crate) tokens: Vec<cynic::Id>,
    pub(crate) addresses: Vec<String>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct UpdateCaseInput {
    pub(crate) id: cynic::Id,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<CaseState>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct AddToCaseInput {
    pub(crate) id: cynic::Id,
    pub(crate) findings: Vec<cynic::Id>,
    pub(crate) tokens: Vec<cynic::Id>,
    pub(crate) addresses: Vec<String>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct RemoveFromCaseInput {
    pub(crate) id: cynic::Id,
    pub(crate) items: Vec<cynic::Id>,
    pub(crate) notes: Vec<cynic::Id>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct AddCaseNoteInput {
    pub(crate) id: cynic::Id,
    pub(crate) text: String,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct DeleteCaseInput {
    pub(crate) id: cynic::Id,
}

/// A case's id and title.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "MisuseCase")]
pub(crate) struct Titled {
    pub(crate) id: cynic::Id,
    pub(crate) title: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct CreateCasePayload {
    pub(crate) case: Option<Titled>,
    errors: Vec<UserError>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct UpdateCasePayload {
    errors: Vec<UserError>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct AddToCasePayload {
    pub(crate) case: Option<Titled>,
    errors: Vec<UserError>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RemoveFromCasePayload {
    errors: Vec<UserError>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct AddCaseNotePayload {
    errors: Vec<UserError>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct DeleteCasePayload {
    errors: Vec<UserError>,
}

mutations! {
    /// Opens a case.
    create_case(CreateCaseInput) -> CreateCasePayload;
    /// Changes what is said of a case.
    update_case(UpdateCaseInput) -> UpdateCasePayload;
    /// Copies something into a case.
    add_to_case(AddToCaseInput) -> AddToCasePayload;
    /// Takes something out of a case.
    remove_from_case(RemoveFromCaseInput) -> RemoveFromCasePayload;
    /// Writes something into a case.
    add_case_note(AddCaseNoteInput) -> AddCaseNotePayload;
    /// Deletes a case with everything in it.
    delete_case(DeleteCaseInput) -> DeleteCasePayload;
}
