//! Misuse cases: opened, filled, annotated, closed, deleted.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use authz::Action;

use super::answer;
use crate::{
    fault::UserError,
    graphql::{
        caller, state,
        types::{CaseState, MisuseCase},
    },
    service::cases::{self, Filling},
};

#[derive(Default)]
pub(super) struct Cases;

#[Object]
impl Cases {
    /// Opens a misuse case. Needs the package `ANALYTICS`; cases that are there go on without it.
    async fn create_case(&self, context: &Context<'_>, input: CreateCaseInput) -> Result<Option<CreateCasePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::CaseWrite)?;
        let filling = Filling {
            findings: texts(input.findings),
            tokens: texts(input.tokens),
            addresses: input.addresses.unwrap_or_default(),
        };
        answer(
            cases::create(state, acting, &input.title, filling).await,
            |row| CreateCasePayload {
                case: Some(MisuseCase(row)),
                errors: vec![],
            },
            |errors| CreateCasePayload { case: None, errors },
        )
    }

    /// Changes what is said of a misuse case; what is left out stays.
    async fn update_case(&self, context: &Context<'_>, input: UpdateCaseInput) -> Result<Option<UpdateCasePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::CaseWrite)?;
        let wish = (input.title.as_deref(), input.state.map(CaseState::column));
        answer(
            cases::update(state, acting, &input.id, wish).await,
            |row| UpdateCasePayload {
                case: Some(MisuseCase(row)),
                errors: vec![],
            },
            |errors| UpdateCasePayload { case: None, errors },
        )
    }

    /// Copies findings, tokens and addresses into a misuse case, with their newest sessions. A finding brings along what it is
    /// of. What is in it already is brought up to date, and no number becomes less. Needs the package `ANALYTICS`.
    async fn add_to_case(&self, context: &Context<'_>, input: AddToCaseInput) -> Result<Option<AddToCasePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::CaseWrite)?;
        let filling = Filling {
            findings: texts(input.findings),
            tokens: texts(input.tokens),
            addresses: input.addresses.unwrap_or_default(),
        };
        answer(
            cases::add(state, acting, &input.id, filling).await,
            |row| AddToCasePayload {
                case: Some(MisuseCase(row)),
                errors: vec![],
            },
            |errors| AddToCasePayload { case: None, errors },
        )
    }

    /// Takes findings, tokens, addresses and notes out of a misuse case.
    async fn remove_from_case(
        &self,
        context: &Context<'_>,
        input: RemoveFromCaseInput,
    ) -> Result<Option<RemoveFromCasePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::CaseWrite)?;
        let (items, notes) = (texts(input.items), texts(input.notes));
        answer(
            cases::remove(state, acting, &input.id, (&items, &notes)).await,
            |row| RemoveFromCasePayload {
                case: Some(MisuseCase(row)),
                errors: vec![],
            },
            |errors| RemoveFromCasePayload { case: None, errors },
        )
    }

    /// Writes something into a misuse case.
    async fn add_case_note(
        &self,
        context: &Context<'_>,
        input: AddCaseNoteInput,
    ) -> Result<Option<AddCaseNotePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::CaseWrite)?;
        answer(
            cases::note(state, acting, &input.id, &input.text).await,
            |row| AddCaseNotePayload {
                case: Some(MisuseCase(row)),
                errors: vec![],
            },
            |errors| AddCaseNotePayload { case: None, errors },
        )
    }

    /// Deletes a misuse case with everything in it.
    async fn delete_case(&self, context: &Context<'_>, input: DeleteCaseInput) -> Result<Option<DeleteCasePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::CaseWrite)?;
        answer(
            cases::delete(state, acting, &input.id).await,
            |id| DeleteCasePayload {
                id: Some(id.to_string().into()),
                errors: vec![],
            },
            |errors| DeleteCasePayload { id: None, errors },
        )
    }
}

fn texts(ids: Option<Vec<ID>>) -> Vec<String> {
    ids.unwrap_or_default().into_iter().map(|id| id.0).collect()
}

/// What a misuse case is to be. An organisation may have 500.
#[derive(InputObject)]
pub(super) struct CreateCaseInput {
    /// What people call it: 1 to 120 characters.
    title: String,
    /// Ids of findings that are put in, 100 at most.
    findings: Option<Vec<ID>>,
    /// Ids of tokens (`jti`) that were made, seen or revoked here and are put in, 100 at most.
    tokens: Option<Vec<ID>>,
    /// Addresses, /24 of IPv4 or /64 of IPv6, that are put in, 20 at most; nobody needs to have watched from there.
    addresses: Option<Vec<String>>,
}

/// What changes of a misuse case.
#[derive(InputObject)]
pub(super) struct UpdateCaseInput {
    /// Which one.
    id: ID,
    /// What people call it from now on: 1 to 120 characters.
    title: Option<String>,
    /// Whether somebody works on it from now on.
    state: Option<CaseState>,
}

/// What is put into a misuse case, which holds 200 in all: 100 findings, 100 tokens and 20 addresses at most at once.
#[derive(InputObject)]
pub(super) struct AddToCaseInput {
    /// Which one.
    id: ID,
    /// Ids of findings.
    findings: Option<Vec<ID>>,
    /// Ids of tokens (`jti`) that were made, seen or revoked here.
    tokens: Option<Vec<ID>>,
    /// Addresses, /24 of IPv4 or /64 of IPv6; nobody needs to have watched from there.
    addresses: Option<Vec<String>>,
}

/// What is taken out of a misuse case.
#[derive(InputObject)]
pub(super) struct RemoveFromCaseInput {
    /// Which one.
    id: ID,
    /// Ids that findings, tokens and addresses have in it, 100 at most.
    items: Option<Vec<ID>>,
    /// Ids of notes, 100 at most.
    notes: Option<Vec<ID>>,
}

/// What is written into a misuse case, which holds 100 notes.
#[derive(InputObject)]
pub(super) struct AddCaseNoteInput {
    /// Which one.
    id: ID,
    /// The note: 1 to 4000 characters, in several lines where that helps.
    text: String,
}

/// Which misuse case.
#[derive(InputObject)]
pub(super) struct DeleteCaseInput {
    /// Its id.
    id: ID,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct CreateCasePayload {
    /// The case.
    case: Option<MisuseCase>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct UpdateCasePayload {
    /// The case afterwards.
    case: Option<MisuseCase>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct AddToCasePayload {
    /// The case afterwards.
    case: Option<MisuseCase>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct RemoveFromCasePayload {
    /// The case afterwards.
    case: Option<MisuseCase>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct AddCaseNotePayload {
    /// The case afterwards.
    case: Option<MisuseCase>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct DeleteCasePayload {
    /// Which one is gone.
    id: Option<ID>,
    /// Always empty.
    errors: Vec<UserError>,
}
