//! Many Guardian rules at once.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use authz::Action;

use super::{answer, rules::CreateGuardianRuleInput};
use crate::{
    fault::{Fault, UserError},
    graphql::{caller, state, types::Change},
    service::{
        rule_file::Format,
        rule_import::{self, Imported, Source},
    },
};

#[derive(Default)]
pub(super) struct RuleImports;

#[Object]
impl RuleImports {
    /// Makes many rules by one change: all of them, or none where one of them cannot be. Rules that say the same as one
    /// that is there are left out. 10000 at most; with rules that are `wide`, for administrators. `LIMIT_REACHED` as
    /// for one; of those on players with a pattern it names the first for which there is no room.
    /// A request may be of 4 MB where it tells its length.
    async fn import_guardian_rules(
        &self,
        context: &Context<'_>,
        input: ImportGuardianRulesInput,
    ) -> Result<Option<ImportGuardianRulesPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::RuleWrite)?;
        let dry = input.dry_run;
        let done = match input.source() {
            Ok(source) => rule_import::import(state, acting, source, dry).await,
            Err(fault) => Err(fault),
        };
        answer(done, ImportGuardianRulesPayload::from, |errors| {
            ImportGuardianRulesPayload::from(Imported {
                errors,
                ..Imported::default()
            })
        })
    }
}

/// Rules, in one of three forms.
#[derive(InputObject)]
pub(super) struct ImportGuardianRulesInput {
    /// A file of CSV, whose first line names its columns: `kind`, `value` and `action`; and, where they are wanted,
    /// `mode`, `door`, `stream`, `group`, `expiresAt` and `note`. Streams and groups by their names.
    csv: Option<String>,
    /// A file of JSON: a list of objects with fields of these names.
    json: Option<String>,
    /// A list.
    rules: Option<Vec<CreateGuardianRuleInput>>,
    /// Only say what it would do.
    #[graphql(default)]
    dry_run: bool,
}

impl ImportGuardianRulesInput {
    fn source(self) -> Result<Source, Fault> {
        match (self.csv, self.json, self.rules) {
            (Some(text), None, None) => Ok(Source::File(Format::Csv, text)),
            (None, Some(text), None) => Ok(Source::File(Format::Json, text)),
            (None, None, Some(rules)) => {
                let rules = rules.into_iter().map(TryInto::try_into);
                Ok(Source::List(rules.collect::<Result<_, Fault>>()?))
            }
            _ => Err(Fault::field("csv", "INVALID", "exactly one of csv, json and rules")),
        }
    }
}

/// What came of an import.
#[derive(SimpleObject)]
pub(super) struct ImportGuardianRulesPayload {
    /// How many rules were made; of a dry run, how many would be.
    made: i32,
    /// How many say the same as one that is there, and were left out.
    unchanged: i32,
    /// The change on its way to the nodes; none where nothing was made.
    change: Option<Change>,
    /// Why nothing was made: each names the line, or the number of the item, and the field. 50 of them at most.
    errors: Vec<UserError>,
}

impl From<Imported> for ImportGuardianRulesPayload {
    fn from(imported: Imported) -> Self {
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        Self {
            made: count(imported.made),
            unchanged: count(imported.unchanged),
            change: imported.progress.map(Into::into),
            errors: imported.errors,
        }
    }
}
