//! Members: another role, removed, their access invalidated; sign-ins ended.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use authz::Action;

use super::answer;
use crate::{
    fault::{Fault, UserError},
    graphql::{
        caller, state,
        types::{Member, Role},
    },
    people::{Acting, Caller, sign_ins},
    service::members,
    state::State,
};

#[derive(Default)]
pub(super) struct Members;

#[Object]
impl Members {
    /// Gives a member another role, from their next request on; their API tokens that may more are revoked.
    /// `LAST_ADMIN` where nobody else is nanoAdmin.
    async fn change_role(&self, context: &Context<'_>, input: ChangeRoleInput) -> Result<Option<ChangeRolePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::MemberChangeRole)?;
        let done = async {
            let known = members::change_role(state, acting, &input.member, input.role.into()).await?;
            Member::of(acting, known)
        };
        answer(
            done.await,
            |member| ChangeRolePayload {
                member: Some(member),
                errors: vec![],
            },
            |errors| ChangeRolePayload { member: None, errors },
        )
    }

    /// Removes a member, from their next request on; their API tokens are revoked, playback tokens they made stay.
    /// Every role may remove itself. `LAST_ADMIN` where nobody else is nanoAdmin.
    async fn remove_member(
        &self,
        context: &Context<'_>,
        input: RemoveMemberInput,
    ) -> Result<Option<RemoveMemberPayload>> {
        let state = state(context);
        let acting = over(state, caller(context), Action::MemberRemove, &input.member)?;
        answer(
            members::remove(state, acting, &input.member).await,
            |()| RemoveMemberPayload { errors: vec![] },
            |errors| RemoveMemberPayload { errors },
        )
    }

    /// Makes a member sign in again before they act here, and revokes their API tokens. Every role may do it to itself.
    async fn invalidate_member_access(
        &self,
        context: &Context<'_>,
        input: InvalidateMemberAccessInput,
    ) -> Result<Option<InvalidateMemberAccessPayload>> {
        let state = state(context);
        let acting = over(state, caller(context), Action::MemberInvalidate, &input.member)?;
        let done = async {
            let known = members::invalidate(state, acting, &input.member).await?;
            Member::of(acting, known)
        };
        answer(
            done.await,
            |member| InvalidateMemberAccessPayload {
                member: Some(member),
                errors: vec![],
            },
            |errors| InvalidateMemberAccessPayload { member: None, errors },
        )
    }

    /// Ends a sign-in: one's own everywhere, another's, for administrators, in this organisation.
    async fn end_sign_in(&self, context: &Context<'_>, input: EndSignInInput) -> Result<Option<EndSignInPayload>> {
        answer(
            sign_ins::end(state(context), caller(context), &input.id).await,
            |()| EndSignInPayload { errors: vec![] },
            |errors| EndSignInPayload { errors },
        )
    }
}

/// Who may do `action` to the member of that id: whoever's role allows it to anybody, and the member themselves.
fn over<'a>(state: &State, caller: &'a Caller, action: Action, member: &str) -> Result<&'a Acting, Fault> {
    match caller.may(state, action) {
        Err(Fault::Forbidden) => {}
        judged => return judged,
    }
    let acting = caller.may(state, Action::AccountUse)?;
    let (_, own) = acting.member()?;
    if own.to_string() == member {
        Ok(acting)
    } else {
        Err(Fault::Forbidden)
    }
}

/// Which member, and what they are to be.
#[derive(InputObject)]
pub(super) struct ChangeRoleInput {
    /// The member's id.
    member: ID,
    /// What they are to be.
    role: Role,
}

/// Which member.
#[derive(InputObject)]
pub(super) struct RemoveMemberInput {
    /// The member's id.
    member: ID,
}

/// Which member.
#[derive(InputObject)]
pub(super) struct InvalidateMemberAccessInput {
    /// The member's id.
    member: ID,
}

/// Which sign-in.
#[derive(InputObject)]
pub(super) struct EndSignInInput {
    /// Its id.
    id: ID,
}

/// What came of another role.
#[derive(SimpleObject)]
pub(super) struct ChangeRolePayload {
    /// The member afterwards.
    member: Option<Member>,
    /// What can be mended; `LAST_ADMIN` among others.
    errors: Vec<UserError>,
}

/// What came of removing.
#[derive(SimpleObject)]
pub(super) struct RemoveMemberPayload {
    /// What can be mended; `LAST_ADMIN` among others.
    errors: Vec<UserError>,
}

/// What came of invalidating.
#[derive(SimpleObject)]
pub(super) struct InvalidateMemberAccessPayload {
    /// The member afterwards.
    member: Option<Member>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of ending a sign-in.
#[derive(SimpleObject)]
pub(super) struct EndSignInPayload {
    /// What can be mended.
    errors: Vec<UserError>,
}
