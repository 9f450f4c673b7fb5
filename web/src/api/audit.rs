//! The audit log: who did what, to what, when and from where.

use cynic::QueryBuilder;

use super::{
    actor::{Actor, ActorKind},
    client::Api,
    failure::Failure,
    page::{Json, Page},
    scalar::{DateTime, Role},
    schema,
    streams::PageInfo,
};

/// One line of the log.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct AuditEntry {
    pub(crate) id: cynic::Id,
    pub(crate) sequence: Option<i32>,
    pub(crate) at: DateTime,
    pub(crate) actor: Option<Actor>,
    pub(crate) actor_kind: ActorKind,
    pub(crate) role: Option<Role>,
    pub(crate) action: String,
    pub(crate) object: String,
    pub(crate) detail: Json,
    pub(crate) address: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) hash: Option<String>,
}

/// Which entries are wanted.
#[derive(cynic::InputObject, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AuditFilter {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) actor: Option<cynic::Id>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) object: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<DateTime>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<DateTime>,
}

#[derive(cynic::QueryVariables, Debug)]
struct AuditVariables {
    after: Option<String>,
    filter: AuditFilter,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "AuditVariables")]
struct AuditQuery {
    organisation: AuditOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation", variables = "AuditVariables")]
struct AuditOfOrganisation {
    #[arguments(first: 50, after: $after, filter: $filter)]
    audit_log: Option<AuditEntryConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct AuditEntryConnection {
    nodes: Vec<AuditEntry>,
    page_info: PageInfo,
    total_count: i32,
}

/// Entries, the newest first.
pub(crate) async fn page(api: Api, filter: AuditFilter, after: Option<String>) -> Result<Page<AuditEntry>, Failure> {
    let query = AuditQuery::build(AuditVariables { after, filter });
    let found = api.query(query).await?.organisation.audit_log;
    let found = found.ok_or(Failure::Forbidden)?;
    Ok(Page::new(found.nodes, found.page_info, found.total_count))
}
