//! The installation, as its operators see it: organisations and packages, and nothing of what is inside.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use authz::PlatformAction;
use chrono::{DateTime, Utc};
use ids::{OrganisationId, PackageRequestId};

use super::{
    Part,
    invitation::Invitation,
    package::{Package, PackageStatus},
    page::{connection, wanted},
    viewer::OrganisationName,
};
use crate::{
    fault::Fault,
    graphql::{caller, state},
    live::Counters,
    service::organisations::{self, Overview},
};

/// The installation, for its operators.
pub(crate) struct Platform;

#[Object]
impl Platform {
    /// Its organisations, the newest first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn organisations(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
        #[graphql(desc = "In the name or the hash, whatever the case.")] text: Option<String>,
    ) -> Result<PlatformOrganisationConnection> {
        let state = state(context);
        caller(context).may_on_platform(state, PlatformAction::PlatformRead)?;
        let wanted = wanted(context, first, after.as_deref())?;
        let page = organisations::page(state, text.as_deref(), wanted).await?;
        let key = |overview: &Overview| OrganisationId::from_uuid(overview.row.id).to_string();
        Ok(Part::of(page, key, PlatformOrganisation).into())
    }

    /// The wishes for packages that nobody answered, the oldest first.
    async fn package_requests(&self, context: &Context<'_>) -> Result<Vec<PackageRequest>> {
        let state = state(context);
        caller(context).may_on_platform(state, PlatformAction::PlatformRead)?;
        let requests = organisations::requests(state).await?;
        requests
            .into_iter()
            .map(|(request, organisation)| {
                let package = guard::policy::Package::ALL
                    .into_iter()
                    .find(|one| one.as_str() == request.package);
                Ok(PackageRequest {
                    id: PackageRequestId::from_uuid(request.id).to_string().into(),
                    package: package.ok_or(Fault::Internal)?.into(),
                    note: request.note,
                    organisation: OrganisationName::of(&organisation),
                    requested_at: super::moment(request.created_at),
                })
            })
            .collect()
    }
}

/// An organisation as platform operators see one.
#[derive(Clone)]
pub(crate) struct PlatformOrganisation(pub(crate) Overview);

connection!(
    /// Organisations as platform operators see them.
    PlatformOrganisationConnection,
    PlatformOrganisationEdge,
    PlatformOrganisation
);

#[Object]
impl PlatformOrganisation {
    /// Its id.
    async fn id(&self) -> ID {
        OrganisationId::from_uuid(self.0.row.id).to_string().into()
    }

    /// The public hash that its stream names begin with.
    async fn hash(&self) -> &str {
        &self.0.row.hash
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.row.name
    }

    /// Whether it may act at all.
    async fn standing(&self) -> OrganisationStanding {
        match self.0.row.standing.as_str() {
            "active" => OrganisationStanding::Active,
            _ => OrganisationStanding::Suspended,
        }
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        super::moment(self.0.row.created_at)
    }

    /// How many members it has.
    async fn members(&self) -> i32 {
        super::count(self.0.members)
    }

    /// How many streams it has, without deleted ones.
    async fn streams(&self) -> i32 {
        super::count(self.0.streams)
    }

    /// How many watch now.
    async fn viewers(&self) -> i32 {
        super::count(self.0.live.viewers.into())
    }

    /// The invitation of its first administrator, while nobody accepted it.
    async fn first_invitation(&self) -> Option<Invitation> {
        self.0.first_invitation.clone().map(Invitation)
    }

    /// Every package of the catalogue, enabled or not, with limits and use.
    async fn packages(&self) -> Vec<PackageStatus> {
        let live: &Counters = &self.0.live;
        PackageStatus::all(&self.0.packages, self.0.streams, self.0.rules, live)
    }
}

/// Whether an organisation may act at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum OrganisationStanding {
    /// It may.
    Active,
    /// A platform operator suspended it: nothing of it plays, is published or answers.
    Suspended,
}

/// A wish for a package.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct PackageRequest {
    /// Its id.
    id: ID,
    /// Which package.
    package: Package,
    /// What the organisation's administrator wrote.
    note: Option<String>,
    /// Whose wish it is.
    organisation: OrganisationName,
    /// When it was made.
    requested_at: DateTime<Utc>,
}
