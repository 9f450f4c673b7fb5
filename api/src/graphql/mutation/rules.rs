//! Guardian rules.

use std::time::Duration;

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use authz::Action;
use entity::guardian_rule;
use guard::Timestamp;

use super::answer;
use crate::{
    fault::{Fault, UserError},
    graphql::{
        caller, state,
        types::{
            Change, GuardianAction, GuardianDoor, GuardianKind, GuardianMode, GuardianRule, GuardianSimulation, Moment,
        },
    },
    publisher::Progress,
    service::{rules, simulation},
};

#[derive(Default)]
pub(super) struct Rules;

#[Object]
impl Rules {
    /// Makes a rule, in force on every node when it is answered, on running sessions too. Rules that reach everybody or
    /// very many (`wide`), and rules on broadcasters: for administrators.
    /// `LIMIT_REACHED`: there are as many as the organisation may have, or 1000 on players with a pattern (`USER_AGENT`
    /// with `*` beside other characters), those that are over included.
    async fn create_guardian_rule(
        &self,
        context: &Context<'_>,
        input: CreateGuardianRuleInput,
    ) -> Result<Option<CreateGuardianRulePayload>> {
        let state = state(context);
        let operation = rules::operation_of(input.kind.into(), &input.value, input.door.into());
        let acting = caller(context).may(state, operation)?;
        answer(
            rules::create(state, acting, input.try_into()?).await.and_then(shown),
            |(rule, progress)| CreateGuardianRulePayload {
                rule: Some(rule),
                change: Some(progress.into()),
                errors: vec![],
            },
            |errors| CreateGuardianRulePayload {
                rule: None,
                change: None,
                errors,
            },
        )
    }

    /// Changes a rule; what is left out stays. What it looks for does not change: make another.
    async fn update_guardian_rule(
        &self,
        context: &Context<'_>,
        input: UpdateGuardianRuleInput,
    ) -> Result<Option<UpdateGuardianRulePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::RuleWrite)?;
        let id = input.id.clone();
        answer(
            rules::update(state, acting, &id, input.try_into()?)
                .await
                .and_then(shown),
            |(rule, progress)| UpdateGuardianRulePayload {
                rule: Some(rule),
                change: Some(progress.into()),
                errors: vec![],
            },
            |errors| UpdateGuardianRulePayload {
                rule: None,
                change: None,
                errors,
            },
        )
    }

    /// Tries a rule on the sessions that go on and on past ones, by the code that judges them: whom it would cut. Nothing
    /// is changed.
    async fn simulate_guardian_rule(
        &self,
        context: &Context<'_>,
        input: SimulateGuardianRuleInput,
    ) -> Result<Option<SimulateGuardianRulePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::RuleSimulate)?;
        answer(
            simulation::run(state, acting, input.trial(state.now())).await,
            |outcome| SimulateGuardianRulePayload {
                simulation: Some(GuardianSimulation::of(state, outcome)),
                errors: vec![],
            },
            |errors| SimulateGuardianRulePayload {
                simulation: None,
                errors,
            },
        )
    }

    /// Deletes a rule.
    async fn delete_guardian_rule(
        &self,
        context: &Context<'_>,
        input: DeleteGuardianRuleInput,
    ) -> Result<Option<DeleteGuardianRulePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::RuleWrite)?;
        answer(
            rules::delete(state, acting, &input.id).await,
            |(id, progress)| DeleteGuardianRulePayload {
                id: Some(id.to_string().into()),
                change: Some(progress.into()),
                errors: vec![],
            },
            |errors| DeleteGuardianRulePayload {
                id: None,
                change: None,
                errors,
            },
        )
    }
}

/// What a rule would say, and on whom it is tried. Neither `stream` nor `group`: for the whole organisation.
#[derive(InputObject)]
pub(super) struct SimulateGuardianRuleInput {
    /// What it looks at.
    kind: GuardianKind,
    /// What it looks for.
    value: String,
    /// What becomes of whom it is about.
    action: GuardianAction,
    /// The doors that it stands at.
    #[graphql(default_with = "GuardianDoor::Playback")]
    door: GuardianDoor,
    /// The name of the one stream that it is for.
    stream: Option<String>,
    /// The one group that it is for.
    group: Option<ID>,
    /// The rule that it would replace.
    replaces: Option<ID>,
    /// Other values of its kind, 100 at most, that would be let in beside it: as in a rule that keeps out all but them.
    #[graphql(default)]
    exceptions: Vec<String>,
    /// The sessions that are looked at, beside those that go on.
    #[graphql(default_with = "SimulationWindow::Hour")]
    window: SimulationWindow,
}

/// Which sessions that are over are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum SimulationWindow {
    /// Those of the last hour.
    Hour,
    /// Those of the last day.
    Day,
}

impl SimulateGuardianRuleInput {
    fn trial(self, now: Timestamp) -> simulation::Trial {
        let span = match self.window {
            SimulationWindow::Hour => Duration::from_hours(1),
            SimulationWindow::Day => Duration::from_hours(24),
        };
        simulation::Trial {
            gist: rules::Gist {
                kind: self.kind.into(),
                value: self.value,
                action: self.action.into(),
                doors: self.door.into(),
                stream: self.stream,
                group: self.group.map(|id| id.0),
            },
            // What is no rule's id replaces nothing.
            replaces: self.replaces.and_then(|id| id.parse().ok()),
            exceptions: self.exceptions,
            since: now.minus(span),
        }
    }
}

fn shown((row, progress): (guardian_rule::Model, Progress)) -> Result<(GuardianRule, Progress), Fault> {
    Ok((GuardianRule::of(row)?, progress))
}

/// What a rule is to say. Neither `stream` nor `group`: for the whole organisation.
#[derive(InputObject)]
pub(super) struct CreateGuardianRuleInput {
    /// What it looks at.
    kind: GuardianKind,
    /// What it looks for.
    value: String,
    /// What becomes of whom it is about.
    action: GuardianAction,
    /// Whether it decides.
    #[graphql(default_with = "GuardianMode::Enforce")]
    mode: GuardianMode,
    /// The doors that it stands at.
    #[graphql(default_with = "GuardianDoor::Playback")]
    door: GuardianDoor,
    /// The name of the one stream that it is for.
    stream: Option<String>,
    /// The one group that it is for.
    group: Option<ID>,
    /// From when on it is as if it were not there.
    expires_at: Option<Moment>,
    /// What people say of it; 500 characters at most.
    note: Option<String>,
}

impl TryFrom<CreateGuardianRuleInput> for rules::New {
    type Error = Fault;

    fn try_from(input: CreateGuardianRuleInput) -> Result<Self, Fault> {
        Ok(Self {
            gist: rules::Gist {
                kind: input.kind.into(),
                value: input.value,
                action: input.action.into(),
                doors: input.door.into(),
                stream: input.stream,
                group: input.group.map(|id| id.0),
            },
            mode: input.mode.into(),
            note: input.note,
            expires: input.expires_at.map(Moment::read).transpose()?,
        })
    }
}

/// What of a rule is to be different.
#[derive(InputObject)]
pub(super) struct UpdateGuardianRuleInput {
    /// Which rule.
    id: ID,
    /// What becomes of whom it is about.
    action: Option<GuardianAction>,
    /// Whether it decides.
    mode: Option<GuardianMode>,
    /// The doors that it stands at.
    door: Option<GuardianDoor>,
    /// From when on it is as if it were not there; null: never.
    expires_at: MaybeUndefined<Moment>,
    /// What people say of it; empty: nothing.
    note: Option<String>,
}

impl TryFrom<UpdateGuardianRuleInput> for rules::Edit {
    type Error = Fault;

    fn try_from(input: UpdateGuardianRuleInput) -> Result<Self, Fault> {
        Ok(Self {
            action: input.action.map(Into::into),
            mode: input.mode.map(Into::into),
            doors: input.door.map(Into::into),
            note: input.note,
            expires: match input.expires_at {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(at) => Some(Some(at.read()?)),
            },
        })
    }
}

/// Which rule.
#[derive(InputObject)]
pub(super) struct DeleteGuardianRuleInput {
    /// Its id.
    id: ID,
}

/// What came of trying a rule.
#[derive(SimpleObject)]
pub(super) struct SimulateGuardianRulePayload {
    /// Whom it would have cut.
    simulation: Option<GuardianSimulation>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of making a rule.
#[derive(SimpleObject)]
pub(super) struct CreateGuardianRulePayload {
    /// The rule.
    rule: Option<GuardianRule>,
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of changing a rule.
#[derive(SimpleObject)]
pub(super) struct UpdateGuardianRulePayload {
    /// The rule.
    rule: Option<GuardianRule>,
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of deleting a rule.
#[derive(SimpleObject)]
pub(super) struct DeleteGuardianRulePayload {
    /// Which rule is gone.
    id: Option<ID>,
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// What can be mended.
    errors: Vec<UserError>,
}
