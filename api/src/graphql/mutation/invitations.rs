//! Invitations: issued, resent, withdrawn, accepted.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use authz::Action;

use super::{answer, told};
use crate::{
    fault::{Fault, UserError},
    graphql::{
        caller, state,
        types::{Invitation, Role, Viewer},
    },
    http::OverSocket,
    people::{Caller, identify},
    service::invitations::{self, Accepted, Chosen},
    state::State,
};

#[derive(Default)]
pub(super) struct Invitations;

#[Object]
impl Invitations {
    /// Invites an address into the organisation: a mail with a link goes out, which works once, for a week, for that
    /// address and that role.
    async fn invite_member(
        &self,
        context: &Context<'_>,
        input: InviteMemberInput,
    ) -> Result<Option<InviteMemberPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::MemberInvite)?;
        let done = invitations::invite(state, acting, &input.email, input.role.into()).await;
        InviteMemberPayload::of(told(context, done))
    }

    /// Sends an invitation again, with a new link and another week; the old link is dead.
    async fn resend_invitation(
        &self,
        context: &Context<'_>,
        input: ResendInvitationInput,
    ) -> Result<Option<ResendInvitationPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::MemberInvite)?;
        ResendInvitationPayload::of(told(context, invitations::resend(state, acting, &input.id).await))
    }

    /// Takes an invitation back; its link is dead.
    async fn withdraw_invitation(
        &self,
        context: &Context<'_>,
        input: WithdrawInvitationInput,
    ) -> Result<Option<WithdrawInvitationPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::MemberInvite)?;
        WithdrawInvitationPayload::of(invitations::withdraw(state, acting, &input.id).await)
    }

    /// Accepts the invitation of a link. Who has no account yet gives a name and a password, and is signed in; who has one
    /// signs in first, with the invited address. A link that is not good any more is `NOT_FOUND`, whatever the reason.
    async fn accept_invitation(
        &self,
        context: &Context<'_>,
        input: AcceptInvitationInput,
    ) -> Result<Option<AcceptInvitationPayload>> {
        if context.data_opt::<OverSocket>().is_some() {
            return Err(Fault::Invalid("accept over HTTP: a socket cannot set a cookie").into());
        }
        let (state, caller) = (state(context), caller(context));
        let done = async {
            let chosen = Chosen {
                name: input.name,
                password: input.password,
            };
            let accepted = invitations::accept(state, caller, &input.secret, chosen).await?;
            Ok((seen_by(state, caller, &accepted).await?, accepted))
        };
        answer(
            done.await,
            |(viewer, accepted)| {
                if let Some(secret) = accepted.secret {
                    context.append_http_header("set-cookie", secret.header(caller.presented.https));
                }
                AcceptInvitationPayload {
                    viewer: Some(viewer),
                    errors: vec![],
                }
            },
            |errors| AcceptInvitationPayload { viewer: None, errors },
        )
    }
}

/// Who accepted, in the organisation that they joined, where this sign-in can act there.
async fn seen_by(state: &State, caller: &Caller, accepted: &Accepted) -> Result<Viewer, Fault> {
    let mut presented = caller.presented.clone();
    if let Some(secret) = &accepted.secret {
        presented.cookie = Some(secret.as_presented());
        presented.bearer = None;
    }
    presented.organisation = Some(accepted.organisation.hash.clone());
    let caller = identify(state, &presented).await?;
    let acting = caller.acting().ok().map(|acting| acting.id);
    Viewer::of(state, &caller, acting)
}

/// Whom to invite.
#[derive(InputObject)]
pub(super) struct InviteMemberInput {
    /// The address, whatever its case.
    email: String,
    /// With which role.
    role: Role,
}

/// Which invitation.
#[derive(InputObject)]
pub(super) struct ResendInvitationInput {
    /// Its id.
    id: ID,
}

/// Which invitation.
#[derive(InputObject)]
pub(super) struct WithdrawInvitationInput {
    /// Its id.
    id: ID,
}

/// Which invitation is accepted, and by whom.
#[derive(InputObject)]
pub(super) struct AcceptInvitationInput {
    /// What stands behind the `#` of the link.
    secret: String,
    /// What others shall see: 1 to 100 characters. For who has no account yet.
    name: Option<String>,
    /// A password: 10 to 1024 characters, and not the address. For who has no account yet.
    password: Option<String>,
}

macro_rules! payload {
    ($($payload:ident),*) => {
        $(
            /// What came of it.
            #[derive(SimpleObject)]
            pub(super) struct $payload {
                /// The invitation afterwards.
                invitation: Option<Invitation>,
                /// What can be mended: `INVITED` and `MEMBER` name who needs no invitation, `CLOSED` one that is over.
                errors: Vec<UserError>,
            }

            impl $payload {
                fn of(done: Result<entity::invitation::Model, Fault>) -> Result<Option<Self>> {
                    answer(
                        done,
                        |row| Self {
                            invitation: Some(Invitation(row)),
                            errors: vec![],
                        },
                        |errors| Self {
                            invitation: None,
                            errors,
                        },
                    )
                }
            }
        )*
    };
}
payload!(InviteMemberPayload, ResendInvitationPayload, WithdrawInvitationPayload);

/// What came of accepting.
#[derive(SimpleObject)]
pub(super) struct AcceptInvitationPayload {
    /// Who is signed in now, in the organisation that they joined.
    viewer: Option<Viewer>,
    /// What can be mended: `SIGN_IN_FIRST` where the address has an account, `OTHER_ACCOUNT` where somebody else is signed
    /// in, `MEMBER` where they are in already; `WEAK` for a password that is none.
    errors: Vec<UserError>,
}
