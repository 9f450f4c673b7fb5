//! What can be read.
#![expect(
    clippy::unused_async,
    reason = "the library wants resolvers to be async, awaiting or not"
)]

use async_graphql::{Context, ID, Object, Result};
use authz::{Action, PlatformAction};
use entity::{Tenanted, change};
use ids::ChangeId;
use sea_orm::{ColumnTrait, QueryFilter};

use super::{
    caller,
    mutation::RevokeTokensInput,
    state,
    types::{
        Change, Decision, ExplainInput, InvitationOffer, Organisation, Platform, PlaybackToken, RevocationPreview,
        SearchConnection, SearchKind, SignInMethods, Stream, Viewer, search,
    },
};
use crate::{
    fault::Fault,
    people::{Acting, provider},
    service::{
        decisions, invitations,
        revocation::{self, By},
        streams, tokens,
    },
    state::State,
};

/// What can be read. Belongs to the organisation that the header `x-organisation` names, else to the caller's newest.
pub(crate) struct Query;

#[Object]
impl Query {
    /// Who is asking, with which role and permissions.
    async fn viewer(&self, context: &Context<'_>) -> Result<Viewer> {
        let caller = caller(context);
        let acting = match caller.acting() {
            Ok(acting) => Some(acting.id),
            Err(Fault::Unauthenticated) => return Err(Fault::Unauthenticated.into()),
            // Naming an organisation that is not the caller's is a mistake; belonging to none, or to one that is closed to
            // this sign-in, is not.
            Err(Fault::NotFound) if caller.presented.organisation.is_some() => return Err(Fault::NotFound.into()),
            Err(_) => None,
        };
        Viewer::of(state(context), caller, acting).map_err(Into::into)
    }

    /// How somebody with this address may sign in, by the address's domain alone: it says nothing of accounts.
    async fn sign_in_methods(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The email address, whatever its case.")] email: String,
    ) -> Result<SignInMethods> {
        Ok(SignInMethods(provider::offered(state(context), &email).await?))
    }

    /// The organisation in which the request acts.
    async fn organisation(&self, context: &Context<'_>) -> Result<Organisation> {
        let acting = caller(context).may(state(context), Action::OrganisationRead)?;
        Ok(Organisation(acting.clone()))
    }

    /// The stream of that name; `NOT_FOUND` where there is none here.
    async fn stream(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The public name, as in `7KQ2M-morning`.")] name: String,
    ) -> Result<Option<Stream>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::StreamRead)?;
        let row = streams::by_name(state.store.read(), acting.id, &name).await?;
        Ok(Some(Stream(row)))
    }

    /// The record of the token with that `jti`; `NOT_FOUND` where there is none here.
    async fn playback_token(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The claim `jti`.")] jti: ID,
    ) -> Result<Option<PlaybackToken>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::TokenRead)?;
        let row = tokens::by_jti(state.store.read(), acting.id, &jti).await?;
        Ok(Some(PlaybackToken(row)))
    }

    /// Whom `revokeTokens` would hit with the same input; nothing is revoked.
    async fn revocation_preview(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What is to be taken back.")] input: RevokeTokensInput,
    ) -> Result<Option<RevocationPreview>> {
        let state = state(context);
        let by = By::try_from(input);
        // What is no moment is judged like one.
        let action = by.as_ref().map_or(Action::TokenRevokeBulk, By::action);
        let acting = caller(context).may(state, action)?;
        let preview = revocation::preview(state, acting, by?).await?;
        Ok(Some(RevocationPreview::of(&preview)))
    }

    /// What of the organisation has a text, whatever the case of its letters; every sign in it stands for itself. What the role
    /// may not read is not found.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn search(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The text, 200 characters at most.")] text: String,
        #[graphql(desc = "Among these kinds; all unless said.")] kinds: Option<Vec<SearchKind>>,
        #[graphql(desc = "How many, 100 at most; 200 of each kind are found in all.", default = 20)] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
    ) -> Result<SearchConnection> {
        let acting = caller(context).may(state(context), Action::Search)?;
        search(context, acting, &text, kinds, (first, after.as_deref())).await
    }

    /// The installation; for its operators.
    async fn platform(&self, context: &Context<'_>) -> Result<Option<Platform>> {
        caller(context).may_on_platform(state(context), PlatformAction::PlatformRead)?;
        Ok(Some(Platform))
    }

    /// What the invitation behind a link offers, for whoever has the link, signed in or not; `NOT_FOUND` where it is not
    /// good any more.
    async fn invitation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What stands behind the `#` of the link.")] secret: String,
    ) -> Result<Option<InvitationOffer>> {
        let offer = invitations::offer(state(context), &secret).await?;
        Ok(Some(InvitationOffer::of(offer)?))
    }

    /// Why somebody was refused, by the id in `x-decision-id`: what was looked at, and what was found. The newest 10 000 are
    /// kept, for 30 days; `NOT_FOUND` where there is none here.
    async fn decision(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The refusal's id, as whoever was refused was told.")] id: ID,
    ) -> Result<Option<Decision>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::Explain)?;
        let row = decisions::refusal(state, acting.id, &id).await?;
        Ok(Some(Decision::of_row(row)))
    }

    /// Whether a request would pass, and why: the same decision that the doors make, with its steps. Nothing is counted or
    /// bound for it, and no backend is asked.
    async fn explain(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The request, as somebody imagines it.")] input: ExplainInput,
    ) -> Result<Option<Decision>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::Explain)?;
        let (stream, door, address) = input.shown();
        let explained = decisions::explain(state, acting, input.imagined()?).await?;
        Ok(Some(Decision::of_imagined(stream, door, address, explained)))
    }

    /// A change to policy, and how far it got; `NOT_FOUND` where there is none here.
    async fn change(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The id that the mutation answered with.")] id: ID,
    ) -> Result<Option<Change>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::ChangeRead)?;
        Ok(Some(change_row(state, acting, &id).await?.into()))
    }
}

/// The change of that id in the caller's organisation.
pub(super) async fn change_row(state: &State, acting: &Acting, id: &str) -> Result<change::Model, Fault> {
    let id: ChangeId = id.parse().map_err(|_| Fault::NotFound)?;
    change::Entity::in_tenant(acting.id)
        .filter(change::Column::Id.eq(id.uuid()))
        .one(state.store.read())
        .await?
        .ok_or(Fault::NotFound)
}
