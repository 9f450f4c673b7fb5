//! What the installation knows of where addresses are.

use cynic::QueryBuilder;

use super::{client::Api, failure::Failure, schema};

/// Whether countries and networks are known, and from whom.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Geolocation {
    pub(crate) countries: bool,
    pub(crate) networks: bool,
    pub(crate) credits: Vec<GeolocationCredit>,
}

/// Who is to be named, and where that leads.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct GeolocationCredit {
    pub(crate) text: String,
    pub(crate) url: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
struct GeolocationQuery {
    organisation: Geolocated,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation")]
struct Geolocated {
    geolocation: Geolocation,
}

/// As it is at the moment.
pub(crate) async fn geolocation(api: Api) -> Result<Geolocation, Failure> {
    Ok(api.query(GeolocationQuery::build(())).await?.organisation.geolocation)
}
