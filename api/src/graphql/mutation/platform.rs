//! What platform operators do to organisations.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use authz::PlatformAction;

use super::answer;
use crate::{
    fault::{Fault, UserError},
    graphql::{
        caller, state,
        types::{Change, Invitation, Package, PackageLimitsInput, PlatformOrganisation},
    },
    people::By,
    service::organisations,
    state::State,
};

#[derive(Default)]
pub(super) struct Operators;

#[Object]
impl Operators {
    /// Creates an organisation with these packages, and invites its first administrator by mail. For platform operators.
    async fn create_organisation(
        &self,
        context: &Context<'_>,
        input: CreateOrganisationInput,
    ) -> Result<Option<CreateOrganisationPayload>> {
        let state = state(context);
        let by = operator(context, PlatformAction::OrganisationCreate)?;
        let packages = input.packages.unwrap_or_else(|| vec![Package::Live, Package::Secure]);
        let packages: Vec<_> = packages.into_iter().map(Into::into).collect();
        let done = match organisations::create(state, by, &input.name, &input.admin_email, &packages).await {
            Ok((row, invitation, progress)) => {
                let overview = organisations::overview(state, row).await;
                overview.map(|overview| (overview, invitation, progress))
            }
            Err(fault) => Err(fault),
        };
        answer(
            done,
            |(overview, invitation, progress)| CreateOrganisationPayload {
                organisation: Some(PlatformOrganisation(overview)),
                invitation: Some(Invitation(invitation)),
                change: Some(progress.into()),
                errors: vec![],
            },
            |errors| CreateOrganisationPayload {
                organisation: None,
                invitation: None,
                change: None,
                errors,
            },
        )
    }

    /// Enables a package for an organisation with these limits, or takes it away. Running sessions are decided again. For
    /// platform operators.
    async fn set_package(&self, context: &Context<'_>, input: SetPackageInput) -> Result<Option<SetPackagePayload>> {
        let state = state(context);
        let by = operator(context, PlatformAction::PackageSet)?;
        let done = async {
            let limits = input.limits.unwrap_or_default().limits()?;
            let package = input.package.into();
            organisations::set_package(state, by, &input.organisation, package, input.enabled, limits).await
        };
        SetPackagePayload::of(state, done.await).await
    }

    /// Declines an organisation's wish for a package; its administrators are mailed why. For platform operators.
    async fn decline_package_request(
        &self,
        context: &Context<'_>,
        input: DeclinePackageRequestInput,
    ) -> Result<Option<DeclinePackageRequestPayload>> {
        let state = state(context);
        let by = operator(context, PlatformAction::PackageDecline)?;
        let package = input.package.into();
        let done = async {
            let row = organisations::decline_package(state, by, &input.organisation, package, &input.reason).await?;
            organisations::overview(state, row).await
        };
        answer(
            done.await,
            |overview| DeclinePackageRequestPayload {
                organisation: Some(PlatformOrganisation(overview)),
                errors: vec![],
            },
            |errors| DeclinePackageRequestPayload {
                organisation: None,
                errors,
            },
        )
    }

    /// Sends the invitation of an organisation's first administrator again, with another week; the old link is dead. For
    /// platform operators.
    async fn resend_first_invitation(
        &self,
        context: &Context<'_>,
        input: ResendFirstInvitationInput,
    ) -> Result<Option<ResendFirstInvitationPayload>> {
        let state = state(context);
        let by = operator(context, PlatformAction::OrganisationInviteAgain)?;
        answer(
            organisations::invite_again(state, by, &input.organisation).await,
            |invitation| ResendFirstInvitationPayload {
                invitation: Some(Invitation(invitation)),
                errors: vec![],
            },
            |errors| ResendFirstInvitationPayload {
                invitation: None,
                errors,
            },
        )
    }

    /// Suspends an organisation: its sessions end at once, nothing of it plays or is published, its people and software are
    /// refused. Nothing is lost. For platform operators.
    async fn suspend_organisation(
        &self,
        context: &Context<'_>,
        input: SuspendOrganisationInput,
    ) -> Result<Option<SuspendOrganisationPayload>> {
        let state = state(context);
        let by = operator(context, PlatformAction::OrganisationSuspend)?;
        let done = organisations::set_standing(state, by, &input.organisation, true).await;
        SuspendOrganisationPayload::of(state, done).await
    }

    /// Lets a suspended organisation go on. For platform operators.
    async fn resume_organisation(
        &self,
        context: &Context<'_>,
        input: ResumeOrganisationInput,
    ) -> Result<Option<ResumeOrganisationPayload>> {
        let state = state(context);
        let by = operator(context, PlatformAction::OrganisationResume)?;
        let done = organisations::set_standing(state, by, &input.organisation, false).await;
        ResumeOrganisationPayload::of(state, done).await
    }
}

/// The operator who asks, if operators may do `action`.
fn operator(context: &Context<'_>, action: PlatformAction) -> Result<By, Fault> {
    let caller = caller(context);
    let actor = caller.may_on_platform(state(context), action)?;
    Ok(caller.by(actor))
}

/// What a new organisation is to be.
#[derive(InputObject)]
pub(super) struct CreateOrganisationInput {
    /// What people call it; 100 characters at most.
    name: String,
    /// The address of its first administrator.
    admin_email: String,
    /// Its packages; `LIVE` and `SECURE` unless said.
    packages: Option<Vec<Package>>,
}

/// What came of creating an organisation.
#[derive(SimpleObject)]
pub(super) struct CreateOrganisationPayload {
    /// The organisation.
    organisation: Option<PlatformOrganisation>,
    /// The invitation of its first administrator.
    invitation: Option<Invitation>,
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// Which package, of whom, how.
#[derive(InputObject)]
pub(super) struct SetPackageInput {
    /// The organisation's hash.
    organisation: String,
    /// Which package.
    package: Package,
    /// Whether it is to be enabled.
    enabled: bool,
    /// Its limits; what is left out is not limited.
    limits: Option<PackageLimitsInput>,
}

/// Whose wish for which package is declined, and why.
#[derive(InputObject)]
pub(super) struct DeclinePackageRequestInput {
    /// The organisation's hash.
    organisation: String,
    /// Which package.
    package: Package,
    /// What its administrators are told; 500 characters at most.
    reason: String,
}

/// What came of declining it.
#[derive(SimpleObject)]
pub(super) struct DeclinePackageRequestPayload {
    /// The organisation afterwards.
    organisation: Option<PlatformOrganisation>,
    /// What can be mended; `NOT_REQUESTED` among others.
    errors: Vec<UserError>,
}

/// What came of sending it again.
#[derive(SimpleObject)]
pub(super) struct ResendFirstInvitationPayload {
    /// The invitation afterwards.
    invitation: Option<Invitation>,
    /// What can be mended; `CLOSED` where the first administrator has joined.
    errors: Vec<UserError>,
}

macro_rules! inputs {
    ($($input:ident),*) => {
        $(
            /// Which organisation.
            #[derive(InputObject)]
            pub(super) struct $input {
                /// Its hash.
                organisation: String,
            }
        )*
    };
}
inputs!(
    ResendFirstInvitationInput,
    SuspendOrganisationInput,
    ResumeOrganisationInput
);

macro_rules! payloads {
    ($($payload:ident),*) => {
        $(
            /// What came of it.
            #[derive(SimpleObject)]
            pub(super) struct $payload {
                /// The organisation afterwards.
                organisation: Option<PlatformOrganisation>,
                /// The change on its way to the nodes.
                change: Option<Change>,
                /// What can be mended.
                errors: Vec<UserError>,
            }

            impl $payload {
                async fn of(state: &State, done: Result<organisations::Changed, Fault>) -> Result<Option<Self>> {
                    let done = match done {
                        Ok((row, progress)) => organisations::overview(state, row).await.map(|one| (one, progress)),
                        Err(fault) => Err(fault),
                    };
                    answer(
                        done,
                        |(overview, progress)| Self {
                            organisation: Some(PlatformOrganisation(overview)),
                            change: Some(progress.into()),
                            errors: vec![],
                        },
                        |errors| Self { organisation: None, change: None, errors },
                    )
                }
            }
        )*
    };
}
payloads!(SetPackagePayload, SuspendOrganisationPayload, ResumeOrganisationPayload);
