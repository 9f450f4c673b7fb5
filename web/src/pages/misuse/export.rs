//! Tables as files: the server makes them, of what is shown, and writes down who took them.

use leptos::prelude::*;

use super::place::{FILTERS, Place};
use crate::{
    api::{
        misuse::{Filter, TimeRange},
        people::Permission,
    },
    browser,
    kit::{Button, Look},
    pages::audit::written,
    session::{Person, may, use_person},
};

/// The button that saves a table of the server's as a file; `narrowed` says by what. Not for whoever sees no persons.
#[component]
pub(in crate::pages) fn ExportButton(
    table: &'static str,
    #[prop(into)] narrowed: Callback<(), Vec<(&'static str, String)>>,
    #[prop(default = Look::Plain)] look: Look,
    /// What it is called, where a page has several.
    #[prop(default = "Export CSV")]
    label: &'static str,
) -> impl IntoView {
    let hash = StoredValue::new(use_person().with_untracked(Person::hash));
    let save = move |_| {
        let mut given = vec![("organisation", hash.get_value())];
        given.extend(narrowed.run(()));
        browser::save(&format!("/{table}.csv{}", written(&given)));
    };
    may(Permission::SessionReadPersonal)
        .then(|| view! { <Button look icon=icondata_lu::LuDownload on_press=save>{label}</Button> })
}

/// The time, as the server's parameters say it.
pub(in crate::pages) fn time(TimeRange { from, to }: TimeRange) -> Vec<(&'static str, String)> {
    let to = to.map(|to| ("to", to.0));
    [("from", from.0)].into_iter().chain(to).collect()
}

/// A value of an enum, as the server's parameters say it.
pub(in crate::pages) fn word(value: &impl serde::Serialize) -> String {
    let word = serde_json::to_value(value).ok();
    word.as_ref()
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// Time, filters and order of a view.
pub(super) fn narrowed(place: Place, order: &impl serde::Serialize) -> Vec<(&'static str, String)> {
    let mut given = time(place.span().range());
    given.push(("orderBy", word(order)));
    given.push(("direction", word(&place.direction())));
    let Ok(Filter {
        stream,
        protocol,
        jti,
        user,
        tag,
        ip,
        country,
        asn,
        provider,
        referrer,
    }) = place.filter()
    else {
        // The server says what is wrong with it.
        given.extend(FILTERS.map(|(name, _)| (name, place.of(name))));
        return given;
    };
    let filters = [
        ("stream", stream),
        ("protocol", protocol.as_ref().map(word)),
        ("jti", jti.map(cynic::Id::into_inner)),
        ("user", user),
        ("tag", tag),
        ("ip", ip),
        ("country", country),
        ("asn", asn.map(|asn| asn.0.to_string())),
        ("provider", provider),
        ("referrer", referrer),
    ];
    given.extend(filters.map(|(name, value)| (name, value.unwrap_or_default())));
    given
}
