//! What the installation knows of where addresses are.

use async_graphql::SimpleObject;

use crate::state::Places;

/// Whether countries and networks of addresses are known, and from whom.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Geolocation {
    /// Whether a file says in which country an address is. Without one every country is unknown, and nothing is guessed.
    countries: bool,
    /// Whether a file says in which network an address is. Without one every network is unknown, and nothing is guessed.
    networks: bool,
    /// Who is to be named wherever countries or networks are shown.
    credits: Vec<GeolocationCredit>,
}

/// Somebody whose files say where addresses are.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct GeolocationCredit {
    /// What is shown.
    text: String,
    /// Where it leads.
    url: String,
}

impl Geolocation {
    /// As it is at the moment.
    pub(crate) fn of(places: &Places) -> Self {
        let known = places.known();
        let credits = places.credits().iter().map(|credit| GeolocationCredit {
            text: credit.text.clone(),
            url: credit.url.clone(),
        });
        Self {
            countries: known.countries,
            networks: known.networks,
            credits: credits.collect(),
        }
    }
}
