//! What stands beside countries and networks: who says where addresses are, or that nobody does.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        geolocation::{self, Geolocation},
    },
    kit::{Load, Notice, Tone},
};

/// The line at the foot of a page that shows countries or networks.
#[component]
pub(super) fn Credits() -> impl IntoView {
    let api = use_api();
    let load = Load::new(move || geolocation::geolocation(api));
    move || {
        let known = load.value().get()?;
        let credits = known.credits.into_iter().map(|credit| {
            view! { <a class="quiet-link" href=credit.url target="_blank" rel="noopener noreferrer">{credit.text}</a> }
        });
        let absent = absent(known.countries, known.networks);
        Some(view! {
            <p class="credits">
                {absent.map(|sentence| view! { <span>{sentence}</span> })}
                {credits.collect_view()}
            </p>
        })
    }
}

/// A warning where somebody is about to name what nobody is known to be in.
#[component]
pub(super) fn Unlocated(
    /// Which of both is named; none where neither is.
    #[prop(into)]
    named: Signal<Option<Named>>,
    /// What comes of it.
    so: &'static str,
) -> impl IntoView {
    let api = use_api();
    let load = Load::new(move || geolocation::geolocation(api));
    let missing = Memo::new(move |_| {
        let named = named.get()?;
        load.value()
            .with(|known| known.as_ref().is_some_and(|known| named.is_missing(known)))
            .then_some(named)
    });
    move || {
        let sentence = match missing.get()? {
            Named::Country => absent(false, true),
            Named::Network => absent(true, false),
        };
        Some(view! { <Notice tone=Tone::Warn><p>{sentence}" "{so}</p></Notice> })
    }
}

/// What somebody names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Country,
    Network,
}

impl Named {
    const fn is_missing(self, known: &Geolocation) -> bool {
        match self {
            Self::Country => !known.countries,
            Self::Network => !known.networks,
        }
    }
}

const fn absent(countries: bool, networks: bool) -> Option<&'static str> {
    match (countries, networks) {
        (true, true) => None,
        (false, true) => {
            Some("Countries are not known: this installation has no file that says in which country an address is.")
        }
        (true, false) => {
            Some("Networks are not known: this installation has no file that says in which network an address is.")
        }
        (false, false) => {
            Some("Countries and networks are not known: this installation has no files that say where an address is.")
        }
    }
}
