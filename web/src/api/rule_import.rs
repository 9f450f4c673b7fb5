//! Many Guardian rules at once.

use cynic::MutationBuilder;

use super::{
    client::Api,
    failure::{Failure, sentence},
    people::UserError,
    rules::CreateGuardianRuleInput,
    schema,
    tokens::Change,
};

/// Rules in one of three forms.
#[derive(cynic::InputObject, Clone, Debug, Default)]
pub(crate) struct ImportGuardianRulesInput {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) csv: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) json: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) rules: Option<Vec<CreateGuardianRuleInput>>,
    /// Only say what it would do.
    pub(crate) dry_run: bool,
}

#[derive(cynic::QueryVariables, Debug)]
struct Variables {
    input: ImportGuardianRulesInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "Variables")]
struct Operation {
    #[arguments(input: $input)]
    import_guardian_rules: Option<ImportGuardianRulesPayload>,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
struct ImportGuardianRulesPayload {
    made: i32,
    unchanged: i32,
    change: Option<Change>,
    errors: Vec<UserError>,
}

/// What an import did, or would do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Imported {
    pub(crate) made: i32,
    pub(crate) unchanged: i32,
    pub(crate) change: Option<Change>,
}

/// What it did, or everything that is wrong with the rules.
pub(crate) async fn import(
    api: Api,
    input: ImportGuardianRulesInput,
) -> Result<Result<Imported, Vec<String>>, Failure> {
    let answer = api.mutate(Operation::build(Variables { input })).await?;
    let payload = answer.import_guardian_rules.ok_or(Failure::Server)?;
    if payload.errors.is_empty() {
        return Ok(Ok(Imported {
            made: payload.made,
            unchanged: payload.unchanged,
            change: payload.change,
        }));
    }
    Ok(Err(payload
        .errors
        .iter()
        .map(|error| sentence(&error.message))
        .collect()))
}
